"""Whether vectors are any good, always beside what chance would give."""

from firth.evaluation.groups import Agreement, agreement

__all__ = ["Agreement", "agreement"]
