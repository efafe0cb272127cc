"""Notebook 14 in JupyterLab and Chromium: a judge with a mouse, then with keys.

It needs Playwright and a Chromium, either the system's or Playwright's own:

    pip install -e ".[dev,browser]"
    playwright install chromium       # or: apt install chromium
    pytest tests/experiments/human_judgement/test_browser.py
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from socratic_utils.experiments.human_judgement import read_judgements
from socratic_utils.experiments.human_judgement.panel import QUICKEST
from socratic_utils.files import project_root

playwright = pytest.importorskip(
    "playwright.sync_api", reason='no Playwright: pip install -e ".[browser]"'
)
NAME = "14_human_judgement.ipynb"
PATIENCE = 180  # seconds, for one step on a busy machine
CELLS = """[...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(
    cell => cell.matches(".jp-mod-active") ? "active" : "")"""


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    installed = next(filter(None, map(shutil.which, names)), None)
    with playwright.sync_playwright() as started:
        if not (installed or Path(started.chromium.executable_path).exists()):
            pytest.skip("no Chromium: apt install chromium, or playwright install")
        opened = started.chromium.launch(executable_path=installed)
        yield opened
        opened.close()


@pytest.fixture
def lab(tmp_path):
    """The address of notebook 14 in a JupyterLab; its judge is anna."""
    book = json.loads((project_root() / "notebooks" / NAME).read_text("utf-8"))
    for cell in book["cells"]:
        source = "".join(cell["source"])
        source = source.replace('reuse = ""', 'reuse = "reference"')
        cell["source"] = source.replace('judge_name = ""', 'judge_name = "anna"')
    (tmp_path / NAME).write_text(json.dumps(book), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
               f"--port={port}", "--IdentityProvider.token=",
               f"--ServerApp.root_dir={tmp_path}"]  # fmt: skip
    mine = {f"JUPYTER{name}_DIR": str(tmp_path / name)
            for name in ("_CONFIG", "LAB_SETTINGS", "LAB_WORKSPACES")}  # fmt: skip
    paths = [str(project_root()), os.environ.get("PYTHONPATH", "")]
    mine |= {"PYTHONPATH": os.pathsep.join(paths), "SOCRATIC_OUTPUTS": str(tmp_path)}
    with open(tmp_path / "lab.log", "w") as log:
        server = subprocess.Popen(command, env=os.environ | mine, stderr=log)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/api"))
        yield f"http://127.0.0.1:{port}/lab/tree/{NAME}"
    finally:
        server.terminate()
        server.wait(30)


def answers(url):
    try:
        return urlopen(url).status == 200
    except OSError:
        return False


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def chosen(row):
    """What a judge chose: "left", "right" or "same"."""
    sides = {row["first"]: "right", row["second"]: "right", row["left"]: "left"}
    return sides.get(row["preferred"], "same")


def test_clicks_keys_and_undo_are_saved_and_the_notebook_stays(browser, lab, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(lab)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    panel, folder = page.locator(".judge-panel"), tmp_path / "small-reused/judgements"

    def act(count, action):
        """Click or press once the pair could be read; wait for the number judged."""
        page.wait_for_timeout(1000 * QUICKEST + 100)
        if action.startswith("Arrow"):
            page.keyboard.press(action)
        else:
            panel.get_by_role("button", name=action).click()
        panel.get_by_text(re.compile(rf"^{count} of \d+ judged$")).wait_for()

    # 1. five clicks, and one undone
    clicks = ("Left", "Right", "Cannot tell", "Right", "Left")
    for count, button in enumerate(clicks, 1):
        act(count, button)
    act(4, "Undo")

    # 2. keys, wherever the mouse is; none of them reaches JupyterLab
    page.mouse.move(5, 5)
    cells = page.evaluate(CELLS)
    for count, key in enumerate(("ArrowRight", "ArrowDown", "ArrowLeft"), 5):
        act(count, key)
    act(6, "ArrowUp")
    for key in ("j", "b", "x", "d", "d", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    assert page.evaluate(CELLS) == cells and cells.count("active") == 1
    act(7, "ArrowLeft")
    found = [chosen(row) for row in read_judgements(folder)]
    assert found == ["left", "right", "same", "right", "right", "same", "left"]
