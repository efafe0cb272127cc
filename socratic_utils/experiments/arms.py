"""An arm: one line of a table, from what is learnt to how it is decoded.

Every experiment is a list of arms, and `stages.score` trains and decodes any of them.

    >>> main_arm("socratic_iterative").changed("iterative, calculator", calculator=True)
    ... # doctest: +ELLIPSIS
    Arm(name='iterative, calculator', models=('qg', 'qa'), ...)

To add an arm, add an entry to the list of its experiment (`ablations`, `scotd`); to add
a student to the main table, add it to `socratic_utils.students.supervision`.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from socratic_utils.config import Settings
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS

from .corpus import can_teach, is_gold

# Fields that name an arm or choose its problems, but change no answer.
NAMES = "name experiment default columns slow dataset split limits".split()


@dataclass(frozen=True)
class Arm:
    """One line of a table."""

    name: str
    models: tuple[str, ...]  # supervisions, of which the last one answers
    experiment: str = ""  # a folder below `predictions/`
    default: str = ""  # the arm it is compared with
    columns: tuple[tuple[str, Any], ...] = ()  # further columns of its rows
    slow: bool = False  # whether it trains for long at `small` scale
    # What is learnt, and for how long.
    pool: str = ""  # a pool of `corpus.pool_of`; empty: the supervision's own corpus
    problems: str = "shared"  # of a corpus: those all students share, or "all" it has
    balanced: bool = False  # every visit of a problem draws one of its chains
    share: float = 1.0  # of the training problems
    held_back: float = 0.0  # share of the training problems that is not learnt
    steps: int = 0  # optimizer steps; 0: the run's epochs
    lora_rank: int = 0  # of the adapters that are trained; 0: as the run's recipe says
    checkpoints: int = 0  # models kept during training, evenly spaced
    checkpoint: int = 0  # the step of the one that is decoded; 0: the last
    # How it is decoded.
    samples: int = 1  # solutions per problem, which vote
    exemplars: str = ""  # the supervision that exemplars in the prompt show
    questions: str = ""  # "gold" or "teacher": asked instead of the generator's
    calculator: bool = False  # an exact result behind every "="
    sees_solutions: bool = False  # the question generator reads the solutions
    guide: str = ""  # equations, operators or steps, read by the question generator
    planned: bool = False  # the guide is written by a planner, the first of the models
    upfront: bool = False  # all questions are asked before the first is answered
    # On what.
    dataset: str = ""  # another benchmark than the run's
    split: str = ""  # empty: the split that is asked for
    limits: tuple[int | None, ...] = ()  # evenly spaced problems, and of these ...

    @property
    def file(self) -> str:
        """The arm's name as a part of a file's name."""
        return self.name.replace(", ", "-").replace(" ", "_")

    def changed(self, name: str, **fields: Any) -> "Arm":
        """The ablation of this arm that has these fields."""
        fields = {"experiment": "ablations", "default": self.name} | fields
        return replace(self, name=name, **fields)

    def meaning(self) -> dict[str, Any]:
        """Every field that changes an answer and is not at its default, for hashes."""
        default, own = {f.name: f.default for f in fields(self)}, asdict(self)
        return {n: own[n] for n in own if n not in NAMES and own[n] != default[n]}

    def teacher(self, settings: Settings) -> str:
        """What its chains come from: the run's teacher, "gold", or "exemplars"."""
        if self.exemplars or not self.models:
            return "exemplars" if self.exemplars else "none"
        corpora = {SUPERVISIONS[model].corpus for model in self.models}
        gold = all(is_gold(settings, name) for name in corpora)
        if self.pool:
            gold = self.pool == "gold_labels"
        return "gold" if gold else settings.teacher


def main_arm(student: str) -> Arm:
    """The arm of a student of the main table; KeyError on an unknown name."""
    return Arm(student, STUDENTS[student].supervisions)


def main_arms(settings: Settings, group: str = "") -> list[Arm]:
    """The main table, or one group of it, in order: the students that can be taught."""
    arms = [main_arm(n) for n, own in STUDENTS.items() if group in ("", own.group)]
    taught = [arm for arm in arms if can_teach(settings, arm.models)]
    lacking = f"neither {settings.dataset} nor {settings.teacher} has the steps"
    for arm in (arm for arm in arms if arm not in taught):
        print(f"{arm.name}: skipped, because {lacking} it learns from")
    return taught
