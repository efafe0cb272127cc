#!/usr/bin/env bash
# Run by the first code cell of a student's notebook on Google Colab: installs what
# Colab lacks.  Colab's own kernel, notebook server and torch stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=$(mktemp)
python - <<'EOF' >"$wanted"
import tomllib

with open("pyproject.toml", "rb") as file:
    wanted = tomllib.load(file)["project"]["dependencies"]
own = ("ipykernel", "jupyterlab", "ipywidgets", "nbconvert", "nbformat", "torch")
print(*(line for line in wanted if not line.startswith(own)), sep="\n")
EOF
python -m pip install -q -r "$wanted"
echo "Installed. Now choose Runtime, Restart session, and run the notebook from its top."
