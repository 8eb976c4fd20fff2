"""Is the data all right?"""
