"""Static pictures of a run: its map and its loss."""
