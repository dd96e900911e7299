"""The store: models as tables of the schema ``segments_internal``, saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW, Rules
from segmenter.clustering.segmentation import Segment, Segmentation, Split
from segmenter.errors import NoModelError, SegmenterError
from segmenter.model import Model
from segmenter.points import CodeArray, Points
from segmenter.schema.arrow import as_arrow, as_numpy, texts_as_arrow
from segmenter.schema.connection import (
    check_connection,
    first_row,
    records,
)
from segmenter.schema.names import INTERNAL, LAYOUT_VERSION, require_model
from segmenter.schema.temporary import registered
from segmenter.storage.drift_bins import training_bins
from segmenter.storage.stored import (
    stored_mapping,
    stored_notes,
    stored_settings,
    stored_source,
    stored_warnings,
)
from segmenter.version import __version__

__all__ = [
    "load",
    "make_current",
    "point_columns",
    "rules_table",
    "save",
    "save_rules",
]

_ROWS = "segmenter_rows"


def save(con: duckdb.DuckDBPyConnection, model: Model) -> Model:
    """Append a model as the next version and return it with its id; it is not current yet."""
    model = save_rules(con, model)
    if not model.settings.forget_points:
        _insert_arrow(con, "model_points", _points_table(model))
    bins = training_bins(model.points, model.rules, model.names, model.whales)
    _insert(con, "model_bins", [{"model_id": model.model_id, **one._asdict()} for one in bins])
    return model


def save_rules(con: duckdb.DuckDBPyConnection, model: Model) -> Model:
    """Append a model without its points and bins, and return it with its id."""
    (next_id,) = first_row(con, f"select coalesce(max(model_id), 0) + 1 from {INTERNAL}.models")
    model = replace(model, model_id=next_id)
    _insert(con, "models", [_header(model)])
    key = {"model_id": model.model_id}
    _insert(
        con,
        "model_segments",
        [
            {
                **key,
                "segment_rank": rank,
                "segment": segment.name,
                "customers": segment.customers,
                "mean_monetary": segment.mean_monetary,
                "mean_frequency": segment.mean_frequency,
            }
            for rank, segment in enumerate(model.segments, start=1)
        ],
    )
    _insert(con, "model_splits", [{**key, **asdict(split)} for split in model.splits])
    _insert_arrow(con, "model_rules", rules_table(model))
    return model


def make_current(con: duckdb.DuckDBPyConnection, model_id: int) -> None:
    """Let one version be the current one, inside the caller's transaction."""
    con.execute(
        f"update {INTERNAL}.models set is_current = (model_id = $1) "
        "where is_current <> (model_id = $1)",
        [model_id],
    )


def save_notes(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Keep what the publication of a version notes, inside the caller's transaction."""
    con.execute(
        f"update {INTERNAL}.models set notes = $1 where model_id = $2",
        [json.dumps([note._asdict() for note in model.notes], ensure_ascii=False), model.model_id],
    )


def load(con: duckdb.DuckDBPyConnection, model_id: int | None = None) -> Model:
    """Read a model from the connection's database.

    Parameters
    ----------
    con : DuckDBPyConnection
    model_id : int, optional
        A version; the current one when absent.

    Raises
    ------
    SegmenterError
        There is no model, or not that version.
    """
    check_connection(con, "load")
    require_model(con)
    chosen = "is_current" if model_id is None else f"model_id = {int(model_id)}"
    headers = records(con, f"select * from {INTERNAL}.models where {chosen}")
    if not headers:
        known = con.execute(f"select model_id from {INTERNAL}.models order by all").fetchall()
        raise NoModelError(
            f"this database has no model {model_id} ({', '.join(str(row[0]) for row in known)})."
        )
    return _assemble(con, headers[0])


def _assemble(con: duckdb.DuckDBPyConnection, header: dict[str, Any]) -> Model:
    key = int(header["model_id"])
    segments = tuple(
        Segment(row["segment"], row["customers"], row["mean_monetary"], row["mean_frequency"])
        for row in records(
            con,
            f"select * from {INTERNAL}.model_segments where model_id = {key} order by segment_rank",
        )
    )
    names = [segment.name for segment in segments]
    splits = tuple(
        Split(**{f.name: _value(row.get(f.name)) for f in fields(Split)})
        for row in records(
            con, f"select * from {INTERNAL}.model_splits where model_id = {key} order by level"
        )
    )
    points, codes = _read_points(con, key, names)
    segmentation = Segmentation(
        points=points,
        codes=codes,
        segments=segments,
        splits=splits,
        scaling=header["scaling"],
        flat_share=header["flat_share"],
        warnings=stored_warnings(header["warnings"]),
    )
    return Model(
        settings=stored_settings(header["settings"]),
        source=_checked_source(header["source"]),
        segmentation=segmentation,
        rules=_read_rules(con, key, names),
        customers=header["customers"],
        whales=header["whales"],
        monetary_cut=header["monetary_cut"],
        frequency_cut=header["frequency_cut"],
        active_days=header["active_days"],
        lapsed_days=header["lapsed_days"],
        relative_step=header["relative_step"],
        uncertain_customers=header["uncertain_customers"],
        outvoted_customers=header["outvoted_customers"],
        raised_customers=header.get("raised_customers"),
        notes=stored_notes(header.get("notes")),
        source_rows=header["source_rows"],
        rows_without_customer=header["rows_without_customer"],
        revenue_without_customer=header["revenue_without_customer"],
        fitted_at=header["fitted_at"],
        model_id=key,
    )


def _value(stored: Any) -> Any:
    """Return what a row of the audit holds; lists of segments cannot be changed."""
    return tuple(stored) if isinstance(stored, list) else stored


def _checked_source(text: str) -> dict[str, Any]:
    """Return the source as it is kept, once it is known to be one."""
    stored_source(text)
    return stored_mapping(text, "source")


def _header(model: Model) -> dict[str, Any]:
    points = model.points
    # a model that was loaded without its points has no rectangle, and is saved for its rules alone
    cents, frequency = (part if len(points) else [0] for part in (points.cents, points.frequency))
    return {
        "model_id": model.model_id,
        "is_current": False,
        "model_group": "all",
        "layout_version": LAYOUT_VERSION,
        "segmenter_version": __version__,
        "fitted_at": model.fitted_at,
        "source": json.dumps(model.source, ensure_ascii=False),
        "settings": json.dumps(model.settings.as_dict(), ensure_ascii=False),
        "source_rows": model.source_rows,
        "rows_without_customer": model.rows_without_customer,
        "revenue_without_customer": model.revenue_without_customer,
        "customers": model.customers,
        "training_customers": sum(segment.customers for segment in model.segments),
        "training_points": len(points),
        "whales": model.whales,
        "monetary_cut": model.monetary_cut,
        "frequency_cut": model.frequency_cut,
        "active_days": model.active_days,
        "lapsed_days": model.lapsed_days,
        "scaling": model.segmentation.scaling,
        "monetary_min": int(np.min(cents)) / 100,
        "monetary_max": int(np.max(cents)) / 100,
        "frequency_min": int(np.min(frequency)),
        "frequency_max": int(np.max(frequency)),
        "relative_step": model.relative_step,
        "uncertain_customers": model.uncertain_customers,
        "outvoted_customers": model.outvoted_customers,
        "raised_customers": model.raised_customers,
        "flat_share": model.segmentation.flat_share,
        "warnings": json.dumps(model.warnings, ensure_ascii=False),
    }


def point_columns(points: Points) -> dict[str, pa.Array[Any]]:
    """Return points as columns: monetary in the currency, frequency, customers."""
    return {
        "monetary": as_arrow(points.cents / 100.0),
        "frequency": as_arrow(points.frequency),
        "customers": as_arrow(points.customers),
    }


def _points_table(model: Model) -> pa.Table:
    points = model.points
    return pa.table(
        {
            "model_id": _model_ids(model, len(points)),
            **point_columns(points),
            "segment": _named(model.segmentation.codes, model),
        }
    )


def rules_table(model: Model) -> pa.Table:
    """Return the rules of a model as the rows of ``segments_internal.model_rules``."""
    rules = model.rules
    return pa.table(
        {
            "model_id": _model_ids(model, len(rules)),
            "frequency_from": as_arrow(rules.frequency_from),
            "frequency_to": as_arrow(rules.frequency_to),
            "monetary_from": as_arrow(_to_money(rules.cents_from)),
            "monetary_below": as_arrow(_to_money(rules.cents_below)),
            "segment": _named(rules.segment, model),
        }
    )


def _model_ids(model: Model, count: int) -> pa.Array[Any]:
    if model.model_id is None:  # it is not stored
        return pa.nulls(count, pa.int32())
    return as_arrow(np.full(count, model.model_id, np.int32))


def _named(codes: CodeArray, model: Model) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(as_arrow(codes), texts_as_arrow(model.names))


def _to_money(cents: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
    money = cents / 100.0
    money[cents == OPEN_LOW] = -np.inf
    money[cents == OPEN_HIGH] = np.inf
    return money


def _to_cents(money: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    cents = np.round(np.where(np.isfinite(money), money, 0.0) * 100).astype(np.int64)
    cents[money == -np.inf] = OPEN_LOW
    cents[money == np.inf] = OPEN_HIGH
    return cents


def _codes(segments: Iterable[str], names: list[str]) -> np.ndarray[Any, np.dtype[np.int32]]:
    code_of = {name: code for code, name in enumerate(names)}
    try:
        return np.array([code_of[segment] for segment in segments], dtype=np.int32)
    except KeyError as error:
        raise SegmenterError(
            f"the model is damaged: {error} is not among its segments in "
            f"{INTERNAL}.model_segments. Take the database from a backup, or fit again."
        ) from None


def _read_points(
    con: duckdb.DuckDBPyConnection, key: int, names: list[str]
) -> tuple[Points, np.ndarray[Any, np.dtype[np.int32]]]:
    found = con.sql(
        f"select * from {INTERNAL}.model_points where model_id = {key} order by monetary, frequency"
    ).to_arrow_table()
    points = Points(
        _to_cents(as_numpy(found.column("monetary"))),
        as_numpy(found.column("frequency")),
        as_numpy(found.column("customers")),
    )
    return points, _codes(found.column("segment").to_pylist(), names)


def _read_rules(con: duckdb.DuckDBPyConnection, key: int, names: list[str]) -> Rules:
    found = con.sql(
        f"select * from {INTERNAL}.model_rules where model_id = {key} "
        "order by frequency_from, monetary_from"
    ).to_arrow_table()
    return Rules(
        frequency_from=as_numpy(found.column("frequency_from")),
        frequency_to=as_numpy(found.column("frequency_to")),
        cents_from=_to_cents(as_numpy(found.column("monetary_from"))),
        cents_below=_to_cents(as_numpy(found.column("monetary_below"))),
        segment=_codes(found.column("segment").to_pylist(), names),
    )


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    marks = ", ".join(f"${name}" for name in columns)
    con.executemany(f"insert into {INTERNAL}.{table} ({', '.join(columns)}) values ({marks})", rows)


def _insert_arrow(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    with registered(con, _ROWS, rows):
        con.execute(f"insert into {INTERNAL}.{table} by name select * from {_ROWS}")
