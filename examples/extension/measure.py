"""How many times faster than the program in Python is each module? Every answer is compared.

The four take turns, so that a machine that is busy for a while is busy for all of them. What counts is the
time of the processor, not that of the clock on the wall, and of many runs the fastest: nothing makes a
program faster than it is.
"""

import time

import poly_match_c1
import poly_match_c2
import poly_match_c2_allocating
import program

ROUNDS = 15


def with_area(native_polygon):
    """Return a subclass of a native Polygon that keeps the area() of the program."""
    return type("Polygon", (native_polygon,), {"_area": None, "area": program.Polygon.area})


STEPS = {
    "program": (program.find_close_polygons, program.Polygon),
    "poly_match_c1": (poly_match_c1.find_close_polygons, program.Polygon),
    "poly_match_c2_allocating": (
        poly_match_c2_allocating.find_close_polygons,
        with_area(poly_match_c2_allocating.Polygon),
    ),
    "poly_match_c2": (poly_match_c2.find_close_polygons, with_area(poly_match_c2.Polygon)),
}


def winners(polygons, points, find):
    """Return the position of each point's polygon, to compare the answers of all steps."""
    position = {id(polygon): i for i, polygon in enumerate(polygons)}
    return [position[id(polygon)] for _, polygon in program.main(polygons, points, find)]


def measure(rounds=ROUNDS):
    """Return the milliseconds of processor time of each step, the least of all rounds."""
    examples = {name: program.generate_example(polygon_type) for name, (_, polygon_type) in STEPS.items()}
    answers = {name: winners(*examples[name], find) for name, (find, _) in STEPS.items()}
    assert all(answer == answers["program"] for answer in answers.values()), "the answers differ"
    best = dict.fromkeys(STEPS, float("inf"))
    for _ in range(rounds):
        for name, (find, _) in STEPS.items():
            for _ in range(1 if name == "program" else 10):
                start = time.process_time()
                program.main(*examples[name], find)
                best[name] = min(best[name], 1000 * (time.process_time() - start))
    return best


if __name__ == "__main__":
    times = measure()
    for name, milliseconds in times.items():
        print(f"{name:25} {milliseconds:8.2f} ms {times['program'] / milliseconds:6.1f} x")
