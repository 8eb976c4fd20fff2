"""The command `poly-match`."""
