"""Find the numbered notebooks and run one of them headless.

papermill executes a copy, in the same interpreter and from the checkout.
"""

import ast
import html
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from socratic_utils.files import project_root, visible, write_atomic

from .kernels import Kernels

SAMPLE_EVERY = 0.5  # seconds between two measurements of the kernel's memory


def find_notebooks(folder: Path | None = None, only: str | None = None) -> list[Path]:
    """`NN_*.ipynb` in order, or those with the numbers in `only`, such as "4,05"."""
    folder = folder or project_root() / "notebooks"
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise ValueError(f"no notebooks named NN_*.ipynb in {folder}")
    known = [path.name[:2] for path in found]
    given = [number.strip() for number in (only or "").split(",")]
    wanted = {number.zfill(2): number for number in given if number}
    if only and not wanted:
        raise ValueError(f"{only!r} names no notebook: give numbers, such as 03,07")
    for number, given in wanted.items():
        if number not in known:
            choice = f"choose from {', '.join(known)}"
            raise ValueError(f"there is no notebook {given!r}: {choice}")
    return [path for path in found if not wanted or path.name[:2] in wanted]


def read_parameters(path: Path) -> dict[str, Any]:
    """Names and defaults in the cells tagged `parameters`; ValueError if computed."""
    import nbformat

    values: dict[str, Any] = {}
    cells = nbformat.read(path, as_version=4).cells
    tagged = [c.source for c in cells if "parameters" in c.metadata.get("tags", [])]
    try:
        statements = ast.parse("\n".join(tagged)).body
    except SyntaxError as error:
        fault = f"{path.name}: line {error.lineno} of the parameters cell is not Python"
        raise ValueError(f"{fault} ({error.msg})") from None
    for statement in statements:
        match statement:
            case ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)):
                with suppress(ValueError, TypeError):  # no literal, or no value
                    values[name] = ast.literal_eval(statement.value)
                    continue
        raise ValueError(
            f"{path.name}: the parameters cell may hold only `name = literal` lines, "
            f"not `{ast.unparse(statement)}`"
        )
    return values


def run_notebook(
    path: Path, copy: Path, parameters: dict, kernels: Kernels | None = None
) -> tuple[dict, str]:
    """Execute `path` into `copy`; its time and memory, and why it failed (or "")."""
    known = read_parameters(path)
    given = {name: v for name, v in parameters.items() if name in known}
    running = copy.parent / ".running" / copy.name
    running.parent.mkdir(parents=True, exist_ok=True)
    started, peak = time.perf_counter(), [0.0]
    try:
        with (kernels or Kernels()).one() as kernel:
            with peak_memory(kernel.provisioner.pid) as peak:
                reason = _execute(path, running, given, kernel)
    finally:
        if running.exists():
            running.replace(copy)
        with suppress(OSError):
            running.parent.rmdir()
    seconds = round(time.perf_counter() - started, 1)
    if not reason:
        tidy(path, copy)
    return {"seconds": seconds, "peak_memory_gb": round(max(peak), 2)}, reason


@contextmanager
def alone(folder: Path, path: Path) -> Iterator[None]:
    """Hold a notebook's lock in a run's folder; RuntimeError if it is held."""
    from filelock import FileLock, Timeout

    locks = folder / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(locks / f"{path.stem}.lock", timeout=0):
            yield
    except Timeout:
        advice = "wait until it has ended, or choose another --seed or SOCRATIC_OUTPUTS"
        message = f"another process is running {path.stem} in {folder}"
        raise RuntimeError(f"{message}: {advice}") from None


def _execute(path: Path, running: Path, parameters: dict[str, Any], kernel) -> str:
    """Run papermill; the reason why it stopped, or an empty string."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    # Saved twice a cell, which takes longer than most cells do that train nothing.
    long = not parameters.get("reuse") and parameters.get("scale") != "smoke"
    shown = Shown()
    try:
        papermill.execute_notebook(
            path, running, parameters=parameters, kernel_name="python3", km=kernel,
            cwd=project_root(), progress_bar=False, stdout_file=shown,
            request_save_on_cell_execute=long,
            start_timeout=300,  # a cold disk and two slow cores
        )  # fmt: skip
    except PapermillExecutionError as error:
        message = (error.evalue.strip().splitlines() or [""])[-1]
        cell = f"cell In [{error.exec_count or '?'}]"
        return f"stopped in {cell} with {error.ename}: {message}"
    except DeadKernelError:
        return "stopped because its kernel died, most often for lack of memory"
    finally:
        if shown.rest:  # a last line without its end
            shown.write("\n")
    return ""


class Shown:
    """Shows the whole lines that a notebook prints, and on a screen a progress bar."""

    rest = ""

    def write(self, text: str) -> None:
        start = ("\r\x1b[K" if sys.stdout.isatty() else "") + "    "  # clears the line
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            print(start + visible(line.rstrip("\r").split("\r")[-1]))
        if "\r" in self.rest and sys.stdout.isatty():
            print(start + visible(self.rest.split("\r")[-1]), end="")

    def flush(self) -> None:
        sys.stdout.flush()


def relink(notebook: dict[str, Any], old: Path, new: Path) -> None:
    """Let the links of prose, relative to `old`, lead from `new` to the same files;
    links between notebooks stay."""

    def moved(link: re.Match) -> str:
        return f"]({os.path.relpath(old / link[1], new)})"

    change_prose(notebook, r"\]\((?!\w+:|#|\d\d_)([^)\s]+)\)", moved)


def change_prose(notebook: dict[str, Any], pattern: str, new: Callable) -> None:
    """`re.sub` in the markdown cells."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = re.sub(pattern, new, "".join(cell["source"]))  # or lines


def folded(output: Any) -> Any:
    """A log of more than three lines as HTML that opens with a click."""
    import nbformat

    lines = output.get("text", "").splitlines()
    if output.get("name") != "stdout" or len(lines) < 4:
        return output
    head, log = (html.escape(text) for text in (lines[-1], output.text))
    page = f"<details><summary>{head} ({len(lines)} lines)</summary>"
    data = {"text/html": f"{page}<pre>{log}</pre></details>", "text/plain": output.text}
    return nbformat.v4.new_output("display_data", data)


@contextmanager
def peak_memory(pid: int) -> Iterator[list[float]]:
    """Measurements of the memory of a process and those it started, in GB."""
    import psutil

    found, done, kernel = [0.0], threading.Event(), psutil.Process(pid)

    def watch() -> None:
        is_done = False
        while not is_done:  # at least once, however short the notebook is
            with suppress(psutil.Error):  # a process ended meanwhile
                processes = [kernel, *kernel.children(recursive=True)]
                found.append(sum(p.memory_info().rss for p in processes) / 1024**3)
            is_done = done.wait(SAMPLE_EVERY)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def tidy(path: Path, copy: Path) -> None:
    """Join prints, keep no folders of this machine and nothing that acts on a screen,
    fold the logs of cells that scroll, and let links lead from the copy."""
    import nbformat
    from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor

    notebook = nbformat.read(copy, as_version=4)
    relink(notebook, path.parent, copy.parent)
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        # nbclient would also join prints that have a table or a picture between them.
        CoalesceStreamsPreprocessor().preprocess_cell(cell, {}, 0)
        for output in cell.outputs:
            if output.output_type == "stream":
                text = re.sub(r"[^\n]*\r$", "", output.text)  # a bar that was removed
                output.text = visible(text)
            for kind in {"text/plain", "text/html"} & set(output.get("data", ())):
                output.data[kind] = visible(output.data[kind])
        cell.outputs = [o for o in cell.outputs if o.get("text", "text").strip()]
        if cell.metadata.pop("scrolled", False):
            cell.outputs = [folded(output) for output in cell.outputs]
    if "papermill" in notebook.metadata:
        notebook.metadata.papermill.update(input_path=path.name, output_path=copy.name)
    roots = "|".join(map(re.escape, (f"{project_root()}/", f"{sys.prefix}/lib/")))
    text = re.sub(rf"(?<!\.)({roots})", "", nbformat.writes(notebook))  # not in "../"
    write_atomic(copy, text + "\n")
