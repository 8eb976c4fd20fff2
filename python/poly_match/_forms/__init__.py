"""What comes in: every form of points and polygons a user may hold, as plain arrays."""
