"""Vector stores: tables of items that other programs ask for the nearest, one file per store, all of one shape."""
