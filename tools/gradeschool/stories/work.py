"""Stories about crafts, machines and shops at work."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    Unfit,
    a,
    ask,
    num,
    person,
    pick,
    plural,
    step,
)


def frames(rng: random.Random) -> Draft:
    """Material needed, material at hand, packs to buy, their price."""
    p = person(rng)
    part, item, low, high = rng.choice((
        ("nail", "bird house", 6, 10), ("stick", "kite", 3, 6),
        ("bead", "bracelet", 7, 10), ("screw", "shelf", 4, 8),
        ("tile", "tray", 4, 9), ("wheel", "toy truck", 4, 6),
    ))
    parts, items = plural(part), plural(item)
    n, each, pack = num(rng, 2, 8), num(rng, low, high), num(rng, 4, 10)
    home = n * each % pack + rng.choice((0, pack))
    if home < 2:
        raise Unfit("too few to speak of")
    price, bill = num(rng, 2, 6), rng.choice((20, 40, 50))
    need = step(f"How many {parts} does {p.name} need?",
                f"{p.He} needs # {parts}.", n, "*", each)
    lack = step(pick(rng, f"How many {parts} must {p.name} still buy?",
                     f"How many more {parts} does {p.name} need to buy?"),
                f"{p.He} must buy # {parts}.", need, "-", home)
    packs = step(f"How many packs of {parts} must {p.name} buy?",
                 f"{p.He} must buy # packs.", lack, "/", pack)
    cost = step(f"How much do the packs of {parts} cost?",
                "The packs cost # dollars.", packs, "*", price)
    change = step(f"How much change does {p.name} get?",
                  f"{p.He} gets # dollars back.", bill, "-", cost)
    return Draft((
        pick(rng, f"{p.name} wants to make {n} {items}.",
             f"{p.name} is going to build {n} {items}." if part != "bead" else
             f"{p.name} plans to make {n} {items} as presents."),
        pick(rng, f"Each {item} needs {each} {parts}.",
             f"For one {item}, {p.he} needs {each} {parts}."),
        f"{p.He} already has {home} {parts}.",
        pick(rng, f"The shop sells {parts} in packs of {pack}.",
             f"A pack has {pack} {parts}."),
        f"A pack costs {price} dollars.",
        f"{p.He} pays with {bill} dollars.",
    ), (
        ask(3, need, lack), ask(4, need, lack, packs),
        ask(5, need, lack, packs, cost), ask(6, need, lack, packs, cost, change),
    ), (
        f"{p.His} workbench is {num(rng, 2, 4)} meters long.",
        f"{p.He} works in a room with {num(rng, 2, 5)} lamps.",
    ), free=(1, 2, 3))


def toy_stock(rng: random.Random) -> Draft:
    """Stock of a shop: deliveries, sales, takings."""
    p = person(rng)
    thing, low, high = rng.choice((("doll", 5, 9), ("ball", 3, 6), ("kite", 4, 8),
                                   ("jigsaw", 5, 8), ("vase", 6, 9),
                                   ("pillow", 5, 9)))
    things, price = plural(thing), num(rng, low, high)
    start, boxes, size = num(rng, 4, 15), num(rng, 2, 5), num(rng, 2, 6)
    sold = num(rng, 4, 20)
    came = step(f"How many {things} are delivered?",
                f"Then # {things} are delivered.", boxes, "*", size)
    stock = step(f"How many {things} are in the shop after the delivery?",
                 f"After the delivery there are # {things}.", start, "+", came)
    left = step(pick(rng, f"How many {things} are left on Friday evening?",
                     f"How many {things} does the shop still have on Friday evening?"),
                f"On Friday evening, # {things} are left.", stock, "-", sold)
    worth = step(f"How much money would all the remaining {things} bring in?",
                 "They would bring in # dollars.", left, "*", price)
    cost = num(rng, 2, 4)
    if cost >= price:
        cost = 2
    paid = step(f"How much does {p.name} pay for the delivery?",
                f"{p.He} pays # dollars.", came, "*", cost)
    return Draft((
        pick(rng, f"{p.name} has {start} {things} in a shop.",
             f"{p.name}'s shop has {start} {things}."),
        pick(rng, f"On Thursday, {boxes} boxes with {size} {things} each arrive.",
             f"On Thursday, a truck brings {boxes} boxes of {size} {things} each."),
        f"On Friday, {p.name} sells {sold} {things}.",
        f"The price of {a(thing)} is {price} dollars.",
        f"{p.name} pays {cost} dollars for each of the delivered {things}.",
    ), (
        ask(2, came, stock), ask(3, came, stock, left),
        ask(4, came, stock, left, worth), ask((0, 1, 4), came, paid),
    ), (
        f"The shop has been open for {num(rng, 2, 15)} years.",
        f"There are {num(rng, 3, 9)} lamps in the window.",
    ))


FAMILIES = {"frames": frames, "toy_stock": toy_stock}
