"""Whether a text of SQL is one plain SELECT, judged from its words with strings and comments set aside.

This is the first of two locks: the connection itself is read-only as well. Both are needed, because engines let through
what does not write to the database proper: SQLite's ``attach 'x'`` creates a file on a read-only connection, and so
does DuckDB's ``with a as (copy t to 'file')``, which its own parser calls a SELECT. The check knows nothing of names or
types, and never rewrites a query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from firth.errors import ReadOnlyError, SourceError

Dialect = Literal["sqlite", "postgresql", "duckdb"]

# What starts a statement that is no SELECT; any of these at the head of a parenthesis, or after one, is refused.
_STATEMENTS = frozenset(
    """
    alter analyze attach begin call checkpoint cluster comment commit copy create deallocate delete detach discard do
    drop execute export grant import insert install listen load lock merge move notify pragma prepare reassign refresh
    reindex release replace reset revoke rollback savepoint security set truncate unlisten update use vacuum
    """.split()  # noqa: SIM905 (words read better as words)
)
# Words that can follow a column which happens to have such a name: (load is null), (comment or ...), (copy as x).
_AFTER_A_NAME = frozenset(
    """
    and anti as asc asof between by collate cross desc else end except fetch filter for from full glob group having
    ilike in inner intersect is isnull join left like limit match natural not notnull nulls offset on or order over
    positional qualify regexp right rows semi similar tablesample then union using when where window within
    """.split()  # noqa: SIM905 (likewise)
)
_FUNCTIONS = frozenset(("replace", "insert"))

_WORD = r"(?P<word>[^\W\d][\w$]*)"
_QUOTED_NAME = r'(?P<name>"(?:[^"]|"")*")'
_STRING = r"(?P<string>'(?:[^']|'')*')"
_ESCAPED = r"(?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')"
_DOLLAR = r"(?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)"
_REST = r"(?P<open>/\*)|(?P<space>\s+)|(?P<number>\d[\w.]*|\$\d+)|(?P<other>.)"
# A carriage return ends a comment in PostgreSQL and DuckDB, not in SQLite.
_POSTGRES = "|".join((_ESCAPED, _DOLLAR, _STRING, _QUOTED_NAME, _WORD, r"(?P<line>--[^\n\r]*)", _REST))
_SQLITE_NAME = r'(?P<name>"(?:[^"]|"")*"|\[[^\]]*\]|`(?:[^`]|``)*`)'
_SQLITE = "|".join((_STRING, _SQLITE_NAME, _WORD, r"(?P<line>--[^\n]*)", _REST))
_PATTERNS = {
    "sqlite": re.compile(_SQLITE, re.DOTALL),
    "postgresql": re.compile(_POSTGRES, re.DOTALL),
    "duckdb": re.compile(_POSTGRES, re.DOTALL),
}


@dataclass(frozen=True)
class Token:
    """One word, name, string or sign of a query; ``text`` of a word is in lower case."""

    kind: Literal["word", "name", "string", "number", "sign"]
    text: str


_SEMICOLON, _OPEN, _CLOSE = (Token("sign", sign) for sign in ";()")


def tokens(sql: str, dialect: Dialect) -> list[Token]:
    """Return the parts of a query without spaces and comments.

    Raises
    ------
    SourceError
        If a string, a quoted name or a comment is not closed.
    """
    pattern, found, position = _PATTERNS[dialect], list[Token](), 0
    while position < len(sql):
        match = pattern.match(sql, position)
        assert match is not None  # the last alternative takes any character
        kind = match.lastgroup if match.lastgroup != "tag" else "dollar"
        position = match.end()
        if kind == "open":
            position = _end_of_comment(sql, position, nested=dialect != "sqlite")
        elif kind == "word":
            found.append(Token("word", match.group().lower()))
        elif kind == "name":
            found.append(Token("name", match.group()[1:-1]))
        elif kind in ("string", "escaped", "dollar"):
            found.append(Token("string", match.group()))
        elif kind == "number":
            found.append(Token("number", match.group()))
        elif kind == "other":
            if match.group() in "'\"" or (dialect == "sqlite" and match.group() in "`["):
                raise SourceError(f"a quote is not closed in the query, at: {sql[match.start() :][:40]!r}.")
            found.append(Token("sign", match.group()))
    return found


def check_read_only(sql: str, dialect: Dialect) -> list[Token]:
    """Return the tokens of ``sql`` if it is exactly one SELECT, or WITH ... SELECT, that cannot write.

    Raises
    ------
    ReadOnlyError
        If it is anything else.
    SourceError
        If it is empty or not closed.
    """
    found = tokens(sql, dialect)
    while found and found[-1] == _SEMICOLON:
        found.pop()
    if not found:
        raise SourceError("the query is empty; give one SELECT.")
    if _SEMICOLON in found:
        raise ReadOnlyError("a query must be one statement, got several divided by ';'. Give one SELECT.")
    first = next((token for token in found if token != _OPEN), found[0])
    if first.kind != "word" or first.text not in ("select", "with"):
        raise ReadOnlyError(f"sources are only read: a query must begin with SELECT or WITH, got {first.text[:40]!r}.")
    for i, token in enumerate(found):
        if token.text in _STATEMENTS and _starts_statement(found, i):
            raise ReadOnlyError(
                f"sources are only read: {token.text.upper()} is not allowed inside a query. "
                "If it is a column's name, put it in double quotes."
            )
    return found


def _starts_statement(found: list[Token], i: int) -> bool:
    if found[i].kind != "word" or found[i - 1] not in (_OPEN, _CLOSE):
        return False
    following = found[i + 1] if i + 1 < len(found) else _CLOSE
    if found[i].text in _FUNCTIONS:
        return following.text in ("into", "or")
    if following.kind == "word":
        return following.text not in _AFTER_A_NAME or (found[i].text, following.text) == ("delete", "from")
    return following.kind in ("name", "string") or (following == _OPEN and found[i - 1] == _OPEN)


def _end_of_comment(sql: str, position: int, *, nested: bool) -> int:
    depth = 1
    for match in re.compile(r"/\*|\*/").finditer(sql, position):
        depth += -1 if match.group() == "*/" else int(nested)
        if depth == 0:
            return match.end()
    raise SourceError("a comment /* is not closed in the query.")
