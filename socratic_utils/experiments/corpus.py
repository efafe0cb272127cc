"""What students learn from: a corpus of chains for each supervision, or a pool.

A *corpus* belongs to a supervision: the benchmark's own steps ("gold"), or the chains
of one prompt style that the filter keeps, at most one per problem (Socratic CoT,
section 3).  A *pool* is a selection from many chains per problem (SCoTD, sections 3
and 4), or the labels alone:

    chains_08, all_chains_08   the first 8 per problem: right ones, or all
    filter_random ...          `many.budget` right ones per problem, by a filter
    first_right, first_all     the teacher's first of each problem, if right, or any
    gold_labels                the gold answers

Chains are saved in `chains/` with the reason why each was kept or dropped.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from socratic_utils.config import SCOTD_DATASETS, Settings
from socratic_utils.files import read_rows, write_jsonl_rows
from socratic_utils.filtering import REASONS, down_sampling, keep_if_correct
from socratic_utils.filtering.down_sampling import Pool, correct_only, keep_all
from socratic_utils.filtering.right_answers import THINKING, Attempt, Filtered
from socratic_utils.metrics import accuracy
from socratic_utils.problems import Chain, Problem, Step, gold_chain, sub_questions
from socratic_utils.students.supervision import STUDENTS, SUPERVISIONS, Supervision
from socratic_utils.teacher.prompts import STYLES, asked_text
from socratic_utils.teacher.published import CORPORA, training_chains

from .data import STYLE, can_ask, pool_problems, sampled, teacher_of, train_problems

Pairs = list[tuple[Problem, Chain]]
OWN_SOCRATIC = ("gsm8k",)  # benchmarks with Socratic steps of their own
FILTERS = {f"filter_{name}".replace("-", "_"): way
           for name, way in down_sampling.DOWN_SAMPLINGS.items()}  # fmt: skip


def styles(settings: Settings) -> list[str]:
    """The prompt styles a run asks for: CoT only where the benchmark has questions."""
    if settings.teacher in CORPORA:
        offered = CORPORA[settings.teacher].offered.items()
        return [style for (dataset, style), splits in offered
                if dataset == settings.dataset and "train" in splits]  # fmt: skip
    only_cot = (*OWN_SOCRATIC, *SCOTD_DATASETS)  # the default prompt is for arithmetic
    return ["cot"] if settings.dataset in only_cot else ["cot", "socratic"]


def corpus(settings: Settings, name: str) -> Pairs:
    """Training pairs: the benchmark's own steps, or the kept chains of a style."""
    problems = train_problems(settings)
    if name == "questions_then_facts":
        return [(p, questions_then_facts(p)) for p in problems]
    if is_gold(settings, name):
        # A benchmark without steps has its answers: enough for answer only.
        stepless = not any(p.steps for p in problems)
        return [(p, gold_chain(p)) for p in problems if p.steps or stepless]
    return paired(problems, filtered(settings, name).kept)


def compared(settings: Settings) -> list[str]:
    """The corpora of those students of the main table that can be taught."""
    everyone = (student.supervisions for student in STUDENTS.values())
    taught = [model for own in everyone if can_teach(settings, own) for model in own]
    return list(dict.fromkeys(SUPERVISIONS[model].corpus for model in taught))


def shared_problems(settings: Settings) -> list[Problem]:
    """The training problems that every compared corpus has a chain of, in order; asks
    the teacher for what is missing.  ValueError if there is none."""
    known = [{p.id for p, _ in corpus(settings, n)} for n in compared(settings)]
    if not (shared := set.intersection(*known)):
        fault = "no training problem has a kept chain of every style"
        advice = "choose another teacher, or more problems"
        raise ValueError(f"{fault} {_sizes(settings)}: {advice}")
    return [problem for problem in train_problems(settings) if problem.id in shared]


def describe_shared(settings: Settings) -> str:
    """One line: how many problems the students share, and how many each corpus has."""
    count = f"{len(shared_problems(settings))} of {len(train_problems(settings))}"
    return f"all students learn from the same {count} problems {_sizes(settings)}"


def _sizes(settings: Settings) -> str:
    sizes = (f"{n}: {len(corpus(settings, n))}" for n in compared(settings))
    return f"({', '.join(sizes)})"


def has_more(settings: Settings, models: Sequence[str]) -> bool:
    """Whether the corpus of a model has problems that not all students share; assumed
    where chains must still be asked for."""
    if settings.plan or not all(on_disk(settings, n) for n in compared(settings)):
        return True
    shared = len(shared_problems(settings))
    return any(len(corpus(settings, SUPERVISIONS[m].corpus)) > shared for m in models)


def on_disk(settings: Settings, name: str) -> bool:
    """Whether a corpus is the benchmark's own, or the run has filtered its chains."""
    kept = settings.folder / "chains" / f"{name}-kept.jsonl"
    return is_gold(settings, name) or kept.exists()


def paired(problems: Sequence[Problem], chains: Sequence[Chain]) -> Pairs:
    """Each chain with its problem, in the chains' order."""
    by_id = {problem.id: problem for problem in problems}
    return [(by_id[chain.problem_id], chain) for chain in chains]


def questions_then_facts(problem: Problem) -> Chain:
    """The gold sub-questions, then the gold facts, which StrategyQA does not align."""
    asked = [Step(question, "", "") for question in sub_questions(problem)]
    return replace(gold_chain(problem), steps=(*asked, *problem.steps))


def filtered(settings: Settings, style: str) -> Filtered:
    """The teacher's chains of a style, filtered; saved as `chains/<style>-*.jsonl`."""
    return _filtered(settings, style, settings.folder)  # which follows the environment


@cache  # every model of a run needs it
def _filtered(settings: Settings, style: str, folder: Path) -> Filtered:
    problems, published = train_problems(settings), settings.teacher in CORPORA
    if settings.reuse and not published:  # whose chains are not committed
        committed = replace(settings, seed=0).reference  # the same for all seeds
        rows = read_rows(committed / "chains" / f"{style}-attempts.jsonl")
        attempts = [Attempt(reason=r.pop("reason"), chain=Chain(**r)) for _, r in rows]
        result = Filtered.of(problems, attempts)
    else:
        tries = 0 if published else settings.max_resamples
        result = keep_if_correct(problems, teacher_of(settings), style, tries)
        if published:
            training_chains(result.kept, settings.dataset)
    write_jsonl_rows(folder / "chains" / f"{style}-kept.jsonl", result.kept)
    rows = [attempt.row() for attempt in result.attempts]
    write_jsonl_rows(folder / "chains" / f"{style}-attempts.jsonl", rows)
    if not result.kept and style in STYLES:
        found = ", ".join(f"{n} {reason}" for reason, n in result.reasons().items())
        fault = f"no {style} chain of {settings.teacher} is kept ({found})"
        raise ValueError(f"{fault}: choose another teacher, or more problems")
    return result


def reason_rows(results: dict[str, Filtered]) -> list[dict]:
    """One row per style and reason: how many attempts were kept or dropped, and why."""
    return [{"style": style, "reason": reason, "attempts": result.reasons()[reason]}
            for style, result in results.items() for reason in REASONS
            if reason != THINKING or result.reasons()[reason]]  # fmt: skip


def kept_rows(results: dict[str, Filtered]) -> list[dict]:
    """One row per style: the share of problems with a kept chain, as an accuracy."""
    return [{"style": style, **accuracy({"correct": kept} for kept in (
                [True] * len(result.kept) + [False] * len(result.dropped)))}
            for style, result in results.items()]  # fmt: skip


def attempt_rows(results: dict[str, Filtered]) -> list[dict]:
    """One row per attempt; round 0 is the first chain, the others are resamples."""
    return [{"style": style, "round": attempt.chain.sample, "reason": attempt.reason}
            for style in results for attempt in results[style].attempts]  # fmt: skip


def pool_of(settings: Settings, name: str) -> tuple[list[Problem], Pool]:
    """The problems and the chains of a pool, perhaps none; ValueError if unknown."""
    if name == "gold_labels":
        problems = pool_problems(settings)
        gold = tuple(map(gold_chain, problems))
        return problems, Pool("gold labels", gold, len(problems))
    select = keep_all if "all" in name.split("_") else correct_only
    if name in ("first_all", "first_right"):
        problems, chains = first_chains(settings)
        return problems, select(problems, chains)
    problems, chains = sampled(settings)
    if name in FILTERS:
        own, budget = chains * (name in filters_of(chains)), settings.many.budget
        return problems, FILTERS[name](problems, own, budget, settings.seed)
    kind, _, count = name.rpartition("_")
    if kind not in ("chains", "all_chains") or not count.isdigit():
        raise ValueError(f"unknown pool {name!r}; see experiments/corpus.py")
    return problems, select(problems, [c for c in chains if c.sample < int(count)])


def first_chains(settings: Settings) -> tuple[list[Problem], list[Chain]]:
    """The problems of all pools, and the teacher's first (greedy) chain of each."""
    problems = pool_problems(settings)
    chains = teacher_of(settings).sample(problems, STYLE)
    if settings.teacher in CORPORA:  # published chains may be on test questions
        training_chains([c for c in chains if c.steps], settings.dataset)
    return problems, chains


def filters_of(chains: Sequence[Chain]) -> list[str]:
    """The filters that sampled chains allow: likelihood needs log-likelihoods."""
    known = all(c.logprob is not None and c.tokens for c in chains if c.answer)
    return [name for name in FILTERS if known or name != "filter_likelihood"]


def is_gold(settings: Settings, name: str) -> bool:
    """Whether a corpus is the benchmark's own steps, written by no teacher."""
    own = name == "socratic" and settings.dataset in OWN_SOCRATIC
    return name in ("gold", "questions_then_facts") or own


def can_teach(settings: Settings, models: Sequence[str]) -> bool:
    """Whether the benchmark or the teacher has what all these models learn from."""
    return all(_taught(settings, SUPERVISIONS[model]) for model in models)


def _taught(settings: Settings, supervision: Supervision) -> bool:
    """Published teachers have few styles of chains, some benchmarks have no steps."""
    name, shown = supervision.corpus, supervision.shown
    if name == "gold" and "solution" not in shown:
        return True
    if name in STYLES and not is_gold(settings, name):
        return name in styles(settings)
    problems = train_problems(settings)
    if name == "questions_then_facts":  # aligned ones need no student of their own
        return any(problem.extra.get("sub_questions") for problem in problems)
    if is_gold(settings, name):
        steps = [step for problem in problems for step in problem.steps]
        return any(step.question or "question" not in shown for step in steps)
    return can_give(settings, problems, name)


def can_give(settings: Settings, problems: Sequence[Problem], style: str) -> bool:
    """Whether a teacher can be given the gold steps or questions that a style needs."""
    if settings.teacher in CORPORA:
        return False
    try:
        asked_text(problems[0], style)
    except ValueError:  # the benchmark has none
        return False
    known = teacher_of(settings, plan=True).known
    return bool(settings.reuse or can_ask(settings) or known(problems[:1], style)[0])
