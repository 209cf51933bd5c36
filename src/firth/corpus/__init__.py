"""Keys become ids: one vocabulary and the named contexts that say which items appear together.

Building is deterministic: the order of the rows, of the threads and of the calls has no influence on the result.
"""
