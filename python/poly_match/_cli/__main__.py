"""`python -m poly_match._cli`: the command without its script."""

from poly_match._cli.main import command

command()
