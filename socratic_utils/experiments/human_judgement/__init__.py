"""Human judgement: which of two chains do people prefer?  (SCoTD, section 5)

    judge = Judge("anna", pairs_of_run(settings), folder)
    judge.record("left")                   # one line in anna.jsonl
    preferences(read_judgements(folder))   # shares, tests, agreement

A judge does not know who wrote them.  `panel` has buttons for people, and `model_judge`
asks a language model.  Not covered: payment, more than two chains at a time.
"""

from .judgements import Judge, judgements_of, read_judgements
from .pairs import PAIRS, Pair, Side, make_pairs, pairs_of_run
