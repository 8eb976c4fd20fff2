"""Write an index of the world's time zones with names: python3 -m js.bench.zones FILE.

In the folder of the checkout, with poly-match and `timezonefinder`.
"""

import sys

import poly_match as pm
from timezonefinder import TimezoneFinder

from bench import fetch
from bench.jobs import timezones

if __name__ == "__main__":
    finder = TimezoneFinder(bin_file_location=fetch.timezone_folder(), in_memory=True)
    pm.Index(timezones().regions(), names=list(finder.timezone_names), compact=True).save(sys.argv[1])
