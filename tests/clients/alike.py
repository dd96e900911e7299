"""What must be the same of two fits, whatever engine read the rows."""

from __future__ import annotations

import numpy as np

from segmenter import Model

__all__ = ["CUSTOMERS", "OWN", "check_same_model"]

OWN = ("segment_rules", "segment_lines", "customer_upgrades")
"""Views that a fit over there makes beside those of customers and their summary."""

CUSTOMERS = "select * from {}customer_segments order by customer_id"

_TOLD = (
    "settings",
    "segments",
    "splits",
    "customers",
    "whales",
    "monetary_cut",
    "frequency_cut",
    "active_days",
    "lapsed_days",
    "relative_step",
    "uncertain_customers",
    "outvoted_customers",
    "source_rows",
    "rows_without_customer",
    "revenue_without_customer",
)


def check_same_model(found: Model, expected: Model) -> None:
    """Compare cut, points, labels, rules and audit of two models, to the last bit."""
    for name in _TOLD:
        assert getattr(found, name) == getattr(expected, name), name
    for part, columns in {
        "points": ("cents", "frequency", "customers"),
        "rules": ("frequency_from", "frequency_to", "cents_from", "cents_below", "segment"),
        "segmentation": ("codes",),
    }.items():
        for column in columns:
            values = (getattr(getattr(model, part), column) for model in (found, expected))
            np.testing.assert_array_equal(*values)
