"""What a user can get wrong: refused in a sentence, before anything is paid or trained.

Every row of the tables goes through the runner and the project's own notebooks, with a
teacher's server on loopback that must not be asked for a chain.
"""

import json
import logging
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from socratic_utils import config
from socratic_utils.experiments import corpus, stages
from socratic_utils.experiments.arms import main_arm
from socratic_utils.experiments.data import train_problems
from socratic_utils.files import project_root
from socratic_utils.runner import cli, options
from socratic_utils.runner.execute import find_notebooks
from socratic_utils.runner.runs import Run
from tests.helpers.published_rows import write_lines
from tests.helpers.teacher_server import TeacherServer
from tests.runner.test_cli import toy

MAIN = {"question": "Ann has 3 + 4 pens. How many?", "answer": "It is 7.\n#### 7"}
SOCRATIC = {**MAIN, "answer": "How many? ** It is 3 + 4 = <<3+4=7>>7.\n#### 7"}
ASKED = ["--teacher", "toy", "--teacher-url", "URL"]
GSM8K = ["--dataset", "gsm8k"]
DEAD = ["--teacher", "toy", "--teacher-url", "http://127.0.0.1:9/v1"]


@pytest.fixture
def teacher(monkeypatch):
    """A server that would answer, and a key."""
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-test")
    with TeacherServer() as server:
        yield server


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, str(tmp_path / "out"))
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def logging_of_libraries(monkeypatch):
    """Their handlers may hold an earlier test's standard error, which is closed."""
    monkeypatch.setattr(logging, "raiseExceptions", False)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder with a whole GSM8K of 12 training and 12 test problems."""
    for split in ("train", "test"):
        write_lines(tmp_path / "data" / "gsm8k" / f"{split}.jsonl", [MAIN] * 12)
        path = tmp_path / "data" / "gsm8k" / f"{split}_socratic.jsonl"
        write_lines(path, [SOCRATIC] * 12)
    monkeypatch.setenv("SOCRATIC_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "gsm8k"


def refused(argv, teacher, outputs, capsys, notebooks=None, code=2):
    """The sentence with which the runner refuses, after seconds and nothing else."""
    started = time.process_time()
    try:
        found = cli.main([teacher.url if w == "URL" else w for w in argv], notebooks)
    except SystemExit as leaving:
        found = leaving.code
    said = capsys.readouterr().err.splitlines()
    [sentence] = [line for line in said if line.startswith("run_all: ")]
    assert found == code, sentence
    assert "Traceback" not in " ".join(said)
    assert teacher.requests == [] and not list(outputs.rglob("training.json"))
    assert not list(outputs.rglob("*.ipynb")), "no notebook was started"
    assert time.process_time() - started < 30  # of processor time, with imports
    return sentence


# --- options and variables ------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["huge"], "scale must be one of"),
        (["smoke", *ASKED, "--dataset", "gsm9k"], "unknown dataset 'gsm9k'"),
        (["smoke", *ASKED, "--student", "nonsense"], "unknown student 'nonsense'"),
        (["smoke", *ASKED, "--student", "org/none"], "org/none cannot be downloaded"),
        (["smoke", *ASKED, "--student", "a/b/c/d"], "a/b/c/d cannot be downloaded"),
        (["smoke", "--teacher", "toy", "--teacher-url", "x"], "no address of a server"),
        (["smoke", *DEAD], "no server answers at http://127.0.0.1:9/v1 ("),
        (["smoke", "--teacher", "toy", "--teacher-url", "http://999.1.1.1/v1"],
         "no server answers at http://999.1.1.1/v1 ("),
        (["smoke", *ASKED, "--teacher-api", "soap"], "invalid choice: 'soap'"),
        (["smoke", *ASKED, "--teacher-mode", "slow"], "invalid choice: 'slow'"),
        (["smoke", *ASKED, "--max-cost", "0"], "max_cost must be above 0"),
        (["smoke", *ASKED, "--max-cost", "-1"], "max_cost must be above 0"),
        (["smoke", *ASKED, "--max-cost", "much"], "invalid float value: 'much'"),
        (["smoke", *ASKED, "--max-cost", "5"], "no price is known for toy"),
        (["smoke", *ASKED, "--train-limit", "-3"], "train_limit must be above 0"),
        (["smoke", *ASKED, "--seed", "x"], "invalid int value: 'x'"),
        (["smoke", *ASKED, "--seed", "1.5"], "invalid int value: '1.5'"),
        (["smoke", *ASKED, "--seed", str(2**32)], "seed must be 0 or more, at most"),
        (["smoke", *ASKED, "--ablations", "some"], "invalid choice: 'some'"),
        (["smoke", *ASKED, "--engine", "slurm"], "invalid choice: 'slurm'"),
        (["smoke", *ASKED, "--engine", "ray"], 'engine "ray" is not installed'),
        (["smoke", *ASKED, "--only", "99"], "there is no notebook '99'"),
        (["smoke", *ASKED, "--reuse", "yesterday"], "invalid choice: 'yesterday'"),
        (["smoke", *GSM8K, "--reuse", "reference"], "no committed run to reuse in"),
        (["small", "--seed", "9", "--reuse", "reference"], "no committed run to reuse"),
        (["paper", *ASKED, *GSM8K], "paper scale needs a GPU, and there is none"),
        (["paper", *ASKED, *GSM8K, "--only", "6"], "paper scale needs a GPU"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_refused_at_once(
    argv, sentence, teacher, outputs, data, capsys, monkeypatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert sentence in refused(argv, teacher, outputs, capsys)


@pytest.mark.parametrize(
    ("name", "value", "argv", "sentence"),
    [
        ("OPENAI_API_KEY", "", ["--teacher", "gpt-4.1-mini"], "set OPENAI_API_KEY"),
        ("SOCRATIC_DATA_DIR", "/nowhere", GSM8K, "which is not a folder"),
        ("SOCRATIC_DATA_DIR", "/", GSM8K, "/gsm8k/train.jsonl does not exist"),
        ("SOCRATIC_DATA_DIR", "", GSM8K, "openai/gsm8k cannot be downloaded"),
        ("SOCRATIC_PRICES", "/nowhere.csv", ASKED, "/nowhere.csv does not exist"),
    ],
)
def test_a_wrong_variable_is_refused_at_once(
    name, value, argv, sentence, teacher, outputs, capsys, monkeypatch
):
    monkeypatch.setenv(name, value)
    assert sentence in refused(["smoke", *argv], teacher, outputs, capsys)


# --- files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("test.jsonl", None, "test.jsonl does not exist: put the published file there"),
        ("test.jsonl", "", "do not match"),
        ("test_socratic.jsonl", '{"question": ', "line 1: not JSON"),
        ("test_socratic.jsonl", "[1]\n", "line 1: not a JSON object"),
        ("test.jsonl", "question,answer\n", "line 1: not JSON"),
        ("test.jsonl", '{"question": "How many?"}\n', "row 1: no field 'answer'"),
        ("test.jsonl", '{"question": 3, "answer": "4"}\n', "is no text but 3"),
        ("test_socratic.jsonl", json.dumps(MAIN | {"answer": "It is 7."}) + "\n" +
         (json.dumps(SOCRATIC) + "\n") * 11, "no final answer after '####'"),
    ],
)  # fmt: skip
def test_a_damaged_test_split_is_refused_before_the_teacher_is_asked(
    file, text, sentence, teacher, outputs, data, capsys
):
    (data / file).unlink() if text is None else (data / file).write_text(text, "utf-8")
    said = refused(["smoke", *ASKED, *GSM8K], teacher, outputs, capsys)
    assert sentence in said


def test_an_empty_split_is_refused(teacher, outputs, data, capsys):
    for file in ("test.jsonl", "test_socratic.jsonl"):
        (data / file).write_text("")
    said = refused(["smoke", *ASKED, *GSM8K], teacher, outputs, capsys)
    assert "the test split of gsm8k is empty" in said


def test_a_folder_that_is_no_student_is_refused(teacher, outputs, tmp_path, capsys):
    (tmp_path / "student").mkdir()
    argv = ["smoke", *ASKED, "--student", str(tmp_path / "student")]
    said = refused(argv, teacher, outputs, capsys)
    assert "cannot be loaded as a causal language model" in said


def test_a_damaged_student_is_refused(teacher, outputs, tmp_path, capsys):
    from socratic_utils.students.base_models import load_pretrained

    for part in load_pretrained("tiny"):
        part.save_pretrained(tmp_path / "student")
    weights = tmp_path / "student" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    argv = ["smoke", *ASKED, "--student", str(tmp_path / "student")]
    said = refused(argv, teacher, outputs, capsys)
    assert "cannot be loaded as a causal language model" in said


@pytest.mark.parametrize(
    ("positions", "kind", "sentence"),
    [
        (16, "gpt2", "no transcript fits into 16 tokens; raise max_length, or choose"),
        (512, "mamba", "cannot be decoded in a batch"),
    ],
)
def test_a_base_model_that_makes_no_student_is_refused(
    positions, kind, sentence, teacher, outputs, tmp_path, capsys
):
    from transformers import AutoConfig, AutoModelForCausalLM

    from socratic_utils.students.base_models import load_pretrained

    _, tokenizer = load_pretrained("tiny")
    sizes = {
        "gpt2": {"n_positions": positions, "n_embd": 16, "n_layer": 1, "n_head": 2},
        "mamba": {"hidden_size": 16, "num_hidden_layers": 1, "state_size": 4},
    }  # fmt: skip
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), **sizes[kind])
    for part in (AutoModelForCausalLM.from_config(config), tokenizer):
        part.save_pretrained(tmp_path / "student")
    argv = ["smoke", *ASKED, "--student", str(tmp_path / "student")]
    assert sentence in refused(argv, teacher, outputs, capsys)


def test_outputs_that_cannot_be_written(teacher, outputs, capsys, monkeypatch):
    monkeypatch.setenv(config.OUTPUTS_VARIABLE, "/dev/null/x")
    said = refused(["smoke", *ASKED], teacher, outputs, capsys, code=1)
    assert "Not a directory" in said


def test_a_full_disk(teacher, outputs, capsys):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        said = refused(["smoke", *ASKED], teacher, outputs, capsys, code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in said


def test_no_space_left(teacher, outputs, capsys, monkeypatch):
    full = Path("/dev/full")
    monkeypatch.setattr(cli.files, "record_settings", lambda _: full.write_text("x"))
    said = refused(["smoke", *ASKED], teacher, outputs, capsys, code=1)
    assert "is full: free some space, and run again to continue" in said


@pytest.mark.parametrize("cell", ["seed = 1 + 1", "import os", "seed"])
def test_a_computed_parameter_of_the_last_notebook(
    cell, teacher, outputs, tmp_path, capsys
):
    toy(tmp_path / "nb", "00_first.ipynb", "1")
    toy(tmp_path / "nb", "07_results.ipynb", "1", parameters=cell)
    said = refused(["smoke", *ASKED], teacher, outputs, capsys, tmp_path / "nb")
    assert "07_results.ipynb: the parameters cell may hold only `name = lite" in said


# --- what is not refused --------------------------------------------------------------


@pytest.mark.parametrize(
    "argv",
    [["--only", "01"], ["--train-limit", "5"], ["--only", "7"], ["--engine", "ray"]],
)
def test_paper_without_a_gpu_can_ask_and_try(argv, teacher, outputs, data, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    words = ["paper", *GSM8K, "--student", "tiny", "--teacher", "toy", *argv]
    given = options.parser().parse_args([*words, "--teacher-url", teacher.url])
    run = Run(options.asked(given), find_notebooks(only=given.only))
    cli.check_inputs([run], on_cluster=bool(given.engine))
    assert teacher.requests == []


def test_a_teacher_that_is_off_does_not_matter_where_all_is_known(outputs):
    asked = {"scale": "smoke", "teacher_url": "http://127.0.0.1:9/v1"}
    cli.check_inputs([Run(asked, find_notebooks())])
    with pytest.raises(ValueError, match="no server answers"):
        cli.check_inputs([Run({**asked, "teacher": "toy"}, find_notebooks())])


# --- overrides, in every notebook -----------------------------------------------------

OVERRIDES = [
    ({"datset": "gsm8k"}, "unknown setting 'datset': did you mean dataset?"),
    ({"student": 3}, "student must be str, not 3"),
    ({"epochs": "two"}, "epochs must be float, not 'two'"),
    ({"epochs": 0}, "epochs must be above 0"),
    ({"batch_size": 0}, "batch_size must be above 0"),
    ({"max_length": 0}, "max_length must be above 0"),
    ({"learning_rate": 0.0}, "learning_rate must be above 0"),
    ({"max_tokens": -1}, "max_tokens must be above 0"),
    ({"max_cost": 0}, "max_cost must be above 0"),
    ({"max_cost": float("inf")}, "max_cost must be above 0"),
    ({"warmup_share": 1.5}, "warmup_share must be 0 or more, at most 1"),
    ({"shares": (0.5, 2)}, "shares must be above 0, at most 1"),
    ({"counts": ()}, "counts must be"),
    ({"votes": [0]}, "votes must be above 0"),
    ({"teacher_api": "soap"}, "teacher_api must be one of ('chat', 'completion')"),
    ({"teacher_mode": "slow"}, "teacher_mode must be one of ('live', 'batch')"),
    ({"ablations": "some"}, "ablations must be one of"),
    ({"seed": "1"}, "seed must be int, not '1'"),
    ({"seed": 2**32}, "seed must be 0 or more, at most 4294967295"),
    ({"reuse": "yesterday"}, "reuse must be one of"),
]


@pytest.mark.parametrize(("overrides", "sentence"), OVERRIDES)
def test_wrong_overrides_are_one_sentence(overrides, sentence):
    with pytest.raises(ValueError) as caught:
        config.load("small", **overrides)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def sources_of(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_every_notebook_stops_in_its_second_cell(path, outputs):
    first, second = sources_of(path)[:2]
    names = {}
    exec(first, names)
    names["overrides"] = {"datset": "gsm8k"}
    with pytest.raises(ValueError, match="unknown setting 'datset'"):
        exec(second, names)
    assert not outputs.exists()


def test_a_notebook_runs_in_any_folder(tmp_path, outputs):
    """As Jupyter does, in the folder of the file that is opened."""
    cells = sources_of(find_notebooks(only="00")[0])
    cells[0] += '\nscale = "smoke"'
    script = tmp_path / "elsewhere" / "cells.py"
    script.parent.mkdir()
    script.write_text("\n".join(cells), "utf-8")
    environment = os.environ | {"PYTHONPATH": str(project_root())}
    done = subprocess.run([sys.executable, script.name], cwd=script.parent,
                          capture_output=True, text=True, env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (outputs / "smoke" / "run.json").exists()
    assert [p.name for p in script.parent.iterdir()] == ["cells.py"]


# --- chains ---------------------------------------------------------------------------


def test_a_teacher_without_a_right_answer_is_refused_before_training(teacher, outputs):
    teacher.reply = "A1: She has 1 + 1 = 2.\nThe answer is 123456."
    settings = config.load("smoke", teacher="toy", teacher_url=teacher.url)
    with pytest.raises(ValueError) as caught:
        corpus.filtered(settings, "cot")  # notebook 02
    assert str(caught.value) == (
        "no cot chain of toy is kept (48 wrong reasoning): choose another teacher, or "
        "more problems"
    )
    assert (settings.folder / "chains" / "cot-attempts.jsonl").exists()
    assert not list(outputs.rglob("training.json"))


def test_an_ablation_without_a_chain_is_skipped(teacher, outputs, capsys):
    """In notebook 06, after hours: the other ablations go on."""
    settings = config.load(
        "smoke", teacher="toy", teacher_url=teacher.url, test_limit=2
    )
    right = train_problems(settings)[0].answer
    teacher.reply = f"Q1: How many?\nA1: {right} + 0 = {right}.\nThe answer is {right}."
    assert corpus.shared_problems(settings)  # notebooks 03 to 05 have asked for these
    teacher.reply = "A1: She has 1 + 1 = 2.\nThe answer is 123456."
    name = "qg_socratic_from_steps"
    arm = main_arm("answer_only").changed("SocGT", models=(name,))
    rows = stages.score_all(settings, [arm, main_arm("answer_only")])
    assert {row["student"] for row in rows} == {"answer_only"}
    assert "SocGT: skipped, because there is no chain to learn from" in (
        capsys.readouterr().out
    )


# --- the shell ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [["--help"], ["smoke", "--colour"], ["huge"], ["smoke", "--only", "99"],
              ["smoke", "--dataset", "gsm9k"], ["smoke", "--student", "nonsense"]],
)  # fmt: skip
def test_the_script_answers_within_a_third_of_a_second(words):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([project_root() / "run_all.sh", *words], capture_output=True,
                          text=True, env=os.environ | {"PATH": path})  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == (0 if words == ["--help"] else 2)
    assert "run_all: using" not in done.stderr
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 0.6  # of a busy processor; 0.2 of a quiet one
