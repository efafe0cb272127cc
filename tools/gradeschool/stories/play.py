"""Stories about sports, ages and collections."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    Unfit,
    ask,
    ask_now,
    num,
    people,
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


def ages(rng: random.Random) -> Draft:
    """Ages given by comparison, sums and years to come."""
    p, q, r = people(rng, 3)
    first, older, times = num(rng, 4, 12), num(rng, 2, 6), num(rng, 2, 5)
    years = num(rng, 3, 10)
    younger = rng.randrange(2)
    elder = pick(rng, "teacher", "neighbor", "coach")
    sign, word = ("-", "younger") if younger else ("+", "older")
    b = step(f"How old is {q.name}?", f"{q.name} is # years old.", first, sign, older)
    c = step(f"How old is {r.name}?", f"{r.name} is # years old.", b, "*", times)
    if not 18 <= int(c.answer) <= 60:
        raise Unfit("no age for a grown-up")
    as_old = "twice as old" if times == 2 else f"{times} times as old"
    later = step(f"How old will {r.name} be in {years} years?",
                 f"{r.name} will be # years old.", c, "+", years)
    gap = step(f"How many years older than {p.name} is {r.name}?",
               f"{r.name} is # years older.", c, "-", first)
    two = step(f"How old are {p.name} and {q.name} together?",
               "Together they are # years old.", first, "+", b)
    three = step("How old are all three together?",
                 "All three together are # years old.", two, "+", c)
    return Draft((
        f"{p.name} is {first} years old.",
        pick(rng, f"{q.name} is {older} years {word} than {p.name}.",
             f"{p.name}'s friend {q.name} is {older} years {word} than {p.he} is."),
        pick(rng, f"{r.name}, their {elder}, is {as_old} as {q.name}.",
             f"Their {elder} {r.name} is {as_old} as {q.name}."),
    ), (
        ask(3, b, c), ask(3, b, c, later), ask(3, b, c, gap),
        ask(3, b, c, two, three), ask(2, b, two),
    ), (
        f"{p.name} has lived in the same house for {num(rng, 2, 4)} years.",
        f"{q.name}'s school has {num(rng, 10, 20)} classrooms.",
    ))


def cards(rng: random.Random) -> Draft:
    """Collections compared, combined, filled into albums."""
    p, q = people(rng, 2)
    what = pick(rng, "stamps", "coins", "postcards", "football cards", "stickers",
                "buttons")
    one, two = num(rng, 2, 8), num(rng, 2, 6)
    times, page, give = num(rng, 2, 5), num(rng, 2, 6), num(rng, 2, 9)
    words = "twice as many" if times == 2 else f"{times} times as many"
    own = step(f"How many {what} does {p.name} have?",
               f"{p.name} has # {what}.", one, "+", two)
    other = step(f"How many {what} does {q.name} have?",
                 f"{q.name} has # {what}.", own, "*", times)
    both = step(pick(rng, f"How many {what} do they have together?",
                     f"How many {what} do {p.name} and {q.name} have together?"),
                f"Together they have # {what}.", own, "+", other)
    rest = step(f"How many {what} do they keep?",
                f"They keep # {what}.", both, "-", give)
    filled = step(f"How many pages do the {what} fill in the new album?",
                  "They fill # pages.", rest, "/", page)
    gap = step(f"How many more {what} than {p.name} does {q.name} have?",
               f"{q.name} has # {what} more.", other, "-", own)
    return Draft((
        pick(rng, f"{p.name} has {one} {what} in a red box and {two} in a blue box.",
             f"{p.name} keeps {one} {what} in one box and {two} in another."),
        pick(rng, f"{q.name} has {words} {what} as {p.name}.",
             f"{q.name} owns {words} {what} as {p.name}."),
        f"They put all their {what} together and sell {give} of them.",
        f"The others go into a new album, with {page} on each page.",
    ), (
        ask_now(2, own, other), ask_now(2, own, other, both),
        ask_now(2, own, other, gap),
        ask(3, own, other, both, rest), ask(4, own, other, both, rest, filled),
    ), (
        f"{p.name} started collecting {num(rng, 2, 6)} years ago.",
        f"{q.name} is {num(rng, 8, 13)} years old.",
    ))


FAMILIES = {"points": points, "ages": ages, "cards": cards}
