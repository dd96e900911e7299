"""Constants folded: what is known of a query before it runs."""

from __future__ import annotations

from sqlglot import exp

__all__ = ["fold_constants"]


def fold_constants(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Decide what is known before the query runs: choices by setting, filters that are true.

    ``case when false then a else b end`` becomes b, ``'either' in ('monetary', 'either')`` is
    decided, ``coalesce(null, a)`` becomes a, and a date minus no window is NULL.
    """
    del dialect
    for case in list(tree.find_all(exp.Case)):
        if case.this is None:  # else its branches are values to compare with
            _fold_case(case)
    for difference in list(tree.find_all(exp.Sub)):
        if _is_null(difference.expression):
            difference.replace(exp.null())
    for coalesce in list(tree.find_all(exp.Coalesce)):
        _fold_coalesce(coalesce)
    for where in list(tree.find_all(exp.Where)):
        _fold_where(where)
    return tree


def _fold_case(case: exp.Case) -> None:
    is_percentile = case.find(exp.PercentileCont) is not None
    for branch in list(case.args["ifs"]):
        truth = _truth(branch.this)
        if truth is False:
            case.args["ifs"].remove(branch)
        elif truth is True and branch is case.args["ifs"][0]:
            case.replace(branch.args["true"])
            return
    if not case.args["ifs"]:
        nothing = exp.cast(exp.null(), "double") if is_percentile else exp.null()
        case.replace(case.args.get("default") or nothing)


def _truth(condition: exp.Expr) -> bool | None:
    """Return whether a condition of literals holds, None where it depends on a column."""
    if isinstance(condition, exp.Boolean):
        return bool(condition.this)
    if isinstance(condition, exp.In):
        values = [condition.this, *condition.expressions]
        if len(values) > 1 and all(value.is_string for value in values):
            return condition.this in condition.expressions
    return None


def _fold_coalesce(coalesce: exp.Coalesce) -> None:
    values = [value for value in (coalesce.this, *coalesce.expressions) if not _is_null(value)]
    if len(values) == 1:
        coalesce.replace(values[0])
    elif values:
        coalesce.set("this", values[0])
        coalesce.set("expressions", values[1:])


def _fold_where(where: exp.Where) -> None:
    condition = where.this
    parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    open_parts = [part for part in parts if _truth(part) is not True]
    if not open_parts:
        where.pop()
    elif len(open_parts) < len(parts):
        where.set("this", exp.and_(*open_parts, copy=False))


def _is_null(value: exp.Expr) -> bool:
    return isinstance(value.this if isinstance(value, exp.Cast) else value, exp.Null)
