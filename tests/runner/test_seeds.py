"""Several seeds at smoke scale: what is trained for each, what is shared, what resumes.

./run_all.sh test tests/runner/test_seeds.py
"""

import pandas as pd
import pytest

from socratic_utils import config
from socratic_utils.files import read_json
from socratic_utils.problems import read_rows
from socratic_utils.runner import cli
from socratic_utils.runner.execute import find_notebooks

BASELINES = ["answer_only", "gt_steps", "cot"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the notebook that trains baselines, and that of the results."""
    folder = tmp_path_factory.mktemp("notebooks")
    for path in (p for p in find_notebooks() if p.name[:2] in ("03", "07")):
        (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, folder):
    """The outputs of a run of seed 1 that was left after its first notebook."""
    outputs = tmp_path_factory.mktemp("outputs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(config.OUTPUTS_VARIABLE, str(outputs))
        assert cli.main(["smoke", "--seed", "1", "--only", "03"], folder) == 0
        yield outputs


def trained(outputs):
    return {p: p.stat().st_mtime_ns for p in outputs.rglob("model.safetensors")}


def test_seeds_continue_and_share_what_no_seed_changes(outputs, folder, capsys):
    before = trained(outputs)
    assert len(before) == len(BASELINES)
    assert cli.main(["smoke", "--seeds", "2"], folder) == 0
    said = capsys.readouterr().out
    after = trained(outputs)
    assert {path: after[path] for path in before} == before  # trained once
    assert len({path.parent.name for path in after}) == len(after)  # one per seed
    new = {path.parts[-4] for path in after.keys() - before.keys()}
    assert new == {"smoke"}  # seed 1 had trained what notebook 03 trains
    # 1. The second seed learns the same chains, and has its own main table.
    for name in ("cot", "socratic"):
        chains = [[row for _, row in read_rows(
            outputs / run / "chains" / f"{name}-kept.jsonl")]
            for run in ("smoke", "smoke-seed1")]  # fmt: skip
        assert chains[0] == chains[1]
    second = outputs / "smoke-seed1"
    main = pd.read_csv(second / "tables" / "main.csv")
    assert set(main["seed"]) == {1} and main["student"].unique().tolist() == BASELINES
    assert [p.name[:2] for p in second.glob("notebooks/*.ipynb")] == ["03"]
    # 2. The results of the first are over both, and are printed at the end.
    seeds = pd.read_csv(outputs / "smoke" / "tables" / "seeds.csv")
    counts = seeds.set_index("student")["seeds"].to_dict()
    assert counts == dict.fromkeys(BASELINES, 2)  # notebook 07 trains no others
    assert {"mean", "sd", "min", "max", "ci_low", "ci_high"} <= set(seeds)
    assert "results of 2 seeds" in said
    assert said.rindex("  seeds  ") > said.rindex("07_results done")
    assert read_json(outputs / "smoke" / "run.json")["settings"]["seed"] == 0
    page = (outputs / "smoke" / "report.html").read_text("utf-8")
    assert "Over seeds" in page and "Your run beside ours" in page
    assert "not compared with the committed seeds: no run of these" in page


def test_without_a_notebook_of_results_the_means_are_saved_all_the_same(
    outputs, folder, capsys
):
    (outputs / "smoke" / "tables" / "seeds.csv").unlink()
    assert cli.main(["smoke", "--seeds", "2", "--only", "03"], folder) == 0
    seeds = pd.read_csv(outputs / "smoke" / "tables" / "seeds.csv")
    assert set(seeds["seeds"]) == {2}
    assert capsys.readouterr().out.rindex("  seeds  ") > 0


def test_the_same_command_again_trains_and_decodes_nothing(outputs, folder):
    rows = {p: p.stat().st_mtime_ns for p in outputs.rglob("predictions/*.jsonl")}
    before = trained(outputs)
    assert cli.main(["smoke", "--seeds", "2", "--only", "07"], folder) == 0
    assert trained(outputs) == before
    assert {path: path.stat().st_mtime_ns for path in rows} == rows
