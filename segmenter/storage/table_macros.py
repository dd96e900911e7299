"""The table macros of the schema: customers as of a moment, who moved, two versions compared.

``customer_segments_at`` is the chain of live views in one query, with the transactions up to the
moment at its beginning; those about moves ask it twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from segmenter.engines.inline_views import one_query
from segmenter.schema.files import TABLE_MACROS, bind, literal, qualified, query_text
from segmenter.sources.binding import Binding

__all__ = ["AT", "MOMENT", "customers_at", "table_macros"]

AT = "customer_segments_at"

MOMENT = "moment"
"""The parameter of `AT`."""

_CHAIN = ("transactions", "customer_profile", "customers_classified", "customer_segments")


def table_macros(binding: Binding, files: Mapping[str, str]) -> dict[str, str]:
    """Return the statement that creates each macro.

    Parameters
    ----------
    binding : Binding
    files : mapping of str to str
        The file of each view.
    """
    knows_time = binding.is_live and binding.source.date is not None
    is_anonymous = binding.source.kind == "points"
    values = {
        "profiles": exp.to_table(
            qualified("profile_points" if is_anonymous else "customer_profile")
        ),
        "customers": exp.column("customers") if is_anonymous else literal(1),
    }
    at = customers_at(binding.values, files) if knows_time else _no_time(binding)
    return {
        AT: at.sql(dialect="duckdb", copy=False),
        **{name: query_text(f"macros/{name}", values) for name in TABLE_MACROS if name != AT},
    }


def customers_at(bound: Mapping[str, exp.Expr], files: Mapping[str, str]) -> exp.Expr:
    """Return the macro of the customers as of a moment.

    Parameters
    ----------
    bound : mapping of str to Expression
        What stands for each ``$placeholder`` of a source that knows time.
    files : mapping of str to str
        The file of each view.
    """
    moment = exp.cast(exp.column(MOMENT), "timestamp")
    newest = exp.func("coalesce", moment.copy(), bound["newest_order"])
    values = {**bound, "as_of": moment, "newest_order": newest}
    chosen = {**files, "transactions": "transactions_windowed"}
    views = {name: bind(f"views/{chosen[name]}", values) for name in _CHAIN}
    macro = bind(f"macros/{AT}", bound)
    chain = one_query({**views, AT: macro.expression}, bound["source"].name)
    macro.set("expression", chain)
    return macro


def _no_time(binding: Binding) -> exp.Expr:
    if binding.source.kind == "points":
        why = "was fitted to anonymous points, so there are no customers to follow through time."
    elif not binding.is_live:
        why = (
            "was fitted to what views cannot read (a data frame, a workbook, another database, a "
            "query in a file). Fit to a table or a file."
        )
    elif binding.source.kind == "profile":
        why = "was fitted to finished profiles, which have no dates. Fit to the transactions."
    else:
        why = "has no date column. Name it in the fit, with date = 'COLUMN'."
    return bind(f"macros/{AT}_no_time", {"why": literal(f"this model {why}")})
