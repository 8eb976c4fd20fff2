"""Compare poly-match with its peers on real data, in one process and on one core.

`python -m bench fetch` gets the data, `python -m bench run` measures everything into bench/results.json, and
`python -m bench report` writes docs/bench.md and its charts from that file.
"""
