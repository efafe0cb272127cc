"""The experiments of Socratic CoT (Shridhar et al., 2023) beside its main table.

ablations   an arm with one thing changed (section 5)
prompting   a prompted teacher: chain of thought, or sub-questions first (Table 3)
"""
