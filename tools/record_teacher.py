"""Ask a live teacher and write the recording that ships with the package.

    python -m tools.record_teacher --teacher Qwen2.5-Coder-1.5B-Instruct \\
        --teacher-url http://127.0.0.1:8000/v1 --dataset gradeschool --limit 640

Every reply is cached as it comes, so a killed recording resumes where it stopped; the
packed recording is written at the end.
"""

import argparse
from pathlib import Path

from socratic_utils.benchmarks import load_problems
from socratic_utils.experiments.data import spread
from socratic_utils.experiments.socratic_cot import prompting
from socratic_utils.files import project_root, write_jsonl_rows
from socratic_utils.filtering.right_answers import keep_if_correct
from socratic_utils.teacher import Teacher
from socratic_utils.teacher.cache import ReplyStore
from socratic_utils.teacher.prompts import STYLES


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", required=True, help="the teacher's name")
    parser.add_argument("--teacher-url", help="address of an OpenAI-compatible server")
    parser.add_argument("--served-as", help="the name the server knows it by")
    parser.add_argument("--dataset", default="gradeschool")
    parser.add_argument("--split", default="train")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--spread", action="store_true", help="evenly spaced "
                        "problems, not the first ones")  # fmt: skip
    parser.add_argument("--styles", nargs="+", default=list(STYLES),
                        help="of prompts.ALL_STYLES")  # fmt: skip
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--max-resamples", type=int, default=3)
    parser.add_argument("--chains", type=int, help="chains per problem, at T = 1, with "
                        "log-likelihoods, instead of filtering")  # fmt: skip
    parser.add_argument("--two-stage", action="store_true", help="prompts of Socratic "
                        "CoT, Table 3, instead of chains to learn from")  # fmt: skip
    parser.add_argument("--cache", default=str(project_root() / "outputs" / "teacher"))
    parser.add_argument("--out", help="recording to write, .jsonl.gz")
    options = parser.parse_args(arguments)
    first = None if options.spread else options.limit
    problems = load_problems(options.dataset, options.split, first)
    problems = spread(problems, options.limit)
    teacher = Teacher(
        options.teacher, options.teacher_url, options.cache, options.served_as,
        concurrency=options.concurrency, timeout=3600, recorded=(),
        logprobs=bool(options.chains),
    )  # fmt: skip
    if options.two_stage:
        print(prompting.compare(prompting.prompted_rows(teacher, problems)))
    for style in () if options.two_stage else options.styles:
        if options.chains:
            chains = teacher.sample(problems, style, options.chains, temperature=1.0)
            print(f"{style}: {len(chains)} chains")
            continue
        result = keep_if_correct(problems, teacher, style, options.max_resamples)
        print(f"{style}: {result.acceptance:.1%} kept; {dict(result.reasons())}")
    print(teacher.usage)
    if options.out:
        prefix = f"{options.dataset}-"
        count = export(teacher.store, options.out, options.teacher, prefix)
        print(f"{count} replies in {options.out}")


def export(store: ReplyStore, path: str | Path, model: str, prefix: str = "") -> int:
    """Write a recording of a model's replies, about problems named `prefix...`."""
    rows = [row for row in store.of(model) if row["problem_id"].startswith(prefix)]
    rows.sort(key=lambda r: (r["problem_id"], r["style"], r["sample"], r["key"]))
    write_jsonl_rows(path, rows)
    return len(rows)


if __name__ == "__main__":
    main()
