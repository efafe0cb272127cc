"""One switch at a time: what does each part of the method do?

Every ablation is a student of the main table with one thing changed, solved on the same
problems and compared with it pair by pair:

    oracles     gold questions instead of the question generator (the nearest that P1
                has is SocGT as in its section 5, PAPERS.md 1.5), and an exact
                calculator behind every "=" (ours): where do answers go wrong?
    teacher     its sub-questions are there at test time (P1 section 5 has SocGT on
                GSM8K so), asked for by the prompt of Table 3 (`two_stage`)
    upfront     all questions are asked before the first is answered
    sees        the question generator reads the earlier solutions (P1 Table 1), which
                in P1 section 3.3 it does not
    guided      it reads equations, operators or the number of steps first: gold ones,
                an upper bound, or as another model predicts them (P1 Fig 6)
    module      no sub-question module (P1 Table 5, `subproblems`)
    corpora     SocGT in P1's other meanings: the teacher asks about the gold steps, or
                answers the gold questions; the benchmark's own questions and steps;
                StrategyQA's questions and then its facts, which are not aligned

    >>> [a.name for a in ABLATIONS if a.default == "socratic_unified"]
    ['unified, calculator']

What needs a training of its own beside the main table's is `slow`: at `small` scale it
is left out unless all ablations are asked for, or its rows are there.  The table of them
is in `switches`, the size of the training data in `data_size`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from socratic_utils.answers import find_equations
from socratic_utils.config import Settings
from socratic_utils.files import file_hash
from socratic_utils.problems import Problem, sub_questions
from socratic_utils.students import guidance
from socratic_utils.students.decoding import oracles
from socratic_utils.students.decoding.incremental import IncrementalDecoder
from socratic_utils.students.decoding.oracles import (
    CalculatorDecoder,
    GoldQuestions,
    KnownQuestions,
    ask_upfront,
)
from socratic_utils.students.decoding.planner import PlannedDecoder
from socratic_utils.students.guidance import GUIDES, gold_guides
from socratic_utils.students.supervision import STUDENTS
from socratic_utils.teacher.published import CORPORA

from . import two_stage
from .corpus import (
    can_ask,
    is_gold,
    is_taught,
    spread,
    taught,
    teacher_of,
    test_problems,
)
from .lessons import MODELS, SOCGT
from .stages import (
    predictions_path,
    solved,
    speakers_of,
    take_reference,
    taught_by,
    train_model,
)

FOLDER = "ablations"


@dataclass(frozen=True)
class Ablation:
    """A student of the main table (`default`) with one thing changed.

    `models` are the supervisions of its models; the last one solves.
    """

    name: str
    default: str
    models: tuple[str, ...]
    gold_questions: bool = False
    teacher_questions: bool = False
    calculator: bool = False
    sees_solutions: bool = False
    guide: str = ""
    planned: bool = False  # the guide is a planner's, who is the first of the models
    upfront: bool = False
    slow: bool = False

    def how(self, problems: Sequence[Problem]) -> dict:
        """Arguments of `solve`."""
        gold = self.guide and not self.planned
        guides = gold_guides(problems, self.guide) if gold else None
        return {"sees_solutions": self.sees_solutions, "guides": guides}


PAIR = "socratic_iterative"
ABLATIONS = (
    Ablation("cot, calculator", "cot", ("cot",), calculator=True),
    Ablation("gt_steps, calculator", "gt_steps", ("gt_steps",), calculator=True),
    Ablation("unified, calculator", "socratic_unified", ("socratic_unified",),
             calculator=True),
    Ablation("iterative, calculator", PAIR, ("qg", "qa"), calculator=True),
    Ablation("iterative, gold questions", PAIR, ("qa",), gold_questions=True),
    Ablation("iterative, questions of the teacher", PAIR, ("qa",),
             teacher_questions=True),
    Ablation("iterative, both oracles", PAIR, ("qa",), gold_questions=True,
             calculator=True),
    Ablation("iterative, questions upfront", PAIR, ("qg", "qa"), upfront=True),
    Ablation("iterative, QG sees solutions", PAIR, ("qg_sees_solutions", "qa"),
             sees_solutions=True, slow=True),
    Ablation("iterative, gold equations", PAIR, ("qg_guided_equations", "qa"),
             guide="equations"),
    *(Ablation(f"iterative, gold {guide}", PAIR, (f"qg_guided_{guide}", "qa"),
               guide=guide, slow=True) for guide in GUIDES[1:]),
    *(Ablation(f"iterative, predicted {guide}", PAIR,
               (f"planner_{guide}", f"qg_guided_{guide}", "qa"), guide=guide,
               planned=True, slow=True) for guide in GUIDES),
    Ablation("no sub-question module", PAIR, ("no_subquestions",), slow=True),
    *(Ablation(f"iterative, {told}", PAIR, (f"qg_{source}", f"qa_{source}"), slow=True)
      for source, told in zip(SOCGT, (
          "teacher asks about gold steps", "teacher answers gold questions",
          "gold questions and steps learnt"), strict=True)),
    Ablation("gold questions, then facts", "gt_steps", ("questions_then_facts",),
             slow=True),
)  # fmt: skip


def chosen(settings: Settings) -> list[Ablation]:
    """Those that are possible; at `small` without `slow` ones, unless all ablations are
    asked for or their rows are there."""
    everything = settings.ablations == "all" or settings.scale != "small"
    there = settings.source / "predictions" / FOLDER
    return [
        ablation
        for ablation in ABLATIONS
        if possible(settings, ablation)
        and (
            (everything and not settings.reuse)
            or not (ablation.slow or settings.reuse)
            or (there / _path(settings, ablation).name).exists()
        )
    ]


def extra_models(settings: Settings) -> list[str]:
    """Models of the chosen ablations that the main table does not train."""
    main = {model for s in STUDENTS.values() for model in s.supervisions}
    names = [name for ablation in chosen(settings) for name in ablation.models]
    return [name for name in dict.fromkeys(names) if name not in main]


def possible(settings: Settings, ablation: Ablation) -> bool:
    """Whether its models can be taught, and the problems have the gold it needs."""
    if not is_taught(settings, ablation.default):
        return False
    if not all(taught(settings, MODELS[model]) for model in ablation.models):
        return False
    if "qg_gold" in ablation.models and is_gold(settings, "socratic"):
        return False  # that is the default
    asked = problems_of(settings)
    if ablation.gold_questions:
        return any(map(sub_questions, asked))
    if ablation.teacher_questions:
        return _can_ask_questions(settings, asked)
    if ablation.planned:  # the plan is learnt from the chains: no gold is needed
        return ablation.guide == "steps" or asked[0].kind == "number"
    steps = [step for problem in asked for step in problem.steps]
    if ablation.guide == "steps":
        return bool(steps)
    has_equations = any(find_equations(step.solution) for step in steps)
    return has_equations or not ablation.guide


def _can_ask_questions(settings: Settings, problems: Sequence[Problem]) -> bool:
    """Whether the teacher's questions about test problems are known or to be had."""
    if settings.teacher in CORPORA or not two_stage.fits(problems):
        return False
    teacher = teacher_of(settings, plan=True)
    open_questions = two_stage.questions_to_ask(teacher, problems).requests
    return not open_questions or can_ask(settings)


def score(settings: Settings, ablation: Ablation) -> list[dict]:
    """Prediction rows of an ablation: from disk, or trained and solved now."""
    asked = problems_of(settings)
    path = _path(settings, ablation)
    if settings.reuse == "reference":
        return take_reference(settings, path)
    files = [guidance.__file__, oracles.__file__, __file__]
    return solved(
        settings,
        path,
        [train_model(settings, model) for model in ablation.models],
        asked,
        {
            "student": ablation.name,
            "teacher": taught_by(settings, ablation.default),
        },
        changed=[[file_hash(name) for name in files], _marks(ablation)],
        speakers=lambda folders: _speakers(settings, ablation, folders, asked),
        **ablation.how(asked),
    )


def problems_of(settings: Settings) -> list[Problem]:
    """The problems that every ablation and its default are compared on."""
    return spread(test_problems(settings), settings.many.test_limit)


def _path(settings: Settings, ablation: Ablation) -> Path:
    name = ablation.name.replace(", ", "-").replace(" ", "_")
    return predictions_path(settings, name, problems_of(settings)[0].split, FOLDER)


def _marks(ablation: Ablation) -> dict:
    """All that tells its rows apart; `slow` changes none of them."""
    return {name: v for name, v in asdict(ablation).items() if v and name != "slow"}


def _speakers(
    settings: Settings,
    ablation: Ablation,
    folders: Sequence[Path],
    asked: Sequence[Problem],
) -> list[IncrementalDecoder]:
    speakers = speakers_of(folders)
    if ablation.calculator:
        speakers[-1] = CalculatorDecoder(speakers[-1].model, speakers[-1].tokenizer)
    if ablation.gold_questions:
        speakers.insert(0, GoldQuestions(asked, speakers[-1].tokenizer))
    if ablation.teacher_questions:
        teacher = replace(teacher_of(settings), shots=two_stage.SHOTS)
        told = two_stage.asked_of(teacher, asked)
        speakers.insert(0, KnownQuestions(asked, speakers[-1].tokenizer, told))
    if ablation.planned:
        planner, asker, answerer = speakers
        speakers = [
            PlannedDecoder(asker, planner, settings.decoding.max_tokens),
            answerer,
        ]
    if ablation.upfront:
        speakers[0] = ask_upfront(asked, speakers[0], settings.decoding)
    return speakers
