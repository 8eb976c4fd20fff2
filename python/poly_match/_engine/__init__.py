"""What the engine is called with: rules checked, regions prepared, points in chunks on several cores."""
