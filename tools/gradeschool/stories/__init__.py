"""The story families of the embedded `gradeschool` set.

`SEEN` families supply train, validation and test; `UNSEEN` families supply the split
`unseen`, so that a student also meets stories it was not trained on.  Four families
with too few different numbers for a training set are among the latter.  Each family is
a function from a `random.Random` to a `Draft`.
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

FAMILIES = (
    money.FAMILIES | prices.FAMILIES | travel.FAMILIES | food.FAMILIES
    | school.FAMILIES | nature.FAMILIES | play.FAMILIES | work.FAMILIES
    | unseen.FAMILIES | unseen_trade.FAMILIES
)  # fmt: skip
UNSEEN = {
    name: family for name, family in FAMILIES.items()
    if name in unseen.FAMILIES | unseen_trade.FAMILIES
    or name in ("field", "parcel", "picking", "runs")
}  # fmt: skip
SEEN = {name: family for name, family in FAMILIES.items() if name not in UNSEEN}
