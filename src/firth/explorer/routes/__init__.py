"""The service's answers over HTTP, one file per kind of question; each holds a ``router``."""
