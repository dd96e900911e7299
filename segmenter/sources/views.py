"""Which file of ``sql/views`` stands for each view, by what the source is."""

from __future__ import annotations

import re

from segmenter.schema.files import QUALITY, VIEWS
from segmenter.sources.source import Source

__all__ = ["transactions_file", "view_files"]

_PLAIN = re.compile(r"\w+")


def view_files(source: Source, *, is_live: bool, has_macro: bool) -> dict[str, str]:
    """Return the file for each view over the source, in the order of creation.

    Parameters
    ----------
    source : Source
    is_live : bool
        Whether the source outlives the session; otherwise its profiles are read from the snapshot.
    has_macro : bool
        Whether the model is compiled into the macro ``classify_segment``.
    """
    chosen: dict[str, str] = {}
    if source.kind == "points":
        chosen["profile_points"] = "profile_points_given" if is_live else "profile_points_stored"
    else:
        if source.kind == "transactions" and is_live:
            chosen["transactions"] = transactions_file(source, is_fixed=bool(source.as_of))
        if not is_live:
            chosen["customer_profile"] = "customer_profile_stored"
        elif source.kind == "profile":
            chosen["customer_profile"] = "customer_profile_given"
        else:
            by_rows = "" if source.order else "_by_rows"
            chosen["customer_profile"] = f"customer_profile{by_rows}"
        chosen["profile_cut"] = "profile_cut"
        chosen["profile_points"] = "profile_points"
        chosen["customers_classified"] = (
            "customers_classified" if has_macro else "customers_classified_by_rules"
        )
        chosen["customer_segments"] = "customer_segments"
        over_customers = ("customer_upgrades", "segment_lifecycle", "next_actions")
        chosen |= {name: name for name in over_customers}
        if is_live:
            chosen |= {"drift_bins": "drift_bins", "drift": "drift"}
            if source.attributes is not None:
                chosen["attribute_drift"] = "attribute_drift"
    if source.attributes is not None:
        chosen["segment_attributes"] = "segment_attributes"
    chosen["segment_summary"] = (
        "segment_summary_of_points" if source.kind == "points" else "segment_summary"
    )
    if source.kind != "points" and is_live:
        chosen["identity_counts"] = "identity_counts"
    if source.kind == "transactions" and is_live:
        chosen["data_quality_totals"] = "data_quality_totals"
    of_kind = "" if source.kind == "transactions" else f"_of_{source.kind}"
    chosen["data_quality_counts"] = f"data_quality_counts{of_kind if is_live else '_stored'}"
    chosen[QUALITY] = QUALITY
    return {name: chosen[name] for name in VIEWS if name in chosen}


def transactions_file(source: Source, *, is_fixed: bool) -> str:
    """Return the file of the view of transactions.

    Parameters
    ----------
    source : Source
    is_fixed : bool
        Whether the end of the window is known. Then its bounds are conditions beside the row
        filter, which an index or a folder's name can answer; not where the date is an expression
        that may fail on rows which the filter leaves out.
    """
    if not (source.window or source.as_of):
        return "transactions"
    is_column = source.date is not None and _PLAIN.fullmatch(source.date) is not None
    is_safe = is_column or not (source.where or source.exclude)
    return "transactions_until" if is_fixed and is_safe else "transactions_windowed"
