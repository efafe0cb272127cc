"""Settings: changes by name, refusals in one sentence, folders and hashes."""

import subprocess
import sys

import pytest

from socratic_utils import config
from socratic_utils.files import project_root


def test_settings_can_be_changed_by_name():
    settings = config.load("small", student="x", epochs=3, max_steps=2, dataset="")
    assert settings.student == "x" and settings.dataset == "gradeschool"
    assert settings.training.epochs == 3 and settings.decoding.max_steps == 2


def test_the_parameters_cell_of_a_notebook_is_enough():
    scale, seed, reuse, overrides = "small", 0, "", {}
    settings = config.load(scale, seed=seed, reuse=reuse, **overrides)
    assert settings == config.PRESETS["small"]
    overrides = {"dataset": "gsm8k", "train_limit": 7, "counts": [1, 3], "epochs": 2}
    settings = config.load(scale, seed=1, reuse="reference", **overrides)
    assert (settings.dataset, settings.seed) == ("gsm8k", 1)
    assert (settings.train_limit, settings.many.counts) == (7, (1, 3))
    assert settings.training.epochs == 2 and settings.reuse == "reference"


def test_settings_of_many_chains_can_be_changed_too():
    """SCoTD's pool is flat or balanced; a name that two have is Settings' own."""
    assert config.load("paper").many.balanced
    assert not config.load("paper", balanced=False).many.balanced
    assert config.load("small", balanced=True).many.balanced
    changed = config.load("small", counts=(1, 3), budget=1, test_limit=7)
    assert (changed.many.counts, changed.many.budget) == ((1, 3), 1)
    assert changed.test_limit == 7
    assert changed.many.test_limit == config.load("small").many.test_limit
    assert changed.name == config.load("small").name  # the same run


def test_a_name_that_two_parts_have_is_that_of_training():
    settings = config.load("small", batch_size=3)
    assert settings.training.batch_size == 3
    assert settings.decoding == config.load("small").decoding


def test_a_limit_of_zero_is_the_scale_s_own():
    settings = config.load("smoke", train_limit=0, test_limit=3)
    assert settings.train_limit == config.PRESETS["smoke"].train_limit
    assert settings.test_limit == 3


def test_another_benchmark_has_settings_of_its_own():
    settings = config.load("small", dataset="gsm8k", train_limit=0)
    assert (settings.train_limit, settings.test_limit) == (100, 50)
    assert config.load("small", dataset="gsm8k", train_limit=7).train_limit == 7
    assert config.load("small").train_limit is None  # all


@pytest.mark.parametrize(
    ("scale", "changes", "sentence"),
    [
        ("huge", {}, "scale must be one of"),
        ("small", {"reuse": "yesterday"}, "reuse must be one of"),
        ("small", {"ablations": "some"}, "ablations must be one of"),
        ("small", {"epoch": 3}, "unknown setting 'epoch': did you mean epochs?"),
        ("small", {"learning_rats": 1}, "did you mean learning_rates"),
        ("small", {"learning_rates": 1}, "learning_rates must be numbers above 0 by"),
        ("small", {"learning_rates": {"cot": 0}}, 'such as {"cot": 3e-4}, not'),
        ("small", {"colour": 1}, "unknown setting 'colour': see socratic_utils/config"),
        ("small", {"seed": "x"}, "seed must be int, not 'x'"),
        ("small", {"seed": 1.5}, "seed must be int, not 1.5"),
        ("small", {"seed": -1}, "seed must be 0 or more"),
        ("small", {"train_limit": -1}, "train_limit must be above 0"),
        ("small", {"epochs": float("nan")}, "epochs must be above 0, at most"),
        ("small", {"dataset": 5}, "dataset must be str, not 5"),
        ("small", {"dataset": ["gsm8k"]}, "dataset must be str, not ['gsm8k']"),
        ("small", {"counts": 3}, "counts must be a list of int, not 3"),
        ("small", {"counts": [1, "x"]}, "counts must be a list of int, not [1, 'x']"),
        ("small", {"seed": True}, "seed must be int, not True"),
        ("small", {"shares": (0.5, -1)}, "shares must be above 0, at most 1"),
        ("small", {"balanced": "perhaps"}, "balanced must be bool, not 'perhaps'"),
        ("small", {"training": 3}, "training must be Training, not 3"),
    ],
)
def test_wrong_settings_are_one_sentence(scale, changes, sentence):
    with pytest.raises(ValueError) as error:
        config.load(scale, **changes)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_every_run_has_a_folder_of_its_own():
    changes = [
        {}, {"dataset": "gsm8k"}, {"reuse": "reference"}, {"seed": 1},
        {"train_limit": 9}, {"student": "openai-community/gpt2"}, {"teacher": "gpt2"},
        {"teacher": "palm-540b"}, {"teacher": "org/palm-540b"}, {"teacher": "none"},
        {"teacher": "org-palm-540b"}, {"teacher": ".."}, {"teacher": "org:palm-540b"},
        # Names that look like several parts of a folder's name.
        {"teacher": "none", "train_limit": 9}, {"teacher": "none-train9"},
        {"teacher": "none", "seed": 1}, {"teacher": "none-seed1"},
        {"teacher": "none-reused"}, {"teacher": "none", "reuse": "reference"},
        {"student": "org/gpt2"}, {"student": "other/gpt2"}, {"student": "org/seed1"},
        {"student": "org/from-gpt2"}, {"student": "org/train9"}, {"lora_rank": 8},
        {"teacher": "none", "lora_rank": 8}, {"teacher": "none-lora8"},
    ]  # fmt: skip
    names = [config.load("small", **change).folder.name for change in changes]
    assert names[:4] == ["small", "small-gsm8k", "small-reused", "small-seed1"]
    assert "small-from-palm-540b" in names
    assert len(set(names)) == len(names)
    assert not any(sign in name for name in names for sign in "/\\:")
    own = config.load("small").teacher
    assert config.load("small", teacher=own).folder.name == "small"


def test_the_hash_ignores_what_changes_no_result():
    one = config.load("small")
    assert one.hash == config.load("small", teacher_url="http://x").hash
    whole, number = (config.load("small", epochs=epochs) for epochs in (2, 2.0))
    assert whole.hash == number.hash != one.hash
    changes = [
        {"seed": 1}, {"adam_epsilon": 1e-5}, {"max_grad_norm": 0.5}, {"max_steps": 3},
        {"teacher": "palm-540b"}, {"max_resamples": 0}, {"student": "x"},
    ]  # fmt: skip
    hashes = {config.load("small", **change).hash for change in changes}
    assert len(hashes | {one.hash}) == len(changes) + 1


def test_the_light_folders_import_no_heavy_library():
    code = "import sys, socratic_utils.config, socratic_utils.answers\n"
    code += "import socratic_utils.benchmarks, socratic_utils.filtering\n"
    code += "print({'torch', 'transformers', 'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project_root(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "set()"
