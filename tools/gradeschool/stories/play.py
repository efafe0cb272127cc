"""Stories about sports, ages and collections."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    ask,
    ask_now,
    num,
    pick,
    step,
)


def points(rng: random.Random) -> Draft:
    """Points of a team over a season or a game."""
    team = pick(rng, "Lions", "Eagles", "Tigers", "Sharks", "Bears", "Comets")
    wins, each, draws = num(rng, 3, 9), num(rng, 2, 4), num(rng, 2, 9)
    penalty, goal = num(rng, 2, 6), num(rng, 20, 45)
    from_wins = step(f"How many points do the {team} get for their wins?",
                     "The wins give # points.", wins, "*", each)
    points_now = step(f"How many points do the {team} have in total?",
                      f"The {team} have # points.", from_wins, "+", draws)
    fined = step(f"How many points do the {team} have after the penalty?",
                 "After the penalty, they have # points.", points_now, "-", penalty)
    lack = step(pick(rng, f"How many more points do the {team} need for the cup?",
                     f"How many points are the {team} short of the cup?"),
                "They need # points more.", goal, "-", points_now)
    lack2 = step(f"How many more points do the {team} need for the cup now?",
                 "They need # points more.", goal, "-", fined)
    asks = [ask_now(3, from_wins, points_now), ask(4, from_wins, points_now, fined),
            ask_now((0, 1, 2, 4), from_wins, points_now, lack),
            ask(5, from_wins, points_now, fined, lack2)]
    for needed, uses, steps in (
        (lack, (0, 1, 2, 4), (from_wins, points_now, lack)),
        (lack2, (0, 1, 2, 3, 4), (from_wins, points_now, fined, lack2)),
    ):
        if int(needed.answer) % each == 0 and int(needed.answer) > each:
            more = step(f"How many more wins do the {team} need for the cup?",
                        "They need # more wins.", needed, "/", each)
            asks.append(ask_now(uses, *steps, more))
    return Draft((
        pick(rng, f"The {team} play in a school league.",
             f"The {team} are a team in the city league."),
        pick(rng, f"They get {each} points for each of their {wins} wins.",
             f"They have {wins} wins, and each win gives {each} points."),
        f"They also have {draws} points from draws.",
        f"Then they lose {penalty} points as a penalty.",
        f"A team needs {goal} points to win the cup.",
    ), tuple(asks), (
        f"The {team} have {num(rng, 12, 20)} players.",
        f"Their stadium is {num(rng, 3, 20)} years old.",
    ), early=(4,))


FAMILIES = {"points": points,}
