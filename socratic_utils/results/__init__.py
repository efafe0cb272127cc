"""From prediction rows to tables, figures and the report, beside the papers' values.

    >>> from socratic_utils.results.tables import by_steps
    >>> row = {"dataset": "gsm8k", "split": "test", "student": "cot", "steps_gold": 2}
    >>> by_steps({**row, "correct": i < 3} for i in range(10))[["n", "accuracy"]].values
    array([[10. ,  0.3]])

Nothing here trains or decodes; hypothesis tests are in `metrics`.
"""
