"""Socratic CoT and SCoTD: distilling step-by-step reasoning into small models."""
