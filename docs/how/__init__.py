"""For `docs/how.md`: the tree read with NumPy, its figures and its pictures."""
