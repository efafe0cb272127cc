"""The options of `run_all.sh`, and checks that refuse what would fail an hour later.

`run_all.sh` checks them before it makes an environment: nothing installed is needed.
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

from socratic_utils import config
from socratic_utils.benchmarks import BENCHMARKS, DATA_VARIABLE
from socratic_utils.files import read_json

BAD_INPUT = 2  # exit code
LOCAL_STUDENTS = {config.PRESETS[scale].student for scale in ("smoke", "small")}


class Parser(argparse.ArgumentParser):
    """Answers a wrong option in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"://\S+", "://...", message)  # it may hold a key
        self.exit(BAD_INPUT, f"run_all: {message}; see ./run_all.sh --help\n")


def parser(prog="run_all.sh", what="Run the notebooks.") -> argparse.ArgumentParser:
    """All options; what is not given is the scale's own."""
    result = Parser(prog, description=what, allow_abbrev=False)
    add = result.add_argument
    add("scale", nargs="?", default="small", help="smoke, small or paper")
    add("--dataset", help="a benchmark, such as gsm8k")
    add("--student", help="a Hugging Face model id or a folder")
    add("--teacher", help="the teacher's model name")
    add("--teacher-url", help="an OpenAI-compatible server")
    add("--teacher-api", choices=("chat", "completion"), help="the kind of model")
    add("--teacher-mode", choices=("live", "batch"), help="how it is asked")
    add("--teacher-tokens", type=int, metavar="N", help="the longest reply")
    add("--max-cost", type=float, metavar="DOLLARS", help="limit for the teacher")
    add("--train-limit", type=int, metavar="N", help="training problems")
    add("--test-limit", type=int, metavar="N", help="test problems per split")
    add("--lora-rank", type=int, metavar="N", help="train adapters of this rank only")
    add("--seed", type=int, metavar="N", help="of training and sampling")
    add("--seeds", type=int, metavar="N", help="the seeds 0 to N - 1 in turn")
    add("--ablations", choices=("all",), help="also those that train for long")
    add("--engine", choices=("ray",), help="train on a Ray cluster")
    add("--reuse", choices=("reference",), help="take the committed rows")
    add("--only", metavar="NN", help="one notebook, or several: 04,05")
    add("--dry-run", action="store_true", help="show the plan and do nothing")
    return result


def asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given, as `config.load` and the notebooks take them."""
    given = {name: v for name, v in vars(arguments).items() if name in config.FIELDS}
    return {name: value for name, value in given.items() if value not in ("", None)}


def seeds(arguments: argparse.Namespace) -> int:
    """How many seeds are asked for, or 0; ValueError beside what excludes them."""
    if (count := arguments.seeds) is None:
        return 0
    if not 1 <= count <= 1000:
        raise ValueError("--seeds must be from 1 to 1000")
    if arguments.seed is not None:
        raise ValueError("--seeds N runs seeds 0 to N - 1: omit --seed")
    if arguments.reuse:
        raise ValueError("--reuse reference shows all committed seeds: omit --seeds")
    return count


def check(settings: config.Settings) -> config.Settings:
    """The settings, if benchmark, student and committed run exist."""
    dataset, student, reference = settings.dataset, settings.student, settings.reference
    if dataset not in BENCHMARKS:
        known = ", ".join(sorted(BENCHMARKS))
        raise ValueError(f"unknown dataset {dataset!r}: choose from {known}")
    if (data := os.environ.get(DATA_VARIABLE)) and not Path(data).is_dir():
        fault = f"{DATA_VARIABLE} names {data}, which is not a folder"
        raise ValueError(f"{fault}: correct or unset it")
    if not (student in LOCAL_STUDENTS or Path(student).is_dir() or "/" in student):
        known = f"{', '.join(sorted(LOCAL_STUDENTS))}, a folder, or a model of the"
        known += " Hugging Face hub such as openai-community/gpt2"
        raise ValueError(f"unknown student {student!r}: choose {known}")
    if not settings.reuse:
        return settings
    if not reference.is_dir():
        fault = f"no committed run to reuse in {reference}"
        raise ValueError(f"{fault}: run without --reuse")
    run = read_json(reference / "run.json", {}).get("settings", {})
    for name in ("student", "teacher", "train_limit", "test_limit", "seed"):
        own = getattr(settings, name)
        if (committed := run.get(name, own)) != own:
            option = f"--{name.replace('_', '-')}"
            given = f"give {option} {committed}"
            hint = f"leave out {option}" if committed is None else given
            known = f"the committed run has {name} {committed!r}, not {own!r}"
            raise ValueError(f"{known}: {hint}, or run without --reuse")
    return settings


def check_teacher(settings: config.Settings) -> None:
    """Refuse a teacher that cannot be asked and has no recorded chains."""
    if settings.reuse or settings.teacher_url or os.environ.get("OPENAI_API_KEY"):
        return
    from .plan.teacher import known_teachers

    if settings.teacher not in (known := known_teachers()):
        other = "or give --teacher-url with the address of a server"
        known = f"choose {', '.join(known)}, set OPENAI_API_KEY, {other}"
        raise ValueError(f"unknown teacher {settings.teacher!r}: {known}")


if __name__ == "__main__":
    arguments = parser().parse_args()
    try:
        check(config.load(**asked(arguments)))
        seeds(arguments)
        from .execute import find_notebooks  # with asyncio: refused without it is quick

        find_notebooks(only=arguments.only)
    except ValueError as problem:
        print(f"run_all: {problem}", file=sys.stderr)
        sys.exit(BAD_INPUT)
