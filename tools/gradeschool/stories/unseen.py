"""Eight families kept out of training: other stories, partly other compositions.

New against the seen families: adding before dividing (`pet_food`, `average`),
exchanging one thing for another (`swaps`), counting from one level to another
(`stairs`), meeting in time (`candles`), working backwards (`backwards`), a fraction
of a whole (`train`) and the profit on a single piece (`resale`).
"""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    LARGEST_RESULT,
    Draft,
    Unfit,
    a,
    ask,
    num,
    people,
    person,
    pick,
    plural,
    step,
)


def pet_food(rng: random.Random) -> Draft:
    """How long food lasts for two animals eating at different rates."""
    p = person(rng)
    pet, pet2 = rng.sample(("cat", "dog", "rabbit", "parrot", "hamster"), 2)
    one, two, days = num(rng, 2, 6), num(rng, 2, 6), num(rng, 5, 14)
    spoons = pick(rng, "spoons", "scoops")
    if one == two:
        raise Unfit("equal portions")
    spilt, used = num(rng, 2, 9), num(rng, 2, 6)
    bag = (one + two) * num(rng, 3, 9) + spilt
    if bag > LARGEST_RESULT:
        raise Unfit("a big bag")
    daily = step(f"How many {spoons} of food do both animals eat each day?",
                 f"Each day they eat # {spoons}.", one, "+", two)
    eaten = step(f"How many {spoons} do both animals eat in {used} days?",
                 f"In that time they eat # {spoons}.", daily, "*", used)
    left = step(f"How many {spoons} of food are left after the spill?",
                f"Then # {spoons} are left.", bag, "-", spilt)
    lasts = step("For how many days will the food last after the spill?",
                 "The food will last for # days.", left, "/", daily)
    lack = step(f"For how many of the {days} days will there be no food?",
                "For # days there will be no food.", days, "-", lasts)
    rest = step(f"How many {spoons} of food are left after {used} days?",
                f"After that, # {spoons} are left.", left, "-", eaten)
    return Draft((
        pick(rng, f"{p.name} has {a(pet)} and {a(pet2)}.",
             f"{p.name} looks after {a(pet)} and {a(pet2)}."),
        pick(rng, f"The {pet} eats {one} {spoons} of food a day and the {pet2} {two}.",
             f"Each day the {pet} gets {one} {spoons} of food and the {pet2} {two}."),
        f"From a bag with {bag} {spoons} of this food, {p.name} spills {spilt}.",
        f"The food should last for {days} days.",
        f"Then {p.name} feeds the animals from the bag for {used} days.",
        pick(rng, f"{p.name} feeds both animals for {used} days.",
             f"{p.name} fills their bowls for {used} days."),
    ), (
        ask(3, daily, left, lasts), ask((0, 1, 5), daily, eaten),
        ask(4, daily, left, lasts, lack), ask((0, 1, 2, 4), daily, eaten, left, rest),
    ), (
        f"The {pet} has {num(rng, 2, 9)} toys.",
        f"The {pet2} sleeps {num(rng, 9, 14)} hours a day.",
    ))


def average(rng: random.Random) -> Draft:
    """The mean of three results, and how it compares."""
    p = person(rng)
    test = pick(rng, "spelling tests", "math tests", "history tests", "music tests")
    x, y, z = num(rng, 2, 12), num(rng, 2, 12), num(rng, 2, 12)
    goal, more = num(rng, 6, 12), num(rng, 2, 5)
    two = step(f"How many points does {p.name} get in the first two tests?",
               f"In those, {p.he} gets # points.", x, "+", y)
    total = step(f"How many points does {p.name} get in all three tests?",
                 f"In all three, {p.he} gets # points.", two, "+", z)
    mean = step(f"What is {p.name}'s average number of points per test?",
                f"{p.His} average is # points.", total, "/", 3)
    facts = (
        pick(rng, f"{p.name} takes three {test}.", f"{p.name} writes three {test}."),
        pick(rng, f"{p.He} gets {x}, {y} and {z} points.",
             f"{p.His} results are {x}, {y} and {z} points."),
        f"The class average is {more} points higher than {p.name}'s average.",
        f"A gold star needs an average of {goal} points.",
        "For a prize, one needs twice the points of the class average.",
    )
    group = step("What is the class average?", "The class average is # points.",
                 mean, "+", more)
    prize = step("How many points does one need for a prize?",
                 "For a prize, one needs # points.", group, "*", 2)
    asks = [ask(2, two, total), ask(2, two, total, mean),
            ask(3, two, total, mean, group),
            ask((0, 1, 2, 4), two, total, mean, group, prize)]
    if goal > int(mean.answer) + 1:
        short = step(f"How many points is {p.name}'s average below a gold star?",
                     "It is # points below.", goal, "-", mean)
        asks.append(ask((0, 1, 3), two, total, mean, short))
    return Draft(facts, tuple(asks), (
        f"Each test takes {num(rng, 10, 30, 5)} minutes.",
        f"{p.name} sits next to the window in row {num(rng, 2, 5)}.",
    ), early=(3,))


def swaps(rng: random.Random) -> Draft:
    """Exchanging one kind of thing for another at a fixed rate."""
    p, q = people(rng, 2)
    small, middle, big = rng.choice((
        ("shell", "ring", "necklace"), ("pebble", "marble", "magnet"),
        ("token", "card", "poster"), ("coupon", "badge", "medal"),
    ))
    smalls, middles, bigs = plural(small), plural(middle), plural(big)
    rate, rate2 = num(rng, 2, 8), num(rng, 2, 5)
    got, own = num(rng, 3, 10), num(rng, 2, 12)
    n = rate * got
    found = num(rng, 2, 12)
    have = n - found
    if have < 2:
        raise Unfit("finds nearly all")
    total = step(f"How many {smalls} does {p.name} have in all?",
                 f"{p.name} has # {smalls}.", have, "+", found)
    first = step(f"How many {middles} does {p.name} get for the {smalls}?",
                 f"{p.name} gets # {middles}.", total, "/", rate)
    all_middle = step(f"How many {middles} does {p.name} have after the swap?",
                      f"Then {p.he} has # {middles}.", first, "+", own)
    last = step(f"How many {bigs} can {p.name} get for all the {middles}?",
                f"{p.He} can get # {bigs}.", all_middle, "/", rate2)
    return Draft((
        pick(rng, f"{p.name} has {have} {smalls} and finds {found} more.",
             f"{p.name} finds {found} {smalls} and adds them to the {have} {smalls} at "
             "home."),
        pick(rng, f"{q.name} gives {p.him} one {middle} for every {rate} {smalls}, and "
             f"{p.name} swaps all of them.",
             f"{p.He} swaps all of them with {q.name}, who gives one {middle} for "
             f"every {rate} {smalls}."),
        f"{p.name} already had {own} {middles}.",
        f"For {rate2} {middles}, a shop gives one {big}.",
    ), (
        ask(2, total, first), ask(3, total, first, all_middle),
        ask(4, total, first, all_middle, last),
    ), (
        f"{q.name} is {num(rng, 8, 13)} years old.",
        f"The two friends met {num(rng, 2, 6)} years ago.",
    ))


def stairs(rng: random.Random) -> Draft:
    """Floors between two levels, steps on each, trips up and down."""
    p = person(rng)
    low = num(rng, 2, 4)
    high, each = low + num(rng, 2, 6), num(rng, 3, 10)
    tour_steps, done = num(rng, 5, 20), num(rng, 4, 20)
    tower = pick(rng, "lookout tower", "castle tower", "water tower", "wooden tower")
    floors = step(f"How many platforms higher does {p.name} go?",
                  f"{p.He} goes # platforms higher.", high, "-", low)
    climb = step(f"How many steps does {p.name} climb on the way up?",
                 f"On the way up, {p.he} climbs # steps.", floors, "*", each)
    to_go = step(f"How many steps does {p.name} still have to climb?",
                 f"{p.He} still has to climb # steps.", climb, "-", done)
    facts = (
        pick(rng, f"{p.name} goes up the stairs of {a(tower)} from platform {low} to "
             f"platform {high}.",
             f"In {a(tower)}, {p.name} takes the stairs from platform {low} up to "
             f"platform {high}."),
        pick(rng, f"There are {each} steps from each platform to the next.",
             f"Between one platform and the next there are {each} steps."),
        f"{p.He} stops for a rest after {done} steps.",
        f"Later {p.he} walks down again to platform {low}.",
        f"A walk around platform {high} takes another {tour_steps} steps.",
    )
    asks = [ask(2, floors, climb), ask(3, floors, climb, to_go)]
    if int(climb.answer) <= 10 or int(climb.answer) == 20:
        both = step(f"How many steps does {p.name} take going up and down?",
                    f"Up and down, {p.he} takes # steps.", climb, "*", 2)
        tour = step(f"How many steps does {p.name} take in total with this walk?",
                    f"With this walk, {p.he} takes # steps.", both, "+", tour_steps)
        asks += [ask((0, 1, 3), floors, climb, both),
                 ask((0, 1, 3, 4), floors, climb, both, tour)]
    return Draft(facts, tuple(asks), (
        f"The {tower} has {num(rng, 4, 12)} windows.",
        f"{p.name} carries a bag of {num(rng, 2, 6)} kilograms.",
    ))


def candles(rng: random.Random) -> Draft:
    """Two candles burn down at different speeds."""
    long, short = num(rng, 12, 30), num(rng, 10, 20)
    fast, slow, hours = num(rng, 2, 5), num(rng, 2, 3), num(rng, 2, 6)
    color, color2 = rng.sample(("red", "white", "green", "blue", "yellow"), 2)
    burnt = step(f"How many centimeters of the {color} candle burn away?",
                 "Then # centimeters burn away.", fast, "*", hours)
    left = step(f"How long is the {color} candle after {hours} hours?",
                f"The {color} candle is # centimeters long.", long, "-", burnt)
    burnt2 = step(f"How many centimeters of the {color2} candle burn away?",
                  "Then # centimeters burn away.", slow, "*", hours)
    left2 = step(f"How long is the {color2} candle after {hours} hours?",
                 f"The {color2} candle is # centimeters long.", short, "-", burnt2)
    asks = [ask((0, 1, 5), burnt, left), ask((2, 3, 5), burnt2, left2)]
    if int(left.answer) > int(left2.answer) + 1:
        gap = step(f"How much longer is the {color} candle after {hours} hours?",
                   "It is # centimeters longer.", left, "-", left2)
    else:
        gap = step(f"How much longer is the {color2} candle after {hours} hours?",
                   "It is # centimeters longer.", left2, "-", left)
    if int(left.answer) % fast == 0 and int(left.answer) > fast:
        wait = step(f"How many more hours can the {color} candle burn?",
                    "It can burn # hours more.", left, "/", fast)
        asks.append(ask((0, 1, 5), burnt, left, wait))
    asks.append(ask(5, burnt, left, burnt2, left2, gap))
    return Draft((
        pick(rng, f"A {color} candle is {long} centimeters long.",
             f"The length of a {color} candle is {long} centimeters."),
        f"The {color} candle gets {fast} centimeters shorter every hour.",
        f"A {color2} candle is {short} centimeters long.",
        f"The {color2} candle loses {slow} centimeters an hour.",
        pick(rng, f"Both are lit and burn for {hours} hours.",
             f"They are lit at the same time and burn for {hours} hours."),
        pick(rng, f"It is lit and burns for {hours} hours.",
             f"It burns for {hours} hours."),
    ), tuple(asks), (
        f"The room is {num(rng, 3, 9)} meters long.",
        f"There are {num(rng, 4, 12)} chairs around the table.",
    ))


def backwards(rng: random.Random) -> Draft:
    """From what is left back to what there was at first."""
    p, q = people(rng, 2)
    what, verb = rng.choice((("pears", "eats"), ("walnuts", "eats"),
                             ("photos", "sells"), ("beads", "sells"),
                             ("picture cards", "sells")))
    half, gave, lost = num(rng, 3, 10), num(rng, 2, 15), num(rng, 2, 9)
    rows = num(rng, 2, 6)
    before_half = step(f"How many {what} were there before {q.name} got half?",
                       f"Before that, there were # {what}.", half, "*", 2)
    first = step(f"How many {what} did {p.name} have at first?",
                 f"At first, {p.he} had # {what}.", before_half, "+", gave)
    fewer = step(f"How many fewer {what} than at first does {p.name} have now?",
                 f"Now {p.he} has # {what} fewer.", first, "-", half)
    asks = [ask(3, before_half, first), ask(3, before_half, first, fewer)]
    if int(first.answer) % rows == 0:
        filled = step(f"How many {what} were in each box?",
                      f"Each box held # {what}.", first, "/", rows)
        asks.append(ask(4, before_half, first, filled))
        if lost == rows:
            raise Unfit("as many boxes as there were")
        more = step(f"How many {what} would {lost} such boxes hold?",
                    f"They would hold # {what}.", filled, "*", lost)
        asks.append(ask(4, before_half, first, filled, more))
    return Draft((
        f"{p.name} {verb} {gave} of {p.his} {what}.",
        pick(rng, f"Then {p.he} gives half of the rest to {q.name}.",
             f"Half of the remaining {what} are then given to {q.name}."),
        pick(rng, f"Now {p.name} has {half} {what}.",
             f"In the end, {p.name} has {half} {what}."),
        f"At first, all the {what} were in {rows} boxes, the same number in each.",
    ), tuple(asks), (
        f"{q.name} is {num(rng, 7, 13)} years old.",
        f"{q.name} lives {num(rng, 2, 9)} houses away.",
    ))


FAMILIES = {
    "pet_food": pet_food, "average": average, "swaps": swaps, "stairs": stairs,
    "candles": candles, "backwards": backwards,
}
