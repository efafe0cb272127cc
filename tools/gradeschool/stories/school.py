"""Stories about books, classrooms, libraries and practice."""

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
    step,
)


def pages(rng: random.Random) -> Draft:
    """Reading a book in the morning and evening, for some days."""
    p = person(rng)
    morning, evening, days = num(rng, 2, 5), num(rng, 3, 6), num(rng, 2, 6)
    book, rest_days = num(rng, 24, 60), num(rng, 2, 6)
    daily = step(f"How many pages does {p.name} read each day?",
                 f"Each day {p.he} reads # pages.", morning, "+", evening)
    read = step(pick(rng, f"How many pages does {p.name} read in {days} days?",
                     f"How many pages has {p.name} read after {days} days?"),
                f"In that time, {p.he} reads # pages.", daily, "*", days)
    left = step(f"How many pages are left after these {days} days?",
                "After that, # pages are left.", book, "-", read)
    asks = [ask(2, daily, read), ask(3, daily, read, left)]
    if int(left.answer) % rest_days == 0:
        pace = step(f"How many pages a day must {p.name} read from then on?",
                    f"{p.He} must read # pages a day.", left, "/", rest_days)
        asks.append(ask(4, daily, read, left, pace))
    return Draft((
        pick(rng, f"{p.name} is reading a picture book.",
             f"{p.name} has borrowed a book about animals."),
        pick(rng, f"For {days} days, {p.he} reads {morning} pages each morning and "
             f"{evening} pages each evening.",
             f"For {days} days, {p.he} reads {morning} pages a day before school and "
             f"{evening} pages after it."),
        f"The book has {book} pages.",
        f"{p.He} wants to finish the book in the next {rest_days} days.",
    ), tuple(asks), (
        f"The book has {num(rng, 8, 20)} pictures.",
        f"The book was written {num(rng, 3, 20)} years ago.",
    ), free=(1, 2))


def seating(rng: random.Random) -> Draft:
    """Rows of chairs, extra chairs, empty chairs."""
    room = pick(rng, "school hall", "music room", "gym", "theater club")
    rows, size, extra = num(rng, 3, 6), num(rng, 4, 9), num(rng, 3, 12)
    groups, pupils = num(rng, 2, 4), num(rng, 3, 8)
    main = step("How many chairs are in the rows?",
                "The rows have # chairs.", rows, "*", size)
    chairs = step(f"How many chairs are there in the {room}?",
                  "There are # chairs.", main, "+", extra)
    many = rng.randrange(2)
    if many:
        who = f"Then {groups} groups of {pupils} children each sit down."
        seated = step("How many children sit down?",
                      "Altogether # children sit down.", groups, "*", pupils)
        before = (main, chairs, seated)
    else:
        seated = num(rng, 8, 30)
        who = f"Then {seated} children sit down."
        before = (main, chairs)
    empty = step(pick(rng, "How many chairs stay empty?",
                      "How many empty chairs are there?"),
                 "Then # chairs stay empty.", chairs, "-", seated)
    parents = num(rng, 3, 12)
    later = step("How many chairs are still empty after the parents sit down?",
                 "Then # chairs are still empty.", empty, "-", parents)
    return Draft((
        f"There are {rows} rows of {size} chairs in the {room}.",
        pick(rng, f"Another {extra} chairs stand along the wall.",
             f"The teacher brings {extra} more chairs."),
        who,
        f"Next, {parents} parents come and each takes a chair.",
    ), (
        ask(2, main, chairs), ask_now(3, *before, empty), ask(4, *before, empty, later),
    ), (
        f"The {room} has {num(rng, 4, 9)} large windows.",
        f"The show lasts {num(rng, 20, 50, 5)} minutes.",
    ))


def library(rng: random.Random) -> Draft:
    """Shelves of books, lending and returning, new shelves."""
    kind = pick(rng, "class library", "camp library", "small village library")
    shelves, size = num(rng, 3, 6), num(rng, 5, 10)
    lent, new = num(rng, 6, 18), num(rng, 2, 4)
    back = num(rng, 2, lent - 3)
    total = step(f"How many books are on the shelves of the {kind}?",
                 "The shelves hold # books.", shelves, "*", size)
    rest = step("How many books are left on the shelves after the lending?",
                "After the lending, # books are left.", total, "-", lent)
    now = step("How many books are on the shelves after the returns?",
               "After the returns, # books are there.", rest, "+", back)
    boxes = num(rng, 3, 6)
    bought = step("How many new books arrive?",
                  "Then # new books arrive.", new, "*", boxes)
    end = step("How many books are on the shelves in the end?",
               "In the end, # books are there.", now, "+", bought)
    less = step("How many books are on the shelves with the new ones?",
                "With the new ones, # books are there.", total, "+", bought)
    return Draft((
        pick(rng, f"A {kind} has {shelves} shelves with {size} books on each.",
             f"In a {kind}, there are {shelves} shelves of {size} books each."),
        pick(rng, f"On Monday, readers borrow {lent} of these books.",
             f"On Monday, {lent} of the books are lent out."),
        f"On Tuesday, readers bring back {back} of them.",
        f"On Wednesday, {new} boxes with {boxes} new books each are put on the "
        "shelves.",
    ), (
        ask(2, total, rest), ask(3, total, rest, now),
        ask(4, total, rest, now, bought, end), ask_now((0, 3), total, bought, less),
    ), (
        f"The {kind} has {num(rng, 3, 9)} lamps.",
        f"There are {num(rng, 4, 12)} chairs in the reading corner.",
    ))


def practice(rng: random.Random) -> Draft:
    """Minutes of practice, turned into stars."""
    p = person(rng)
    skill = pick(rng, "the piano", "the violin", "the drums", "the flute", "the guitar")
    daily, days, weeks = num(rng, 4, 10), num(rng, 3, 5), num(rng, 2, 5)
    earned, pace, goal = num(rng, 4, 10), num(rng, 3, 8), num(rng, 30, 60, 5)
    sunday = earned * pace - daily * days
    if not 5 <= sunday <= 20:
        raise Unfit("too little or too much on Sunday")
    week = step(f"How many minutes does {p.name} play on the {days} school days?",
                f"{p.He} plays for # minutes.", daily, "*", days)
    total = step(pick(rng, f"How many minutes does {p.name} practice in total?",
                      f"How many minutes does {p.name} practice in the week?"),
                 f"In total, {p.he} practices for # minutes.", week, "+", sunday)
    stars = step(f"How many stars does {p.name} earn in the week?",
                 f"In the week, {p.he} earns # stars.", total, "/", pace)
    more = step(f"How many stars does {p.name} earn in these {weeks} weeks?",
                f"In these weeks, {p.he} earns # stars.", stars, "*", weeks)
    asks = [ask_now(3, week, total), ask((0, 1, 2, 4), week, total, stars),
            ask((0, 1, 2, 4, 5), week, total, stars, more)]
    if int(total.answer) < goal - 1:
        short = step(f"How many minutes is {p.name} short of the goal?",
                     f"{p.He} is # minutes short.", goal, "-", total)
        asks.append(ask(4, week, total, short))
    return Draft((
        f"{p.name} is learning to play {skill}.",
        pick(rng, f"{p.He} practices {daily} minutes on each of {days} school days.",
             f"On each of {days} school days, {p.he} practices for {daily} minutes."),
        f"On Sunday, {p.he} practices for {sunday} minutes.",
        f"{p.His} goal is {goal} minutes a week.",
        f"For every {pace} minutes in the week, {p.he} earns a star.",
        f"{p.He} does this for {weeks} weeks.",
    ), tuple(asks), (
        f"{p.His} teacher has {num(rng, 8, 20)} other pupils.",
        f"{p.He} knows {num(rng, 3, 15)} songs by heart.",
    ), free=(1, 2), early=(3,))


FAMILIES = {
    "pages": pages, "seating": seating, "library": library, "practice": practice,
}
