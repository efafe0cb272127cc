"""Stories about baking, sharing sweets, parties and picking fruit."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    ask,
    ask_now,
    num,
    people,
    person,
    pick,
    plural,
    step,
)


def recipe(rng: random.Random) -> Draft:
    """Scaling a recipe up, ingredients to buy, their price."""
    p = person(rng)
    baked = pick(rng, "pancake", "muffin", "bread roll", "waffle", "biscuit")
    item, batch_needs = rng.choice((("egg", num(rng, 2, 4)), ("apple", num(rng, 2, 5)),
                                    ("banana", num(rng, 2, 5)),
                                    ("lemon", num(rng, 2, 4))))
    items = plural(item)
    makes, batches = num(rng, 4, 10, 2), num(rng, 2, 5)
    wanted = makes * batches
    home, price, money = num(rng, 2, 8), num(rng, 2, 3), rng.choice((15, 20, 30, 40))
    times = step(f"How many times must {p.name} make the recipe?",
                 f"{p.He} must make it # times.", wanted, "/", makes)
    needed = step(pick(rng, f"How many {items} does {p.name} need?",
                       f"How many {items} will {p.name} need in all?"),
                  f"{p.He} needs # {items}.", times, "*", batch_needs)
    buy = step(f"How many {items} must {p.name} buy?",
               f"{p.He} must buy # {items}.", needed, "-", home)
    cost = step(f"How much must {p.name} pay for the {items}?",
                f"The {items} cost # dollars.", buy, "*", price)
    change = step(f"How much money will {p.name} have left?",
                  f"{p.He} will have # dollars left.", money, "-", cost)
    article = "an" if item[0] in "aeiou" else "a"
    return Draft((
        pick(rng, f"{p.name} wants to make {wanted} {plural(baked)}.",
             f"{p.name} is going to bake {wanted} {plural(baked)}."
             if baked not in ("pancake", "waffle") else
             f"{p.name} plans to make {wanted} {plural(baked)} for a feast."),
        pick(rng, f"The recipe uses {batch_needs} {items} for {makes} "
             f"{plural(baked)}.",
             f"For {makes} {plural(baked)}, the recipe needs {batch_needs} {items}."),
        f"{p.He} already has {home} {items}.",
        f"In the shop, {article} {item} costs {price} dollars.",
        f"{p.He} has {money} dollars.",
    ), (
        ask(2, times, needed), ask(3, times, needed, buy),
        ask(4, times, needed, buy, cost), ask(5, times, needed, buy, cost, change),
    ), (
        f"The oven is {num(rng, 3, 9)} years old.",
        f"There are {num(rng, 12, 20)} recipes for cakes in the same book.",
    ), early=(2, 4))


def sweets(rng: random.Random) -> Draft:
    """Bags opened, some kept, the rest shared."""
    p, friend = people(rng, 2)
    thing = pick(rng, "candies", "marbles", "chocolates", "nuts", "balloons", "shells")
    holder = pick(rng, "bags", "boxes", "packs")
    n, size, kept = num(rng, 2, 6), num(rng, 5, 10), num(rng, 2, 12)
    friends, had = num(rng, 3, 6), num(rng, 3, 12)
    total = step(f"How many {thing} does {p.name} have in total?",
                 f"{p.He} has # {thing}.", n, "*", size)
    rest = step(pick(rng, f"How many {thing} does {p.name} share with {p.his} friends?",
                     f"How many {thing} are there for the friends?"),
                f"{p.He} shares # {thing}.", total, "-", kept)
    each = step(f"How many {thing} does each friend get?",
                f"Each friend gets # {thing}.", rest, "/", friends)
    now = step(f"How many {thing} does {friend.name} have now?",
               f"Now {friend.name} has # {thing}.", each, "+", had)
    twice = num(rng, 2, 6)
    left = step(f"How many {thing} does {friend.name} have in the end?",
                f"In the end, {friend.name} has # {thing}.", now, "-", twice)
    return Draft((
        pick(rng, f"{p.name} has {n} {holder} with {size} {thing} in each.",
             f"{p.name} opens {n} {holder} of {size} {thing} each."),
        pick(rng, f"{p.He} keeps {kept} {thing} and shares the rest with "
             f"{p.his} friends.",
             f"{p.He} puts {kept} {thing} aside and gives all the others to "
             f"{p.his} friends."),
        f"The {friends} friends get equal shares.",
        f"One of the friends is {friend.name}, who already had {had} {thing}.",
        f"Later {friend.name} loses {twice} {thing}.",
    ), (
        ask(2, total, rest), ask(3, total, rest, each),
        ask_now(4, total, rest, each, now), ask(5, total, rest, each, now, left),
    ), (
        f"{p.name} is {num(rng, 7, 12)} years old.",
        f"{p.name} has known these friends for {num(rng, 2, 5)} years.",
    ))


def picking(rng: random.Random) -> Draft:
    """Two people pick fruit; the harvest becomes pies or jars."""
    p, q = people(rng, 2)
    fruit, use = rng.choice((("apples", "pies"), ("plums", "cakes"), ("pears", "tarts"),
                             ("peaches", "jars of jam"), ("oranges", "cakes")))
    n, size, more = num(rng, 2, 5), num(rng, 4, 9), num(rng, 2, 9)
    bad, per = num(rng, 2, 9), num(rng, 3, 7)
    first = step(f"How many {fruit} does {p.name} pick?",
                 f"{p.name} picks # {fruit}.", n, "*", size)
    fewer = rng.randrange(2)
    word, sign = ("fewer", "-") if fewer else ("more", "+")
    second = step(f"How many {fruit} does {q.name} pick?",
                  f"{q.name} picks # {fruit}.", first, sign, more)
    both = step(pick(rng, f"How many {fruit} do they pick together?",
                     f"How many {fruit} do {p.name} and {q.name} pick altogether?"),
                f"Together they pick # {fruit}.", first, "+", second)
    good = step(f"How many good {fruit} do they have?",
                f"They have # good {fruit}.", both, "-", bad)
    made = step(f"How many {use} can they make?",
                f"They can make # {use}.", good, "/", per)
    asks = [ask(2, first, second), ask(2, first, second, both),
            ask(3, first, second, both, good)]
    return Draft((
        pick(rng, f"{p.name} fills {n} baskets with {size} {fruit} each.",
             f"{p.name} picks {n} baskets of {fruit}, with {size} in each basket."),
        f"{q.name} picks {more} {word} {fruit} than {p.name}.",
        pick(rng, f"They throw away {bad} bad {fruit}.",
             f"Then {bad} of the {fruit} turn out to be bad."),
        f"They need {per} good {fruit} for each of the {use}.",
    ), (*asks, ask(4, first, second, both, good, made)), (
        f"There are {num(rng, 8, 20)} trees in the orchard.",
        f"{q.name} climbs a ladder with {num(rng, 6, 9)} rungs.",
    ))


def lunch_boxes(rng: random.Random) -> Draft:
    """Bread cut into slices, slices made into sandwiches, some eaten."""
    p = person(rng)
    loaves, slices, per = num(rng, 2, 4), num(rng, 5, 10), 2
    toast, eaten = num(rng, 2, 14), num(rng, 2, 6)
    boxes = num(rng, 2, 4)
    total = step(f"How many slices does {p.name} get from the loaves?",
                 f"{p.He} gets # slices.", loaves, "*", slices)
    rest = step("How many slices are left for sandwiches?",
                "For sandwiches, # slices are left.", total, "-", toast)
    made = step(f"How many sandwiches does {p.name} make?",
                f"{p.He} makes # sandwiches.", rest, "/", per)
    left = step("How many sandwiches are left after breakfast?",
                "After breakfast, # sandwiches are left.", made, "-", eaten)
    asks = [ask(2, total, rest), ask(3, total, rest, made),
            ask(4, total, rest, made, left)]
    if int(left.answer) % boxes == 0:
        packed = step("How many sandwiches are in each lunch box?",
                      "Each lunch box holds # sandwiches.", left, "/", boxes)
        asks.append(ask(5, total, rest, made, left, packed))
    return Draft((
        pick(rng, f"{p.name} cuts {loaves} small loaves into {slices} slices each.",
             f"{p.name} has {loaves} small loaves of bread and cuts each into "
             f"{slices} slices."),
        pick(rng, f"{p.He} uses {toast} slices for toast and the rest for sandwiches.",
             f"After {toast} slices are toasted, the rest are for sandwiches."),
        f"Each sandwich needs {per} slices.",
        f"{p.His} family eats {eaten} sandwiches for breakfast.",
        f"{p.He} packs the others into {boxes} lunch boxes, the same number in each.",
    ), tuple(asks), (
        f"{p.His} bread knife is {num(rng, 18, 24)} centimeters long.",
        f"{p.His} kitchen has {num(rng, 4, 8)} cupboards.",
    ))


FAMILIES = {
    "recipe": recipe, "sweets": sweets, "picking": picking,
    "lunch_boxes": lunch_boxes,
}
