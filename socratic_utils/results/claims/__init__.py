"""The papers' claims: declared as contrasts of arms, and judged from prediction rows.

declared   `Claim`, read from declared.toml; the papers' values for each
judged     `claims_table`: difference, interval, Holm's p and a verdict for every claim

>>> CLAIMS["iterative beats CoT"].plus, CLAIMS["iterative beats CoT"].minus
(['socratic_iterative'], ['cot'])

How to read the table: docs/statistics.md.  Not covered: where rows come from
(`experiments.claims`); what the papers' own numbers can tell (`papers.power`).
"""

from .declared import CLAIMS, Claim, Run, statements
from .judged import NOT_RUN, SHOWN, claims_table, ending, in_words, sentence, shown
