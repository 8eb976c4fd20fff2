"""The whole library in five lines: give every city its country.

python examples/quickstart.py           # needs shapely, which reads the countries
"""

from pathlib import Path

import numpy as np
import poly_match as pm
import shapely

HERE = Path(__file__).resolve().parent

cities = np.loadtxt(
    HERE / "cities.csv", delimiter=",", skiprows=1, usecols=(2, 3), quotechar='"', encoding="utf-8"
)
text = (HERE / "countries.geojson").read_text(encoding="utf-8")
countries = shapely.get_parts(shapely.from_geojson(text))
winner = pm.match(cities, countries, workers=-1)  # one integer per city: the row of its country, or -1

print(f"{(winner >= 0).sum():,} of {len(cities):,} cities are in one of {len(countries)} countries")
