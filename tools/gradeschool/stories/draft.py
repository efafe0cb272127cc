"""The small vocabulary in which the story families of `gradeschool` are written.

A family is a function that draws names and numbers and returns a `Draft`: facts
in story order, and the questions that may be asked about them (`Ask`), each with
its worked Socratic steps. Equations are never typed by hand: `step` computes them,
and raises `Unfit` when a number would be awkward, so that the generator draws again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from socratic_utils.problems import Step

# Small students fail on arithmetic long before they fail on reading: with results up to
# 400, eight answers in ten had a wrong equation.  The range sets the difficulty.
LARGEST_RESULT = 30


class Unfit(ValueError):
    """The drawn numbers do not make a pleasant problem; draw again."""


@dataclass(frozen=True)
class Ask:
    """One question about the story: the facts it needs and its worked steps.

    `now` marks a question such as "How many are left?": it asks for the state in the
    end, so it may not be asked when the story tells more than the facts it needs.
    """

    uses: tuple[int, ...]
    steps: tuple[Step, ...]
    now: bool = False

    @property
    def question(self) -> str:
        """What the problem asks is what the last step asks."""
        return self.steps[-1].question


@dataclass(frozen=True)
class Draft:
    """A story before one of its questions is chosen.

    `free` names the facts (by index) that may trade places, `early` those that may
    also follow the first one directly, and `distractors` are sentences with a
    number that no question needs.
    """

    facts: tuple[str, ...]
    asks: tuple[Ask, ...]
    distractors: tuple[str, ...]
    free: tuple[int, ...] = ()
    early: tuple[int, ...] = ()


@dataclass(frozen=True)
class Person:
    """A name with the pronouns that agree with it."""

    name: str
    he: str
    him: str
    his: str

    @property
    def He(self) -> str:
        return self.he.capitalize()

    @property
    def His(self) -> str:
        return self.his.capitalize()


GIRLS = (
    "Mia", "Ana", "Lily", "Nora", "Ruth", "Zoe", "Emma", "Clara", "Ines", "Amina",
    "Priya", "Hana", "Sofia", "Grace", "Leila", "Maya", "Olga", "Kate", "Rosa", "Julia",
)
BOYS = (
    "Tom", "Leo", "Ben", "Sam", "Omar", "Luis", "Jack", "Ivan", "Noah", "Adam",
    "Paul", "Kofi", "Ravi", "Hugo", "Felix", "Daniel", "Marco", "Yusuf", "Peter",
    "Oscar",
)
IRREGULAR = {
    "child": "children", "shelf": "shelves", "loaf": "loaves", "man": "men",
    "woman": "women", "goose": "geese", "person": "people", "knife": "knives",
    "scarf": "scarves",
}


def people(rng: random.Random, how_many: int) -> list[Person]:
    """Different people, so that no pronoun has to tell two namesakes apart."""
    girls = [Person(name, "she", "her", "her") for name in GIRLS]
    boys = [Person(name, "he", "him", "his") for name in BOYS]
    return rng.sample(girls + boys, how_many)


def person(rng: random.Random) -> Person:
    return people(rng, 1)[0]


def num(rng: random.Random, low: int, high: int, by: int = 1) -> int:
    """A whole number from low to high, both included, in jumps of `by`."""
    return rng.randrange(low, high + 1, by)


def pick(rng: random.Random, *wordings: str) -> str:
    """One of several ways to say the same thing."""
    return rng.choice(wordings)


def plural(noun: str) -> str:
    """The plural of the last word of a noun such as "toy car"."""
    start, _, word = noun.rpartition(" ")
    space = " " if start else ""
    if word in IRREGULAR:
        word = IRREGULAR[word]
    elif word.endswith("y") and word[-2] not in "aeiou":
        word = word[:-1] + "ies"
    elif word.endswith(("s", "x", "ch", "sh")) or word in ("tomato", "potato"):
        word += "es"
    else:
        word += "s"
    return start + space + word


def a(noun: str) -> str:
    """The noun with its article; enough for the nouns used here."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def among(how_many: int) -> str:
    """Two share between them, three or more among them."""
    return f"{'between' if how_many == 2 else 'among'} {how_many}"


def value(operand: int | Step) -> int:
    """A number, or the number that an earlier step found."""
    return int(operand.answer) if isinstance(operand, Step) else operand


def _is_easy_product(x: int, y: int) -> bool:
    """In the times table up to 10 by 10, or a round number a few times."""
    small, large = sorted((x, y))
    return small >= 2 and (large <= 10 or small <= 5 and large % 10 == 0)


def _result(x: int, sign: str, y: int) -> int:
    if sign == "+":
        return x + y
    if sign == "-":
        return x - y
    if sign == "*":
        if not _is_easy_product(x, y):
            raise Unfit(f"{x} * {y} is not easy")
        return x * y
    if sign == "/":
        if x % y or not _is_easy_product(y, x // y):
            raise Unfit(f"{x} / {y} is not easy")
        return x // y
    raise ValueError(f"unknown sign {sign!r}")


def step(question: str, solution: str, left, sign: str, right) -> Step:
    """Work out one step; `#` in the solution is where the equation goes.

    Results below 2 are refused: 0 and negative numbers by rule, and 1 because
    the sentence around it is in the plural.
    """
    x, y = value(left), value(right)
    result = _result(x, sign, y)
    if not 2 <= result <= LARGEST_RESULT:
        raise Unfit(f"{x} {sign} {y} = {result}")
    equation = f"{x} {sign} {y} = {result}"
    return Step(question, solution.replace("#", equation), str(result))


def ask(uses: int | tuple[int, ...], *steps: Step) -> Ask:
    """An Ask that needs the first so many facts, or exactly the facts named."""
    if isinstance(uses, int):
        uses = tuple(range(uses))
    return Ask(uses, steps)


def ask_now(uses: int | tuple[int, ...], *steps: Step) -> Ask:
    """An Ask for the state in the end: no other fact may be in the story."""
    return replace(ask(uses, *steps), now=True)
