"""Stage 1: ask a large model for chains, and never for the same one twice.

Socratic CoT section 3.1 (GPT-3 writes sub-questions and solutions) and SCoTD section 3
(code-davinci-002, 30 chains per problem).  A reply is looked up in the recordings of
this package, then in the cache; only then is an OpenAI-compatible endpoint asked:

    >>> teacher = Teacher("Qwen2.5-Coder-1.5B-Instruct")     # recorded: no network
    >>> chain, = teacher.sample(load_problems("gradeschool", limit=1), style="socratic")

Chains that others have published are in `published`.
"""

from .endpoint.errors import RefusedError, TeacherError
from .teacher import Teacher
