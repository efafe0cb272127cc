"""A student behind exemplars: few-shot prompting, before or without training.

SCoTD shows the untrained student exemplars (Table 2a), and a trained one those of
another task (Fig. 6).  Ours are the teacher's, rendered as transcripts.  Not covered:
MetaICL, the baseline of SCoTD's transfer experiment.
"""

from collections.abc import Sequence
from math import inf

from socratic_utils.answers import parse_chain
from socratic_utils.problems import Chain, Problem
from socratic_utils.teacher.prompts import load_prompt

from ..supervision import Supervision
from ..transcript import line_ids, start_ids
from .incremental import IncrementalDecoder, Row


class FewShotDecoder(IncrementalDecoder):
    """A decoder that reads exemplars, as token ids, before every problem."""

    def __init__(self, model, tokenizer, prefix: list[int]) -> None:
        super().__init__(model, tokenizer)
        self.prefix = prefix

    def start(self, prompts: Sequence[list[int]]) -> None:
        self.shared: list[Row] = []  # a row that has read the exemplars
        super().start(prompts)

    def begin(self, prompts: Sequence[list[int]]) -> list[Row]:
        """Read the exemplars once for all rows, then load one prompt per row."""
        if not self.prefix or not prompts:  # no exemplar fits
            return super().begin(prompts)
        first = len(start_ids(self.tokenizer))  # the prefix has them already
        self.shared = self.shared or super().begin([self.prefix])
        rows = self.fork(self.shared, len(prompts) + 1)[1:]
        for row, ids in zip(rows, prompts, strict=True):
            row.prompt = tuple(ids)
            row.hear(ids[first:])
        return rows


def exemplars(dataset: str, kind: str = "number") -> list[tuple[str, Chain]]:
    """The question and the chain of each exemplar in a dataset's prompt."""
    found = []
    for i, (text, reply) in enumerate(load_prompt(dataset, "cot").exemplars):
        parsed = parse_chain(reply, "cot", kind)
        found.append((text, Chain(f"exemplar-{i}", "cot", *parsed, "prompt")))
    return found


def prefix_ids(
    tokenizer, dataset: str, kind: str, supervision: Supervision, room: float = inf
) -> list[int]:
    """The tokens of the first exemplars that fit into `room`, blank lines included."""
    ids, found = start_ids(tokenizer), exemplars(dataset, kind)
    for number, (text, chain) in enumerate(found):
        problem = Problem(chain.problem_id, dataset, "train", text, chain.answer, kind)
        shown = [segment.text for segment, _ in supervision.transcript(problem, chain)]
        more = [i for line in [*shown, ""] for i in line_ids(tokenizer, line)]
        if len(ids) + len(more) > room:
            print(f"{number} of {len(found)} exemplars fit into this student's context")
            return ids if number else []
        ids += more
    return ids
