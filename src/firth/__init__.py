"""Things that appear together become vectors, and vectors become something a person can use."""
