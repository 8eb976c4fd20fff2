"""The words of a match, each defined once: predicates, best rules, metrics, policies, statuses, columns.

Imports nothing slow, so that the command line can list the words immediately. What a word requires (a
distance, scores) is checked in `_engine.limits`.
"""

from __future__ import annotations

from typing import Literal, get_args

Predicate = Literal["covers", "center_within", "dwithin", "nearest"]
Best = Literal["smallest", "largest", "first"]
Metric = Literal["planar", "sphere"]
Invalid = Literal["use", "warn", "skip", "error"]

PREDICATES: tuple[Predicate, ...] = get_args(Predicate)
NEED_DISTANCE: tuple[Predicate, ...] = ("center_within", "dwithin")
TAKE_DISTANCE: tuple[Predicate, ...] = (*NEED_DISTANCE, "nearest")
TAKE_LINES: tuple[Predicate, ...] = ("center_within", "dwithin", "nearest")  # regions of lines and points
BESTS: tuple[Best, ...] = get_args(Best)
SCORE = "score"  # the rule that an array of scores stands for
METRICS: tuple[Metric, ...] = get_args(Metric)
INVALID: tuple[Invalid, ...] = get_args(Invalid)  # what may be done about invalid regions

# What columns of coordinates are usually called, in lower case. All but "x" and "y" mean degrees.
X_NAMES = ("lon", "lng", "long", "longitude", "x")
Y_NAMES = ("lat", "latitude", "y")
# What the two names of a pair of columns have in them, for a suggestion.
AXES = (
    *(("longitude", "latitude"), ("long", "lat"), ("lon", "lat"), ("lng", "lat")),
    *(("easting", "northing"), ("east", "north"), ("x", "y")),
)

# Of a point, in the order of their codes. "nearest": it is in no region, and has the closest one.
STATUSES = ("matched", "no candidate", "bad point", "nearest")


def statuses_of(predicate: str) -> tuple[str, ...]:
    """Return the statuses that a point can have: "nearest" only where the closest region wins."""
    return STATUSES if predicate == "nearest" else STATUSES[:3]


def listed(words: tuple[str, ...]) -> str:
    """Return the words as messages list them."""
    return ", ".join(f'"{word}"' for word in words)
