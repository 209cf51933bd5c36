"""What made a set of vectors, and having it again: recipes, run folders, and the way from one to the other."""
