"""Rows that an expression loses: it is NULL there, although all that it reads has a value.

``try_cast`` is the usual way, and the largest amounts are the usual victims: "1,105.60" is no
number. An expression that says itself which values are none, with ``nullif`` or ``case``, is taken
at its word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from segmenter.schema.files import literal

__all__ = ["LOSING", "can_lose", "loss_values"]

LOSING = ("where", "customer", "amount", "order", "date")
"""The parameters whose expressions can lose rows."""

_NULL_ONLY_FROM_NULL = frozenset(
    {
        exp.Abs, exp.Add, exp.And, exp.AtTimeZone, exp.Between, exp.Boolean, exp.Cast, exp.Ceil,
        exp.Coalesce, exp.Column, exp.Concat, exp.DataType, exp.DataTypeParam, exp.DPipe, exp.Dot,
        exp.EQ, exp.Floor, exp.GT, exp.GTE, exp.Identifier, exp.ILike, exp.In, exp.Interval, exp.Is,
        exp.LT, exp.LTE, exp.Length, exp.Like, exp.Literal, exp.Lower, exp.Mul, exp.NEQ, exp.Neg,
        exp.Not, exp.Null, exp.Or, exp.Paren, exp.RegexpLike, exp.RegexpReplace, exp.Replace,
        exp.Round, exp.StrToTime, exp.Sub, exp.Substring, exp.Translate, exp.Trim, exp.Upper,
        exp.Var,
    }
)  # fmt: skip
"""What gives NULL for nothing but NULL; on anything else the rows are looked at."""

_SAY_SO = frozenset({exp.Nullif, exp.Case, exp.If})


def can_lose(tree: exp.Expr) -> bool:
    """Tell whether an expression can be NULL where all that it reads is there."""
    return any(type(node) not in _NULL_ONLY_FROM_NULL | _SAY_SO for node in tree.walk())


def loss_values(
    trees: Mapping[str, exp.Expr], known: Mapping[str, exp.Expr]
) -> dict[str, exp.Expr]:
    """Return what stands for the placeholders of ``sql/queries/lost_rows.sql``.

    Parameters
    ----------
    trees : mapping of str to Expr
        The expressions of a source by parameter; the others lose nothing.
    known : mapping of str to Expr
        The conditions under which a format does not read a value, by parameter.
    """
    losses = {name: _loss(trees[name]) for name in LOSING if name in trees} | dict(known)
    if "where" in trees:
        losses["where"] = _loss_by_condition(trees["where"], known.values())
    losing = {name: loss for name, loss in losses.items() if loss is not None}
    shown = exp.Case()
    for name, loss in losing.items():
        shown = shown.when(loss.copy(), _shown(name, trees[name]), copy=False)
    values: dict[str, exp.Expr] = {
        "lost_value": shown if losing else exp.cast(exp.null(), "varchar"),
        "condition": exp.paren(trees["where"].copy()) if "where" in trees else exp.true(),
    }
    for name in LOSING:
        role = "condition" if name == "where" else name
        values[f"loses_{role}"] = losing.get(name, exp.false())
    return values


def _loss(tree: exp.Expr) -> exp.Expr | None:
    """Return the condition that an expression loses a row, None where it cannot."""
    columns = _columns(tree)
    if isinstance(tree, exp.Column) or not columns or not can_lose(tree):
        return None
    there = (column.copy().is_(exp.null()).not_() for column in columns)
    whole = exp.and_(_is_null(tree), *there)
    return exp.paren(exp.or_(whole, *_hidden_losses(tree)))


def _loss_by_condition(tree: exp.Expr, known: Iterable[exp.Expr]) -> exp.Expr | None:
    """Return the condition that a row is dropped, and not by what its values say.

    ``try_cast(amount as double) is not null`` is false for "1,105.60": the row goes without a word.
    """
    names = {column.name for column in _columns(tree)}
    unread = [loss.copy() for loss in known if names & {column.name for column in _columns(loss)}]
    whole = _loss(tree) if not unread else exp.and_(_is_null(tree), exp.or_(*unread))
    losses = [loss for loss in (whole, *_failed_casts(tree)) if loss is not None]
    if not losses:
        return None
    dropped = exp.not_(exp.Coalesce(this=exp.paren(tree.copy()), expressions=[exp.false()]))
    return exp.paren(exp.and_(dropped, exp.paren(exp.or_(*losses))))


def _is_null(tree: exp.Expr) -> exp.Expr:
    return exp.paren(tree.copy()).is_(exp.null())


def _failed_casts(tree: exp.Expr) -> list[exp.Expr]:
    """Return conditions that a try_cast fails whose NULL a condition asks about."""
    casts = (node for node in tree.find_all(exp.TryCast) if node.find_ancestor(exp.Is))
    return [_fails(node) for node in casts if not node.find_ancestor(exp.Case, exp.If)]


def _hidden_losses(tree: exp.Expr) -> list[exp.Expr]:
    """Return conditions that a try_cast fails whose NULL ``coalesce`` or the like takes away."""
    return [
        _fails(node)
        for node in tree.find_all(exp.TryCast)
        if node is not tree.unnest() and not node.find_ancestor(exp.Case, exp.If, exp.Is)
    ]


def _fails(cast: exp.TryCast) -> exp.Expr:
    """Return the condition that a cast makes NULL of a value that is there."""
    return exp.and_(cast.copy().is_(exp.null()), exp.paren(cast.this.copy()).is_(exp.null()).not_())


def _columns(tree: exp.Expr) -> list[exp.Column]:
    """Return the columns that an expression reads, those that it tries to convert first."""
    tried = [
        column
        for node in tree.find_all(exp.TryCast, exp.Anonymous)
        for column in node.find_all(exp.Column)
    ]
    found = {column.name: column for column in [*tried, *tree.find_all(exp.Column)]}
    return list(found.values())


def _shown(name: str, tree: exp.Expr) -> exp.Expr:
    """Return the value that is lost as a text, ``amount '1,105.60'`` say."""
    text = exp.cast(_columns(tree)[0].copy(), "varchar")
    return exp.DPipe(
        this=exp.DPipe(this=literal(f"{name} '"), expression=text), expression=literal("'")
    )
