"""No teacher at all: students learn what the benchmark itself has, and nothing else.

    ./run_all.sh small --dataset gsm8k --teacher none

leaves out the students of a teacher's chains, so that nobody is asked for any: of GSM8K
the dataset's own Socratic steps are left (P1 section 4), of StrategyQA its facts.
"""

from __future__ import annotations

from socratic_utils.problems import Chain

TEACHER = "none"
CHAINS: dict[tuple[str, str], tuple[str, ...]] = {}


def load(dataset: str, style: str) -> list[Chain]:
    """There are none."""
    return []
