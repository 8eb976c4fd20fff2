"""The same answers everywhere: one index file, opened by every host, and one digest of a million answers.

`python3 dev.py everywhere` installs what the hosts need (`hosts.py`), lets each of them match the same points
(`in_*.py`, `in_c.c`, `js/digest.mjs`), and compares the digests (`__main__.py`).
"""
