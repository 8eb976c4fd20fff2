"""The example data that comes with the package: files that every page of the documentation uses.

`cities` is the path of a CSV file of 49,025 cities, `countries` of a GeoJSON file of 241 countries. They are
files, not frames, so that each library reads them in its own way and the package needs none of them. In the
repository they are in `examples/`; the build installs them beside this module.

In a shell, ``python -m poly_match.examples`` writes both into the folder `examples`, unless they are there
already; another folder can be named after it.

Attributes
----------
cities : pathlib.Path
    Name, ISO code of the country, longitude, latitude and population of the cities with 5,000 inhabitants and
    more. From GeoNames, CC BY 4.0.
countries : pathlib.Path
    Name and ISO number of the countries, at 1:50m. From Natural Earth, public domain.
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

from poly_match._errors import value_error
from poly_match._files import replacing

__all__ = ["cities", "countries", "write"]


def _installed(name: str) -> Path:
    """Return the path of a data file, which in an editable installation is that of the checkout."""
    return Path(str(resources.files("poly_match").joinpath("_data", name)))


cities = _installed("cities.csv")
countries = _installed("countries.geojson")


def write(folder: str | Path = "examples") -> list[Path]:
    """Write the files into a folder, for the command line and for programs that aren't Python.

    Parameters
    ----------
    folder : str or Path
        Made if it is missing. Files of the same contents stay as they are.

    Returns
    -------
    list of Path
        The two files there.

    Raises
    ------
    ValueError
        A file of one of these names has other contents; it is not replaced.
    OSError
        What can't be written.

    Examples
    --------
    >>> import poly_match as pm
    >>> pm.examples.write()  # doctest: +SKIP
    [PosixPath('examples/cities.csv'), PosixPath('examples/countries.geojson')]
    """
    files = []
    for source in (cities, countries):
        target, contents = Path(folder, source.name), source.read_bytes()
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as file:
                file.write(contents)
        elif target.read_bytes() != contents:
            raise value_error("folder", f"{target} is another file; remove it, or name another folder")
        files.append(target)
    return files


if __name__ == "__main__":
    print(*write(*sys.argv[1:2]), sep="\n")
