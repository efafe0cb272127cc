"""From a scale to `Settings`: the only place with defaults, beside `config.toml`.

    >>> settings = load("small", seed=1, epochs=3)
    >>> settings.dataset, settings.student, settings.training.epochs
    ('gradeschool', 'SmolLM2-135M-Instruct', 3.0)

The *scale* is the one dial: `smoke` (tests; numbers mean nothing), `small` (a real
student on a CPU) and `paper` (the papers' students and data on a GPU).  Not covered:
whether a dataset, student or teacher exists; the runner checks that.
"""

import os
import re
import tomllib
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from math import ceil, inf
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from .files import content_hash, project_root

SCALES = ("smoke", "small", "paper")
CHOICES = {"scale": SCALES, "reuse": ("", "reference"), "ablations": ("", "all")}
OUTPUTS_VARIABLE = "SOCRATIC_OUTPUTS"
MICRO_BATCH = 8  # sequences on a GPU at once; gradients of more are accumulated


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

    def for_steps(self, steps: float, examples: int) -> "Training":
        """The same with the number of epochs that yields `steps` optimizer steps."""
        steps_per_epoch = max(1, ceil(examples / self.batch_size))
        epochs = (steps - 0.5) / steps_per_epoch  # Trainer rounds up
        return replace(self, epochs=epochs)


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
    """SCoTD (notebooks 10 to 13); the defaults fit 20 minutes on a CPU."""

    problems: int | None = 40  # None: all training problems
    counts: tuple[int, ...] = (1, 2, 4, 8)  # chains per problem; the last: all sampled
    budget: int = 2  # chains per problem that a filter keeps
    steps: int = 34  # optimizer steps
    test_limit: int | None = 60  # evenly spaced problems; also for the ablations
    votes: tuple[int, ...] = (1, 2, 4)  # self-consistency; the last: all samples
    vote_limit: int | None = 15  # test problems for self-consistency
    balanced: bool = False  # one chain per problem and visit (authors' code), or flat
    shares: tuple[float, ...] = (0.5, 1.0)  # of the training problems, notebook 13
    checkpoints: int = 3  # from which one is selected, notebook 13
    held_back: float = 0.2  # of the training problems, for that selection
    transfer: tuple[str, ...] = ("openbookqa",)  # evaluated without training on them


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
        """The scale, and what is not its own: `paper-svamp-from-palm-540b-seed1`."""
        own = load(self.scale, dataset=self.dataset)
        parts = [self.scale]
        if self.dataset != PRESETS[self.scale].dataset:
            parts.append(_slug(self.dataset))
        if self.student != own.student:
            parts.append(Path(self.student).name)
            if Path(self.student).is_dir():  # other folders may have the same name
                parts.append(content_hash(str(Path(self.student).resolve()), 6))
        if self.teacher != own.teacher:
            parts.append(f"from-{_slug(self.teacher)}")
        if self.train_limit != own.train_limit:
            parts.append(f"train{self.train_limit or 'all'}")
        if self.seed != own.seed:
            parts.append(f"seed{self.seed}")
        return "-".join(parts)

    @property
    def hash(self) -> str:
        """A short hash of every setting that changes the students' results."""
        neutral = ("teacher_url", "teacher_mode", "max_cost", "many", "reuse",
                   "ablations", "plan")  # fmt: skip
        return content_hash({k: v for k, v in asdict(self).items() if k not in neutral})


TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SCOTD_DATASETS = ("commonsense_qa", "openbookqa", "quarel", "anli", "imdb", "sst2")
ELSEWHERE = {  # settings on another benchmark than the scale's own
    "small": TABLE["small_elsewhere"],
    "paper": dict.fromkeys(SCOTD_DATASETS, TABLE["scotd"]),
}
PARTS = {"many": ManyChains, "decoding": Decoding, "training": Training, "": Settings}
FIELDS = {}  # (part, type) by name and by "part.name"; of equal names, the last one's
for part, owner in PARTS.items():
    for name, kind in get_type_hints(owner).items():
        FIELDS[name] = FIELDS[f"{part}.{name}".lstrip(".")] = part, kind


def load(scale: str = "small", **changes: Any) -> Settings:
    """The settings of a scale with `changes`, any settings by name, or ValueError.

    Fields of `Training`, `Decoding` and `ManyChains` are given directly (`epochs=1`);
    `test_limit` is that of `Settings`, `batch_size` that of `Training`, and others are
    "many.test_limit" and "decoding.batch_size".  Empty strings, None and limits of 0
    mean the scale's own, "all" is no limit.
    """
    unset = dict.fromkeys(("train_limit", "test_limit"), ("", None, 0))
    given = {n: v for n, v in changes.items() if v not in unset.get(n, ("", None))}
    for name, known in CHOICES.items():
        value = {"scale": scale, **given}.get(name, "")
        if value not in known:
            raise ValueError(f"{name} must be one of {known}, not {value!r}")
    elsewhere = ELSEWHERE.get(scale, {}).get(str(given.get("dataset")), {})
    new: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for name, value in {**TABLE["scales"][scale], **elsewhere, **given}.items():
        part, checked = _checked(name, value)
        new[part][name.rpartition(".")[2]] = checked
    own = new.pop("")
    parts = {part: PARTS[part](**values) for part, values in new.items()}
    return Settings(scale, **own, **parts)


def _checked(name: str, value: Any) -> tuple[str, Any]:
    """The part that has a setting, and its value in the right type, or ValueError."""
    if name not in FIELDS:
        close = ", ".join(get_close_matches(name, FIELDS, cutoff=0.7))
        hint = f"did you mean {close}?" if close else "see socratic_utils/config.py"
        raise ValueError(f"unknown setting {name!r}: {hint}")
    part, kind = FIELDS[name]
    if value == "all" and type(None) in get_args(kind):
        return part, None
    several = get_origin(kind) is tuple
    wanted = (get_args(kind) or (kind,))[0]  # int of `int | None`, of `tuple[int, ...]`
    items = list(value) if several and isinstance(value, (list, tuple)) else [value]
    if wanted is float:
        items = [float(item) if type(item) is int else item for item in items]
    if several != isinstance(value, (list, tuple)) or {*map(type, items)} != {wanted}:
        what = f"{'a list of ' * several}{wanted.__name__}"
        raise ValueError(f"{name} must be {what}, not {value!r}")
    if wanted in (int, float) and not all(0 <= item < inf for item in items):
        raise ValueError(f"{name} must not be negative or infinite, not {value!r}")
    return part, tuple(items) if several else items[0]


def _slug(text: str) -> str:
    plain = re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:60]
    return plain if plain == text else f"{plain}-{content_hash(text, 6)}"


def outputs_root() -> Path:
    """`outputs/` of the checkout, or the folder SOCRATIC_OUTPUTS names."""
    return Path(os.environ.get(OUTPUTS_VARIABLE) or project_root() / "outputs")


PRESETS = {scale: load(scale) for scale in SCALES}
