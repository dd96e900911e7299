"""Comparing two versions: the customers as they are now, under the rules of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.errors import InputError
from segmenter.evaluation.metrics import adjusted_rand
from segmenter.operations.models import check_versions, models
from segmenter.operations.table import Query, Table, Tabular
from segmenter.schema.names import INTERNAL, SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, repr=False)
class Comparison(Tabular):
    """Two versions of the model side by side.

    Attributes
    ----------
    model_a, model_b : int
    table : Table
        A row a pair of segments: ``segment_a, segment_b, customers, revenue,
        segment_rank_a, segment_rank_b``.
    rules : Table
        Where their rules differ: ``frequency_from, frequency_to, monetary_from, monetary_below,
        segment_a, segment_b, segment_rank_a, segment_rank_b``.
    customers : int
    same_name : int
        Customers whose segment is the same in both: by name, or by rank where the versions have
        equally many segments under other names.
    adjusted_rand_index : float
        1 is full agreement, whatever the names.
    """

    model_a: int
    model_b: int
    table: Table
    rules: Table
    customers: int
    same_name: int
    adjusted_rand_index: float

    def words(self) -> str:
        """Say how far they agree."""
        return (
            f"Models {self.model_a} and {self.model_b}: {self.same_name:,} of {self.customers:,} "
            "customers have the same segment; adjusted Rand index "
            f"{self.adjusted_rand_index:.3f}."
        )


def compare(con: duckdb.DuckDBPyConnection, model_a: int, model_b: int) -> Comparison:
    """Compare two versions.

    Parameters
    ----------
    con : DuckDBPyConnection
    model_a, model_b : int

    Raises
    ------
    NoModelError
        There is no such version.
    InputError
        The same one twice.
    """
    check_versions(con, model_a, model_b)
    versions = [model_a, model_b]
    _check_units(con, versions)
    segments = Query(con, f"select * from {SCHEMA}.compare_models($1, $2)", versions).short_table()
    rules = Query(con, f"select * from {SCHEMA}.compare_rules($1, $2)", versions).short_table()
    pairs = segments.records()
    sizes = np.array([row["customers"] for row in pairs], dtype=np.int64)
    ranks_a, ranks_b = (
        np.array([row[f"segment_rank_{version}"] for row in pairs], dtype=np.int32)
        for version in ("a", "b")
    )
    renamed = _renamed(con, model_a, model_b)
    differing = [row for row in rules if renamed[row["segment_a"]] != row["segment_b"]]
    return Comparison(
        model_a,
        model_b,
        segments,
        Table.of(differing, rules.columns),
        int(sizes.sum()),
        sum(
            int(row["customers"]) for row in pairs if renamed[row["segment_a"]] == row["segment_b"]
        ),
        adjusted_rand(ranks_a, ranks_b, sizes) if pairs else 1.0,
    )


def _check_units(con: duckdb.DuckDBPyConnection, versions: list[int]) -> None:
    """Refuse versions whose rules are of money in different units."""
    units = {row["model_id"]: row["unit"] for row in models(con)}
    a, b = (units[version] or "1" for version in versions)
    if a != b:
        raise InputError(
            f"models {versions[0]} and {versions[1]} have money in units of {a} and of {b}, so "
            "that no customer can be put into both. Fit with one unit."
        )


def _renamed(con: duckdb.DuckDBPyConnection, model_a: int, model_b: int) -> dict[str, str]:
    """Return what each segment of A is called in B: by rank where both have equally many."""
    query = (
        f"select segment from {INTERNAL}.model_segments where model_id = $1 order by segment_rank"
    )
    in_a, in_b = (
        [name for (name,) in con.execute(query, [one]).fetchall()] for one in (model_a, model_b)
    )
    return dict(zip(in_a, in_b if len(in_a) == len(in_b) else in_a, strict=True))
