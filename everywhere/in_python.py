"""The counties in Python."""

from everywhere.result import arguments, least_seconds, read_points, report


def main() -> None:
    import poly_match as pm

    file, path = arguments()
    index, points = pm.Index.open(file), read_points(path)
    report("Python", least_seconds(lambda: index.match(points)), index.match(points))


if __name__ == "__main__":
    main()
