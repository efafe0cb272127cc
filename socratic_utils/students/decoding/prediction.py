"""What a student wrote about a problem, and its row in `predictions/*.jsonl`.

    >>> row = prediction_row(solution, settings.decoding, student="cot", seed=0)
    >>> row["extracted"], row["gold"], row["correct"]
    ('10', '10', True)

Not covered: how rows are saved and reused (`experiments.stages`).
"""

from dataclasses import asdict, dataclass, field

from socratic_utils.answers import answer_of, is_correct
from socratic_utils.config import Decoding
from socratic_utils.problems import Problem
from socratic_utils.students.transcript import problem_segment, role_of

MEASURED = ("truncated", "prompt_cut", "tokens", "seconds")


@dataclass
class Solution:
    """A decoded solution, line by line."""

    problem: Problem
    lines: list[dict[str, str]] = field(default_factory=list)  # role and text
    tokens: int = 0  # decoded, stop marks included
    logprob: float = 0.0  # of all sampled tokens; 0 for greedy decoding
    truncated: bool = False  # a line or the whole text reached its limit
    seconds: float = 0.0  # the batch's time divided by its solutions
    prompt_cut: bool = False  # the problem was longer than the model's context

    @property
    def output(self) -> str:
        return "\n".join(line["text"] for line in self.lines)

    def add(self, text: str, tokens: int) -> str:
        """Append a line and return its role."""
        role = role_of(text)
        self.lines.append({"role": role, "text": text})
        self.tokens += tokens
        return role


def prediction_row(solution: Solution, decoding: Decoding, **labels: object) -> dict:
    """One row of `predictions/*.jsonl`; `labels` are further columns.

    `extracted` is the marked answer, else the last one in the text; `strict` is the
    marked answer only.
    """
    problem = solution.problem
    extracted = answer_of(solution.output, problem)
    strict = answer_of(solution.output, problem, strict=True)
    return {
        "id": problem.id,
        "dataset": problem.dataset,
        "split": problem.split,
        **labels,
        "prompt": problem_segment(problem).text,
        "output": solution.output,
        "lines": solution.lines,
        "extracted": extracted,
        "strict": strict,
        "gold": problem.answer,
        "correct": is_correct(extracted, problem.answer, problem.kind),
        "correct_strict": is_correct(strict, problem.answer, problem.kind),
        **{name: getattr(solution, name) for name in MEASURED},
        "steps_gold": len(problem.steps),
        **{name: problem.extra.get(name) for name in ("family", "unseen", "variant")},
        "decoding": asdict(decoding),
    }
