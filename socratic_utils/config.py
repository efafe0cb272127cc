"""From a scale to `Settings`: the only place with defaults.

    >>> load("small", seed=1, epochs=3).student
    'SmolLM2-135M-Instruct'

The *scale* is the one dial: `smoke` (tests; numbers mean nothing), `small` (a real
student on a CPU) and `paper` (the papers' students and data on a GPU).
"""

import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from math import ceil
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from .files import content_hash, project_root

SCALES = ("smoke", "small", "paper")
PUBLISHERS = ("openai-community/", "facebook/")  # of the papers' students
CHOICES = {
    "scale": SCALES, "reuse": ("", "reference"), "ablations": ("", "all"),
    "teacher_api": ("chat", "completion"), "teacher_mode": ("live", "batch"),
}  # fmt: skip
MAY_BE_ZERO = ("seed", "warmup_share", "weight_decay", "max_grad_norm", "max_resamples",
               "temperature", "held_back", "counts", "lora_rank")  # fmt: skip
AT_MOST = {"warmup_share": 1, "shares": 1, "held_back": 1}
KEY_VARIABLE = "OPENAI_API_KEY"
OUTPUTS_VARIABLE = "SOCRATIC_OUTPUTS"
SERVERS_VARIABLE = "SOCRATIC_STUDENT_URLS"  # where trained students are served
LORA_RATE = 10  # learning rate of adapters over that of all weights (docs/papers.md)


@dataclass(frozen=True)
class Training:
    """Fine-tuning.  Socratic CoT reports none of these; they are our choices."""

    epochs: float = 2.0
    batch_size: int = 8  # sequences per optimizer step, on any machine
    learning_rate: float = 1e-4  # selected on validation by tools/sweep.py
    warmup_share: float = 0.1
    weight_decay: float = 0.0
    max_length: int = 512  # tokens; longer transcripts are skipped and counted
    max_grad_norm: float = 1.0  # gradient clipping; the default of Trainer
    adam_epsilon: float = 1e-8  # the default of Trainer
    lora_rank: int = 0  # of the adapters that are trained (LoRA); 0: all weights are

    def with_lora(self, rank: int) -> "Training":
        """The same recipe for adapters, with their higher learning rate."""
        rate = LORA_RATE * self.learning_rate
        return replace(self, lora_rank=rank, learning_rate=rate)

    def meaning(self) -> dict[str, float]:
        """The fields that are hashed: the newest, `lora_rank`, only if it is not 0."""
        return {n: v for n, v in asdict(self).items() if v or n != "lora_rank"}

    def for_steps(self, steps: float, examples: int) -> "Training":
        """The same recipe with the number of epochs that yields `steps` steps."""
        per_epoch = max(1, ceil(examples / self.batch_size))
        return replace(self, epochs=(steps - 0.5) / per_epoch)  # Trainer rounds up


@dataclass(frozen=True)
class Decoding:
    """Greedy decoding (Socratic CoT, section 3.3), with limits against runaways."""

    max_tokens: int = 320  # of a unified student's whole output
    max_steps: int = 8  # sub-questions of an iterative student; GSM8K has 2 to 8 steps
    line_tokens: int = 64  # of one question, solution or answer of an iterative student
    batch_size: int = 100
    temperature: float = 0.0


@dataclass(frozen=True)
class ManyChains:
    """SCoTD (notebooks 10 to 13); with the defaults they take hours on a CPU."""

    problems: int | None = 120  # None: all training problems
    counts: tuple[int, ...] = (1, 2, 4, 8)  # chains per problem; the last: all sampled
    budget: int = 2  # chains per problem that a filter keeps
    steps: int = 320  # optimizer steps of every student: the largest pool three times
    test_limit: int | None = 200  # evenly spaced problems; also for the ablations
    votes: tuple[int, ...] = (1, 2, 4, 8)  # self-consistency; the last: all samples
    vote_limit: int | None = 100  # test problems for self-consistency
    balanced: bool = False  # one chain per problem and visit (authors' code), or flat
    shares: tuple[float, ...] = (0.2, 0.4, 1.0)  # of the training problems, notebook 13
    checkpoints: int = 3  # from which one is selected, notebook 13
    held_back: float = 0.2  # of the training problems, for that selection
    transfer: tuple[str, ...] = ("openbookqa",)  # evaluated without training on them


# Settings that change no result of the main table, or have a hash of their own.
NEUTRAL = "teacher_url teacher_mode max_cost many reuse ablations plan".split()


@dataclass(frozen=True)
class Settings:
    scale: str
    dataset: str
    student: str
    teacher: str
    teacher_url: str = ""
    teacher_api: str = "chat"  # or "completion", as the papers' teachers were
    teacher_mode: str = "live"  # or "batch": half the price, within a day
    max_cost: float = 0.0  # dollars for all replies of this teacher; 0: no limit
    teacher_tokens: int = 200  # per chain; longer replies are cut off and dropped
    train_limit: int | None = None
    test_limit: int | None = None
    max_resamples: int = 3  # Socratic CoT, section 3.3
    training: Training = Training()
    # by supervision, where tools/sweep.py selected another rate than `training` has
    learning_rates: tuple[tuple[str, float], ...] = ()
    decoding: Decoding = Decoding()
    many: ManyChains = ManyChains()
    seed: int = 0
    reuse: str = ""  # "reference": committed rows instead of trainings
    ablations: str = ""  # "all": the ablations that train slowly, too
    plan: bool = False  # a dry run: missing benchmarks are placeholders

    @property
    def folder(self) -> Path:
        """`outputs/<name>/`, or `outputs/<name>-reused/` for reused rows."""
        return outputs_root() / (f"{self.name}-reused" if self.reuse else self.name)

    @property
    def reference(self) -> Path:
        return project_root() / "outputs" / "reference" / self.name

    @property
    def source(self) -> Path:
        """Where rows are looked up: in the committed run, if its rows are reused."""
        return self.reference if self.reuse else self.folder

    @property
    def name(self) -> str:
        """The scale and the changed settings: `paper-svamp-from-palm-540b-seed1`."""
        own = load(self.scale, dataset=self.dataset)
        parts = [self.scale]
        if self.dataset != PRESETS[self.scale].dataset:
            parts.append(_slug(self.dataset))
        if self.student != own.student:
            parts.append(_slug(Path(self.student).name))
            if Path(self.student).is_dir():  # another folder may have the same name
                parts.append(content_hash(str(Path(self.student).resolve()), 6))
            elif "/" in self.student and not self.student.startswith(PUBLISHERS):
                parts.append(content_hash(self.student, 6))  # and so may another model
        if self.teacher != own.teacher:
            parts.append(f"from-{_slug(self.teacher)}")
        if self.train_limit != own.train_limit:
            parts.append(f"train{self.train_limit or 'all'}")
        if rank := self.training.lora_rank:
            parts.append(f"lora{rank}")
        if self.seed != own.seed:
            parts.append(f"seed{self.seed}")
        return "-".join(parts)

    @property
    def hash(self) -> str:
        """A short hash of every setting that changes the students' results."""
        known = asdict(self) | {"training": self.training.meaning()}
        return content_hash({k: v for k, v in known.items() if k not in NEUTRAL})


PRESETS = {
    "smoke": Settings(
        "smoke", "gradeschool", "tiny", "Qwen2.5-Coder-1.5B-Instruct",
        train_limit=12, test_limit=6,
        training=Training(epochs=1.0, batch_size=4, learning_rate=1e-3),
        decoding=Decoding(max_tokens=48, max_steps=3, line_tokens=24, batch_size=6),
        many=ManyChains(
            problems=12, counts=(1, 2), budget=1, steps=2, test_limit=4, votes=(1, 2),
            vote_limit=3, checkpoints=2, shares=(0.5, 1.0),
        ),
    ),
    "small": Settings(
        "small", "gradeschool", "SmolLM2-135M-Instruct", "Qwen2.5-Coder-1.5B-Instruct",
        # fits about an hour on two CPU cores; the rate is from validation (sweep.csv)
        training=Training(epochs=1.25, batch_size=4, learning_rate=1e-4),
    ),
    "paper": Settings(
        "paper", "gsm8k", "openai-community/gpt2", "gpt-6-luna",
        training=Training(epochs=10.0, batch_size=32, learning_rate=5e-5),
        teacher_tokens=512,
        many=ManyChains(
            problems=None, counts=(1, 5, 10, 20, 30), budget=5, steps=20_000,
            test_limit=None, votes=(1, 5, 10, 20, 30), vote_limit=None, balanced=True,
            shares=(0.2, 0.4, 0.6, 0.8, 1.0), checkpoints=8, transfer=("sst2",),
        ),
    )}  # fmt: skip

# SCoTD's student and recipe (docs/papers.md), for its benchmarks at `paper` scale.
SCOTD = {
    "student": "facebook/opt-1.3b", "learning_rate": 2e-5, "warmup_share": 0.025,
    "max_length": 700, "max_grad_norm": 0.5, "adam_epsilon": 1e-5}  # fmt: skip
SCOTD_DATASETS = ("commonsense_qa", "openbookqa", "quarel", "anli", "imdb", "sst2")
# Settings for other benchmarks; of GSM8K, the chains of 100 problems are recorded.
ELSEWHERE = {
    **{("paper", dataset): SCOTD for dataset in SCOTD_DATASETS},
    ("small", "gsm8k"): {"train_limit": 100, "test_limit": 50, "epochs": 1.0},
    ("small", "svamp"): {"train_limit": 800, "epochs": 1.0},
    ("small", "strategyqa"): {"train_limit": 1000, "epochs": 1.0},
    ("small", "commonsense_qa"): {"train_limit": 2000, "test_limit": 500, "epochs": 1.0,
                                  "steps": 500}}  # fmt: skip
PARTS = {"many": ManyChains, "decoding": Decoding, "training": Training, "": Settings}
# (part, type) by name; where two parts have a name, the last one's.
FIELDS = {name: (part, kind) for part, owner in PARTS.items()
          for name, kind in get_type_hints(owner).items()}  # fmt: skip


def load(scale: str = "small", **changes: Any) -> Settings:
    """The settings of a scale with `changes`, any settings by name, or ValueError.

    Fields of `Training`, `Decoding` and `ManyChains` are given directly (`epochs=1`);
    `test_limit` is that of `Settings`, `batch_size` that of `Training`.  Empty strings,
    None and limits of 0 mean the scale's own.  A `learning_rate` applies to all
    supervisions, unless `learning_rates` are given by supervision: `{"cot": 3e-4}`.
    With a `lora_rank`, the scale's rates are multiplied by `LORA_RATE`.
    """
    empty = dict.fromkeys(("train_limit", "test_limit"), (None, "", 0))
    given = {n: v for n, v in changes.items() if v not in empty.get(n, (None, ""))}
    for name, known in CHOICES.items():
        value = {"scale": scale, **given}.get(name, known[0])
        if value not in known:
            raise ValueError(f"{name} must be one of {known}, not {value!r}")
    given = ELSEWHERE.get((scale, str(given.get("dataset"))), {}) | given
    if "learning_rate" in given:
        given = {"learning_rates": {}} | given
    new: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for name, value in given.items():
        part, checked = _checked(name, value)
        new[part][name] = checked
    preset, own = PRESETS[scale], new.pop("")
    parts = {part: replace(getattr(preset, part), **new[part]) for part in new}
    if (rank := parts["training"].lora_rank) and not changes.get("learning_rate"):
        parts["training"] = parts["training"].with_lora(rank)
        scaled = tuple((name, LORA_RATE * r) for name, r in preset.learning_rates)
        own = {"learning_rates": scaled} | own
    return replace(preset, **(parts | own))


def _checked(name: str, value: Any) -> tuple[str, Any]:
    """The part that has a setting, and its value in the right type, or ValueError."""
    if name not in FIELDS:
        close = ", ".join(get_close_matches(name, FIELDS, cutoff=0.7))
        hint = f"did you mean {close}?" if close else "see socratic_utils/config.py"
        raise ValueError(f"unknown setting {name!r}: {hint}")
    if name == "teacher_url":  # before a key in it is written or shown anywhere
        check_address(value)
    part, kind = FIELDS[name]
    if name == "learning_rates":
        with suppress(TypeError, ValueError):  # no pairs, no numbers
            rates = {str(which): float(rate) for which, rate in dict(value).items()}
            if all(0 < rate < 1 for rate in rates.values()):
                return part, tuple(sorted(rates.items()))
        such = 'numbers above 0 by supervision, such as {"cot": 3e-4}'
        raise ValueError(f"{name} must be {such}, not {value!r}")
    several = get_origin(kind) is tuple
    wanted = (get_args(kind) or (kind,))[0]  # int of `int | None`, of `tuple[int, ...]`
    items = list(value) if several and isinstance(value, (list, tuple)) else [value]
    if wanted is float:
        items = [float(item) if type(item) is int else item for item in items]
    if several != isinstance(value, (list, tuple)) or {*map(type, items)} != {wanted}:
        what = f"{'a list of ' * several}{wanted.__name__}"
        raise ValueError(f"{name} must be {what}, not {value!r}")
    if wanted in (int, float):
        low, high = name in MAY_BE_ZERO, AT_MOST.get(name, 2**32 - 1)
        if not items or not all(0 <= x <= high and (x or low) for x in items):
            bounds = f"{'0 or more' if low else 'above 0'}, at most {high}"
            raise ValueError(f"{name} must be {bounds}, not {value!r}")
        if items != sorted({*items}):  # the last one is the most
            raise ValueError(f"{name} must be increasing numbers, not {value!r}")
    return part, tuple(items) if several else items[0]


def check_address(url: Any) -> None:
    """Raises ValueError unless `url` is the address of a server, without a key."""
    host, rest = (
        r"([\w-]+(\.[\w-]+)*\.?|\[[\da-fA-F:]+\])",
        r"(:[1-9]\d*)?(/[^?#@\s]*)?",
    )
    if not re.fullmatch(f"https?://{host}{rest}", str(url)):
        such = f"such as http://127.0.0.1:8000/v1 (a key goes into {KEY_VARIABLE})"
        raise ValueError(f"the teacher's URL is no address of a server, {such}")


def _slug(text: str) -> str:
    """A part of a folder's name: unique to its text, never taken for several parts."""
    plain = re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:60]
    parts = re.search(r"(^|-)(from-|train|seed\d|lora\d|reused)", plain)
    return f"{plain}-{content_hash(text, 6)}" if plain != text or parts else plain


def outputs_root() -> Path:
    """`outputs/` of the checkout, or the folder SOCRATIC_OUTPUTS names."""
    return Path(os.environ.get(OUTPUTS_VARIABLE) or project_root() / "outputs")
