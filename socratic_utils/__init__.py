"""Socratic CoT and SCoTD: distilling step-by-step reasoning into small models."""

import sys

from .names import load_ipython_extension

if ipython := sys.modules.get("IPython"):
    if shell := ipython.get_ipython():  # a notebook
        load_ipython_extension(shell)
