"""The options of `run_all.sh`, and checks that refuse what would fail an hour later.

    >>> asked(parser().parse_args(["smoke", "--seed", "3"]))
    {'scale': 'smoke', 'seed': 3}

`python -m socratic_utils.runner.options ARGUMENTS` only checks them: `run_all.sh` does
so before it makes an environment, so this module needs nothing that is installed.
Each check raises ValueError in one sentence: what is wrong and what to do.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:  # a wrong option is answered before anything is imported
    from socratic_utils.config import Settings

BAD_INPUT = 2  # exit code
# Options that are settings of the run, in the order in which a plan shows them.
SETTINGS = (
    "dataset", "student", "teacher", "teacher_url", "teacher_api", "teacher_mode",
    "max_cost", "train_limit", "test_limit", "seed", "reuse", "ablations",
)  # fmt: skip
LOCAL_STUDENTS = ("tiny", "SmolLM2-135M-Instruct")  # of `smoke` and `small`


class Parser(argparse.ArgumentParser):
    """Answers a wrong option in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"run_all: {message}; see ./run_all.sh --help\n")


def parser(prog: str = "run_all.sh") -> argparse.ArgumentParser:
    """All options; what is not given is the scale's own."""
    result = Parser(prog, description="Run the notebooks.", allow_abbrev=False)
    add = result.add_argument
    add("scale", nargs="?", default="small", help="smoke, small or paper")
    add("--dataset", help="a benchmark, such as gsm8k")
    add("--student", help="a Hugging Face model id or a folder")
    add("--teacher", help="the teacher's model name")
    add("--teacher-url", help="an OpenAI-compatible server")
    add("--teacher-api", choices=("chat", "completion"), help="the kind of model")
    add("--teacher-mode", choices=("live", "batch"), help="how it is asked")
    add("--max-cost", type=dollars, metavar="DOLLARS", help="limit for the teacher")
    add("--train-limit", type=count, metavar="N", help="training problems")
    add("--test-limit", type=count, metavar="N", help="test problems per split")
    add("--seed", type=seed, metavar="N", help="of training and sampling")
    add("--ablations", choices=("all",), help="all ablations")
    add(
        "--switches", dest="ablations", choices=("all",), help=argparse.SUPPRESS
    )  # its earlier name
    add("--engine", choices=("ray",), help="train on a Ray cluster")
    add("--reuse", choices=("reference",), help="take the committed rows")
    add("--only", metavar="NN", help="one notebook")
    add("--dry-run", action="store_true", help="show the plan and do nothing")
    return result


def asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, as `config.load` and the notebooks take them."""
    given = {name: getattr(arguments, name) for name in SETTINGS}
    given = {name: value for name, value in given.items() if value not in ("", None)}
    return {"scale": arguments.scale, **given}


def dollars(text: str) -> float:
    if 0 < float(text) < float("inf"):
        return float(text)
    raise argparse.ArgumentTypeError("must be a number of dollars above 0, such as 2.5")


def count(text: str) -> int:
    if int(text) >= 0:  # 0: the scale's own
        return int(text)
    raise argparse.ArgumentTypeError("must be at least 1")


def seed(text: str) -> int:
    if 0 <= int(text) < 2**32:
        return int(text)
    raise argparse.ArgumentTypeError("must be between 0 and 4294967295")


def check(settings: Settings) -> Settings:
    """The settings, if benchmark, student, address and committed run exist."""
    from socratic_utils.benchmarks import BENCHMARKS, DATA_VARIABLE

    if settings.dataset not in BENCHMARKS:
        known = ", ".join(sorted(BENCHMARKS))
        raise ValueError(f"unknown dataset {settings.dataset!r}: choose from {known}")
    if settings.teacher_url:
        from socratic_utils.teacher.errors import check_address

        check_address(settings.teacher_url)
    data = os.environ.get(DATA_VARIABLE)
    if data and not Path(data).is_dir():
        raise ValueError(
            f"{DATA_VARIABLE} names {data}, which is not a folder: correct or unset it"
        )
    student = settings.student
    if not (student in LOCAL_STUDENTS or Path(student).is_dir() or "/" in student):
        raise ValueError(
            f"unknown student {student!r}: choose {', '.join(LOCAL_STUDENTS)}, a "
            f"folder, or a model of the Hugging Face hub such as openai-community/gpt2"
        )
    if settings.reuse:
        _check_reference(settings)
    return settings


def _check_reference(settings: Settings) -> None:
    from socratic_utils.files import read_json

    if not settings.reference.is_dir():
        raise ValueError(
            f"no committed run to reuse in {settings.reference}: run without --reuse"
        )
    committed = read_json(settings.reference / "run.json", {}).get("settings", {})
    for name in ("student", "teacher", "train_limit", "test_limit", "seed"):
        if committed.get(name) != getattr(settings, name):
            raise ValueError(
                f"the committed run has {name} {committed.get(name)!r}, not "
                f"{getattr(settings, name)!r}: leave out --{name.replace('_', '-')}, "
                f"or run without --reuse"
            )


def check_teacher(settings: Settings) -> None:
    """Refuse a teacher that cannot be asked and has no recorded chains."""
    if settings.reuse or settings.teacher_url or os.environ.get("OPENAI_API_KEY"):
        return
    from .plan_teacher import known_teachers

    if settings.teacher not in (known := known_teachers()):
        raise ValueError(
            f"unknown teacher {settings.teacher!r}: choose {', '.join(known)}, set "
            f"OPENAI_API_KEY, or give --teacher-url with the address of a server"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Check the options alone."""
    arguments = parser().parse_args(argv)
    from socratic_utils import config

    try:
        check(config.load(**asked(arguments)))
    except ValueError as error:
        print(f"run_all: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
