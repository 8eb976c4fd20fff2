"""The same answers everywhere: one index file, opened by every host, and one digest of a million answers."""
