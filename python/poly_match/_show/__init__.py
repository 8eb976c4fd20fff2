"""Pictures: points on a map of their regions, and what notebooks show."""
