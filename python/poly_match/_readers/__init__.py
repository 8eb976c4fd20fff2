"""Files of points and polygons: their formats, and their rows with coordinates and fields."""
