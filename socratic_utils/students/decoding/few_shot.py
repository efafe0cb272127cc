"""A student that reads exemplars before each problem (SCoTD, Table 2a and Figure 6).

The exemplars are those of the teacher's prompts, written as transcripts, so that a
trained student meets the format it knows:

    Problem: Where are keys kept? (a) ocean (b) drawer
    A: Keys are small and wanted often.
    The answer is b.

    Problem: ...

The exemplars are read once for all problems of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from socratic_utils.answers import parse_chain
from socratic_utils.problems import Chain, Problem
from socratic_utils.students.supervision import Supervision
from socratic_utils.students.transcript import segment_ids, start_ids
from socratic_utils.teacher.prompts import load_prompt

from .incremental import Speaker

STYLE = "cot"


class FewShotDecoder(Speaker):
    """A decoder whose prompts all follow the same exemplars, `prefix` (token ids)."""

    def __init__(self, model, tokenizer, prefix: list[int]) -> None:
        super().__init__(model, tokenizer)
        self.prefix = prefix

    def start(self, prompts: Sequence[list[int]]) -> None:
        """Read the exemplars once, then one prompt per row."""
        if not self.prefix:  # no exemplar fits into the context
            super().start(prompts)
            return
        first = len(start_ids(self.tokenizer))  # the exemplars have begun the text
        super().start([self.prefix])
        self.repeat(len(prompts))
        for row, ids in enumerate(prompts):
            self.hear(row, ids[first:])


def exemplars(dataset: str, kind: str = "number") -> list[tuple[str, Chain]]:
    """The exemplars of a dataset's prompt: the problem's text, and its chain."""
    found = []
    for number, (text, reply) in enumerate(load_prompt(dataset, STYLE).exemplars):
        steps, answer = parse_chain(reply, STYLE, kind)
        chain = Chain(f"exemplar-{number}", STYLE, steps, answer, "prompt")
        found.append((text, chain))
    return found


def prefix_ids(
    tokenizer, dataset: str, kind: str, supervision: Supervision, room: float = inf
) -> list[int]:
    """As many exemplars as fit into `room` tokens, each followed by an empty line."""
    ids = start_ids(tokenizer)
    gap = tokenizer("\n", add_special_tokens=False).input_ids
    found = exemplars(dataset, kind)
    for number, (text, chain) in enumerate(found):
        before = len(ids)
        problem = Problem(chain.problem_id, dataset, "train", text, chain.answer, kind)
        for segment, _ in supervision.transcript(problem, chain):
            ids += segment_ids(tokenizer, segment)
        ids += gap
        if len(ids) > room:
            print(f"{number} of {len(found)} exemplars fit into this student's context")
            return ids[:before] if number else []
    return ids
