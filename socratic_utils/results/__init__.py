"""From prediction rows to tables, figures and the report, beside the papers' values.

    >>> from socratic_utils.results.tables import main_table
    >>> row = {"dataset": "gsm8k", "split": "test", "student": "cot", "model": "gpt2",
    ...        "teacher": "gpt-4.1-mini", "seed": 0, "truncated": False}
    >>> rows = [{**row, "id": str(i), "correct": i < 3} for i in range(10)]
    >>> main_table(rows)[["student", "accuracy", "ci_low"]].values.tolist()
    [['cot', 0.3, 0.1078]]

`tables` and `figures` hold what Socratic CoT has in its section 4 and SCoTD in its
sections 3 and 4; `papers` the published values; `display` what notebooks show; `report`
makes `report.html`.  Labels, colours and order of students are those of
`students.supervision.STUDENTS`.  Nothing here trains, decodes or knows `Settings`.
Not covered: hypothesis tests over seeds and story families (`metrics`).
"""
