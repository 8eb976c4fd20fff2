"""The ladder: one program, made faster one step at a time, and measured at each step.

`python -m ladder measure` times every rung in one run, `python -m ladder profile` shows where the time goes,
`python -m ladder story` does both and rewrites the figures of docs/story.md.
"""
