"""Stories about farms, gardens, fields and water."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import Draft, ask, ask_now, num, person, pick, step


def eggs(rng: random.Random) -> Draft:
    """Eggs in a week, some used, the rest sold in boxes."""
    p = person(rng)
    birds = pick(rng, "hens", "ducks", "geese")
    n, feed = num(rng, 3, 9), num(rng, 2, 9)
    each = num(rng, 3, 6)
    used, box, price = num(rng, 2, 12), rng.choice((4, 5, 6, 10)), num(rng, 2, 6)
    laid = step(f"How many eggs do the {birds} lay in a week?",
                f"The {birds} lay # eggs.", n, "*", each)
    left = step(pick(rng, f"How many eggs does {p.name} have left to sell?",
                     f"How many of the week's eggs can {p.name} sell?"),
                "Then # eggs are left to sell.", laid, "-", used)
    boxes = step(f"How many boxes of eggs can {p.name} fill?",
                 f"{p.He} can fill # boxes.", left, "/", box)
    money = step(f"How much money does {p.name} get for the eggs?",
                 f"{p.He} gets # dollars.", boxes, "*", price)
    profit = step(f"How much money is left after {p.name} buys the feed?",
                  "After that, # dollars are left.", money, "-", feed)
    return Draft((
        pick(rng, f"{p.name} keeps {n} {birds}.",
             f"{p.name} has {n} {birds} on a farm."),
        pick(rng, f"Each of the {birds} lays {each} eggs a week.",
             f"In a week, each of the birds lays {each} eggs."),
        pick(rng, f"{p.name} uses {used} of the eggs at home and sells the others.",
             f"{p.name} gives {used} of the eggs to the neighbors and sells the rest."),
        f"{p.He} packs the eggs in boxes of {box}.",
        f"{p.He} gets {price} dollars for each box.",
        f"Then {p.he} buys feed for {feed} dollars.",
    ), (
        ask(3, laid, left), ask(4, laid, left, boxes),
        ask(5, laid, left, boxes, money), ask(6, laid, left, boxes, money, profit),
    ), (
        f"The farm also has {num(rng, 3, 9)} goats.",
        f"The barn is {num(rng, 8, 20)} years old.",
    ))


def garden(rng: random.Random) -> Draft:
    """Two beds of plants, losses, and what the rest bears or earns."""
    p = person(rng)
    one, two = rng.sample(("cabbage", "lettuce", "tulip", "pumpkin", "rose", "leek",
                           "sunflower"), 2)
    ones, twos = one + "s", two + "s"
    rows, size, rows2, size2 = (num(rng, 2, 6), num(rng, 4, 8), num(rng, 2, 5),
                                num(rng, 3, 7))
    lost, sold, price = num(rng, 3, 12), num(rng, 4, 20), num(rng, 2, 4)
    first = step(f"How many {ones} are there?", f"There are # {ones}.",
                 rows, "*", size)
    second = step(f"How many {twos} are there?", f"There are # {twos}.",
                  rows2, "*", size2)
    both = step(pick(rng, f"How many plants does {p.name} have in the garden?",
                     f"How many plants are in {p.name}'s garden?"),
                "The garden has # plants.", first, "+", second)
    alive = step("How many plants are left after the storm?",
                 "After the storm, # plants are left.", both, "-", lost)
    less = step(f"How many {ones} are left after the sale?",
                f"After the sale, # {ones} are left.", first, "-", sold)
    value = step(f"How much money can {p.name} get for the remaining {ones}?",
                 f"{p.name} can get # dollars.", less, "*", price)
    after = step("How many plants are left after the sale?",
                 "After the sale, # plants are left.", alive, "-", sold)
    return Draft((
        pick(rng, f"{p.name} has a small garden.", f"{p.name} works in a garden."),
        pick(rng, f"{p.He} plants {rows} rows of {size} {ones}.",
             f"There are {rows} rows with {size} {ones} in each."),
        f"There are also {rows2} rows of {size2} {twos}.",
        f"A storm destroys {lost} plants.",
        f"{p.He} sells {sold} {ones}.",
        f"{p.He} can get {price} dollars for each of the other {ones}.",
    ), (
        ask_now((0, 1, 4), first, less),
        ask_now((0, 1, 4, 5), first, less, value),
        ask_now(3, first, second, both), ask(4, first, second, both, alive),
        ask(5, first, second, both, alive, after),
    ), (
        f"{p.His} watering can holds {num(rng, 5, 12)} liters.",
        f"The garden wall is {num(rng, 8, 20)} meters long.",
    ))


def field(rng: random.Random) -> Draft:
    """Rectangles: perimeter and fence, area and what covers it."""
    p = person(rng)
    place = pick(rng, "front garden", "back yard", "play corner", "rabbit run")
    wide = num(rng, 2, 4)
    long = wide + num(rng, 1, 5)
    price, hedge = num(rng, 2, 6), num(rng, 3, 10)
    a2, b2, per = num(rng, 2, 3), 2, num(rng, 2, 6)
    bed = pick(rng, "pond", "flower bed", "sand pit", "terrace")
    facts = (
        pick(rng, f"{p.name}'s {place} is a rectangle, {long} meters long and {wide} "
             "meters wide.",
             f"{p.name} has a rectangular {place} that is {long} meters long and "
             f"{wide} meters wide."),
        f"A fence goes all around it, except for a hedge of {hedge} meters.",
        f"Each meter of fence costs {price} dollars.",
        f"A rectangular {bed} of {a2} by {b2} meters lies in it; the rest is grass.",
        f"One bag of seed is enough for {per} square meters of grass.",
    )
    half = step("How many meters are one long side and one short side together?",
                "Together they are # meters.", long, "+", wide)
    around = step(f"How many meters is it all around the {place}?",
                  "All around it is # meters.", half, "*", 2)
    fence = step("How many meters long is the fence without the hedge?",
                 "The fence is # meters long.", around, "-", hedge)
    cost = step("How much does the fence cost?", "The fence costs # dollars.",
                fence, "*", price)
    asks = [ask(2, half, around, fence), ask(3, half, around, fence, cost)]
    area = step(f"How many square meters is the {place}?",
                f"The {place} is # square meters.", long, "*", wide)
    small = step(f"How many square meters is the {bed}?",
                 f"The {bed} is # square meters.", a2, "*", b2)
    grass = step("How many square meters are grass?",
                 "Then # square meters are grass.", area, "-", small)
    asks.append(ask((0, 3), area, small, grass))
    if int(area.answer) % per == 0:
        whole = step(f"How many bags of seed does {p.name} need for the whole {place}?",
                     f"{p.He} needs # bags.", area, "/", per)
        asks.append(ask_now((0, 4), area, whole))
    if int(grass.answer) % per == 0:
        bags = step(f"How many bags of seed does {p.name} need?",
                    f"{p.He} needs # bags.", grass, "/", per)
        asks.append(ask((0, 3, 4), area, small, grass, bags))
    return Draft(facts, (ask(1, half, around), *asks), (
        f"There are {num(rng, 3, 9)} birds in a nearby tree.",
        f"{p.name} moved there {num(rng, 2, 12)} years ago.",
    ))


def tank(rng: random.Random) -> Draft:
    """Filling a tank by the minute, taking water out, time to fill the rest."""
    kind = pick(rng, "fish tank", "tub", "small barrel", "trough")
    tap = pick(rng, "hose", "tap", "pump")
    start, rate, minutes = num(rng, 2, 15), num(rng, 2, 6), num(rng, 2, 8)
    out, full = num(rng, 2, 15), num(rng, 30, 60, 5)
    runs = step(f"How many liters flow in during the {minutes} minutes?",
                "Then # liters flow in.", rate, "*", minutes)
    now = step(f"How many liters are in the {kind} after {minutes} minutes?",
               f"The {kind} holds # liters then.", start, "+", runs)
    less = step(f"How many liters are in the {kind} after the watering?",
                "After the watering, it holds # liters.", now, "-", out)
    room = step(f"How many liters are missing until the {kind} is full?",
                "Then # liters are missing.", full, "-", now)
    room2 = step(f"How many liters are missing until the {kind} is full again?",
                 "Then # liters are missing.", full, "-", less)
    asks = [ask(3, runs, now), ask(4, runs, now, less),
            ask_now((0, 1, 2, 4), runs, now, room), ask(5, runs, now, less, room2)]
    for lack, uses, steps in ((room, (0, 1, 2, 4), (runs, now, room)),
                              (room2, (0, 1, 2, 3, 4), (runs, now, less, room2))):
        if int(lack.answer) % rate == 0 and rate < int(lack.answer) <= rate * 10:
            wait = step(f"How many more minutes must the {tap} run to fill the {kind}?",
                        f"The {tap} must run # minutes more.", lack, "/", rate)
            asks.append(ask_now(uses, *steps, wait))
    return Draft((
        pick(rng, f"A {kind} holds {start} liters of water at first.",
             f"There are {start} liters of water in a {kind}."),
        pick(rng, f"A {tap} adds {rate} liters a minute.",
             f"Each minute, {rate} liters flow in from a {tap}."),
        f"It runs for {minutes} minutes.",
        f"Then {out} liters are taken out to water plants.",
        f"The full {kind} holds {full} liters.",
    ), tuple(asks), (
        f"The {kind} is {num(rng, 3, 12)} years old.",
        f"The {kind} stands {num(rng, 3, 15)} steps from the door.",
    ), early=(4,))


FAMILIES = {"eggs": eggs, "garden": garden, "field": field, "tank": tank}
