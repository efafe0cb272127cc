"""`gradeschool`, our own word problems, which ship here (see `catalogue.toml`)."""

from pathlib import Path

from socratic_utils.problems import Problem, load_jsonl


def data_path(split: str) -> Path:
    """The committed file of a split."""
    return Path(__file__).parent / "gradeschool_data" / f"{split}.jsonl"


def load(name: str, split: str) -> list[Problem]:
    return load_jsonl(data_path(split), Problem)
