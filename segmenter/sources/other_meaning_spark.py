"""Parts of expressions that Spark computes otherwise, told by their types."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

__all__ = ["spark_differences"]

_DIGITS = {"tinyint": 2, "smallint": 4, "int": 9, "bigint": 18}
"""How many digits a whole number has that fits in any case."""

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

_TEXTS = {
    "date": rf"^{_DAY}\z",
    "timestampntz": rf"^{_DAY}([ T][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?)?\z",
}
"""Forms of texts that both engines read alike."""

TypeOf = Callable[[exp.Expr], str]


def spark_differences(tree: exp.Expr, type_of: TypeOf) -> Iterator[tuple[exp.Expr, str, exp.Expr]]:
    """Yield parts that differ, each with the reason and what to write instead.

    Parameters
    ----------
    tree : Expr
    type_of : callable
        Returns DuckDB's type of an expression, empty where it is not known.
    """
    for cast in tree.find_all(exp.TryCast):
        pattern = _form(cast.to)
        if pattern and type_of(cast.this) == "VARCHAR" and not _is_checked(cast, pattern):
            condition = exp.RegexpLike(this=cast.this.copy(), expression=pattern.copy())
            read = exp.paren(exp.Case().when(condition, cast.copy()))
            yield cast, f"has other texts for {cast.to.sql(dialect='duckdb')} in try_cast", read
    for call in tree.find_all(exp.Round):
        digits = call.args.get("decimals")
        count = digits.name if isinstance(digits, exp.Literal) else "0"
        if count.strip("0").isdigit() and type_of(call.this) in ("FLOAT", "DOUBLE"):
            power = exp.Literal.number(10 ** int(count))
            rounded = exp.func("round", exp.paren(call.this.copy()) * power)
            yield (
                call,
                "rounds the digits of a double that are shown",
                exp.paren(rounded / power.copy()),
            )
    for item in tree.find_all(exp.Bracket):
        place = item.expressions[0] if len(item.expressions) == 1 else None
        if isinstance(place, exp.Literal | exp.Neg) and type_of(item.this) == "VARCHAR":
            # sqlglot counts from 0
            first = exp.Literal.number(int(place.sql()) + 1)
            letter = exp.func("substring", item.this.copy(), first, exp.Literal.number(1))
            yield item, "has no characters of a text in brackets", letter
    for difference in tree.find_all(exp.Sub):
        sides = difference.this, difference.expression
        if {type_of(side) for side in sides} == {"DATE"}:
            days = exp.DateDiff(
                this=sides[0].copy(), expression=sides[1].copy(), unit=exp.var("day")
            )
            yield difference, "has no number of days between dates", days
    for length in tree.find_all(exp.Length):
        if type_of(length.this).endswith("[]"):
            size = exp.func("array_length", length.this.copy(), dialect="duckdb")
            yield length, "has another function for the length of a list", size


def _form(kind: exp.DataType) -> exp.Literal | None:
    """Return the pattern of texts that both engines take for a type; None where all are alike."""
    for name, digits in _DIGITS.items():
        if kind.is_type(name):
            return exp.Literal.string(rf"^[+-]?[0-9]{{1,{digits}}}\z")
    for name, pattern in _TEXTS.items():  # DuckDB's TIMESTAMP is sqlglot's TIMESTAMPNTZ
        if kind.is_type(name):
            return exp.Literal.string(pattern)
    return None


def _is_checked(cast: exp.TryCast, pattern: exp.Literal) -> bool:
    """Tell whether a cast is already kept to the texts of a pattern."""
    branch = cast.parent
    if not isinstance(branch, exp.If) or not isinstance(branch.this, exp.RegexpLike):
        return False
    return bool(branch.this.this == cast.this and branch.this.expression == pattern)
