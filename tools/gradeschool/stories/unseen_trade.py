"""Two more unseen families: fractions of a whole, and profit on one piece."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    Unfit,
    ask,
    ask_now,
    num,
    person,
    pick,
    plural,
    step,
)

PARTS = ((2, "Half"), (3, "A third"), (4, "A quarter"), (5, "A fifth"))


def train(rng: random.Random) -> Draft:
    """Seats of a little train; a fraction of them is taken, a part by children."""
    cars, seats = num(rng, 2, 9), num(rng, 4, 10)
    part, words = rng.choice(PARTS)
    kids, joined = num(rng, 2, 5), num(rng, 2, 9)
    place = pick(rng, "zoo", "beach", "castle", "lake", "fair", "farm")
    total = step("How many seats does the train have?",
                 "The train has # seats.", cars, "*", seats)
    taken = step("How many seats are taken?", "Then # seats are taken.",
                 total, "/", part)
    empty = step("How many seats are empty?", "Then # seats are empty.",
                 total, "-", taken)
    adults = step("How many adults are on the train?",
                  "There are # adults.", taken, "-", kids)
    later = step("How many empty seats are there after the next stop?",
                 "Then # seats are empty.", empty, "-", joined)
    people = step("How many people are on the train after the next stop?",
                  "Then # people are on it.", taken, "+", joined)
    return Draft((
        pick(rng, f"A train to the {place} has {cars} cars with {seats} seats each.",
             f"Each of the {cars} cars of a train to the {place} has {seats} seats."),
        pick(rng, f"{words} of all the seats are taken.",
             f"{words} of the seats are taken by passengers."),
        f"There are {kids} children on the train; all the others are adults.",
        f"At the next stop, {joined} more people get on and sit down, and nobody "
        "gets off.",
    ), (
        ask_now(2, total, taken), ask_now(2, total, taken, empty),
        ask(3, total, taken, adults), ask((0, 1, 3), total, taken, people),
        ask((0, 1, 3), total, taken, empty, later),
    ), (
        f"The trip takes {num(rng, 5, 20)} minutes.",
        f"The train leaves from platform {num(rng, 2, 9)}.",
    ), early=(2,))


def resale(rng: random.Random) -> Draft:
    """Profit on one piece, on all of them, and after the rent."""
    p = person(rng)
    thing = pick(rng, "hat", "bag", "basket", "scarf", "lantern", "bowl")
    things = plural(thing)
    cost = num(rng, 3, 9)
    price, n = cost + num(rng, 2, 8), num(rng, 3, 10)
    kept, other = num(rng, 2, 10), num(rng, 3, 20)
    rent = (price - cost) * n - 2 * kept
    if not 3 <= rent <= 30:
        raise Unfit("the rent is too low or too high")
    one = step(f"How much profit does {p.name} make on one {thing}?",
               f"On one {thing}, {p.he} makes # dollars.", price, "-", cost)
    profit = step(f"How much profit does {p.name} make on all the {things}?",
                  f"On all of them, {p.he} makes # dollars.", one, "*", n)
    after = step(f"How much profit is left after {p.name} pays the rent?",
                 "After the rent, # dollars are left.", profit, "-", rent)
    facts = (
        pick(rng, f"{p.name} buys {n} {things} for {cost} dollars each.",
             f"For a market stall, {p.name} buys {n} {things} at {cost} dollars each."),
        pick(rng, f"{p.He} sells all of them for {price} dollars each.",
             f"Every {thing} is sold for {price} dollars."),
        f"The rent for the market stall is {rent} dollars.",
        f"{p.name} keeps half of what is left and gives half to a partner.",
        f"Other sales bring {p.name} {other} dollars.",
    )
    asks = [ask(2, one, profit), ask(3, one, profit, after)]
    half = step(f"How many dollars of the profit does {p.name} keep?",
                f"{p.He} keeps # dollars.", after, "/", 2)
    more = step(f"How many dollars does {p.name} have with the other sales?",
                f"With the other sales, {p.he} has # dollars.", half, "+", other)
    asks += [ask(4, one, profit, after, half), ask(5, one, profit, after, half, more)]
    return Draft(facts, tuple(asks), (
        f"The market opens at {num(rng, 6, 9)} in the morning.",
        f"There are {num(rng, 5, 20)} other stalls.",
    ), early=(2,))


FAMILIES = {"train": train, "resale": resale}
