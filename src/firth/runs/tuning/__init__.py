"""Options chosen by trying them: the space, the trials, the search, what it found."""
