"""The files of word evaluation: pairs with human scores, and analogy questions.

A line that cannot be read is counted with its number and left out; a file without a good line is refused. Lines are
UTF-8; empty ones and those that begin with ``#`` say nothing. Fields are separated by tabs where the line has one, in
pairs else by commas where it has one, else by white space.

References
----------
Finkelstein et al. (2002). Placing search in context: the concept revisited. ACM TOIS 20 (WordSim-353).
Mikolov, Chen, Corrado & Dean (2013). Efficient estimation of word representations in vector space (the analogies).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Self

from firth.errors import DataError, SourceError, SourceNotFoundError

_MAX_SHOWN = 5  # line numbers that a message names

Pair = tuple[str, str, float]
Question = tuple[str, str, str, str]


@dataclass(frozen=True)
class WordPairs:
    """Pairs of words, each with the likeness that people found.

    Parameters
    ----------
    name
        What the set is called.
    pairs
        Word, word, score; any scale, more is more alike.
    bad_lines
        Numbers of the file's lines that could not be read.
    """

    name: str
    pairs: tuple[Pair, ...]
    bad_lines: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the pairs of a file with lines ``word word score``; further columns are left aside.

        Raises
        ------
        SourceNotFoundError
            If there is no such file.
        SourceError
            If it cannot be read, or is no UTF-8.
        DataError
            If no line is good.
        """
        pairs: list[Pair] = []
        bad: list[int] = []
        for number, line in _lines(Path(path)):
            fields = [one.strip() for one in line.split("\t" if "\t" in line else "," if "," in line else None)]
            score = _number(fields[2]) if len(fields) >= 3 else None
            if score is None or not fields[0] or not fields[1]:
                bad.append(number)
            else:
                pairs.append((fields[0], fields[1], score))
        if not pairs:
            raise _nothing_good(Path(path), "two words and a score, such as 'tiger cat 7.35'", bad)
        return cls(Path(path).stem, tuple(pairs), tuple(bad))


@dataclass(frozen=True)
class AnalogyQuestions:
    """Questions a : b = c : d, in sections.

    Parameters
    ----------
    name
        What the set is called.
    sections
        Questions by section, in the file's order. Sections whose names begin with ``gram`` are syntactic, others
        semantic.
    bad_lines
        Numbers of the file's lines that could not be read.
    """

    name: str
    sections: dict[str, tuple[Question, ...]] = field(hash=False)
    bad_lines: tuple[int, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the questions of a file with lines of four words and lines ``: section``.

        Questions before the first section belong to one named ``""``; a section that comes again goes on.

        Raises
        ------
        SourceNotFoundError
            If there is no such file.
        SourceError
            If it cannot be read, or is no UTF-8.
        DataError
            If no line is good.
        """
        sections: dict[str, list[Question]] = {}
        bad: list[int] = []
        section = ""
        for number, line in _lines(Path(path)):
            if line.startswith(":"):
                section = line[1:].strip()
                continue
            words = [one.strip() for one in line.split("\t" if "\t" in line else None)]
            if len(words) != 4 or not all(words):
                bad.append(number)
            else:
                sections.setdefault(section, []).append((words[0], words[1], words[2], words[3]))
        if not sections:
            raise _nothing_good(Path(path), "four words, such as 'Athens Greece Oslo Norway'", bad)
        return cls(Path(path).stem, {name: tuple(questions) for name, questions in sections.items()}, tuple(bad))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, with their numbers from 1."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                content = line.strip()
                if content and not content.startswith("#"):
                    yield number, content
    except FileNotFoundError:
        raise SourceNotFoundError(f"no file at {path}; give the path of a text file.") from None
    except UnicodeDecodeError:
        raise SourceError(f"{path} is no UTF-8 text; convert it first.") from None
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}.") from error


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _nothing_good(path: Path, expected: str, bad: list[int]) -> DataError:
    shown = ", ".join(str(number) for number in bad[:_MAX_SHOWN]) + (", ..." if len(bad) > _MAX_SHOWN else "")
    found = f"found none in lines {shown}" if bad else "it is empty"
    return DataError(f"{path}: a line must hold {expected}; {found}.")
