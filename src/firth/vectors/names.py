"""What a key says: who made it, what it is called, and what is said beside that, in brackets or after a dash.

Two keys may name one thing though they differ in letter case, accents, punctuation, guests ("w/ Akon") or edition
("Radio Edit"); two that differ in a number or a version ("Part 2", "Live", "Remix") name two things though nearly all
letters are the same. Which is which is decided here, by words in English and a few other languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SEPARATOR = " - "


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# An edition is the same recording, or the same work, cut, mastered, packed or labelled otherwise. All its words are of
# these, and at least one is of the first line's.
_EDITION_MARKS = _words(
    "edit edited version mix mono stereo explicit clean dirty amended censored "
    "uncensored bonus deluxe anniversary single album audio video soundtrack cut edition release original"
)
_EDITION_WORDS = _EDITION_MARKS | _words(
    "radio main full length long short extended lp ep cd inch track hd hq 4k official music lyric lyrics digital "
    "digitally special limited collectors expanded directors theatrical international us uk ost"
)
# A version is another recording or another work: one of these words, wherever it stands, or a text that ends on one of
# those below and is no edition ("Taylor's Version", "Club Mix").
_VERSION_WORDS = _words(
    "remix remixed rmx acoustic acustico acustica unplugged instrumental karaoke demo cover covered reprise interlude "
    "intro outro acapella cappella orchestral symphonic rehearsal recorded rerecorded alternate alternative outtake "
    "medley mashup bootleg dub nightcore slowed sped tribute vivo session sessions spanish espanol english french "
    "francais german deutsch italian italiano portuguese japanese korean spanglish"
)
_VERSION_ENDS = _words("edit version mix cut take recording performance")
# "Live" is a version where it stands alone, first before where it was ("Live at", "Live 1999"), or last.
_AFTER_LIVE = _words("at in from on version session sessions recording performance and")
_GUESTS = re.compile(r"(?<!\d)(?<!\d\s)\b(?:(?:feat|ft|featuring)\b\.?:?|w\s*/\.?)(?=\s*\w)", re.IGNORECASE)
_WITH = re.compile(r"\s*with\b", re.IGNORECASE)  # announces guests in brackets only
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}|（([^（）]*)）|【([^【】]*)】")
_INITIALS = re.compile(r"\b(\w)\.(?=\w\b)")
_APOSTROPHES = re.compile("['’‘ʻʼ`´]")
_NOT_WORD = re.compile(r"[^\w$+#]+|_")
_DIGITS = re.compile(r"[0-9]+")
_LONGEST_NUMBER = 4300  # digits that Python converts
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "&": " and "}
)
_UNSAID = _words("the and a an n band")  # of a maker's name
_SPELLED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_NUMBERS = {word: number for number, word in enumerate(_SPELLED)}
_ROMAN = {numeral: number for number, numeral in enumerate(_NUMERALS, start=1)}
_WORDS_TOO = _words("i v x")  # a number only after one of the words below
_BEFORE_NUMBER = _words("part parts volume no nr number chapter act episode book side disc op")
_IN_FULL = {"pt": "part", "pts": "parts", "vol": "volume"}

Kind = Literal["guests", "edition", "version", "aside"]


@dataclass(frozen=True)
class Name:
    """What a key says.

    Parameters
    ----------
    maker
        Who made it, in plain words; empty where keys do not say.
    title
        What it is called, without what stands in brackets; in plain words, numbers up to twelve as digits.
    full
        The title with the brackets that are neither guests nor edition nor version.
    numbers
        Every number in ``full``, in order.
    guests
        Words of those who take part ("feat.", "ft.", "featuring", "w/"), sorted.
    editions
        What says that it is the same, cut or packed otherwise: "radio edit", "2011 remaster".
    versions
        What says that it is another recording or another work: "live", "remix", "spanish".
    asides
        Other texts in brackets.
    """

    maker: str
    title: str
    full: str
    numbers: tuple[int, ...]
    guests: str = ""
    editions: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    asides: tuple[str, ...] = ()


def parse_names(keys: Sequence[str]) -> list[Name]:
    """Return what each key says.

    Parameters
    ----------
    keys
        Keys. Where more than half of them hold `` - `` before something that is no edition, version or guest, they are
        taken as "maker - title", cut at the first.

    Examples
    --------
    >>> one, other = parse_names(["Daft Punk - Get Lucky", "DAFT PUNK - Get Lucky (feat. Pharrell) - Radio Edit"])
    >>> one.title == other.title, other.guests, other.editions
    (True, 'pharrell', ('radio edit',))
    """
    n_made = sum(_is_made(key) for key in keys)
    has_makers = n_made * 2 > len(keys)
    return [parse_name(key, has_makers=has_makers) for key in keys]


def parse_name(key: str, *, has_makers: bool) -> Name:
    """Return what one key says; ``has_makers`` where it is "maker - title"."""
    maker, separator, title = key.partition(SEPARATOR)
    if not (has_makers and separator and title.strip()):
        maker, title = "", key
    maker, maker_guests = _without_guests(maker)
    said: dict[Kind, list[str]] = {"guests": [*maker_guests], "edition": [], "version": [], "aside": []}
    rest = title
    bare, full = _without_brackets(rest, said)
    bare, full = _without_tails(bare, said), _without_tails(full, {kind: [] for kind in said})
    full, _ = _without_guests(full)
    bare, guests = _without_guests(bare)
    said["guests"] += guests
    full = _with_digits(plain_words(full) or plain_words(title) or title.strip().casefold())
    return Name(
        maker=_maker(maker),
        title=_with_digits(plain_words(bare)) or full,
        full=full,
        numbers=_numbers(full),
        guests=" ".join(sorted({word for text in said["guests"] for word in plain_words(text).split()} - _UNSAID)),
        editions=tuple(sorted(said["edition"])),
        versions=tuple(sorted({_version(text) for text in said["version"]})),
        asides=tuple(said["aside"]),
    )


def plain_words(text: str) -> str:
    r"""Return a text in lower case, without accents and punctuation, its words one space apart.

    Accents are those of Latin, Greek and Cyrillic letters; marks that make another letter in other scripts stay.

    Examples
    --------
    >>> plain_words("Beyoncé & JAY-Z: Don't!"), plain_words("B.o.B."), plain_words("A\u30cf\u3099 Ｆull")
    ('beyonce and jay z dont', 'bob', 'aバ full')
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    folded = "".join(letter for letter in folded if not "\u0300" <= letter <= "\u036f")
    folded = unicodedata.normalize("NFKC", folded).translate(_LETTERS)
    folded = _INITIALS.sub(r"\1", _APOSTROPHES.sub("", folded))
    return " ".join(_NOT_WORD.sub(" ", folded).split())


def kind_of(text: str, *, in_brackets: bool = True) -> Kind | None:
    """Return what a text beside a title says; None for one after a dash that belongs to the title.

    Examples
    --------
    >>> [kind_of(text) for text in ("w/ Akon", "Radio Edit", "Live at Wembley", "Taylor's Version", "Live Your Life")]
    ['guests', 'edition', 'version', 'version', 'aside']
    >>> kind_of("2011 Remaster", in_brackets=False), kind_of("The Sweater Song", in_brackets=False)
    ('edition', None)
    """
    if _GUESTS.match(text.lstrip()) or (in_brackets and _WITH.match(text)):
        return "guests"
    words = [word for word in plain_words(text).split() if not word.isdigit()]
    others = [word for word in words if not word.startswith("remaster")]  # in any language: remasterizado
    is_marked = len(others) < len(words) or set(words) & _EDITION_MARKS
    if (is_marked and set(others) <= _EDITION_WORDS and words != ["mix"]) or (
        not in_brackets and words[:1] == ["from"]
    ):
        return "edition"
    if set(words) & _VERSION_WORDS or (words and words[-1] in _VERSION_ENDS) or _is_live(plain_words(text).split()):
        return "version"
    return "aside" if in_brackets else None


def _is_live(words: list[str]) -> bool:
    if "live" not in words:
        return False
    after = words[1] if len(words) > 1 else ""
    return words[-1] == "live" or (words[0] == "live" and (after in _AFTER_LIVE or after.isdigit()))


def _is_made(key: str) -> bool:
    before, _, after = key.partition(SEPARATOR)
    return bool(before.strip() and after.strip()) and kind_of(after.strip(), in_brackets=False) is None


def _without_brackets(text: str, said: dict[Kind, list[str]]) -> tuple[str, str]:
    """Return a text without its brackets, and with those that are asides; what they said is added."""
    full = text
    while found := next(iter(_BRACKETS.finditer(text)), None):
        inner = next(group for group in found.groups() if group is not None)
        kind = kind_of(inner)
        assert kind is not None  # in brackets everything is of a kind
        said[kind].append(_announced(inner) if kind == "guests" else plain_words(inner))
        text = text[: found.start()] + " " + text[found.end() :]
        shown = f" {inner} " if kind == "aside" else " "
        full = full.replace(found.group(), shown, 1)
    said["aside"] = [aside for aside in said["aside"] if aside]
    return text, full


def _without_tails(text: str, said: dict[Kind, list[str]]) -> str:
    """Return a text without what comes after a dash and is an edition, a version or guests."""
    while True:
        head, separator, tail = text.rpartition(SEPARATOR)
        kind = kind_of(tail.strip(), in_brackets=False) if separator and head.strip() else None
        if kind is None:
            return text
        said[kind].append(_announced(tail) if kind == "guests" else plain_words(tail))
        text = head


def _without_guests(text: str) -> tuple[str, list[str]]:
    """Return a text up to the first word that announces guests, and who they are."""
    found = _GUESTS.search(text)
    if found is None or not text[: found.start()].strip():
        return text, []
    return text[: found.start()].rstrip(" ,(["), [text[found.end() :]]


def _announced(text: str) -> str:
    """Return the guests, without the word that announces them."""
    found = _GUESTS.match(text.lstrip()) or _WITH.match(text.lstrip())
    return text.lstrip()[found.end() :] if found else text


def _maker(text: str) -> str:
    words = plain_words(text).split()
    return " ".join([word for word in words if word not in _UNSAID] or words) or text.strip().casefold()


def _version(text: str) -> str:
    """Return what a version says, without the word that only says that it is one."""
    words = text.split()
    return " ".join([word for word in words if word not in ("version", "mix")] or words)


def _with_digits(text: str) -> str:
    """Return plain words in which numbers up to twelve are digits, and the words before them in full."""
    words: list[str] = []
    for word in text.split():
        is_numeral = word in _ROMAN and (word not in _WORDS_TOO or (bool(words) and words[-1] in _BEFORE_NUMBER))
        number = _ROMAN[word] if is_numeral else _NUMBERS.get(word)
        words.append(_IN_FULL.get(word, word) if number is None else str(number))
    return " ".join(words)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in _DIGITS.findall(text) if len(digits) < _LONGEST_NUMBER)
