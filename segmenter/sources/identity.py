"""Who the customers are: what the checks of ids look at, and the way out that they name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from segmenter.schema.files import literal
from segmenter.sources.expressions import written
from segmenter.sources.source import Source
from segmenter.sources.text_advice import TEXTS

__all__ = ["identity_values"]


def identity_values(
    source: Source,
    columns: Mapping[str, str] | None = None,
    types: Mapping[str, str] | None = None,
) -> dict[str, exp.Expr]:
    """Return what stands for the placeholders of the checks of who the customers are.

    Parameters
    ----------
    source : Source
    columns : mapping of str to str, optional
        Of the relation, with their types.
    types : mapping of str to str, optional
        Of the expressions. An id of an unknown type is not looked at.
    """
    known = types or {}
    kind = known.get("customer", "")
    customer = written(source.customer_text, columns or {})
    order = written(source.order or "", columns or {})
    is_text = kind.startswith(TEXTS)
    whole = f"regexp_replace({customer}, '[.]0$', '')" if is_text else f"cast({customer} as bigint)"
    before = f"({source.where}) and " if source.where else ""
    is_empty: exp.Expr = exp.false()
    if known.get("order", "").startswith(TEXTS):
        is_empty = exp.paren(exp.column("order_id").isin("", " "))  # trim() would cost a scan
    return {
        "customer_is_text": literal(is_text),
        "customer_is_float": literal(kind in ("FLOAT", "DOUBLE")),
        "order_is_empty": is_empty,
        "customer_folded": literal(_in_quotes(f"lower(trim({customer}))")),
        "customer_whole": literal(_in_quotes(whole)),
        "customer_unlike": literal(_in_quotes(f"{before}cast({customer} as varchar) <> ")[:-1]),
        "order_or_null": literal(_in_quotes(f"nullif(trim({order}), '')")),
    }


def _in_quotes(text: str) -> str:
    """Return a text as Python writes it, always in single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
