"""Every setting of a fit: its default, its range and what it means, in one place.

``n_neighbors`` here is ``--n-neighbors`` on the command line, ``n_neighbors`` in SQL and in the
kernel. Values are checked once, when a `Settings` is made.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from segmenter.errors import InputError, did_you_mean
from segmenter.formatting import is_text

__all__ = ["AUTO_LEVELS", "MAX_CHANGE", "SafetyNet", "Settings"]

AUTO_LEVELS = 6
"""The most levels that ``levels='auto'`` may take."""

MAX_CHANGE = 0.1
"""Share of the customers that a refit may move and still be published."""

MAX_DAYS = 36_500

_WHOLE = (
    "levels",
    "n_init",
    "n_neighbors",
    "max_rules",
    "max_points",
    "active_days",
    "lapsed_days",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a fit may be told.

    Parameters
    ----------
    cut : float, default 0.99
        Quantile above which a customer is a whale, in (0.5, 1]. 1 cuts nobody.
    cut_on : {'monetary', 'frequency', 'either'}, default 'either'
        The metric whose quantile is looked at.
    shape : {'recursive', 'flat', 'auto'}, default 'recursive'
        Split the largest block again, or into ``levels + 1`` blocks at once (3 for
        ``levels='auto'``). ``'auto'`` is recursive unless a flat clustering into as many runs
        through gaps where the recursion cuts a crowd.
    scale : {'linear', 'log'}, default 'linear'
        Cluster money and orders, or the logarithms of both: then segments are more even in size,
        and boundaries lie lower. Money below the quantile ``1 - cut`` counts as that.
    levels : int or 'auto', default 2
        How many times, at most, a block is split in two: 1 to 6. ``'auto'`` goes on until no
        block holds a majority.
    max_share : float, default 0.5
        A largest block with more than this share of the training customers is lopsided and is
        split again, in [0, 1].
    consolidate : bool, default True
        Move each customer to the block with the nearer centroid until nothing moves. False is
        textbook Ward.
    monotone : bool, default True
        More money at equal orders, or more orders at equal money, never lead to a lower segment. A
        block that the plain split would divide otherwise is split along the sum of both z-scores,
        and a profile gets the highest segment that the neighbours of any profile with no more
        money and no more orders vote for. False is the plain method.
    n_init : int, default 8
        Partitions that consolidation starts from, 1 to 50: Ward's cut, and cuts of the sum of both
        z-scores at the upper half, quarter, eighth and so on of the customers. The tightest end is
        kept. 1 is Ward's cut alone.
    n_neighbors : int, default 5
        Customers that vote on a label, 1 to 50.
    max_rules : int, default 2000
        With more rectangles than this no SQL macro is compiled, 1 to 100,000.
    max_points : int, default 20000000
        With more distinct points than this, monetary is coarsened to the finest relative grid
        that fits, 100 to 100,000,000. A million points take about 0.2 GB.
    names : tuple of str, optional
        Names of the segments, highest mean monetary first.
    forget_points : bool, default False
        Store the rules only, and not the training points, each of which may be one person.
    active_days, lapsed_days : int, optional
        Lifecycle: a customer whose last order is at most `active_days` old is active, up to
        `lapsed_days` lapsing, and beyond lapsed; 1 to 36,500. By default the base's own: three
        quarters, and 95 %, of the customers who come back do so within these on average.

    Raises
    ------
    InputError
        A value out of range; the message names it and what is allowed.

    Examples
    --------
    >>> Settings(levels="auto").max_levels
    6
    """

    cut: float = 0.99
    cut_on: Literal["monetary", "frequency", "either"] = "either"
    shape: Literal["recursive", "flat", "auto"] = "recursive"
    scale: Literal["linear", "log"] = "linear"
    levels: int | Literal["auto"] = 2
    max_share: float = 0.5
    consolidate: bool = True
    monotone: bool = True
    n_init: int = 8
    n_neighbors: int = 5
    max_rules: int = 2000
    max_points: int = 20_000_000
    names: tuple[str, ...] | None = None
    forget_points: bool = False
    active_days: int | None = None
    lapsed_days: int | None = None

    def __post_init__(self) -> None:
        _number(self.cut, "cut", 0.5, 1.0, "a quantile above 0.5, or 1 to cut nobody")
        if self.cut <= 0.5:
            raise InputError(
                f"cut must be above 0.5 and at most 1, not {self.cut!r}. The default is 0.99."
            )
        if self.cut_on not in ("monetary", "frequency", "either"):
            raise InputError(
                f"cut_on must be 'monetary', 'frequency' or 'either', not {self.cut_on!r}."
            )
        if self.shape not in ("recursive", "flat", "auto"):
            raise InputError(f"shape must be 'recursive', 'flat' or 'auto', not {self.shape!r}.")
        if self.scale not in ("linear", "log"):
            raise InputError(f"scale must be 'linear' or 'log', not {self.scale!r}.")
        if self.levels != "auto":
            _whole(self.levels, "levels", 1, AUTO_LEVELS, "or 'auto'")
        _number(self.max_share, "max_share", 0.0, 1.0, "a share of the training customers")
        for name in ("consolidate", "monotone", "forget_points"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name} must be true or false, not {getattr(self, name)!r}.")
        _whole(self.n_init, "n_init", 1, 50)
        _whole(self.n_neighbors, "n_neighbors", 1, 50)
        _whole(self.max_rules, "max_rules", 1, 100_000)
        _whole(self.max_points, "max_points", 100, 100_000_000)
        if self.names is not None:
            object.__setattr__(self, "names", _checked_names(self.names))
        self._check_lifecycle()

    def _check_lifecycle(self) -> None:
        for name in ("active_days", "lapsed_days"):
            if getattr(self, name) is not None:
                _whole(getattr(self, name), name, 1, MAX_DAYS)
        if self.active_days and self.lapsed_days and self.lapsed_days < self.active_days:
            raise InputError(
                f"lapsed_days must not be less than active_days = {self.active_days}, and is "
                f"{self.lapsed_days}."
            )

    @property
    def max_levels(self) -> int:
        """The most levels that this fit may take."""
        return AUTO_LEVELS if self.levels == "auto" else self.levels

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Settings:
        """Make settings from a SQL STRUCT, JSON object or other mapping; None means default."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise InputError(
                    f"{name!r} is not a setting ({', '.join(known)}).{did_you_mean(name, known)}"
                )
        given = {name: value for name, value in values.items() if value is not None}
        levels = given.get("levels")
        if isinstance(levels, str) and levels.isdecimal():
            given["levels"] = int(levels)
        for name in _WHOLE:  # SQL makes all values of a MAP, and 2.0 of a STRUCT, floating
            value = given.get(name)
            if isinstance(value, float) and value.is_integer():
                given[name] = int(value)
        if isinstance(given.get("names"), list):
            given["names"] = tuple(given["names"])
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as a plain mapping, fit for JSON."""
        return dataclasses.asdict(self)


def _number(value: object, name: str, low: float, high: float, meaning: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} must be a number ({meaning}), not {value!r}.")
    if not low <= value <= high:
        raise InputError(f"{name} must be between {low:g} and {high:g} ({meaning}), not {value!r}.")


def _whole(value: object, name: str, low: int, high: int, otherwise: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        allowed = f"a whole number from {low:,} to {high:,}" + (f" {otherwise}" * bool(otherwise))
        raise InputError(f"{name} must be {allowed}, not {value!r}.")


def _checked_names(names: object) -> tuple[str, ...]:
    if isinstance(names, str):
        names = tuple(name.strip() for name in names.split(","))
    if not isinstance(names, tuple | list):
        raise InputError(f"names must be a list of texts, not {names!r}.")
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"names must be non-empty texts, not {name!r}.")
        if not is_text(name):
            raise InputError(f"names must be texts in UTF-8, and {name!r} is none. Type it anew.")
    if len(set(names)) != len(names):
        raise InputError(f"names must differ from each other, not {', '.join(names)}.")
    if not 2 <= len(names) <= AUTO_LEVELS + 1:
        raise InputError(
            f"names must be 2 to {AUTO_LEVELS + 1}, one for each segment, highest first; "
            f"{len(names)} came."
        )
    return tuple(names)


@dataclass(frozen=True)
class SafetyNet:
    """What a fit over an existing model may change.

    Parameters
    ----------
    max_change : float, default 0.1
        When the new model alone would move a larger share of the customers, from 0 to 1, into
        another segment, it is stored as a version and not published.
    publish : bool, default False
        Publish, however many customers move.
    replace : bool, default False
        Let the model of another source, or of another condition, be followed by this one.

    Raises
    ------
    InputError
        `max_change` is not from 0 to 1.
    """

    max_change: float = MAX_CHANGE
    publish: bool = False
    replace: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.max_change, int | float) or not 0 <= self.max_change <= 1:
            raise InputError(
                f"max_change must be a share of the customers from 0 to 1, not {self.max_change!r}."
            )

    def lets(self, share: float) -> bool:
        """Tell whether a model that moves this share of the customers may be published."""
        return self.publish or share <= self.max_change
