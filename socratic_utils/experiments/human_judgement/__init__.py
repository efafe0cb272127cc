"""Human judgement: which of two chains do people prefer?  (SCoTD, section 5)

A judge sees two chains of one problem side by side, without knowing who wrote them.

    judge = Judge("anna", pairs_of_run(settings), folder)
    judge.record("left")                   # one line in anna.jsonl
    preferences(read_judgements(folder))   # shares, tests, agreement

`panel` has buttons for people, and `model_judge` asks a language model.
Not covered: payment, more than two chains at a time.
"""

from .judgements import Judge, judgements_of, read_judgements
from .pairs import PAIRS, Pair, Side, make_pairs, pairs_of_run
