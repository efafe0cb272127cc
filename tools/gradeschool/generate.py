"""The embedded set `gradeschool`: our own word problems with gold Socratic steps.

Made so that every notebook runs without network: stories from
`tools.gradeschool.stories`, drawn with fixed seeds, 2 to 5 steps each. Half of the test
problems come from families that training never shows. `challenge` holds variants of
test problems in the manner of SVAMP: another question, one more number, another order
of the facts. For example

    Mia goes shopping. She buys 4 mugs for 5 dollars each. She buys a lamp for 12
    dollars. How much does Mia spend in total?

with the steps "The mugs cost 4 * 5 = 20 dollars." and "Mia spends 20 + 12 = 32
dollars." Not covered: fractions, decimals, negative numbers, real children's prose.

`python -m tools.gradeschool.generate` writes the data files again; a test
proves that they come out byte for byte the same.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from socratic_utils.benchmarks.gradeschool import SPLITS, data_path, load
from socratic_utils.problems import Problem, save_jsonl
from tools.gradeschool.stories import SEEN, UNSEEN
from tools.gradeschool.stories.draft import Ask, Draft, Unfit

SIZES = {"train": (400, 0), "validation": (60, 0), "test": (100, 100)}
CHALLENGE_SIZE = 100
VARIANTS = ("question_changed", "number_added", "order_changed")
STEP_SHARES = {5: 0.05, 4: 0.15, 3: 0.40, 2: 0.40}
DISTRACTOR_PERCENT = 22
REORDER_PERCENT = 30
MOST_WORDS = 59
TRIES = 3000


@dataclass(frozen=True)
class Story:
    """A draft with every choice made: what is told, in which order, what is asked."""

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
    def key(self) -> tuple[str, ...]:
        """Family and numbers: what two splits must not share."""
        return (self.family, *sorted(numbers(self.text)))


def is_short(story: Story) -> bool:
    return len(story.text.split()) <= MOST_WORDS


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def other_orders(draft: Draft, order: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The orders of the same facts that tell the same story as well."""
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
    """The step counts that a family can produce, found by trying it out."""
    rng = random.Random(f"gradeschool-reach-{name}")
    counts: set[int] = set()
    for _ in range(400):
        try:
            draft = (SEEN | UNSEEN)[name](rng)
        except Unfit:
            continue
        stories_told = (Story(name, draft, ask, ask.uses) for ask in draft.asks)
        counts |= {len(s.ask.steps) for s in stories_told if is_short(s)}
    return frozenset(counts)


def plan(names: list[str], size: int, rng: random.Random) -> list[tuple[str, int]]:
    """Pairs (family, steps): the wanted step shares, every family about equally often.

    The rare long chains are dealt first, because not every family has them.
    """
    order = rng.sample(names, len(names))
    used = dict.fromkeys(order, 0)
    slots: list[tuple[str, int]] = []
    for steps, share in STEP_SHARES.items():
        able = [name for name in order if steps in reach(name)]
        for _ in range(round(size * share)):
            name = min(able, key=lambda n: (slots.count((n, steps)) + used[n], n))
            used[name] += 1
            slots.append((name, steps))
    rng.shuffle(slots)
    return slots


def draw_story(name: str, steps: int, rng: random.Random, taken: set) -> Story:
    """Draw from a family until a new story with that many steps comes out."""
    family = (SEEN | UNSEEN)[name]
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
        if is_short(story) and story.key not in taken:
            taken.add(story.key)
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
    """All stories of train, validation and test, no two alike."""
    taken: set = set()
    result = {}
    for split, (seen, unseen) in SIZES.items():
        rng = random.Random(f"gradeschool-{split}")
        slots = plan(list(SEEN), seen, rng)
        if unseen:
            slots += plan(list(UNSEEN), unseen, rng)
            rng.shuffle(slots)
        result[split] = tuple(
            draw_story(name, steps, random.Random(f"gradeschool-{split}-{i}"), taken)
            for i, (name, steps) in enumerate(slots)
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
    """A third each of the three variants, a test problem used at most once.

    Orders are dealt first, because the fewest stories allow them.
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


def generate(split: str) -> list[Problem]:
    """Make a split from scratch; always the same problems."""
    if split == "challenge":
        return challenge()
    if split not in SIZES:
        raise ValueError(f"split must be one of {SPLITS}, not {split!r}")
    return [to_problem(story, split, i) for i, story in enumerate(stories()[split])]


def main() -> None:
    for split in SPLITS:
        path = data_path(split)
        save_jsonl(path, generate(split))
        print(f"{path}: {len(load(split))} problems")


if __name__ == "__main__":
    main()
