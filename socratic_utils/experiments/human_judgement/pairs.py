"""Which chains are compared: two sources over the same problems (SCoTD, section 5).

The student of the teacher's chains (`cot`) meets up to three others:

    before     itself before training, prompted (if notebook 13 has been run)
    gt_steps   the student of the benchmark's own steps
    teacher    the teacher on the same test problems: asked, recorded or published
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from socratic_utils.answers import is_correct
from socratic_utils.config import Settings
from socratic_utils.files import content_hash
from socratic_utils.problems import Chain, Problem, problem_text
from socratic_utils.students.transcript import segments
from socratic_utils.teacher.published import CORPORA

from .. import corpus, data
from ..arms import main_arm
from ..saved import arm_rows_on_disk
from ..scotd.prompted_student import greedy_arm

STUDENT = "cot"  # the student that is compared, and the style of its teacher's chains
PAIRS = 20  # about ten minutes for one person


@dataclass(frozen=True)
class Side:
    """One chain: who wrote it, its lines, and whether its answer is correct."""

    source: str
    text: str
    correct: bool


@dataclass(frozen=True)
class Pair:
    """Two chains of one problem; `sides` decides which is shown on the left."""

    problem_id: str
    dataset: str
    problem: str
    first: Side
    second: Side

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a judgement is about: both sources, the problem, a hash of the texts."""
        texts = content_hash([self.first.text, self.second.text])
        return self.first.source, self.second.source, self.problem_id, texts

    def sides(self, judge: str) -> tuple[Side, Side]:
        """Left and right, in an order that is random but fixed for each judge."""
        swapped = random.Random(f"{judge} {self.key}").random() < 0.5
        return (self.second, self.first) if swapped else (self.first, self.second)


def sides(rows: Sequence[dict], source: str) -> dict[str, Side]:
    """Problem id -> a student's chain, from its prediction rows."""
    return {row["id"]: Side(source, row["output"], row["correct"]) for row in rows}


def sides_of_chains(problems: list[Problem], chains: list[Chain]) -> dict[str, Side]:
    """Problem id -> a teacher's complete chain, rendered as students write theirs."""
    found = {}
    for problem, chain in corpus.paired(problems, chains):
        if chain.steps and chain.answer:
            lines = [s.text for s in segments(problem, chain) if s.role != "problem"]
            correct = is_correct(chain.answer, problem.answer, problem.kind)
            found[problem.id] = Side("teacher", "\n".join(lines), correct)
    return found


def make_pairs(first: dict, second: dict, problems, count=None, seed=0) -> list[Pair]:
    """`count` random pairs (None: all) of different chains of the same problem, from
    the `Side`s of two sources by problem id."""
    both = (p for p in problems if p.id in first and p.id in second)
    pairs = [Pair(p.id, p.dataset, problem_text(p), first[p.id], second[p.id])
             for p in both if first[p.id].text != second[p.id].text]  # fmt: skip
    return shuffled(pairs, seed)[:count]


def shuffled(pairs: Sequence[Pair], seed: int) -> list[Pair]:
    """In random order, but those with a right answer come first: between two wrong
    chains judges rarely see a better one, and weak students have few others."""
    order = random.Random(seed).sample(pairs, len(pairs))
    return sorted(order, key=lambda p: not (p.first.correct or p.second.correct))


def pairs_of_run(settings: Settings, count: int = PAIRS) -> list[Pair]:
    """About `count` pairs of different problems, split evenly over the comparisons;
    ValueError if there is nothing to compare with.  Nothing is trained."""
    problems = data.test_problems(settings)
    student, *others = (sides(arm_rows_on_disk(settings, main_arm(name), True), name)
                        for name in students(settings))  # fmt: skip
    others.insert(0, sides(rows_before(settings), "before"))
    chains = teachers_chains(settings, problems, count)
    others.append(sides_of_chains(problems, chains))
    share = max(1, min(count, len(problems)) // max(1, sum(map(bool, others))))
    pairs: list[Pair] = []
    for other in others:
        used = {pair.problem_id for pair in pairs}
        unused = [problem for problem in problems if problem.id not in used]
        pairs += make_pairs(other, student, unused, share, settings.seed)
    if not pairs:
        why = f"{settings.teacher} has no chains on {problems[0].split} problems"
        raise ValueError(f"nothing to compare: {why}, and no student learns gold steps")
    return shuffled(pairs, settings.seed)


def students(settings: Settings) -> list[str]:
    taught = corpus.can_teach(settings, ("gt_steps",))
    return [STUDENT, "gt_steps"] if taught else [STUDENT]


def can_compare(settings: Settings) -> bool:
    """Whether `pairs_of_run` would find a comparison; nothing is asked or trained."""
    names = students(settings)
    rows = (arm_rows_on_disk(settings, main_arm(name)) for name in names)
    if settings.reuse and not all(rows):  # of both students, in the committed run
        return False
    if len(names) > 1 or data.can_ask(settings) or rows_before(settings):
        return True
    return bool(teachers_chains(settings, data.test_problems(settings)))


def rows_before(settings: Settings) -> list[dict]:
    """The untrained student's rows of notebook 13; empty if it has not been run."""
    return arm_rows_on_disk(settings, greedy_arm(settings))


def teachers_chains(settings: Settings, problems: list, count=PAIRS) -> list[Chain]:
    """The teacher's chains on these problems; a live one is asked about `count`."""
    if settings.teacher in CORPORA:  # may be scored and judged, never learnt
        offered = CORPORA[settings.teacher].offered.get((settings.dataset, STUDENT), ())
        known = problems[0].split in offered
        return data.teacher_of(settings).sample(problems, STUDENT) if known else []
    if data.can_ask(settings):
        return data.teacher_of(settings).sample(data.spread(problems, count), STUDENT)
    teacher = data.teacher_of(settings, plan=True)
    return [chain for chain in teacher.known(problems, STUDENT) if chain]
