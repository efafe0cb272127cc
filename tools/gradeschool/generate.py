"""Generate the embedded benchmark `gradeschool` (see `benchmarks/gradeschool.py`).

    python -m tools.gradeschool.generate

Stories come from the families in `tools.gradeschool.stories`, drawn with fixed seeds;
the files are the same byte for byte every time, which a test checks.
"""

import random
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from socratic_utils.benchmarks import gradeschool
from socratic_utils.files import write_jsonl_rows
from socratic_utils.problems import Problem
from tools.gradeschool.stories import FAMILIES, SEEN, UNSEEN
from tools.gradeschool.stories.draft import Ask, Draft, Unfit

SIZES = {"train": 640, "validation": 150, "test": 300, "unseen": 200}
CHALLENGE_SIZE = 201
VARIANTS = ("question_changed", "number_added", "order_changed")
STEP_SHARES = {3: 0.50, 2: 0.50}
DISTRACTOR_PERCENT = 22
REORDER_PERCENT = 30
MOST_WORDS = 59
ENOUGH = {"seen": 30, "unseen": 12}  # stories of one family and step count
TRIES = 3000


@dataclass(frozen=True)
class Story:
    """A draft with every choice made: the facts, their order and the question."""

    family: str
    draft: Draft
    ask: Ask
    order: tuple[int, ...]
    distractor: str = ""
    distractor_early: bool = False

    @property
    def text(self) -> str:
        sentences = [self.draft.facts[i] for i in self.order]
        if self.distractor:
            place = 1 if self.distractor_early else len(sentences)
            sentences.insert(place, self.distractor)
        return " ".join([*sentences, self.ask.question])

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Family and numbers, family and equations: what no two stories share."""
        equations = numbers(" ".join(step.solution for step in self.ask.steps))
        return (
            (self.family, *sorted(numbers(self.text))),
            (self.family, "=", *equations),
        )


def is_short(story: Story) -> bool:
    return len(story.text.split()) <= MOST_WORDS


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def other_orders(draft: Draft, order: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Other orders of the facts that leave the story unchanged."""
    found = []
    for index in draft.early:
        if index in order and order.index(index) > 1:
            rest = [i for i in order if i != index]
            found.append((rest[0], index, *rest[1:]))
    places = [place for place, index in enumerate(order) if index in draft.free]
    for one, two in pairwise(places):
        swapped = list(order)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        found.append(tuple(swapped))
    return found


def fitting_distractors(draft: Draft, facts: str) -> list[str]:
    """Distractors whose numbers the story does not already use."""
    used = set(numbers(facts))
    return [d for d in draft.distractors if not used & set(numbers(d))]


@cache
def reach(name: str) -> frozenset[int]:
    """The step counts for which 2,000 draws of a family show enough different stories,
    so that its share of every split can be filled."""
    rng = random.Random(f"gradeschool-reach-{name}")
    texts, chains = defaultdict(set), defaultdict(set)
    for _ in range(2000):
        try:
            draft = FAMILIES[name](rng)
        except Unfit:
            continue
        for story in (Story(name, draft, ask, ask.uses) for ask in draft.asks):
            if is_short(story):
                told, equations = story.keys
                texts[len(story.ask.steps)].add(told)
                chains[len(story.ask.steps)].add(equations)
    least = ENOUGH["unseen" if name in UNSEEN else "seen"]
    return frozenset(n for n in texts if min(len(texts[n]), len(chains[n])) >= least)


def plan(names: list[str], size: int, rng: random.Random) -> list[tuple[str, int]]:
    """Pairs (family, steps) with the step shares wanted, families about equally often.

    Long chains are assigned first, because not every family has them.
    """
    order = rng.sample(names, len(names))
    used = dict.fromkeys(order, 0)
    plans: list[tuple[str, int]] = []
    for steps, share in STEP_SHARES.items():
        able = [name for name in order if steps in reach(name)]
        for _ in range(round(size * share)):
            name = min(able, key=lambda n: (plans.count((n, steps)) + used[n], n))
            used[name] += 1
            plans.append((name, steps))
    rng.shuffle(plans)
    return plans


def draw_story(name: str, steps: int, rng: random.Random, taken: set) -> Story:
    """Draw from a family until it gives a new story with `steps` steps."""
    family = FAMILIES[name]
    with_distractor = rng.randrange(100) < DISTRACTOR_PERCENT
    for _ in range(TRIES):
        try:
            draft = family(rng)
        except Unfit:
            continue
        asks = [ask for ask in draft.asks if len(ask.steps) == steps]
        if not asks:
            continue
        ask = rng.choice(asks)
        story = Story(name, draft, ask, ask.uses)
        orders = other_orders(draft, story.order)
        if orders and rng.randrange(100) < REORDER_PERCENT:
            story = replace(story, order=rng.choice(orders))
        if with_distractor:
            story = add_distractor(story, rng) or story
        if is_short(story) and not taken & {*story.keys}:
            taken.update(story.keys)
            return story
    raise RuntimeError(f"family {name!r} gave no new story with {steps} steps")


def add_distractor(story: Story, rng: random.Random) -> Story | None:
    """The story with one irrelevant sentence, or None if none fits."""
    fitting = fitting_distractors(story.draft, story.text)
    if not fitting:
        return None
    longer = replace(
        story, distractor=rng.choice(fitting), distractor_early=rng.randrange(2) == 0
    )
    return longer if is_short(longer) else None


@cache
def stories() -> dict[str, tuple[Story, ...]]:
    """All stories but the challenge's, no two alike."""
    taken: set = set()
    result = {}
    for split, size in SIZES.items():
        families = UNSEEN if split == "unseen" else SEEN
        plans = plan(list(families), size, random.Random(f"gradeschool-{split}"))
        result[split] = tuple(
            draw_story(name, steps, random.Random(f"gradeschool-{split}-{i}"), taken)
            for i, (name, steps) in enumerate(plans)
        )
    return result


def to_problem(story: Story, split: str, index: int, **extra) -> Problem:
    return Problem(
        id=problem_id(split, index),
        dataset="gradeschool",
        split=split,
        text=story.text,
        answer=story.ask.steps[-1].answer,
        steps=story.ask.steps,
        extra={
            "family": story.family,
            "unseen": story.family in UNSEEN,
            "distractor": bool(story.distractor),
            **extra,
        },
    )


def problem_id(split: str, index: int) -> str:
    return f"gradeschool-{split}-{index:04d}"


def vary(story: Story, variant: str, rng: random.Random) -> Story | None:
    """A variant of a story, or None if this story does not allow it."""
    if variant == "question_changed":
        asks = [
            ask
            for ask in story.draft.asks
            if set(ask.uses) <= set(story.order)
            and not (ask.now and len(ask.uses) < len(story.order))
            and ask.steps[-1].answer != story.ask.steps[-1].answer
        ]
        return replace(story, ask=rng.choice(asks)) if asks else None
    if variant == "number_added":
        return None if story.distractor else add_distractor(story, rng)
    orders = other_orders(story.draft, story.order)
    return replace(story, order=rng.choice(orders)) if orders else None


def challenge() -> list[Problem]:
    """One third of each variant; each test problem is used at most once.

    Reordered problems are chosen first, because the fewest stories allow them.
    """
    base = stories()["test"]
    rng = random.Random("gradeschool-challenge")
    indices = rng.sample(range(len(base)), len(base))
    chosen: dict[int, tuple[str, Story]] = {}
    for number, variant in enumerate(reversed(VARIANTS)):
        wanted = CHALLENGE_SIZE * (number + 1) // len(VARIANTS)
        for index in indices:
            if len(chosen) == wanted:
                break
            varied = None if index in chosen else vary(base[index], variant, rng)
            if varied and is_short(varied):
                chosen[index] = (variant, varied)
    picks = sorted(chosen.items())
    rng.shuffle(picks)
    return [
        to_problem(
            story, "challenge", i, variant=variant, base_id=problem_id("test", index)
        )
        for i, (index, (variant, story)) in enumerate(picks)
    ]


def make_problems(split: str) -> list[Problem]:
    """The problems of a split, the same every time."""
    if split == "challenge":
        return challenge()
    if split not in SIZES:
        known = tuple(gradeschool.SIZES)
        raise ValueError(f"split must be one of {known}, not {split!r}")
    return [to_problem(story, split, i) for i, story in enumerate(stories()[split])]


def main() -> None:
    for split in gradeschool.SIZES:
        path = gradeschool.data_path(split)
        problems = make_problems(split)
        write_jsonl_rows(path, problems)
        print(f"{path}: {len(problems)} problems")


if __name__ == "__main__":
    main()
