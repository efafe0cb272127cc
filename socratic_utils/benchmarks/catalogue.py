"""What is published of each benchmark (`catalogue.toml`), its rows, and stand-ins.

>>> BENCHMARKS["gsm8k"]["sizes"]
{'train': 7473, 'test': 1319}
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from socratic_utils.problems import Problem, Step

from . import loading

BENCHMARKS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def rows_of(name: str, split: str, edition: str = "") -> list[dict]:
    """The published rows of a split: from SOCRATIC_DATA_DIR, or else downloaded.

    `edition` is a part of the entry, where a benchmark has several files per split.
    """
    source = BENCHMARKS[name].get(edition) or BENCHMARKS[name]
    part = source.get("parts", {"validation": "dev"}).get(split, split)
    file = source["file"].format(part)
    path = loading.local_file(source.get("folder", name), file)
    if path is None and (hub := source.get("hub")):
        splits = [known.format(part) for known in source.get("hub_splits", [split])]
        return loading.hub_rows(*hub, *splits, name=source.get("config", ""))
    path = path or loading.downloaded_file(f"{source['url']}/{file}")
    fields, texts = source.get("fields", ()), source.get("texts", ())
    if path.suffix in (".tsv", ".csv"):
        return loading.read_table(path, *fields, **source.get("table", {}))
    read = loading.read_array if path.suffix == ".json" else loading.read_lines
    return read(path, *fields, texts=texts)


def placeholders(name: str, split: str) -> Iterator[Problem]:
    """Problems of mean length, to plan a run without the benchmark's data.

    A different problem for each published one, with an equation in each step.
    """
    mean = {"steps": 0, "asked": 0, "solved": 0, **BENCHMARKS[name]["typical"]}
    answer = {"number": "2", "yes_no": "yes", "choice": "a"}[mean["kind"]]
    question = "How many?".ljust(mean["asked"], "x") if mean["asked"] else ""
    step = Step(question, "1 + 1 = 2".ljust(mean["solved"], "x"), "2")
    extra = {"placeholder": True}
    if "apart" in mean:
        asked = "How many?".ljust(mean["text"], "x")
        extra["sub_questions"] = [asked] * mean["apart"]
    for i in range(BENCHMARKS[name]["sizes"][split]):
        count = int((i + 1) * mean["steps"]) - int(i * mean["steps"])
        text = f"{i} ".ljust(mean["text"], "x")
        id, steps = f"{name}-{split}-{i:05d}", (step,) * count
        yield Problem(id, name, split, text, answer, mean["kind"], steps, extra=extra)
