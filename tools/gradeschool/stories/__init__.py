"""The story families of the embedded `gradeschool` set.

`SEEN` families supply train, validation and half of test; `UNSEEN` families supply
the other half of test, so that a student also meets stories it was not trained on.
Each family is a function from a `random.Random` to a `Draft`.
"""

from tools.gradeschool.stories import (
    food,
    money,
    nature,
    play,
    prices,
    school,
    travel,
    unseen,
    unseen_trade,
    work,
)

SEEN = (
    money.FAMILIES | prices.FAMILIES | travel.FAMILIES | food.FAMILIES
    | school.FAMILIES | nature.FAMILIES | play.FAMILIES | work.FAMILIES
)
UNSEEN = unseen.FAMILIES | unseen_trade.FAMILIES
