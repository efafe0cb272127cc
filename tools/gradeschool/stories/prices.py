"""Stories about prices: a percentage off, monthly payments."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    a,
    ask,
    num,
    person,
    pick,
    plural,
    step,
)


def discount(rng: random.Random) -> Draft:
    """A percentage off, several pieces, change."""
    p = person(rng)
    percent, part, words = rng.choice((
        (10, 10, "a tenth"), (20, 5, "a fifth"), (25, 4, "a quarter"), (50, 2, "half"),
    ))
    # a part in the times table, or a round one
    price = part * rng.choice([q for q in (*range(2, 11), 20, 30) if part * q <= 60])
    cheap = ("cap", "puzzle", "kite", "toy robot")
    dear = ("lamp", "sweater", "backpack", "board game")
    thing = pick(rng, *(cheap if price < 20 else dear))
    other, extra = rng.choice((("scarf", 6), ("belt", 5), ("mug", 3),
                               ("hat", 7), ("bag", 8)))
    extra += num(rng, 0, 4)
    pieces = num(rng, 2, 4)
    off = step(f"How many dollars is {percent} percent of {price} dollars?",
               f"That is {words} of the price: # dollars.",
               price, "/", part)
    now = step(f"How much does one {thing} cost now?",
               f"One {thing} now costs # dollars.", price, "-", off)
    several = rng.randrange(2)
    things = plural(thing)
    if several:
        buys = f"{p.name} buys {pieces} of these {things}."
        pay = step(f"How much do the {pieces} {things} cost {p.name}?",
                   f"The {things} cost # dollars.", now, "*", pieces)
    else:
        buys = f"{p.name} buys the {thing} and also {a(other)} for {extra} dollars."
        pay = step(f"How much does {p.name} pay in total?",
                   f"{p.name} pays # dollars.", now, "+", extra)
    money = num(rng, min(58, int(pay.answer)) + 2, 60)
    change = step(f"How much money does {p.name} have left?",
                  f"{p.name} has # dollars left.", money, "-", pay)
    return Draft((
        pick(rng, f"{a(thing).capitalize()} normally costs {price} dollars.",
             f"The usual price of {a(thing)} is {price} dollars."),
        pick(rng, f"Today the price is {percent} percent lower.",
             f"In the sale, the price is reduced by {percent} percent."),
        buys,
        f"{p.He} had {money} dollars before shopping.",
    ), (
        ask(2, off, now), ask(3, off, now, pay), ask(4, off, now, pay, change),
    ), (
        f"The sale lasts {num(rng, 3, 9)} days.",
        f"The shop has sold {num(rng, 6, 19)} umbrellas this month.",
    ))


def membership(rng: random.Random) -> Draft:
    """A monthly price with a joining fee, against one without."""
    p = person(rng)
    club, other = rng.sample(("toy library", "chess club", "book club",
                              "puzzle club", "film club"), 2)
    monthly, months, fee = num(rng, 2, 6), num(rng, 3, 9), num(rng, 3, 12)
    dearer, budget = monthly + num(rng, 2, 4), num(rng, 25, 60)
    fees = step(f"How much are the monthly payments for {months} months?",
                "The monthly payments are # dollars.", monthly, "*", months)
    total = step(pick(rng, f"How much does the {club} cost {p.name} in total?",
                      f"How much does {p.name} pay the {club} altogether?"),
                 f"The {club} costs # dollars.", fees, "+", fee)
    left = step(f"How much money does {p.name} have left?",
                f"{p.name} has # dollars left.", budget, "-", total)
    asks = [ask(3, fees, total), ask(4, fees, total, left)]
    rival = step(f"How much does the {other} cost for {months} months?",
                 f"The {other} costs # dollars.", dearer, "*", months)
    if int(rival.answer) > int(total.answer) + 1:
        gap = step(f"How much cheaper is the {club} for {months} months?",
                   f"The {club} is # dollars cheaper.", rival, "-", total)
        asks.append(ask((0, 1, 2, 4), fees, total, rival, gap))
    return Draft((
        pick(rng, f"{p.name} joins a {club} for {months} months.",
             f"{p.name} becomes a member of a {club} for {months} months."),
        pick(rng, f"Membership costs {monthly} dollars a month.",
             f"The {club} charges {monthly} dollars each month."),
        f"There is also a joining fee of {fee} dollars.",
        f"{p.name} had {budget} dollars before joining.",
        f"A {other} would cost {dearer} dollars a month and has no joining fee.",
    ), tuple(asks), (
        f"The {club} has {num(rng, 12, 30)} members.",
        f"{p.name} is {num(rng, 9, 15)} years old.",
    ), early=(3,))


FAMILIES = {"discount": discount, "membership": membership}
