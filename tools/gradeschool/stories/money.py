"""Stories about shopping, saving, wages and raising money."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    a,
    among,
    ask,
    ask_now,
    num,
    person,
    pick,
    plural,
    step,
)

GOODS = (
    ("notebook", 2, 4), ("pen", 2, 3), ("ball", 2, 5), ("cap", 4, 7),
    ("poster", 2, 5), ("paint brush", 2, 4), ("mug", 3, 6), ("puzzle", 4, 8),
    ("comic book", 2, 5), ("towel", 4, 7), ("candle", 2, 4), ("glass", 2, 4),
)
SINGLE = (
    ("lamp", 9, 19), ("backpack", 12, 22), ("umbrella", 6, 14),
    ("alarm clock", 7, 16), ("board game", 8, 18), ("blanket", 8, 18),
)


def shop(rng: random.Random) -> Draft:
    """Buying several things, change from a bill, change shared."""
    p = person(rng)
    (one, low, high), (two, low2, high2) = rng.sample(GOODS, 2)
    ones, twos = plural(one), plural(two)
    n, m = num(rng, 2, 8), num(rng, 2, 6)
    price, price2 = num(rng, low, high), num(rng, low2, high2)
    single, low3, high3 = rng.choice(SINGLE)
    extra, kids = num(rng, low3, high3), num(rng, 2, 4)
    cost = step(f"How much do the {ones} cost?", f"The {ones} cost # dollars.",
                n, "*", price)
    intro = pick(rng, f"{p.name} goes shopping.", f"{p.name} is at the shops.",
                 f"{p.name} visits a department store.")
    first = pick(rng, f"{p.He} buys {n} {ones} for {price} dollars each.",
                 f"{p.He} chooses {n} {ones} that cost {price} dollars each.")
    more = ()
    spent = pick(rng, f"How much does {p.name} spend in total?",
                 f"How many dollars does {p.name} spend altogether?")
    if rng.randrange(2):
        second = f"{p.He} buys {a(single)} for {extra} dollars."
        total = step(spent, f"{p.name} spends # dollars.", cost, "+", extra)
        before = (cost,)
    else:
        second = f"{p.He} buys {m} {twos} for {price2} dollars each."
        cost2 = step(f"How much do the {twos} cost?", f"The {twos} cost # dollars.",
                     m, "*", price2)
        total = step(spent, f"{p.name} spends # dollars.", cost, "+", cost2)
        before = (cost, cost2)
        if int(cost.answer) > int(cost2.answer) + 1:
            gap = step(f"How much more do the {ones} cost than the {twos}?",
                       f"The {ones} cost # dollars more.", cost, "-", cost2)
            more = (ask(3, cost, cost2, gap),)
    bill = 20 if int(total.answer) < 19 else 50
    pays = pick(rng, f"{p.He} pays with a {bill}-dollar bill.",
                f"{p.He} gives the cashier {bill} dollars.")
    change = step(pick(rng, f"How much change does {p.name} get?",
                       f"How many dollars does {p.name} get back?"),
                  f"{p.name} gets # dollars back.", bill, "-", total)
    shared = f"{p.He} shares the change equally {among(kids)} children."
    facts = (intro, first, second, pays, shared)
    asks = [ask(3, *before, total), ask(4, *before, total, change), *more]
    if int(change.answer) % kids == 0 and int(change.answer) > kids:
        each = step("How many dollars does each child get?",
                    "Each child gets # dollars.", change, "/", kids)
        asks.append(ask(5, *before, total, change, each))
    return Draft(facts, tuple(asks), (
        f"The shop closes in {num(rng, 2, 5)} hours.",
        f"There are {num(rng, 4, 9)} other people in the shop.",
        f"{p.He} looks at a kite for {num(rng, 8, 18)} dollars but leaves it there.",
    ), free=(1, 2))


def saving(rng: random.Random) -> Draft:
    """Saving week by week for something bigger."""
    p = person(rng)
    thing, low, high = rng.choice((
        ("skateboard", 30, 55), ("soccer ball", 18, 32), ("toy train", 25, 50),
        ("kite", 16, 30), ("board game", 20, 36), ("scooter", 35, 60),
    ))
    price, rate, weeks = num(rng, low, high), num(rng, 2, 5), num(rng, 3, 8)
    gift, spent = num(rng, 3, 12), num(rng, 3, 9)
    giver = pick(rng, "grandmother", "aunt", "uncle", "grandfather")
    saved = step(f"How much does {p.name} save in {weeks} weeks?",
                 f"{p.He} saves # dollars.", rate, "*", weeks)
    have = step(f"How much money does {p.name} have after the gift?",
                f"With the gift, {p.he} has # dollars.", saved, "+", gift)
    kept = step(f"How much money does {p.name} have left after buying the book?",
                f"{p.He} has # dollars left.", have, "-", spent)
    facts = (
        pick(rng, f"{p.name} is saving for a {thing}.",
             f"{p.name} would like to buy a {thing}."),
        pick(rng, f"{p.He} saves {rate} dollars each week for {weeks} weeks.",
             f"For {weeks} weeks, {p.he} puts {rate} dollars a week in a jar."),
        f"Then {p.his} {giver} gives {p.him} {gift} dollars.",
        f"{p.He} takes {spent} dollars of this money to buy a book.",
        f"The {thing} costs {price} dollars.",
    )

    def missing(money):
        return step(f"How much money does {p.name} still need for the {thing}?",
                    f"{p.He} still needs # dollars.", price, "-", money)

    lack, lack_now = missing(have), missing(kept)
    asks = [ask(3, saved, have), ask(4, saved, have, kept),
            ask_now((0, 1, 2, 4), saved, have, lack),
            ask(5, saved, have, kept, lack_now)]
    for needed, steps, uses in (
        (lack, (saved, have, lack), (0, 1, 2, 4)),
        (lack_now, (saved, have, kept, lack_now), (0, 1, 2, 3, 4)),
    ):
        if int(needed.answer) % rate == 0 and int(needed.answer) > rate:
            again = step(
                f"At {rate} dollars a week, how many more weeks must {p.name} save?",
                f"{p.He} must save for # more weeks.", needed, "/", rate)
            asks.append(ask_now(uses, *steps, again))
    return Draft(facts, tuple(asks), (
        f"{p.His} jar is {num(rng, 12, 20)} centimeters tall.",
        f"{p.His} best friend got a {thing} {num(rng, 2, 6)} months ago.",
    ), early=(4,))


def wages(rng: random.Random) -> Draft:
    """Hours worked, pay, spending and banking the rest."""
    p = person(rng)
    place = pick(rng, "in a family bakery", "in a village cafe", "at a car wash",
                 "at a market stall", "at a lemonade stand", "in a flower shop")
    h1, h2, rate = num(rng, 2, 6), num(rng, 2, 5), num(rng, 2, 6)
    tips, spent, bank = num(rng, 2, 9), num(rng, 3, 24), num(rng, 6, 40)
    day1, day2 = rng.choice((("Saturday", "Sunday"), ("Monday", "Tuesday"),
                             ("Thursday", "Friday")))
    hours = step(f"How many hours does {p.name} work in total?",
                 f"{p.He} works # hours.", h1, "+", h2)
    pay = step(pick(rng, f"How much does {p.name} earn for these hours?",
                    f"How much pay does {p.name} get for the two days?"),
               f"{p.He} earns # dollars.", hours, "*", rate)
    extra = rng.randrange(2)
    if extra:
        event = f"Customers also give {p.him} {tips} dollars in tips."
        money = step(f"How much money does {p.name} get with the tips?",
                     f"With the tips, {p.he} gets # dollars.", pay, "+", tips)
    else:
        event = f"{p.He} spends {spent} dollars of this pay on a present."
        money = step(f"How much of the pay does {p.name} have left?",
                     f"{p.He} has # dollars left.", pay, "-", spent)
    kept = "of all this money" if extra else "of the rest"
    half = step(f"How many dollars does {p.name} put in the bank?",
                f"{p.He} puts # dollars in the bank.", money, "/", 2)
    account = step(f"How much money is in {p.his} bank account now?",
                   "Now the account holds # dollars.", bank, "+", half)
    facts = (
        pick(rng, f"{p.name} helps {place}.", f"{p.name} has a small job {place}."),
        pick(rng, f"{p.He} works {h1} hours on {day1} and {h2} hours on {day2}.",
             f"On {day1}, {p.he} works {h1} hours, and on {day2}, {h2} hours."),
        pick(rng, f"{p.He} earns {rate} dollars an hour.",
             f"{p.His} pay is {rate} dollars an hour."),
        event,
        f"{p.He} banks half {kept}.",
        f"{p.His} bank account held {bank} dollars before.",
    )
    return Draft(facts, (
        ask(3, hours, pay), ask_now(4, hours, pay, money),
        ask(5, hours, pay, money, half), ask(6, hours, pay, money, half, account),
    ), (
        f"{p.He} has helped there for {num(rng, 3, 11)} months.",
        f"It takes {p.him} {num(rng, 5, 20, 5)} minutes to get there.",
    ), free=(1, 2))


def fundraiser(rng: random.Random) -> Draft:
    """Takings of a sale, costs, and the profit given away."""
    sold, sold2 = rng.sample(("apple pies", "bags of cookies", "jars of jam",
                              "boxes of muffins", "loaves of bread",
                              "paper lanterns", "flower pots"), 2)
    n, m = num(rng, 4, 10), num(rng, 3, 8)
    price, price2 = num(rng, 2, 6), num(rng, 2, 5)
    gift, costs, parts = num(rng, 5, 18), num(rng, 4, 20), num(rng, 2, 5)
    who = pick(rng, "A class", "A choir", "A group of friends", "A scout group")
    goal = pick(rng, "animal shelters", "bird parks", "village libraries")
    first = step(f"How much money do the {sold} bring in?",
                 f"The {sold} bring in # dollars.", n, "*", price)
    taken = "How much money do they take in altogether?"
    line1 = pick(rng, f"They sell {n} {sold} for {price} dollars each.",
                 f"They sell {n} {sold} at {price} dollars apiece.")
    if rng.randrange(2):
        line2 = f"A neighbor donates {gift} dollars."
        total = step(taken, "Altogether they take in # dollars.", first, "+", gift)
        before = (first,)
    else:
        line2 = f"They sell {m} {sold2} for {price2} dollars each."
        second = step(f"How much money do the {sold2} bring in?",
                      f"The {sold2} bring in # dollars.", m, "*", price2)
        total = step(taken, "Altogether they take in # dollars.", first, "+", second)
        before = (first, second)
    profit = step(pick(rng, "How much money is left after the costs?",
                       "How much money do they have after paying the costs?"),
                  "After the costs, # dollars are left.", total, "-", costs)
    asks = [ask(3, *before, total), ask(4, *before, total, profit)]
    if int(profit.answer) % parts == 0:
        share = step(f"How much money does each of the {goal} get?",
                     "Each of them gets # dollars.", profit, "/", parts)
        asks.append(ask(5, *before, total, profit, share))
    return Draft((
        pick(rng, f"{who} holds a small sale to raise money.",
             f"{who} raises money with a small sale."),
        line1, line2, f"Their costs are {costs} dollars.",
        f"They divide the rest equally {among(parts)} {goal}.",
    ), tuple(asks), (
        f"The sale lasts {num(rng, 2, 6)} hours.",
        f"There are {num(rng, 4, 18)} posters about the sale in the village.",
    ), free=(1, 2, 3))


FAMILIES = {
    "shop": shop, "saving": saving, "wages": wages, "fundraiser": fundraiser,
}
