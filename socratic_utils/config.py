"""From a scale to `Settings`: the only place with defaults.

    >>> settings = load("small")
    >>> settings.dataset, settings.student
    ('gradeschool', 'SmolLM2-135M-Instruct')

A *scale* is the one dial: `smoke` (tests; numbers mean nothing), `small` (a real
student on a CPU) and `paper` (the papers' students and data on a GPU).  Every default
has its reason beside it; what the papers do not report is our choice, and said so.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

from .files import content_hash, project_root

SCALES = ("smoke", "small", "paper")
OUTPUTS_VARIABLE = "SOCRATIC_OUTPUTS"
REUSE = ("", "reference")
MICRO_BATCH = 8  # sequences on a GPU at once; more are accumulated


@dataclass(frozen=True)
class Training:
    """Fine-tuning.  P1 reports none of these (PAPERS.md 1.7): they are ours."""

    epochs: float = 2.0
    batch_size: int = 8  # sequences per optimizer step, on any machine
    learning_rate: float = 1e-4  # the best of tools/sweep.py, on validation
    warmup_share: float = 0.1
    weight_decay: float = 0.0
    max_length: int = 512  # tokens; longer transcripts are left out and counted
    max_grad_norm: float = 1.0  # gradients are clipped at; Trainer's own default
    adam_epsilon: float = 1e-8  # Trainer's own default

    def recipe(self) -> dict[str, Any]:
        """The fields, as hashes count them: later ones only where they were changed.

        Students that were trained before there were such fields keep their names.
        """
        later = ("max_grad_norm", "adam_epsilon")
        same = [n for n in later if getattr(self, n) == getattr(Training, n)]
        return {n: v for n, v in asdict(self).items() if n not in same}

    def for_steps(self, steps: float, examples: int) -> Training:
        """The same, with as many epochs as so many optimizer steps are.

        Trainer rounds up: half a step less, so that it is not one too many.
        """
        an_epoch = max(1, ceil(examples / self.batch_size))
        return replace(self, epochs=(steps - 0.5) / an_epoch)


@dataclass(frozen=True)
class Decoding:
    """Solving.  Greedy, as P1 section 3.3; the limits stop runaways."""

    max_tokens: int = 320  # of a student that writes everything itself
    max_steps: int = 8  # sub-questions of a pair; GSM8K has 2 to 8 steps
    line_tokens: int = 64  # one question, solution or answer of a pair
    batch_size: int = 100
    temperature: float = 0.0


@dataclass(frozen=True)
class ManyChains:
    """Notebooks 10 and 11 (P2): pools of chains, at the same number of training steps.

    What fits 20 minutes of a CPU: few problems, so that no chain of the largest pool
    (some 130 right ones) is left unseen.  120 problems are recorded.
    """

    problems: int | None = 40  # None: all training problems
    counts: tuple[int, ...] = (1, 2, 4, 8)  # chains a problem; the last are all sampled
    budget: int = 2  # chains a problem that a filter keeps
    steps: int = 34  # of training
    test_limit: int | None = 60  # problems, at even distances; of notebook 06 too
    votes: tuple[int, ...] = (1, 2, 4)  # self-consistency; the last are all drawn
    vote_limit: int | None = 15
    balanced: bool = False  # one chain of a problem a visit (P2's code), or a flat pool
    together: int = 1  # chains of a problem in a row; more are no gain on a CPU
    shares: tuple[float, ...] = (0.5, 1.0)  # of the training problems, notebook 13
    checkpoints: int = 3  # between which one is chosen, notebook 13
    held_back: float = 0.2  # of the training problems, to choose it on
    transfer: tuple[str, ...] = ("openbookqa",)  # tasks never trained on, notebook 13


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on."""

    scale: str
    dataset: str
    student: str
    teacher: str
    teacher_url: str = ""
    teacher_api: str = "chat"  # or "completion", as the papers' teachers were
    teacher_mode: str = "live"  # or "batch": half the price, within a day
    max_cost: float = 0.0  # dollars of all this teacher's replies; 0: no limit
    teacher_tokens: int = 200  # of one chain; longer replies are cut off and dropped
    train_limit: int | None = None
    test_limit: int | None = None
    max_resamples: int = 3  # P1 section 3.3
    training: Training = Training()
    decoding: Decoding = Decoding()
    many: ManyChains = ManyChains()
    seed: int = 0
    reuse: str = ""
    switches: str = ""  # "all": notebook 06 also trains what is slow

    @property
    def folder(self) -> Path:
        """`outputs/<scale>/`, with what is not the scale's own: dataset, student,
        number of training problems, seed.

        Reused rows have a folder of their own, so that nobody's own rows are replaced.
        """
        return outputs_root() / (f"{self.name}-reused" if self.reuse else self.name)

    @property
    def reference(self) -> Path:
        """The committed run of the same scale and dataset."""
        return project_root() / "outputs" / "reference" / self.name

    @property
    def source(self) -> Path:
        """Where rows are looked up: the committed run, if its rows are reused."""
        return self.reference if self.reuse else self.folder

    @property
    def name(self) -> str:
        own = load(self.scale, dataset=self.dataset)
        parts = [self.scale]
        if self.dataset != PRESETS[self.scale].dataset:
            parts.append(self.dataset)
        if self.student != own.student:
            parts.append(Path(self.student).name)
            if Path(self.student).is_dir():  # other folders have the same name
                parts.append(content_hash(str(Path(self.student).resolve()), 6))
        if self.train_limit != own.train_limit:
            parts.append(f"train{self.train_limit or 'all'}")
        if self.seed != own.seed:
            parts.append(f"seed{self.seed}")
        return "-".join(parts)

    @property
    def hash(self) -> str:
        """A short hash of every setting that changes the students' results."""
        values = asdict(self) | {"training": self.training.recipe()}
        for name in ("teacher_url", "teacher_mode", "max_cost", "many", "reuse",
                     "switches"):  # fmt: skip
            del values[name]
        return content_hash(values)


PRESETS = {
    "smoke": Settings(
        "smoke", "gradeschool", "tiny", "Qwen2.5-Coder-1.5B-Instruct",
        train_limit=12, test_limit=6,
        training=Training(epochs=1.0, batch_size=4, learning_rate=1e-3),
        decoding=Decoding(max_tokens=48, max_steps=3, line_tokens=24, batch_size=6),
        many=ManyChains(
            6, (1, 2), 1, 2, 4, (1, 2), 3, shares=(0.5, 1.0), checkpoints=2
        ),
    ),
    "small": Settings(
        "small", "gradeschool", "SmolLM2-135M-Instruct",
        "Qwen2.5-Coder-1.5B-Instruct",
        train_limit=250,  # as many problems as there are recorded chains for
        training=Training(epochs=2.0, batch_size=4),  # what fits an hour of slow CPU
    ),
    "paper": Settings(
        "paper", "gsm8k", "openai-community/gpt2", "gpt-4.1-mini",
        training=Training(epochs=10.0, batch_size=32, learning_rate=5e-5),
        teacher_tokens=512,
        many=ManyChains(
            None, (1, 5, 10, 20, 30), 5, 20_000, None, (1, 5, 10, 20, 30), None,
            balanced=True, shares=(0.2, 0.4, 0.6, 0.8, 1.0), checkpoints=8,
            transfer=("sst2",),
        ),
    ),
}  # fmt: skip


# A scale on another benchmark than its own: what then takes the place of its settings.
# At `paper` scale P2's benchmarks have P2's student and recipe (PAPERS.md 2.4).
# The shipped recording has the CoT chains of the first 100 GSM8K problems; one of its
# transcripts is as long as two of gradeschool.
SCOTD = {
    "student": "facebook/opt-1.3b", "learning_rate": 2e-5, "warmup_share": 0.025,
    "max_length": 700, "max_grad_norm": 0.5, "adam_epsilon": 1e-5,
}  # fmt: skip
P2_DATASETS = ("commonsense_qa", "openbookqa", "quarel", "anli", "imdb", "sst2")
ELSEWHERE = {
    **{("paper", dataset): SCOTD for dataset in P2_DATASETS},
    ("small", "gsm8k"): {
        "train_limit": 100, "test_limit": 50, "epochs": 1.0,
    },
    ("small", "svamp"): {"train_limit": 800, "epochs": 1.0},
    ("small", "strategyqa"): {"train_limit": 1000, "epochs": 1.0},
    # PaLM's chains are published for all 9,741 training problems.
    ("small", "commonsense_qa"): {
        "train_limit": 2000, "test_limit": 500, "epochs": 1.0,
    },
}  # fmt: skip


def load(scale: str = "small", **changes: object) -> Settings:
    """The settings of a scale with changes; empty strings and None change nothing.

    A limit of 0 is the scale's own.  Names of `Training`, `Decoding` and `ManyChains`
    fields may be given directly (`epochs=1`, `balanced=False`); `test_limit`, which
    `Settings` has as well, is that of `Settings`.
    Raises ValueError that names an unknown scale, an unknown setting or a bad `reuse`.
    """
    if scale not in PRESETS:
        raise ValueError(f"scale must be one of {SCALES}, not {scale!r}")
    settings = PRESETS[scale]
    given = {name: v for name, v in changes.items() if v not in ("", None)}
    for name in ("train_limit", "test_limit"):
        if given.get(name) == 0:
            del given[name]  # 0: the scale's own
    given = ELSEWHERE.get((scale, given.get("dataset")), {}) | given
    if given.get("reuse", "") not in REUSE:
        raise ValueError(f"reuse must be one of {REUSE}, not {given['reuse']!r}")
    if given.get("switches", "all") != "all":
        raise ValueError(f"switches must be `all` or none, not {given['switches']!r}")
    own = asdict(settings)
    for part in ("training", "decoding", "many"):
        inner = getattr(settings, part)
        names = [n for n in given if n in asdict(inner) and n not in own]
        settings = replace(
            settings, **{part: replace(inner, **{n: given.pop(n) for n in names})}
        )
    unknown = [name for name in given if name not in own]
    if unknown:
        raise ValueError(f"unknown settings {unknown}; see socratic_utils/config.py")
    return replace(settings, **given)


def outputs_root() -> Path:
    """`outputs/` of the checkout, or the folder SOCRATIC_OUTPUTS names."""
    return Path(os.environ.get(OUTPUTS_VARIABLE) or project_root() / "outputs")
