"""The registry: every supervision and every student, with its label, colour and order.

A student is one model, or a question generator (QG) and a question answerer (QA) that
take turns.  To add one, add its `Supervision` to `SUPERVISIONS` and a `Student` to
`STUDENTS`: tables, figures, paired tests and the report read this list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from socratic_utils.config import Training
from socratic_utils.problems import Chain, Problem

from .transcript import GUIDES, PREFIXES, Pairs, Segment, guide_text, segments


@dataclass(frozen=True)
class Supervision:
    """Which roles a model is shown, which are trained, and whose chains it learns."""

    name: str
    shown: tuple[str, ...]
    trained: tuple[str, ...]
    corpus: str  # the name of a corpus, such as "gold", "cot" or "socratic"

    def transcript(self, problem: Problem, chain: Chain) -> list[tuple[Segment, bool]]:
        """The shown segments of a pair, each with whether it is in the loss."""
        return self.view(segments(problem, chain))

    def view(self, segments: list[Segment]) -> list[tuple[Segment, bool]]:
        """The shown ones of `segments`, each with whether it is in the loss."""
        seen = [(s, s.role in self.trained) for s in segments if s.role in self.shown]
        if "done" in self.trained:
            seen.append((Segment("done", f"{PREFIXES['done']}."), True))
        return seen


@dataclass(frozen=True)
class Guided(Supervision):
    """A supervision with a guide of this `kind`, from the chain itself (Fig. 6)."""

    kind: str

    def transcript(self, problem: Problem, chain: Chain) -> list[tuple[Segment, bool]]:
        first, *rest = segments(problem, chain)
        guide = Segment("guide", guide_text(chain, self.kind))
        return self.view([first, guide, *rest])


_STEPS, _LINES = "problem solution answer", "question solution answer"
_ALL = f"problem {_LINES}"
SUPERVISIONS: dict[str, Supervision] = {
    name: Supervision(name, tuple(shown.split()), tuple(trained.split()), corpus)
    for name, shown, trained, corpus in (
        ("answer_only", "problem answer", "answer", "gold"),
        ("gt_steps", _STEPS, "solution answer", "gold"),
        ("cot", _STEPS, "solution answer", "cot"),
        ("socratic_unified", _ALL, _LINES, "socratic"),
        ("qg", "problem question", "question done", "socratic"),
        ("qa", _ALL, "solution answer", "socratic"),
        # Ablations.  QG sees solutions in the paper's Table 1, not in its section 3.3.
        ("qg_sees_solutions", "problem question solution", "question done", "socratic"),
        ("no_subquestions", _ALL, "solution answer", "socratic"),
        ("questions_then_facts", _ALL, _LINES, "questions_then_facts"),
    )
}
# The generator reads the guide and is not trained on it; the planner writes it.
SUPERVISIONS |= {
    f"{name}_{kind}": Guided(f"{name}_{kind}", shown, trained, "socratic", kind)
    for kind in GUIDES
    for name, shown, trained in (
        ("qg_guided", ("problem", "guide", "question"), ("question", "done")),
        ("planner", ("problem", "guide"), ("guide",)),
    )
}
# SocGT: the teacher asks about gold steps, answers gold questions, or all is gold.
SUPERVISIONS |= {
    f"{name}_{c}": replace(SUPERVISIONS[name], name=f"{name}_{c}", corpus=c)
    for c in ("socratic_from_steps", "socratic_from_questions", "gold")
    for name in ("qg", "qa")
}


def sub_problems(pairs: Pairs) -> list[tuple[Problem, Chain]]:
    """Pairs for "no_subquestions", the ablation without a question generator (Table
    5).  After q(j) come s(1) ... s(j); before the last, a step without answer adds
    none."""
    found = []
    for problem, chain in pairs:
        steps = [replace(step, question="") for step in chain.steps]
        for count, last in enumerate(chain.steps[:-1], 1):
            if last.answer:
                asked = (replace(steps[0], question=last.question), *steps[1:count])
                found.append((problem, replace(chain, steps=asked, answer=last.answer)))
        if steps:
            found.append((problem, replace(chain, steps=tuple(steps))))
    return found


def as_long(training: Training, pairs: int, sub_pairs: int) -> Training:
    """As many optimizer steps on `sub_pairs` transcripts as on `pairs`."""
    wanted = ceil(ceil(pairs / training.batch_size) * training.epochs)
    return training.for_steps(wanted, sub_pairs)


def as_learnt(model: str, pairs: Pairs, training: Training) -> tuple[Pairs, Training]:
    """What a model learns of its corpus, and for how long."""
    if model != "no_subquestions":
        return pairs, training
    parts = sub_problems(pairs)  # a transcript per sub-problem
    return parts, as_long(training, len(pairs), len(parts))


@dataclass(frozen=True)
class Student:
    """A line of the main table: its models, and how it is printed and drawn."""

    name: str
    label: str
    colour: str
    supervisions: tuple[str, ...]
    group: str  # of the notebook: "baseline" (03), "unified" (04), "iterative" (05)
    paper: str = ""  # its column in Table 2 of Socratic CoT


# In the order of every table and figure; colours: seaborn's palette "colorblind", and
# for other arms such as are legible on white and none of `results.figures.style`.
STUDENTS: dict[str, Student] = {
    s.name: s for s in (
        Student("answer_only", "Answer only", "#949494", ("answer_only",), "baseline",
                "Answer Only"),
        Student("gt_steps", "Ground-truth steps", "#029e73", ("gt_steps",), "baseline",
                "GT Steps"),
        Student("cot", "CoT", "#de8f05", ("cot",), "baseline", "CoT"),
        Student("socratic_unified", "Socratic unified", "#0173b2",
                ("socratic_unified",), "unified", "Unified SocCoT"),
        Student("socratic_iterative", "Socratic iterative", "#cc78bc", ("qg", "qa"),
                "iterative", "Iterative SocCoT"),
    )}  # fmt: skip
OTHER_COLOURS = ("#d55e00", "#8c6239", "#2f9bc4", "#6b4c9a", "#006d77")


# In the names of arms -> as they are printed.
WORDS = {r"chains 0*1": "1 chain", r"chains 0*(\d+)": r"\1 chains", "cot": "CoT",
         "few shot 0*1": "few-shot, 1 chain", r"few shot 0*(\d+)":
         r"few-shot, \1 chains", "few shot": "few-shot", "scotd": "SCoTD",
         "open endedness": "open-endedness"}  # fmt: skip
# The first word of a variant -> the supervision whose learning rate it has.
VARIANTS = {"planner": "qg", "no": "qa", "questions": "socratic_unified"}


def variant_of(model: str) -> str:
    """The supervision of the main table that a model is, or is a variant of."""
    word = model.partition("_")[0]
    main = [name for student in STUDENTS.values() for name in student.supervisions]
    return model if model in main else VARIANTS.get(word, word)


def label_of(name: str) -> str:
    """The printed name of a student, a model, or an arm such as "cot, calculator"."""
    labels = {"qg": "Question generator (QG)", "qa": "Question answerer (QA)"}
    labels |= {n: student.label for n, student in STUDENTS.items()}
    known, comma, change = name.partition(", ")
    plain = known.replace("_", " ")
    for old, new in WORDS.items():
        plain = re.sub(rf"\b{old}\b", new, plain)
    return labels.get(known, plain[:1].upper() + plain[1:]) + comma + change


def colour_of(name: str, names: Sequence[str] = ()) -> str:
    """A student's colour, as hex; other names of a figure's `names` get those left."""
    if name in STUDENTS:
        return STUDENTS[name].colour
    others = [n for n in dict.fromkeys([*names, name]) if n not in STUDENTS]
    return OTHER_COLOURS[others.index(name) % len(OTHER_COLOURS)]
