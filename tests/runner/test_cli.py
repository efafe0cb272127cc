"""The runner, tried on toy notebooks: no model, a few seconds each."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from socratic_utils import config
from socratic_utils.files import project_root
from socratic_utils.runner import cli, options, schedule
from socratic_utils.runner.execute import (
    Shown,
    alone,
    find_notebooks,
    read_parameters,
    run_notebook,
)

PARAMETERS = 'scale = "small"  # the dial\nseed = 0  # of everything\n'
GOOD = 'print("scale is", scale, "seed is", seed)'


def toy(folder, name, *cells, parameters=PARAMETERS):
    """Write a notebook with a parameters cell and these code cells."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    rest = [nbformat.v4.new_code_cell(cell) for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[first, *rest], metadata={"kernelspec": kernel}
    )
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / name)
    return folder / name


@pytest.fixture(autouse=True)
def light_kernels(monkeypatch):
    """Toy notebooks need no torch."""
    for name in ("UNTRAINED", "IMPORTED"):
        monkeypatch.setattr(cli, name, "sys")


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCRATIC_OUTPUTS", str(tmp_path / "out"))
    return tmp_path / "out"


@pytest.fixture
def notebooks(tmp_path):
    toy(tmp_path / "nb", "00_first.ipynb", GOOD)
    toy(tmp_path / "nb", "03_second.ipynb", "1 + 1")
    return tmp_path / "nb"


def printed(path):
    """Everything the cells of an executed copy printed."""
    cells = nbformat.read(path, as_version=4).cells
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    return "".join(o.get("text", "") for o in outputs)


# --- running ------------------------------------------------------------------------


def test_notebooks_run_in_order_with_the_parameters_they_name(
    notebooks, outputs, capsys, monkeypatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "none")  # so that any teacher is accepted
    argv = ["smoke", "--seed", "3", "--teacher", "somebody"]  # teacher: not named there
    assert cli.main(argv, notebooks) == 0
    said = capsys.readouterr().out
    assert said.index("[1/2] 00_first") < said.index("[2/2] 03_second")
    assert "    scale is smoke seed is 3" in said  # shown while it ran
    copies = outputs / "smoke-from-somebody-seed3" / "notebooks"
    assert sorted(p.name for p in copies.iterdir()) == [
        "00_first.ipynb",
        "03_second.ipynb",
    ]
    assert "scale is smoke seed is 3" in printed(copies / "00_first.ipynb")
    text = (copies / "00_first.ipynb").read_text("utf-8")
    assert "somebody" not in text and str(outputs) not in text

    record = json.loads(
        (outputs / "smoke-from-somebody-seed3" / "run.json").read_text("utf-8")
    )
    assert set(record["notebooks"]) == {"00_first", "03_second"}
    usage = record["notebooks"]["00_first"]
    assert usage["status"] == "done" and usage["seconds"] > 0
    assert 0.01 < usage["peak_memory_gb"] < 4
    assert record["settings"]["seed"] == 3
    assert record["hash"] == config.load("smoke", seed=3, teacher="somebody").hash
    assert record["environment"]["python"]


def test_a_kernel_has_imported_what_its_notebook_needs(tmp_path, outputs, monkeypatch):
    for name, module in {"UNTRAINED": "wave", "IMPORTED": "sched"}.items():
        monkeypatch.setattr(cli, name, module)
    code = "import gc, sys\nmine = {'wave', 'sched'} & {*sys.modules}\n"
    code += "print(*mine, gc.isenabled())"
    for name in ("00_first", "03_trains", "07_shows"):
        toy(tmp_path / "nb", f"{name}.ipynb", code)
    assert cli.main(["smoke"], tmp_path / "nb") == 0
    copies = sorted((outputs / "smoke" / "notebooks").glob("*.ipynb"))
    assert [printed(path).strip() for path in copies] == [
        "wave True", "sched True", "wave True"]  # fmt: skip


def test_the_kernel_is_this_interpreter_in_the_checkout(tmp_path, outputs):
    code = "import os, sys, socratic_utils\nprint(sys.prefix, os.getcwd(), sep='|')"
    toy(tmp_path / "nb", "00_where.ipynb", code + "\nprint(os.environ['MPLBACKEND'])")
    assert cli.main(["smoke"], tmp_path / "nb") == 0
    said = printed(outputs / "smoke" / "notebooks" / "00_where.ipynb")
    here = f"{sys.prefix}|{project_root()}"  # copies lose the folder of the checkout
    assert said.split("\n")[0] == here.replace(f"{project_root()}/", "")
    assert "inline" in said, "figures must land in the executed copy"


def test_a_copy_keeps_a_bars_last_state(tmp_path, outputs):
    toy(tmp_path / "nb", "00_bar.ipynb", "print('a\\n 10%|#\\r100%|###')")
    assert cli.main(["smoke"], tmp_path / "nb") == 0
    copy = outputs / "smoke" / "notebooks" / "00_bar.ipynb"
    assert printed(copy) == "a\n100%|###\n"


def test_a_failing_notebook_stops_the_run_with_one_sentence(tmp_path, outputs, capsys):
    folder = tmp_path / "nb"
    toy(folder, "00_first.ipynb", "print('fine')")
    toy(folder, "01_bad.ipynb", "x = 0", "raise ValueError('first\\nno such thing')")
    toy(folder, "02_never.ipynb", "1")
    assert cli.main(["smoke"], folder) == 1
    said = capsys.readouterr()
    copy = outputs / "smoke" / "notebooks" / "01_bad.ipynb"
    assert said.err == (
        "run_all: 01_bad.ipynb stopped in cell In [4] with ValueError: no such thing; "
        f"the traceback is in {copy}\n"
    )
    assert "Traceback" not in said.out and "02_never" not in said.out
    assert "no such thing" in copy.read_text("utf-8")
    assert not (copy.parent / ".running").exists()
    record = json.loads((outputs / "smoke" / "run.json").read_text("utf-8"))
    assert record["notebooks"]["01_bad"]["status"] == "failed"


def test_a_second_run_of_the_same_is_refused_at_once(notebooks, outputs, capsys):
    with alone(outputs / "smoke", Path("03_second.ipynb")):
        assert cli.main(["smoke"], notebooks) == 1
        assert capsys.readouterr().err == (
            f"run_all: another process is running 03_second in {outputs / 'smoke'}: "
            "wait until it has ended, or choose another --seed or SOCRATIC_OUTPUTS\n"
        )
        assert not list(outputs.rglob("*.ipynb"))
        assert cli.main(["smoke", "--only", "0"], notebooks) == 0  # another notebook
    assert cli.main(["smoke"], notebooks) == 0


def test_ctrl_c_stops_the_kernel_and_says_how_to_continue(tmp_path, outputs):
    cells = ("import os; print('kernel', os.getpid())", "import time; time.sleep(60)")
    toy(tmp_path / "nb", "00_slow.ipynb", *cells)
    code = """
import sys; from pathlib import Path; from socratic_utils.runner import cli
cli.UNTRAINED = cli.IMPORTED = "sys"  # as in `light_kernels`
sys.exit(cli.main(["smoke"], Path(sys.argv[1])))"""
    command = [sys.executable, "-u", "-c", code, str(tmp_path / "nb")]
    with subprocess.Popen(
        command, cwd=project_root(), text=True, stdout=-1, stderr=-1,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:  # fmt: skip
        kernel = next(line for line in running.stdout if "    kernel" in line)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130 and "Traceback" not in out + err
    assert err.endswith("run_all: interrupted; run again to continue from here\n")
    assert not psutil.pid_exists(int(kernel.split()[1]))


def test_ctrl_c_while_inputs_are_checked_is_no_traceback(
    notebooks, outputs, capsys, monkeypatch
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "check_inputs", interrupted)
    assert cli.main(["smoke"], notebooks) == 130
    said = capsys.readouterr().err
    assert said == "run_all: interrupted; run again to continue\n"
    assert not outputs.exists()


def test_a_dying_kernel_is_reported_in_one_sentence(tmp_path, outputs, capsys):
    toy(tmp_path / "nb", "00_dies.ipynb", "import os\nos._exit(9)")
    assert cli.main(["smoke"], tmp_path / "nb") == 1
    assert "its kernel died" in capsys.readouterr().err


def test_only_runs_one_notebook_and_an_unknown_number_names_the_known(
    notebooks, outputs, capsys
):
    assert cli.main(["smoke", "--only", "3"], notebooks) == 0
    copies = outputs / "smoke" / "notebooks"
    assert [p.name for p in copies.iterdir()] == ["03_second.ipynb"]
    capsys.readouterr()
    assert cli.main(["smoke", "--only", "9"], notebooks) == 2
    wanted = "run_all: there is no notebook '9': choose from 00, 03\n"
    assert capsys.readouterr().err == wanted


def test_a_dry_run_says_what_would_run_and_does_nothing(notebooks, outputs, capsys):
    assert cli.main(["small", "--dry-run", "--seed", "7"], notebooks) == 0
    said = capsys.readouterr().out
    took = schedule.notebook_at(Path("03_second.ipynb")).minutes
    assert f"would run 03_second (about {took:g} min, " in said
    assert f", {1.7 * took:.0f} without bf16 units)" in said
    assert "seed = 7" in said
    assert cli.main(["paper", "--dry-run"], notebooks) == 0
    assert "would run 03_second (time unknown" in capsys.readouterr().out
    assert not outputs.exists()


def test_the_reference_mode_ends_with_the_means_over_seeds(notebooks, outputs, capsys):
    tables = outputs / "small-reused" / "tables"
    tables.mkdir(parents=True)
    (tables / "main.csv").write_text("split,accuracy\ntest,0.25\n", "utf-8")
    (tables / "seeds.csv").write_text("split,mean\ntest,0.5\n", "utf-8")
    assert cli.main(["--reuse", "reference", "--only", "0"], notebooks) == 0
    said = capsys.readouterr().out
    assert "0.500" in said and "0.250" not in said


def test_what_is_on_request_is_no_part_of_a_whole_run(notebooks, outputs, capsys):
    (notebooks / "03_second.ipynb").rename(notebooks / "06_second.ipynb")
    assert cli.main(["small", "--dry-run"], notebooks) == 0
    assert "would skip 06_second: run it with --only 06" in capsys.readouterr().out
    assert cli.main(["small", "--dry-run", "--only", "06"], notebooks) == 0
    assert "would run 06_second" in capsys.readouterr().out
    assert cli.main(["small", "--dry-run", "--reuse", "reference"], notebooks) == 0
    committed = config.load("small", reuse="reference").reference / "predictions"
    has_rows, said = (committed / "ablations").exists(), capsys.readouterr().out
    assert ("would run 06_second" in said) == has_rows
    assert ("has no rows of it; add --seed 3" in said) != has_rows
    again = ["small", "--dry-run", "--reuse", "reference", "--seed", "3"]
    assert cli.main(again, notebooks) == 0
    assert "would run 06_second" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["huge"], "scale must be one of"),
        (["smoke", "--dataset", "gsm9k"], "unknown dataset 'gsm9k': choose from"),
        (["smoke", "--reuse", "yesterday"], "choose from 'reference'"),
        (["smoke", "--reuse", "reference"], "run without --reuse"),
        (["smoke", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["smoke", "--engine", "slurm"], "invalid choice: 'slurm' (choose from 'ray')"),
        (["smoke", "--engine", "ray", "--reuse", "reference"], "run without --reuse"),
        (
            ["smoke", "--seed", "4294967296"],
            "seed must be 0 or more, at most 4294967295",
        ),
        (["smoke", "--seed", "-1"], "seed must be 0 or more"),
        (["smoke", "--test-limit", "-1"], "test_limit must be above 0"),
        (["smoke", "--student", "nonsense"], "unknown student 'nonsense': choose"),
        (["smoke", "--teacher", "nonsense"], "unknown teacher 'nonsense': choose"),
        (["smoke", "--teacher-url", "foo"], "no address of a server"),
        (["smoke", "--max-cost", "0"], "max_cost must be above 0"),
        (["smoke", "--max-cost", "nan"], "max_cost must be above 0"),
        (["smoke", "--dry"], "unrecognized arguments"),
        (["smoke", "--colour"], "unrecognized arguments"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    argv, sentence, notebooks, outputs, capsys, monkeypatch
):
    absent = property(lambda settings: Path("/nowhere"))
    monkeypatch.setattr(config.Settings, "reference", absent)
    try:
        code = cli.main(argv, notebooks)
    except SystemExit as leaving:
        code = leaving.code
    said = capsys.readouterr().err
    assert code == 2
    assert sentence in said and said.count("\n") == 1
    assert not outputs.exists()


def test_no_notebooks_is_an_error(tmp_path, outputs, capsys):
    assert cli.main(["smoke"], tmp_path) == 2
    assert "no notebooks" in capsys.readouterr().err


# --- pieces -------------------------------------------------------------------------


def test_parameters_are_read_as_literals_and_nothing_else(tmp_path):
    text = 'scale: str = "small"  # dial\nlimit = None\nrate = -0.5\n'
    path = toy(tmp_path, "00_a.ipynb", parameters=text)
    assert read_parameters(path) == {"scale": "small", "limit": None, "rate": -0.5}
    for bad in ("twice = 2 * n", "import os", "a = b = 1", "a: int", "a.b = 1"):
        path = toy(tmp_path, "01_b.ipynb", parameters=bad)
        with pytest.raises(ValueError, match="01_b.ipynb"):
            read_parameters(path)


def test_only_numbered_notebooks_are_found_in_order(tmp_path):
    for name in ("10_b.ipynb", "02_a.ipynb", "draft.ipynb"):
        toy(tmp_path, name)
    assert [p.name for p in find_notebooks(tmp_path)] == ["02_a.ipynb", "10_b.ipynb"]


def test_hub_is_left_alone_only_where_nothing_is_needed_from_it(monkeypatch):
    monkeypatch.delenv("SOCRATIC_DATA_DIR", raising=False)
    assert cli.works_offline(config.load("smoke"))
    assert cli.works_offline(config.load("small"))
    assert not cli.works_offline(config.load("paper"))
    assert not cli.works_offline(config.load("small", student="some/model"))
    assert not cli.works_offline(config.load("small", dataset="gsm8k"))
    monkeypatch.setenv("SOCRATIC_DATA_DIR", "/data")
    assert cli.works_offline(config.load("small", dataset="gsm8k"))


def test_results_show_the_main_table_and_the_report(outputs, capsys):
    settings = config.load("smoke")
    (settings.folder / "tables").mkdir(parents=True)
    (settings.folder / "report.html").write_text("<p>hello</p>")
    (settings.folder / "tables" / "main.csv").write_text(
        "dataset,split,student,n,correct,accuracy,ci_low,ci_high,truncated\n"
        "gradeschool,test,cot,6,3,0.5,0.18761,0.8123,0.0\n"
    )
    cli.show_results(settings)
    said = capsys.readouterr().out
    assert "0.188" in said and "cot" in said and "mean nothing" in said
    assert f"report: {settings.folder / 'report.html'}" in said


def test_the_longest_time_survives_a_short_second_run(tmp_path):
    for seconds in (90.0, 2.0):
        usage = {"seconds": seconds, "peak_memory_gb": 1.0}
        cli.record_usage(tmp_path, Path("03_x.ipynb"), usage, "done")
    record = json.loads((tmp_path / "run.json").read_text("utf-8"))["notebooks"]
    assert record["03_x"]["seconds"] == 2.0
    assert record["03_x"]["longest_seconds"] == 90.0


def test_prints_are_shown_by_whole_lines_and_bars_on_a_screen_only(capsys, monkeypatch):
    out = Shown()
    out.write("half ")
    assert capsys.readouterr().out == ""
    out.write("a line\n")
    assert capsys.readouterr().out == "    half a line\n"
    out.write("\r 10%|#   | 1/10")  # no terminal here
    assert capsys.readouterr().out == ""
    out.write("\r           \rcot: 1 of 2 correct\n")
    assert capsys.readouterr().out == "    cot: 1 of 2 correct\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    out.write("\r 10%|#   | 1/10\r 20%|##  | 2/10")
    assert capsys.readouterr().out == "\r\x1b[K     20%|##  | 2/10"


def test_a_copy_folds_a_log_and_its_links_lead_on(tmp_path, outputs):
    path = toy(tmp_path / "nb", "00_log.ipynb", "for i in range(9): print(i, '<b>')",
               "for i in range(9): print(i)")  # fmt: skip
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-2].metadata["scrolled"] = True
    prose = "[picture](data_flow/00.svg), [next](01_a.ipynb#A), [web](https://a.b/c)"
    notebook.cells.append(nbformat.v4.new_markdown_cell(prose))
    nbformat.write(notebook, path)
    copy = tmp_path / "out" / "run" / path.name
    _, reason = run_notebook(path, copy, {})
    assert not reason
    *_, log, shown, text = nbformat.read(copy, as_version=4).cells
    [page] = [output["data"]["text/html"] for output in log.outputs]
    assert "<summary>8 &lt;b&gt; (9 lines)</summary>" in page
    assert [output.output_type for output in shown.outputs] == ["stream"]
    assert text.source == prose.replace("data_flow", "../../nb/data_flow")


def test_the_shells_backend_is_restored_after_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    path = toy(tmp_path, "00_a.ipynb", "import os\nprint(os.environ['MPLBACKEND'])")
    _, reason = run_notebook(path, tmp_path / "out" / path.name, {})
    assert not reason
    assert "inline" in printed(tmp_path / "out" / path.name)
    assert os.environ["MPLBACKEND"] == "Agg"


# --- the schedule and the parameters ------------------------------------------------


def test_the_schedule_lists_exactly_the_notebooks_there_are():
    stems = [entry.stem for entry in schedule.NOTEBOOKS]
    assert stems == [path.stem for path in find_notebooks()]


@pytest.mark.parametrize(
    ("scale", "dataset", "on_request"),
    [
        ("smoke", "", ""),
        ("small", "", "06 10 11 12 13"),
        ("paper", "gsm8k", "10 11 12 13"),
        ("paper", "commonsense_qa", "06"),
    ],
)
def test_what_is_on_request_at_each_scale(scale, dataset, on_request):
    settings = config.load(scale, dataset=dataset)
    found = [path for path in find_notebooks()
             if schedule.is_on_request(settings, path)]  # fmt: skip
    assert " ".join(map(schedule.number, found)) == on_request


def test_reused_rows_cannot_show_what_was_never_taught():
    settings = config.load("small", dataset="svamp", teacher="palm-540b",
                           reuse="reference")  # fmt: skip
    reasons = {
        entry.name: schedule.why_left_out(settings, Path(f"{entry.stem}.ipynb"))
        for entry in schedule.NOTEBOOKS[:6]
    }
    assert not reasons["filtering"] and not reasons["baselines"]
    for name in ("unified_student", "iterative_students"):
        assert reasons[name] == "neither svamp nor palm-540b has Socratic chains"


def test_a_notebook_gets_its_settings_as_overrides(tmp_path, outputs, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    cell = 'scale = "small"  # dial\nseed = 0\nreuse = ""\noverrides = {}  # others\n'
    toy(tmp_path / "nb", "00_a.ipynb", "print(scale, seed, reuse, sorted(overrides))",
        parameters=cell)  # fmt: skip
    words = ["smoke", "--seed", "2", "--teacher", "t", "--test-limit", "4"]
    assert cli.main([*words, "--ablations", "all"], tmp_path / "nb") == 0
    said = printed(outputs / "smoke-from-t-seed2" / "notebooks" / "00_a.ipynb")
    assert said == "smoke 2  ['ablations', 'teacher', 'test_limit']\n"


@pytest.mark.parametrize(
    ("dataset", "pages"),
    [("gsm8k", ("report.html", "report_scotd.html")),
     ("quarel", ("report_socratic_cot.html", "report.html"))],
)  # fmt: skip
def test_results_notebooks_become_pages(dataset, pages):
    settings = config.load("paper", dataset=dataset)
    found = [schedule.report_of(settings, Path(f"{name}.ipynb"))
             for name in ("03_baselines", "07_results", "15_results")]  # fmt: skip
    assert found == ["", *pages]


# --- run_all.sh ---------------------------------------------------------------------

RUN_ALL = project_root() / "run_all.sh"


def call(*argv, **variables):
    return subprocess.run(
        [str(RUN_ALL), *argv],
        cwd="/",
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_needs_no_environment_and_lists_the_parsers_options():
    done = call("--help", PATH="/usr/bin:/bin")
    assert done.returncode == 0
    shown = re.findall(r"(?m)^  (--[a-z-]+)", done.stdout)
    known = [o for a in options.parser()._actions for o in a.option_strings
             if a.help != argparse.SUPPRESS and o not in ("-h", "--help")]  # fmt: skip
    assert sorted(shown) == sorted(known)


def test_a_wrong_option_is_refused_before_an_environment_is_made(tmp_path):
    """By any recent Python: this one has no package."""
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    for words in (["--colour"], ["huge"], ["--dataset", "gsm9k"]):
        done = call("smoke" if words[0][0] == "-" else "", *words,
                    PATH=f"{python.parent}:/usr/bin:/bin")  # fmt: skip
        assert done.returncode == 2 and done.stderr.startswith("run_all: ")
        assert done.stderr.count("\n") == 1, done.stderr


def test_the_options_import_nothing_heavy():
    code = "import sys\nfrom socratic_utils.runner import options\n"
    code += "options.parser().parse_args(['smoke', '--seed', '1'])\n"
    code += "print({'torch', 'pandas', 'numpy', 'openai'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root(),
                          capture_output=True, text=True)  # fmt: skip
    assert done.stdout == "set()\n", done.stderr


def test_called_from_elsewhere_it_says_which_python_it_uses():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = call("smoke", "--only", "99", "--dry-run", PATH=path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("run_all: there is no notebook '99'")
    done = call("smoke", "--only", "00", "--dry-run", PATH=path)
    assert done.returncode == 0 and done.stderr.startswith("run_all: using")


def test_a_students_folder_is_meant_from_where_one_stands():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = call("smoke", "--student", "usr", "--dry-run", PATH=path)
    assert "student = /usr\n" in done.stdout, done.stderr


def test_the_lock_and_the_ranges_name_the_same_packages():
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((project_root() / "pyproject.toml").read_text("utf-8"))
    ranges = project["project"]["dependencies"]
    ranges += project["project"]["optional-dependencies"]["dev"]
    lines = (project_root() / "requirements.lock").read_text("utf-8").splitlines()
    pins = [Requirement(x) for x in lines if x and not x.startswith("#")]
    locked = {pin.name: str(pin.specifier) for pin in pins}
    assert all(version.startswith("==") for version in locked.values())
    for wanted in map(Requirement, ranges):
        assert wanted.specifier.contains(locked[wanted.name].removeprefix("=="))


def test_the_readme_has_no_gaps():
    text = (project_root() / "README.md").read_text("utf-8")
    assert not re.search(r"@[A-Z0-9_]+@", text)
    for name in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
        assert (project_root() / name).exists(), name


def test_a_data_folder_that_does_not_exist(notebooks, outputs, capsys, monkeypatch):
    monkeypatch.setenv("SOCRATIC_DATA_DIR", "/nowhere/at/all")
    assert cli.main(["smoke", "--dataset", "gsm8k"], notebooks) == 2
    said = capsys.readouterr().err
    assert "SOCRATIC_DATA_DIR names /nowhere/at/all, which is not a folder" in said


def test_a_folder_that_cannot_be_written(notebooks, capsys, monkeypatch):
    monkeypatch.setenv("SOCRATIC_OUTPUTS", "/dev/null/x")
    assert cli.main(["smoke"], notebooks) == 1
    said = capsys.readouterr().err
    assert said.startswith("run_all: ") and said.count("\n") == 1


def test_prices_that_are_not_there(notebooks, outputs, capsys, monkeypatch):
    monkeypatch.setenv("SOCRATIC_PRICES", "/nowhere.csv")
    assert cli.main(["small", "--dry-run"], notebooks) == 2
    assert "/nowhere.csv does not exist" in capsys.readouterr().err


def test_the_time_of_other_settings_is_not_guessed(notebooks, outputs, capsys):
    assert cli.main(["small", "--train-limit", "3", "--dry-run"], notebooks) == 0
    assert "would run 03_second (time unknown)" in capsys.readouterr().out


@pytest.mark.parametrize("scale", config.SCALES)
def test_a_dry_run_needs_nothing_that_is_installed(scale):
    """run_all.sh asks any recent Python for it, before it makes the environment."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "socratic_utils.runner.cli", scale, "--dry-run"],
        cwd=project_root(), env={"PATH": os.environ["PATH"]},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "would run 00_start_here" in done.stdout
