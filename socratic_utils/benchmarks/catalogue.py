"""What is published of each benchmark, and how its rows are read: `catalogue.toml`.

>>> BENCHMARKS["gsm8k"]["sizes"]
{'train': 7473, 'test': 1319}
"""

import tomllib
from pathlib import Path
from typing import Any

from . import loading

CATALOGUE = Path(__file__).with_suffix(".toml").read_text("utf-8")
BENCHMARKS: dict[str, dict[str, Any]] = tomllib.loads(CATALOGUE)


def rows_of(name: str, split: str, edition: str = "") -> list[dict]:
    """The published rows of a split: from SOCRATIC_DATA_DIR, or else downloaded.

    `edition` is a part of the entry, where a benchmark has several files per split.
    """
    source = BENCHMARKS[name].get(edition) or BENCHMARKS[name]
    part = source.get("parts", {"validation": "dev"}).get(split, split)
    file = source["file"].format(part)
    path = loading.local_file(source.get("folder", name), file)
    if path is None and (hub := source.get("hub")):
        splits = [known.format(part) for known in hub.get("splits", [split])]
        return loading.hub_rows(
            hub["id"], hub["revision"], *splits, name=hub.get("name", "")
        )
    path = path or loading.downloaded_file(f"{source['url']}/{file}")
    fields, texts = source.get("fields", ()), source.get("texts", ())
    if path.suffix == ".jsonl":
        return loading.read_lines(path, *fields, texts=texts)
    if path.suffix == ".json":
        return loading.read_array(path, *fields, texts=texts)
    return loading.read_table(path, *fields, **source.get("table", {}))
