"""In a notebook, a NameError says which cell to run first.

Importing this package is enough; kernels of run_all.sh's environment do so themselves.
"""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from symtable import symtable
from typing import Any

from .files import project_root

NOTEBOOKS = project_root() / "notebooks"
FROM_THE_TOP = "first run the cells above (menu Run, Run All Above Selected Cell)"
notebook = Path(os.environ.get("JPY_SESSION_NAME", "")).stem  # or as its setup names it


def load_ipython_extension(shell: Any) -> None:
    """From now on, explain missing names in this IPython shell."""

    def explain(shell, kind, error, traceback, tb_offset=None) -> None:
        advice = FROM_THE_TOP
        if "settings" in shell.user_ns:  # the setup cell was run, another was not
            heading = defined_below(NOTEBOOKS / f"{notebook}.ipynb", error.name)
            advice = f'first run the cell below "{heading}"' if heading else ""
        if advice:
            error.args = (f"{error}: {advice}",)
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)

    shell.set_custom_exc((NameError,), explain)


def defined_below(path: Path, name: str) -> str:
    """The heading of a notebook's first cell that defines `name`, or ""."""
    heading, cells = "", []
    with suppress(OSError, ValueError, KeyError):  # being saved, or with conflicts
        cells = json.loads(path.read_text("utf-8"))["cells"]
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = [heading, *re.findall(r"(?m)^#+ (.*)", source)][-1]
        with suppress(SyntaxError, KeyError):  # prose, or without this name
            symbol = symtable(source, "cell", "exec").lookup(name)
            if symbol.is_assigned() or symbol.is_imported():
                return heading
    return ""
