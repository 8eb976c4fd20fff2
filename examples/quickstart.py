"""The whole library in five lines: give every city its country.

python examples/quickstart.py           # needs shapely, which reads the countries
"""

import numpy as np
import poly_match as pm
import shapely

cities = np.loadtxt(
    pm.examples.cities, delimiter=",", skiprows=1, usecols=(2, 3), quotechar='"', encoding="utf-8"
)
countries = shapely.get_parts(shapely.from_geojson(pm.examples.countries.read_text(encoding="utf-8")))
winner = pm.match(cities, countries, workers=-1)  # one integer per city: the row of its country, or -1

print(f"{(winner >= 0).sum():,} of {len(cities):,} cities are in one of {len(countries)} countries")
