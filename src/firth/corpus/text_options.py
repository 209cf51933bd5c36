"""How a text becomes sequences of tokens, as the user states it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from firth.corpus.phrases import PhraseOptions
from firth.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How a text becomes sequences of tokens.

    Parameters
    ----------
    lowercase
        Whether tokens are lower-cased, by Unicode's rules.
    token_pattern
        Regular expression whose matches are the tokens of a line, or what its group matches if it has one; empty
        matches are none. It is applied after lower-casing. None: tokens stand between white space of ASCII (space, tab,
        line's end, vertical tab, form feed).
    tokens_per_sequence
        A sequence is so many tokens of a file, across lines; the last may be shorter. None: a line is a sequence.
    phrases
        Which pairs of tokens become one; None: none.
    strict
        Whether a byte that is not UTF-8 is an error; otherwise it is read as U+FFFD, and counted.

    Raises
    ------
    OptionError
        If a value is outside its range.
    """

    lowercase: bool = False
    token_pattern: str | None = None
    tokens_per_sequence: int | None = None
    phrases: PhraseOptions | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        for name in ("lowercase", "strict"):
            if type(getattr(self, name)) is not bool:
                raise OptionError(f"{name} must be true or false, got {getattr(self, name)!r}.")
        n = self.tokens_per_sequence
        if n is not None and (type(n) is not int or not 1 <= n < 1 << 31):
            raise OptionError(f"tokens_per_sequence must be a whole number >= 1, or None, got {n!r}.")
        if self.token_pattern is not None:
            compiled(self.token_pattern)
        if self.phrases is not None and not isinstance(self.phrases, PhraseOptions):
            raise OptionError(f"phrases must be PhraseOptions or None, got {self.phrases!r}.")


def compiled(token_pattern: object) -> re.Pattern[str]:
    """Return the regular expression.

    Raises
    ------
    OptionError
        If it is none, or has several groups.
    """
    if not isinstance(token_pattern, str) or not token_pattern:
        raise OptionError(f"token_pattern must be a text that is not empty, or None, got {token_pattern!r}.")
    try:
        pattern = re.compile(token_pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise OptionError(
            f"token_pattern must be a regular expression, got {token_pattern!r}: {error}. Example: [a-z']+"
        ) from error
    if pattern.groups > 1:
        raise OptionError(
            f"token_pattern may have one group, got {pattern.groups} in {token_pattern!r}; make others (?:...)."
        )
    return pattern
