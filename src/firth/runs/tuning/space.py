"""Which options are tuned, and how far: one table, each range with its reason.

Items are not words. Words are tuned for analogies, where word2vec's customary noise (counts to the power 0.75) is best;
in playlists, sessions and baskets another exponent, often a negative one, may be far better, and so may more epochs and
other subsampling (Caselles-Dupré et al. 2018, who found these to matter most, and vector size to matter less).

==================  =========  =========================================================================================
option              range      reason
==================  =========  =========================================================================================
window              1 to 20    what stands next to an item, up to most of a playlist; log, as 1 and 2 differ more than
                               19 and 20
window's direction  both,      an item is predicted from what stood on both sides, or before it only, which is what is
                    before     asked of it later
sample              1e-5 to    frequent items are often what everybody plays; above 1e-2 hardly anything is dropped, so
                    1e-2, 0    the upper quarter of the scale is 0: everything is kept
ns_exponent         -1 to 1    1: negatives as frequent as items are; 0: all alike; -1: rare items are pushed away most
epochs              3 to 200   item sets are small; log
vector_size         16 to 256  in eights, which is what the kernel computes at once; log
negative            1 to 30    word2vec's 2 to 20 and a little more; log
learning_rate       0.005 to   around word2vec's 0.025 and Firth's 0.05; log
                    0.2
min_count           1 to 10    only where some item occurs less than 10 times; log
blend               0 to 1     from the model alone to counts alone; how ``recommend`` answers, like the next two
decay               0 to 2     from all items of the query alike to the last one nearly alone
recommend.window    1 to 20    places to either side that are counted; log
==================  =========  =========================================================================================

A recipe's own value that lies outside a range is tried as it is; the search sees it at the end of the range.

References
----------
Caselles-Dupré, Lesaint & Royo-Letelier (2018). Word2vec applied to recommendation: hyperparameters matter. RecSys '18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firth.errors import OptionError
from firth.runs.overrides import override
from firth.runs.recipe import Recipe
from firth.runs.tuning.options import TuneOptions
from firth.runs.typed import unknown

DIRECTION = "direction of window"
BOTH, BEFORE = "both", "before"
_MOST_RARE = 10
_KEEP_ALL = 1e-2  # above this, a sample is written 0


@dataclass(frozen=True, kw_only=True)
class Range:
    """The numbers that one option may have.

    Parameters
    ----------
    key
        The option's dotted key in a recipe.
    low, high
        Ends of the scale that is searched.
    step
        Values are multiples of it; 0: three digits of any number.
    is_log
        Whether the scale is logarithmic.
    """

    key: str
    low: float
    high: float
    step: int = 1
    is_log: bool = True

    @property
    def scale(self) -> tuple[float, float]:
        """Return the ends of the scale, with room for the last steps to be as wide as the others."""
        half = self.step / 2 - 1e-9 if self.step else 0.0
        return self.low - half, self.high + half

    def value(self, place: float) -> int | float:
        """Return the option's value at a place of the scale."""
        if self.step:
            return max(self.step, round(place / self.step) * self.step)
        if self.key == "train.sample" and place > _KEEP_ALL:
            return 0.0
        return float(f"{place:.3g}")

    def place(self, value: float) -> float:
        """Return where a value lies on the scale, at an end of it if it lies outside."""
        if self.key == "train.sample" and value == 0:
            value = self.high
        return min(max(float(value), self.low), self.high)


RANGES = (
    Range(key="train.window", low=1, high=20),
    Range(key="train.sample", low=1e-5, high=1e-1, step=0),
    Range(key="train.ns_exponent", low=-1.0, high=1.0, step=0, is_log=False),
    Range(key="train.epochs", low=3, high=200),
    Range(key="train.vector_size", low=16, high=256, step=8),
    Range(key="train.negative", low=1, high=30),
    Range(key="train.learning_rate", low=0.005, high=0.2, step=0),
    Range(key="vocabulary.min_count", low=1, high=10),
    Range(key="recommend.blend", low=0.0, high=1.0, step=0, is_log=False),
    Range(key="recommend.decay", low=0.0, high=2.0, step=0, is_log=False),
    Range(key="recommend.window", low=1, high=20),
)
_FIXED: Mapping[str, Any] = {"train.heldout": 0.0, "train.patience": None}
"""What every trial has: all that is left to train on is trained, for as long as it says."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """The options of one search.

    Parameters
    ----------
    ranges
        One per option.
    has_direction
        Whether the window's direction is searched as well.
    window_key
        Where the window of the context in question is given: in ``[train]``, or in the context.
    """

    ranges: tuple[Range, ...]
    has_direction: bool
    window_key: str = "train.window"

    @property
    def names(self) -> list[str]:
        """What is searched, in order."""
        names = [each.key for each in self.ranges]
        return [*names[:1], DIRECTION, *names[1:]] if self.has_direction else names

    def settings(self, places: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by dotted key for places on the scales."""
        found: dict[str, Any] = {}
        for each in self.ranges:
            found[each.key] = each.value(places[each.key])
        window = found.pop("train.window", None)
        if window is not None:
            is_before = self.has_direction and places[DIRECTION] == BEFORE
            found = {self.window_key: [window, 0] if is_before else window, **found}
        return found

    def places(self, recipe: Recipe) -> dict[str, Any]:
        """Return where a recipe's own values lie."""
        found: dict[str, Any] = {}
        for each in self.ranges:
            found[each.key] = each.place(_number(own_value(recipe, self._key(each))))
        if self.has_direction:
            window = own_value(recipe, self.window_key)
            found[DIRECTION] = BEFORE if isinstance(window, tuple) and window[1] == 0 else BOTH
        return found

    def own(self, recipe: Recipe) -> dict[str, Any]:
        """Return a recipe's own values of what is searched, by dotted key."""
        return {self._key(each): _plain(own_value(recipe, self._key(each))) for each in self.ranges}

    def _key(self, each: Range) -> str:
        return self.window_key if each.key == "train.window" else each.key


def space_of(recipe: Recipe, context: str, options: TuneOptions, *, rarest: int) -> Space:
    """Return what is searched.

    Parameters
    ----------
    recipe
        What is tuned.
    context
        The ordered context that is asked about.
    options
        Which keys, and by which ranking.
    rarest
        How often the rarest item occurs: ``min_count`` makes a difference only above it.

    Raises
    ------
    OptionError
        If a key is not one of :data:`RANGES`.
    """
    check_only(options.only)
    useless = set() if rarest < _MOST_RARE else {"vocabulary.min_count"}
    if options.ranking != "recommend":
        useless |= {each.key for each in RANGES if each.key.startswith("recommend.")}
    chosen = tuple(each for each in RANGES if (each.key in options.only if options.only else each.key not in useless))
    has_own_window = getattr(recipe.declared[context], "window", None) is not None
    return Space(
        ranges=chosen,
        has_direction=any(each.key == "train.window" for each in chosen),
        window_key=f"contexts.{context}.window" if has_own_window else "train.window",
    )


def check_only(only: Sequence[str]) -> None:
    """Raise OptionError if a key cannot be searched."""
    known = [each.key for each in RANGES]
    for key in only:
        if key not in known:
            raise OptionError(unknown("option to tune", key, known))


def tuned(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Return a recipe with settings in it, and all that is left to train on trained.

    Raises
    ------
    OptionError
        If a setting is no option, or outside its range.
    """
    extra: dict[str, Any] = {"train.pairs": None} if "train.epochs" in settings else {}
    return Recipe.from_dict(override(recipe.to_dict(), {**_FIXED, **extra, **settings}), name=recipe.name)


def own_value(recipe: Recipe, key: str) -> Any:  # noqa: ANN401 (options have several types)
    """Return a recipe's value of a dotted key, every default filled in."""
    section, *path = key.split(".")
    if section == "contexts":
        return getattr(recipe.declared[path[0]], path[1])
    if key == "vocabulary.min_count":
        return recipe.vocabulary.of(recipe.source.kind).min_count
    return getattr(getattr(recipe, section), path[0])


def _number(value: Any) -> float:  # noqa: ANN401
    if isinstance(value, tuple):
        return float(max(value))
    return 5.0 if value == "auto" else float(value)  # "auto" epochs are 5 where there are sequences


def _plain(value: Any) -> Any:  # noqa: ANN401
    return list(value) if isinstance(value, tuple) else value
