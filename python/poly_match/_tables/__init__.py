"""Tables in, tables out: frames, datasets and batches with the answers of their points."""
