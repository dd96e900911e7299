"""A struct that is made of two, as it is written where no function puts structs together."""

from __future__ import annotations

from sqlglot import exp

from segmenter.schema.files import literal

__all__ = ["EXPLAINS", "explanation_form"]

EXPLAINS: dict[str, exp.DataType | None] = {
    "duckdb": None,
    "postgres": exp.DataType.build("jsonb", dialect="postgres"),
    **dict.fromkeys(
        ("spark", "databricks"),
        exp.DataType.build(
            "struct<segment: string, rule: string, frequency_from: bigint, frequency_to: bigint, "
            "monetary_from: double, monetary_below: double, monetary_change: double, "
            "monetary_segment: string, frequency_change: bigint, frequency_segment: string>",
            dialect="spark",
        ),
    ),
}
"""What an explanation is in each dialect that has a value of several fields."""

_FOUND = "found"


def explanation_form(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write an explanation as a dialect can: a STRUCT, or a jsonb in PostgreSQL.

    Parameters
    ----------
    tree : Expr
        Of `segmenter.classifier.explanation`; it is changed.
    dialect : str
        One of `EXPLAINS`.
    """
    holder = exp.paren(tree, copy=False)
    if dialect == "postgres":
        _as_json(holder)
    elif dialect != "duckdb":
        _as_struct(holder)
    found: exp.Expr = holder.this
    return found


def _as_json(tree: exp.Expr) -> None:
    """Build objects of JSON; doubles are rounded to whole numbers only, so round decimals."""
    for rounded in tree.find_all(exp.Round):
        rounded.set("this", exp.cast(rounded.this, "numeric"))
    for struct in list(tree.find_all(exp.Struct)):
        pairs: list[exp.Expr] = []
        for field in struct.expressions:
            pairs += [literal(field.name), field.expression]
        struct.replace(exp.Anonymous(this="jsonb_build_object", expressions=pairs))
    for call in _concatenations(tree):
        call.set("this", "jsonb_concat")


def _as_struct(tree: exp.Expr) -> None:
    """Name the fields of the first struct one by one, which a lambda has computed once."""
    for call in _concatenations(tree):
        rule, along_frequency = call.expressions
        leaf = rule.find(exp.Struct)
        assert leaf is not None
        fields = [
            exp.PropertyEQ(
                this=field.this.copy(),
                expression=exp.Dot(this=exp.to_identifier(_FOUND), expression=field.this.copy()),
            )
            for field in leaf.expressions
        ]
        whole = exp.Struct(expressions=[*fields, *along_frequency.expressions])
        one = exp.Transform(
            this=exp.array(rule, copy=False),
            expression=exp.Lambda(this=whole, expressions=[exp.to_identifier(_FOUND)]),
        )
        call.replace(exp.Bracket(this=one, expressions=[exp.Literal.number(0)]))


def _concatenations(tree: exp.Expr) -> list[exp.Anonymous]:
    return [call for call in tree.find_all(exp.Anonymous) if call.name == "struct_concat"]
