"""The experiments of Socratic CoT (Shridhar et al., 2023) beside its main table."""
