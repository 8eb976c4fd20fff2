"""One file per rung, numbered in the order of the story.

A rung offers `prepare()`, which returns (polygons, points) in the types it works on, `run(polygons, points)`,
which is timed, and `answers(polygons, points, result)`, which turns its result into one integer per point:
the position of the winner, or -1. A rung whose last step is a Python loop over the candidates also offers
`candidates(polygons, points)` and its `select_best_polygon`, so that the time of that loop alone, the
ceiling, can be measured. `__all__` lists what a rung offers. Otherwise a rung contains what it changes and
imports the rest from the baseline.

A rung whose number has a letter repeats the rung before it under other conditions. It has no code, only the
name of that rung as `SAME_AS` and the condition as `WITH`. See ladder/catalogue.py for all of these names.
"""

import os
import sys

# The first rung is a separate program.
sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "examples", "extension"))
