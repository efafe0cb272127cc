"""The sizes known without loading a benchmark are those of its data."""

import pytest

from socratic_utils.benchmarks import BENCHMARKS, READERS, load_problems, splits_of
from tests.helpers.published_rows import REAL_DATA, needs_real_data

SIZES = {name: entry["sizes"] for name, entry in BENCHMARKS.items()}
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
    assert SIZES[name][split] == len(load_problems(name, split))


def test_every_benchmark_has_sizes_and_every_reader_a_benchmark():
    assert list(READERS) == list(BENCHMARKS)
    assert all(size > 0 for sizes in SIZES.values() for size in sizes.values())
