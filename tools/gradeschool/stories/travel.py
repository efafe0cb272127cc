"""Stories about buses, cars, tickets, parcels and going for a run."""

from __future__ import annotations

import random

from tools.gradeschool.stories.draft import (
    Draft,
    Unfit,
    ask,
    ask_now,
    num,
    people,
    person,
    pick,
    step,
)


def bus(rng: random.Random) -> Draft:
    """Passengers getting on and off."""
    start, off, on = num(rng, 10, 22), num(rng, 2, 8), num(rng, 2, 9)
    off2, on2, seats = num(rng, 2, 8), num(rng, 2, 9), num(rng, 20, 36, 2)
    if len({off, on, off2, on2}) < 4:
        raise Unfit("equal numbers get on and off")
    if start > seats:
        raise Unfit("somebody has to stand")
    vehicle = pick(rng, "bus", "tram", "ferry")
    stop = {"ferry": "island"}.get(vehicle, "stop")
    s1 = step(f"How many people stay on the {vehicle} when {off} leave?",
              "Then # people stay on.", start, "-", off)
    s2 = step(f"How many people are on the {vehicle} after the first {stop}?",
              f"After the first {stop}, # people are on it.", s1, "+", on)
    s3 = step(f"How many people stay on when {off2} more leave?",
              "Then # people stay on.", s2, "-", off2)
    s4 = step(f"How many people are on the {vehicle} after the second {stop}?",
              f"After the second {stop}, # people are on it.", s3, "+", on2)
    free1 = step(f"How many seats are empty after the first {stop}?",
                 "Then # seats are empty.", seats, "-", s2)
    free2 = step(f"How many seats are empty after the second {stop}?",
                 "Then # seats are empty.", seats, "-", s4)
    return Draft((
        pick(rng, f"A {vehicle} starts its trip with {start} passengers.",
             f"There are {start} passengers on a {vehicle}."),
        pick(rng, f"At the first {stop}, {off} people get off and {on} get on.",
             f"At the first {stop}, {on} people get on after {off} get off."),
        f"At the second {stop}, {off2} people get off and {on2} get on.",
        f"The {vehicle} has {seats} seats, and every passenger takes one.",
    ), (
        ask(2, s1, s2), ask((0, 1, 3), s1, s2, free1), ask(3, s1, s2, s3, s4),
        ask(4, s1, s2, s3, s4, free2),
    ), (
        f"The {vehicle} is {num(rng, 3, 15)} years old.",
        f"The driver has worked for {num(rng, 3, 9)} hours today.",
    ), early=(3,))


def car_trip(rng: random.Random) -> Draft:
    """Speed and hours, distance left, hours still to go; slow ways of traveling."""
    p = person(rng)
    go, trip_name, thing, low, high = rng.choice((
        ("hike", "hike", "backpack", 3, 5),
        ("cycle", "bike trip", "bike", 8, 10),
        ("paddle", "canoe trip", "canoe", 4, 6),
    ))
    hours, speed = num(rng, 2, 4), num(rng, low, high)
    more, speed2 = num(rng, 2, 8), num(rng, low, high)
    trip = hours * speed + more + num(rng, 2, 3) * speed2
    if trip > (30 if go == "hike" else 50):
        raise Unfit("too long for a day")
    goal = pick(rng, "the sea", "an old mill", "a castle", "a lake", "a farm")
    d1 = step(f"How far does {p.name} {go} in the first {hours} hours?",
              f"{p.He} {go}s # kilometers.", hours, "*", speed)
    d2 = step(pick(rng, f"How many kilometers does {p.name} {go} before the break?",
                   f"How far has {p.name} {go}d before the break?"),
              f"Before the break, {p.he} {go}s # kilometers.", d1, "+", more)
    left = step(f"How many kilometers are left for {p.name} after the break?",
                "After the break, # kilometers are left.", trip, "-", d2)
    time = step(f"How many hours does {p.name} {go} after the break?",
                f"{p.He} {go}s for # hours.", left, "/", speed2)
    left1 = step(f"How many kilometers does {p.name} still have to {go}?",
                 f"{p.He} still has to {go} # kilometers.", trip, "-", d1)
    parts = {"hike": f"{num(rng, 3, 7)} pockets", "cycle": f"{num(rng, 3, 12)} gears",
             "paddle": f"{num(rng, 2, 3)} seats"}
    return Draft((
        pick(rng, f"{p.name} is {go[:-1]}ing to {goal}.",
             f"{p.name} is on a {trip_name} to {goal}."),
        pick(rng, f"{p.He} {go}s {hours} hours at {speed} kilometers an hour.",
             f"For {hours} hours, {p.he} travels at {speed} kilometers an hour."),
        f"Then {p.he} {go}s another {more} kilometers and takes a break.",
        f"The whole trip is {trip} kilometers long.",
        f"{p.He} {go}s the rest at {speed2} kilometers an hour.",
    ), (
        ask(3, d1, d2), ask_now((0, 1, 3), d1, left1), ask(4, d1, d2, left),
        ask(5, d1, d2, left, time),
    ), (
        f"{p.His} {thing} has {parts[go]}.",
        f"{p.He} bought the {thing} {num(rng, 2, 9)} years ago.",
    ), early=(3,))


def parcel(rng: random.Random) -> Draft:
    """Weight of the contents, postage by weight, insurance."""
    p, friend = people(rng, 2)
    thing = pick(rng, "book", "jar of honey", "bag of rice", "iron pan", "clay pot")
    heads = {"jar of honey": "jars of honey", "bag of rice": "bags of rice"}
    things = heads.get(thing, thing + "s")
    by_kilogram = rng.randrange(2)
    most, heaviest = (4, 3) if by_kilogram else (8, 4)
    n, weight, box = num(rng, 2, most), num(rng, 2, heaviest), num(rng, 2, 5)
    rate, fee, bill = num(rng, 2, 5), num(rng, 2, 9), rng.choice((20, 50))
    # Only light parcels can be paid by the kilogram: the products stay easy.
    if by_kilogram:
        tariff = f"Postage costs {rate} dollars for each kilogram."
    else:
        tariff, bill = f"Postage costs one dollar for every {rate} kilograms.", 20
    inside = step(f"How much do the {things} weigh?",
                  f"The {things} weigh # kilograms.", n, "*", weight)
    whole = step(pick(rng, "How much does the whole parcel weigh?",
                      "How many kilograms does the full parcel weigh?"),
                 "The parcel weighs # kilograms.", inside, "+", box)
    post = step("How much is the postage for the parcel?",
                "The postage is # dollars.", whole, "*" if by_kilogram else "/", rate)
    cost = step(f"How much does {p.name} pay for postage and insurance?",
                f"{p.He} pays # dollars.", post, "+", fee)
    change = step(f"How much change does {p.name} get?",
                  f"{p.He} gets # dollars back.", bill, "-", cost)
    return Draft((
        pick(rng, f"{p.name} sends {friend.name} a parcel with {n} {things}.",
             f"{p.name} packs {n} {things} in a parcel for {friend.name}."),
        pick(rng, f"Each {thing} weighs {weight} kilograms.",
             f"The weight of each {thing} is {weight} kilograms."),
        f"The empty box weighs {box} kilograms.",
        tariff,
        f"Insurance costs {fee} dollars more.",
        f"{p.name} pays with {bill} dollars.",
    ), (
        ask(3, inside, whole), ask(4, inside, whole, post),
        ask(5, inside, whole, post, cost), ask(6, inside, whole, post, cost, change),
    ), (
        f"The parcel arrives after {num(rng, 3, 8)} days.",
        f"{friend.name} lives {num(rng, 6, 30)} kilometers away.",
    ), free=(1, 2, 3))


def runs(rng: random.Random) -> Draft:
    """Distances on several days, each given relative to the day before."""
    p = person(rng)
    verb = pick(rng, "run", "walk", "cycle", "row")
    first, times, less = num(rng, 2, 9), num(rng, 2, 3), num(rng, 2, 9)
    words = {2: "twice", 3: "three times"}[times]
    d2 = step(f"How many kilometers does {p.name} {verb} on Tuesday?",
              f"On Tuesday, {p.he} {verb}s # kilometers.", first, "*", times)
    fewer = rng.randrange(2)
    sign, compare = (("-", "fewer") if fewer else ("+", "more"))
    d3 = step(f"How many kilometers does {p.name} {verb} on Wednesday?",
              f"On Wednesday, {p.he} {verb}s # kilometers.", d2, sign, less)
    two = step(f"How many kilometers does {p.name} {verb} on Monday and Tuesday?",
               f"On both days together, {p.he} {verb}s # kilometers.", first, "+", d2)
    three = step(f"How many kilometers does {p.name} {verb} on the three days?",
                 f"On the three days, {p.he} {verb}s # kilometers.", two, "+", d3)
    goal = num(rng, 20, 60, 5)
    left = step(f"How many kilometers short of the goal is {p.name}?",
                f"{p.He} is # kilometers short.", goal, "-", three)
    left2 = step(f"How many more kilometers must {p.name} {verb} after Tuesday?",
                 f"{p.He} must {verb} # kilometers more.", goal, "-", two)
    return Draft((
        pick(rng, f"On Monday, {p.name} {verb}s {first} kilometers.",
             f"{p.name} {verb}s {first} kilometers on Monday."),
        pick(rng, f"On Tuesday, {p.he} {verb}s {words} as far.",
             f"On Tuesday, {p.he} goes {words} as far as on Monday."),
        f"On Wednesday, {p.he} {verb}s {less} kilometers {compare} than on Tuesday.",
        f"{p.His} goal for the week is {goal} kilometers.",
    ), (
        ask(2, d2, two), ask(3, d2, d3), ask((0, 1, 3), d2, two, left2),
        ask(3, d2, d3, two, three), ask(4, d2, d3, two, three, left),
    ), (
        f"{p.He} gets up at {num(rng, 5, 7)} o'clock each morning.",
        f"{p.He} drinks {num(rng, 3, 6)} cups of water each day.",
    ), early=(3,))


FAMILIES = {
    "bus": bus, "car_trip": car_trip, "parcel": parcel,
    "runs": runs,
}
