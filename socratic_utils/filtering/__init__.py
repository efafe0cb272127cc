"""Stage 2: which of a teacher's chains a student learns from.

Socratic CoT (section 3.3) keeps a chain whose final answer is correct and resamples the
others; SCoTD (section 4) compares four ways to keep 5 of 30 chains per problem:

    kept = keep_if_correct(problems, teacher, "socratic").kept
    pool = DOWN_SAMPLINGS["diversity"](problems, chains, budget=5)
"""

from .down_sampling import DOWN_SAMPLINGS, Pool, balanced, correct_only, keep_all
from .duplicates import contamination, near_duplicates, texts_of
from .right_answers import KEPT, REASONS, has_false_equation, judge, keep_if_correct
