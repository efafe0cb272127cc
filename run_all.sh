#!/usr/bin/env bash
# Sets itself up and runs the notebooks of one scale, or the tests.
set -euo pipefail
trap 'exit 130' INT # pip and compileall catch Ctrl-C and end as if they had failed

usage() {
  cat <<'EOF'
./run_all.sh [smoke|small|paper] [options]   run the notebooks in order
./run_all.sh test [pytest arguments]         run the tests
./run_all.sh student-notebooks               copies for a class, without solutions

  smoke  a tiny random model, minutes; its numbers mean nothing
  small  (default) a real student on a CPU, no network, no key, one to two hours
  paper  the papers' students and data, on a GPU: all of Table 2 of Socratic CoT,
         27 runs (dataset x student x seed), 9 that collect them, one table; with any of
         --dataset, --student, --seed, --only, --train-limit, --reuse a single run

  --dataset NAME       another benchmark than the scale's own, such as gsm8k
  --student ID         another student: a Hugging Face model id or a folder
  --teacher MODEL      another teacher, asked with OPENAI_API_KEY, or at
  --teacher-url URL    any server with the OpenAI interface
  --teacher-api completion   a plain completion model, not a chat model
  --teacher-mode batch       batch jobs: half the price, within a day
  --teacher-tokens N   at most N tokens a reply; thinking models need thousands
  --max-cost DOLLARS   stop before the teacher has cost more
  --train-limit N      at most N training problems (teacher chains included)
  --test-limit N       at most N test problems per split; a whole run's rows in the
                       same folder are replaced
  --lora-rank N        train adapters of rank N (LoRA), such as 16, not all weights
  --seed N             of training and sampling (default 0; paper: 0, 1, 2)
  --seeds N            the seeds 0 to N - 1 in turn, and then their means
  --ablations all      also the ablations that need a long training
  --engine ray         train on an existing Ray cluster, one job per GPU
  --reuse reference    take the committed rows instead of training
  --only NN            one notebook, such as 03, or several: 04,05
  --dry-run            show what would run and how long it takes; do nothing

The active Python is used if it holds the versions of requirements.lock, else an
environment is made once, .conda/ (with conda or mamba) or .venv/.
Run again after an interruption: finished work is kept.
EOF
}

say() { echo "run_all: $*" >&2; }

# Does this Python hold every version of the lock?
satisfies_lock() {
  "$1" -c "$RECENT" 2>/dev/null && "$1" - requirements.lock 2>/dev/null <<'EOF'
import sys
from importlib import metadata
from packaging.requirements import Requirement

lines = [line.split("#")[0].strip() for line in open(sys.argv[1], encoding="utf-8")]
for wanted in map(Requirement, filter(None, lines)):
    if wanted.marker is None or wanted.marker.evaluate():
        if not wanted.specifier.contains(metadata.version(wanted.name), True):
            sys.exit(1)  # 2.13.0+cpu counts as 2.13.0
EOF
}

# A Python that can make virtual environments.  Before 3.11.5 its `re` misreads `++`
# (gh-106052), and answers would be extracted wrongly.
RECENT="import sys; assert sys.version_info >= (3, 11, 5)"
find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3 python; do
    "$name" -c "import venv, ensurepip; $RECENT" 2>/dev/null && echo "$name" && return
  done
  say "no Python 3.11.5 or newer with venv: install one (Debian, Ubuntu: apt install" \
    "python3-venv; Debian 12 has 3.11.2 only: conda or pyenv have newer ones)"
  return 1
}

works() { "$1/bin/python" -c "import pip; $RECENT" 2>/dev/null; }

# Finished, and from this very lock?  An interrupted set-up has no stamp.
is_ready() { works "$1" && [[ $(cat "$1/.lock-hash" 2>/dev/null) == "$LOCK_HASH" ]]; }

install_lock() { # pip would compile on one core, for more than a minute
  # A quarter of all files, and hardly any is ever imported.
  local rare='/(tests?|pip|setuptools|networkx|physics)/'
  rare="$rare|/transformers/models/(?!__init__|auto|gpt|llama|opt|qwen)"
  "$1/bin/python" -m pip install -q --no-compile -r requirements.lock &&
    { "$1/bin/python" -m compileall -qq -j 0 -x "$rare" "$1/lib" || true; } &&
    "$1/bin/python" -m pip install -q --no-deps --no-build-isolation -e . &&
    mkdir -p "$1/etc/ipython" && # kernels that explain a missing name from their start
    echo 'c.InteractiveShellApp.extensions = ["socratic_utils"]' \
      >"$1/etc/ipython/ipython_kernel_config.py" &&
    echo "$LOCK_HASH" >"$1/.lock-hash"
}

make_conda() {
  local conda
  conda=$(command -v mamba || command -v conda) || return 1
  say "setting up .conda/ with $(basename "$conda"), about 5 minutes, once ..."
  if ! works .conda; then
    rm -rf .conda
    "$conda" env create -q -p "$PWD/.conda" -f environment.yml || return 1
  fi
  install_lock .conda
}

make_venv() {
  local python
  python=$(find_python) || return 1
  say "setting up .venv/ with $python, about 3 minutes, once ..."
  [[ $(uname) != Linux ]] || command -v nvidia-smi >/dev/null ||
    say "no NVIDIA GPU here: requirements.lock says how to get the smaller torch"
  works .venv || "$python" -m venv --clear .venv || return 1
  install_lock .venv
}

use() { export PATH="$PWD/$1/bin:$PATH" && PYTHON="$PWD/$1/bin/python"; }

# The active Python if it fits, else an environment made earlier, else a new one.
choose_python() {
  if satisfies_lock python; then PYTHON=python
  elif satisfies_lock python3; then PYTHON=python3
  elif is_ready .conda; then use .conda
  elif is_ready .venv; then use .venv
  elif [[ " $* " == *" --dry-run "* ]]; then
    PYTHON=$(find_python) || exit 1
    say "would first set up an environment from requirements.lock, about 5 minutes"
  elif make_conda; then use .conda
  elif make_venv; then use .venv
  else
    say "the environment could not be set up, for the reason above; it needs the network" \
      "once, or packages on a stick (docs/teaching.md). Run again to continue"
    exit 1
  fi
}

case " $* " in *" --help "* | *" -h "*) usage && exit ;; esac
for name in SOCRATIC_OUTPUTS SOCRATIC_DATA_DIR SOCRATIC_PRICES; do # relative to where we were called
  [[ -z ${!name:-} || ${!name} == /* ]] || export "$name=$PWD/${!name}"
done
options=() before=
for option in "$@"; do # a folder is relative to where we were called, too
  [[ $before != --student || ! -d $option || $option == /* ]] || option=${PWD%/}/$option
  [[ $option != --student=* || ! -d ${option#*=} || $option == *=/* ]] ||
    option=--student=${PWD%/}/${option#*=}
  options+=("$option") before=$option
done
set -- ${options[@]+"${options[@]}"} # an empty list is unset for bash 3
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")"

# A wrong option is refused by any recent Python, before an environment is made.
for name in python python3; do
  [[ ${1:-} != test && ${1:-} != student-notebooks ]] && "$name" -S -c "$RECENT" 2>/dev/null || continue
  "$name" -m socratic_utils.runner.options "$@" || exit
  break
done

LOCK_HASH=$(cksum <requirements.lock)
export PYTHONUTF8=1 TOKENIZERS_PARALLELISM=false TQDM_MININTERVAL=2
export PIP_DISABLE_PIP_VERSION_CHECK=1
choose_python "$@"
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" # also where nothing is installed
say "using $(command -v "$PYTHON"), $("$PYTHON" --version)"

# Two workers, one file each, the longest first (tests/conftest.py).
[[ ${1:-} != test ]] ||
  exec "$PYTHON" -m pytest -n 2 --dist loadfile --no-loadscope-reorder "${@:2}"
[[ ${1:-} != student-notebooks ]] || exec "$PYTHON" -m tools.student_notebooks "${@:2}"
exec "$PYTHON" -m socratic_utils.runner.cli "$@"
