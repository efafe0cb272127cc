"""The papers' claims, judged from the rows that a run and its seeds have on disk.

    >>> learnt(settings, ["iterative beats CoT"])              # doctest: +SKIP
    Iterative beats CoT: +3.2 points (-1.0 to +7.4, n = 300, 5 seeds): cannot tell; ...

Nothing is trained, decoded or asked: claims whose rows are missing are "not run".
"""

from dataclasses import replace
from functools import partial
from shlex import quote

import pandas as pd

from socratic_utils import config
from socratic_utils.config import Settings
from socratic_utils.metrics.contrast_sets import bases
from socratic_utils.results.claims import CLAIMS, NOT_RUN, Run, claims_table, sentence
from socratic_utils.results.formats import SMOKE
from socratic_utils.teacher.published import CORPORA

from .data import reported_problems
from .saved import rows_over_seeds, saved_table

OPTIONS = ("dataset student teacher teacher_url teacher_api teacher_mode "
           "teacher_tokens max_cost train_limit test_limit seed").split()  # fmt: skip
SHARE = 0.4  # of the training problems, in SCoTD's claim about less data


def table(settings: Settings) -> pd.DataFrame:
    """`results.claims.claims_table` of this run and of its other seeds on disk."""
    found = claims_table(partial(rows_over_seeds, settings), _run(settings))
    if settings.teacher in CORPORA:  # whose command could not make these rows
        sampled = found["claim"].map(lambda name: CLAIMS[name].sampled)
        lacking = sampled & (found["verdict"] == NOT_RUN)
        found.loc[lacking, "note"] = "needs a teacher that can be sampled"
    return found


def learnt(settings: Settings, claims=(), paper: str = "", judged=None) -> None:
    """Print one sentence per claim, or per claim of a `paper` that was run, as `table`
    (`judged`, if it is made already) has them.  ValueError on an undeclared name."""
    if unknown := set(claims) - set(CLAIMS):
        raise ValueError(f"no such claims: {unknown}; choose from {list(CLAIMS)}")
    if settings.scale == "smoke":
        print(f"{SMOKE.capitalize()}.")
    if judged is None:
        saved = saved_table(settings, "claims") if settings.reuse else ()
        judged = saved if len(saved) else table(settings)
    for line in judged.to_dict("records"):
        run = line["paper"] == paper and line["verdict"] != NOT_RUN
        if line["claim"] in claims or run:
            print(sentence(line))


def _run(settings: Settings) -> Run:
    """What the claims depend on in a run."""
    problems, many = reported_problems(settings), settings.many
    share = min((share for share in many.shares if share >= SHARE), default=0.0)
    return Run(settings.dataset, problems[0].split, problems[0].kind, many.counts,
               share, bases(problems), command(settings))  # fmt: skip


def command(settings: Settings) -> str:
    """The command of this run, without the choice of a notebook."""
    scale, words = settings.scale, ["./run_all.sh"]
    own = config.load(scale, dataset=settings.dataset)
    usual = replace(own, dataset=config.PRESETS[scale].dataset)
    words += [scale] if scale != config.load().scale else []
    if rank := settings.training.lora_rank:
        words.append(f"--lora-rank {rank}")
    for name in OPTIONS:
        if (value := getattr(settings, name)) != getattr(usual, name):
            words.append(f"--{name.replace('_', '-')} {quote(str(value))}")
    return " ".join(words)
