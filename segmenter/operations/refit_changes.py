"""Refitting: over the same source only, and who changes segment because of the new model.

A fit over the model of another source or condition would take its base over without a word, so it
is refused. How many customers change because of the new model, and how many by themselves, is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError
from segmenter.formatting import percent
from segmenter.model import Model
from segmenter.progress import Progress
from segmenter.schema.arrow import as_arrow
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import bind, literal
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT, has_model
from segmenter.schema.temporary import registered
from segmenter.sources.file_names import is_file_name
from segmenter.sources.relations import name_parts
from segmenter.storage import snapshot, store
from segmenter.storage.stored import stored_mapping
from segmenter.training.stage import Stage

__all__ = ["Refit", "check_source", "refit_changes"]

_KINDS = ("transactions", "profile", "points")

_BASE = (*_KINDS, "engine", "customer", "where", "unit")
"""What says whose customers they are: a fit with another one is another base."""

_BY_UNIT = "with money in another unit"

_READING = (
    *("amount", "order", "date", "currency", "exclude", "window"),
    *("number_format", "date_format", "csv", "attributes"),
)
"""What says how the same base is read."""

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


def check_source(
    con: duckdb.DuckDBPyConnection,
    source: Mapping[str, Any],
    replace: bool,
    progress: Progress,
) -> None:
    """Refuse a fit over the model of another source, and say what else is read in another way.

    Parameters
    ----------
    con : DuckDBPyConnection
        The database of the model.
    source : mapping
        As a model keeps it.
    replace : bool
        Whether another base is meant.
    progress : Progress
        Told what is read in another way.

    Raises
    ------
    InputError
        The current model is of another source or condition, and `replace` is false.
    """
    found = has_model(con) and first_row(
        con, f"select model_id, source from {INTERNAL}.models where is_current"
    )
    if not found:
        return
    model_id, known = found[0], stored_mapping(found[1], "source")
    others = _differences(known, source, _BASE)
    if others and not replace:
        raise InputError(
            f"this database has model {model_id} of another base: it was fitted with "
            f"{_listed(known, others)}, and this fit has {_listed(source, others)}. Its views and "
            f"versions would go on {_BY_UNIT if others == ['unit'] else 'with other customers'}. "
            "Fit into another file, or say that this is meant with replace = True."
        )
    for name in _differences(known, source, (*others, *_READING)):
        progress.warn(
            f"this fit has {_listed(source, [name])}; model {model_id} was fitted with "
            f"{_listed(known, [name])}.",
            "read_otherwise",
        )


def _differences(
    known: Mapping[str, Any], source: Mapping[str, Any], names: Iterable[str]
) -> list[str]:
    return [name for name in names if not _are_the_same(name, known.get(name), source.get(name))]


def _are_the_same(name: str, one: Any, other: Any) -> bool:
    """Tell whether two texts mean the same, whatever the case, the quotes and the spaces."""
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return bool(one == other)
    if is_file_name(one) or is_file_name(other):
        return False
    if name in _KINDS or name == "exclude":
        parts = [[part.casefold() for part in name_parts(text)] for text in (one, other)]
        shorter, longer = sorted(parts, key=len)
        return longer[-len(shorter) :] == shorter and set(longer[: -len(shorter)]) <= {"main"}
    return _normalized(one) == _normalized(other)


def _normalized(text: str) -> str:
    """Return an expression as sqlglot writes it, in small letters outside of literals."""
    try:
        tree = parse_one(text, dialect="duckdb")
    except SqlglotError:
        return text
    for identifier in tree.find_all(exp.Identifier):
        identifier.replace(exp.to_identifier(identifier.name.casefold(), quoted=True))
    return tree.unnest().sql(dialect="duckdb", normalize_functions="lower", comments=False)


def _listed(source: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the parts of a source as a person would give them."""
    return " and ".join(
        f"{name} = {source[name]!r}" if name in source else f"no {name}"
        for name in names
        if name in source or name not in _KINDS
    )


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
        None where the database has no current model of money in the same unit, or nobody to
        compare.
    """
    con = stage.con
    present = has_model(con) and first_row(
        con, f"select model_id, source from {INTERNAL}.models where is_current"
    )
    if not present or stored_mapping(present[1], "source").get("unit") != model.source.get("unit"):
        return None
    (segments,) = first_row(
        con,
        f"select max(segment_rank) from {INTERNAL}.model_segments where model_id = $1",
        [present[0]],
    )
    known = snapshot.state(con) if _are_the_same_kind(stage) else {}
    query = bind(
        "queries/refit_changes",
        {
            "profiles": stage.profiles(),
            "next_rules": exp.to_table(_NEXT_RULES),
            "known": _known(bool(known)),
            "by_rank": literal(segments == len(model.names)),
        },
    )
    with registered(con, _NEXT_RULES, _rules(model)):
        (found,) = records(con, query.sql(dialect="duckdb"))
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
    return table.append_column("segment_rank", as_arrow(model.rules.segment + 1))


def _known(has_snapshot: bool) -> exp.Expr:
    """Return the customers with their segments as they were last stored, or nobody."""
    if has_snapshot:
        return exp.to_table(f"{SCHEMA}.{SNAPSHOT}")
    columns = ("customer_id", "segment", "segment_rank")
    return exp.select(*(exp.alias_(exp.null(), name) for name in columns)).limit(0).subquery()
