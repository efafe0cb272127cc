"""Decoding: one loop in which one or two students write the lines of a transcript.

Greedy as in Socratic CoT (section 3.3), or sampled for self-consistency (SCoTD, section
3.1).  Decoders share one interface (`incremental.IncrementalDecoder`), so that known
questions, a calculator, a planner, exemplars or a vLLM server can take a student's
place.

    >>> from socratic_utils.students.decoding.loop import solve
    >>> solve(problems, question_generator, question_answerer)

Not covered: beam search.
"""
