"""Refitting: how many customers change segment because of the new model, how many by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from segmenter import snapshot, store
from segmenter.catalog import bind, literal
from segmenter.layout import SCHEMA, SNAPSHOT, has_model
from segmenter.model import Model
from segmenter.query import first_row, records
from segmenter.stage import Stage
from segmenter.text import percent

__all__ = ["Refit", "refit_changes"]

_NEXT_RULES = "segmenter_next_rules"


@dataclass(frozen=True)
class Refit:
    """Customers who change segment with a new model.

    Attributes
    ----------
    model_id : int
        The current model, whose rules are the present ones.
    customers : int
        All customers now.
    changed_by_refit : int
        Those whom the new rules put into another segment than the present ones, as they are now.
    changed_by_behaviour : int or None
        Those whom the present rules put into another segment now than when the snapshot was made;
        None where the customers are anonymous.
    since : datetime or None
        When the snapshot was made.
    """

    model_id: int
    customers: int
    changed_by_refit: int
    changed_by_behaviour: int | None
    since: datetime | None

    @property
    def share(self) -> float:
        """Share of the customers who change segment because of the refit, from 0 to 1."""
        return self.changed_by_refit / self.customers if self.customers else 0.0

    def words(self) -> str:
        """Return a sentence."""
        said = f"{percent(self.share, 1)} of the customers change segment because of the refit"
        if self.changed_by_behaviour is None or self.since is None:
            return f"{said}."
        moved = percent(self.changed_by_behaviour / self.customers, 1)
        return f"{said}, {moved} because of their behaviour since {self.since:%Y-%m-%d %H:%M} UTC."


def refit_changes(stage: Stage, model: Model) -> Refit | None:
    """Compare a model that is not published yet with the current one.

    Parameters
    ----------
    stage : Stage
        With the customers, or the points, added up.
    model : Model

    Returns
    -------
    Refit or None
        None where the database has no current model, or nobody to compare.
    """
    con = stage.con
    present = has_model(con) and first_row(
        con, f"select model_id from {SCHEMA}.models where is_current"
    )
    if not present:
        return None
    (segments,) = first_row(
        con,
        f"select max(segment_rank) from {SCHEMA}.model_segments where model_id = $1",
        [present[0]],
    )
    known = snapshot.state(con) if _are_the_same_kind(stage) else {}
    con.register(_NEXT_RULES, _rules(model))
    try:
        (found,) = records(
            con,
            bind(
                "queries/refit_changes",
                {
                    "profiles": stage.profiles(),
                    "next_rules": exp.to_table(_NEXT_RULES),
                    "known": _known(bool(known)),
                    "by_rank": literal(segments == len(model.names)),
                },
            ).sql(dialect="duckdb"),
        )
    finally:
        con.unregister(_NEXT_RULES)
    if not found["customers"]:
        return None
    return Refit(
        present[0],
        int(found["customers"]),
        int(found["changed_by_refit"]),
        int(found["changed_by_behaviour"]) if known else None,
        known.get("refreshed_at"),
    )


def _are_the_same_kind(stage: Stage) -> bool:
    """Tell whether the customers can be those of the snapshot: ids of the same type."""
    kinds = stage.con.execute(
        """
        select data_type from duckdb_columns()
        where column_name = 'customer_id' and (
            (database_name = current_database() and schema_name = $1 and table_name = $2)
            or (database_name = 'temp' and table_name = $3)
        )
        """,
        [SCHEMA, SNAPSHOT, (stage.customers or "").rpartition(".")[2]],
    ).fetchall()
    return len(kinds) == 2 and kinds[0] == kinds[1]


def _rules(model: Model) -> pa.Table:
    table = store.rules_table(model)
    return table.append_column("segment_rank", pa.array(model.rules.segment + 1))


def _known(has_snapshot: bool) -> exp.Expr:
    """Return the customers with their segments as they were last stored, or nobody."""
    if has_snapshot:
        return exp.to_table(f"{SCHEMA}.{SNAPSHOT}")
    columns = ("customer_id", "segment", "segment_rank")
    return exp.select(*(exp.alias_(exp.null(), name) for name in columns)).limit(0).subquery()
