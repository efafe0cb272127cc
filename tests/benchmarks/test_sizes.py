"""The sizes known without loading a benchmark are those of its data."""

import pytest

from socratic_utils.benchmarks import BENCHMARKS, known_size, load_problems, splits_of
from tests.helpers.published_rows import REAL_DATA, needs_real_data

COUNTED = [
    (name, split)
    for name in BENCHMARKS
    if name not in ("quarel", "anli", "imdb", "sst2")  # known from the publications
    for split in splits_of(name)
]


@needs_real_data
@pytest.mark.parametrize("name, split", COUNTED)
def test_counted_sizes_are_those_of_the_data(name, split, monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(REAL_DATA))
    assert known_size(name, split) == len(load_problems(name, split))


def test_every_split_has_a_known_size():
    sizes = [
        known_size(name, split) for name in BENCHMARKS for split in splits_of(name)
    ]
    assert all(size > 0 for size in sizes)


@pytest.mark.parametrize(
    "name, split", [("gsm9k", "test"), ("gsm8k", "dev"), ("commonsense_qa", "test")]
)
def test_other_sizes_are_not_known(name, split):
    assert known_size(name, split) is None
