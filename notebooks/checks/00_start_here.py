"""The right answers of notebook 00, computed from a run; docstrings are hints."""

from socratic_utils.benchmarks import load_problems
from socratic_utils.problems import gold_chain
from socratic_utils.students import STUDENTS, SUPERVISIONS


def answer_1(settings):
    """`SUPERVISIONS[name].transcript(problem, gold_chain(problem))` returns pairs of a
    line and whether it is trained: add up `len(line.text.split())` where it is."""
    problem = load_problems("gradeschool", "train")[1]
    counts = {}
    for model in {name for s in STUDENTS.values() for name in s.supervisions}:
        lines = SUPERVISIONS[model].transcript(problem, gold_chain(problem))
        trained = " ".join(line.text for line, is_trained in lines if is_trained)
        counts[model] = len(trained.split())
    return counts


def answer_2(settings):
    """`load_problems("gradeschool", split)` has the problems of a split. Collect the
    families of each split in a set, and subtract that of `train` from the others."""
    problems = [p for s in ("test", "unseen") for p in load_problems("gradeschool", s)]
    return {p.extra["family"] for p in problems if p.extra["unseen"]}


def answer_3(settings):
    """The fields of a `Supervision` are name, shown, trained and corpus, and roles are
    given as tuples: a tuple of one role needs a comma, `("question",)`."""
    problem = load_problems("gradeschool", "train")[1]

    def is_right(model):
        lines = model.transcript(problem, gold_chain(problem))
        shown = {line.role for line, _ in lines}
        trained = {line.role for line, is_trained in lines if is_trained}
        wanted = {"problem", "question", "solution"}, {"question"}, "socratic"
        return (shown, trained, model.corpus) == wanted

    return is_right
