"""Whether vectors are any good, and compared with what."""
