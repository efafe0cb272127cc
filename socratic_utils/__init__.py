"""Socratic CoT and SCoTD: distilling step-by-step reasoning into small models."""

import sys

from .names import load_ipython_extension

if (ipython := sys.modules.get("IPython")) and (shell := ipython.get_ipython()):
    load_ipython_extension(shell)  # a notebook
