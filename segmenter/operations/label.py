"""Labelling: a file of profiles or of raw transactions in, the same with segments out.

One statement streams the rows through the engine: the compiled rules of the current model are a
CASE expression in it (or a sorted join with ``segments.segment_rules`` where they are too many),
and no row passes through Python. The rows keep their order and their columns. Text to text keeps
each value as it stands: a CSV that becomes a CSV is read without guessing types.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.errors import InputError, SegmenterError, first_line, shortage
from segmenter.formatting import counted, verb
from segmenter.operations import label_warnings
from segmenter.operations.label_columns import Columns
from segmenter.points import MAX_FREQUENCY
from segmenter.progress import Progress, Silent, tell
from segmenter.schema.files import bind, literal
from segmenter.schema.names import INTERNAL, has_macro, require_model
from segmenter.settings import Settings
from segmenter.sources.files import InputFile
from segmenter.sources.output_files import OutputFile
from segmenter.sources.rejected_lines import count_rejected_lines
from segmenter.sources.source import Source
from segmenter.storage.snapshot import segments_of
from segmenter.training.data_checks import count_losses, identity_warnings
from segmenter.training.stage import Stage

__all__ = ["Labels", "label", "label_customers", "label_profiles"]


@dataclass(frozen=True)
class Labels:
    """What was written.

    Attributes
    ----------
    rows : int
    by_segment : dict of str to int
        Rows of each segment that occurs, highest first.
    unlabelled : int
        Rows without a segment: monetary or frequency is NULL, NaN or infinite.
    """

    rows: int
    by_segment: dict[str, int]
    unlabelled: int

    @classmethod
    def counted(cls, counts: Mapping[str | None, int], progress: Progress) -> Labels:
        """Take the rows of each segment, None for those without, and warn of these."""
        unlabelled = counts.get(None) or 0
        if unlabelled:
            progress.warn(
                f"{counted(unlabelled, 'row')} {verb(unlabelled, 'has', 'have')} no segment: "
                "monetary or frequency is NULL, NaN or infinite.",
                "no_segment",
            )
        found = {name: count for name, count in counts.items() if name is not None and count}
        return cls(sum(found.values()) + unlabelled, found, unlabelled)


def label(
    con: duckdb.DuckDBPyConnection,
    given: str | os.PathLike[str] | Source,
    output: str | os.PathLike[str],
    *,
    monetary: str | None = None,
    frequency: str | None = None,
    overwrite: bool = False,
    overwrite_column: bool = False,
    csv: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    prepare: Callable[[str, Path], None] | None = None,
) -> Labels:
    """Label a file: all its rows and columns, with ``segment`` and ``segment_rank`` at the end.

    Parameters
    ----------
    con : DuckDBPyConnection
        A database with a model; may be read-only.
    given : str, path or Source
        A Parquet or CSV file or glob of profiles; or a source of raw transactions in such files,
        which are added up: the output has one row a customer.
    output : str or path
        The Parquet or CSV file to write, which appears in one piece when all is done.
    monetary, frequency : str, optional
        Of profiles: columns or scalar expressions; by default columns of these names.
    overwrite : bool, default False
        Replace an existing output.
    overwrite_column : bool, default False
        Of profiles: replace columns ``segment`` and ``segment_rank`` of the input.
    csv : mapping of str to value, optional
        Of profiles: options of DuckDB's CSV reader, as in `Source`.
    progress : Progress, optional
    prepare : callable, optional
        Called with the input and the path of the draft before any view or macro of the database is
        asked.

    Returns
    -------
    Labels

    Raises
    ------
    InputError
        Bad input; nothing was written.
    """
    source, name = (given, given.relation) if isinstance(given, Source) else (None, given)
    if source is not None and (monetary is not None or frequency is not None):
        raise InputError(
            "monetary and frequency belong to a file of profiles, not to raw transactions. Leave "
            "them out."
        )
    if source is not None and not (source.kind == "transactions" and source.is_file):
        raise InputError(
            "label works on files: give the profiles as a file, or a source of transactions in "
            "files. Customers of the database have their segment in segments.customer_segments."
        )
    if source is not None and csv is not None:
        raise InputError("csv belongs to the source of raw transactions. Give it there.")
    file = InputFile(os.fspath(name), (csv if source is None else source.csv) or {})
    target = OutputFile(Path(output).expanduser(), overwrite)

    def writing_to(draft: Path) -> None:
        if prepare is not None:
            prepare(file.path, draft)

    if source is not None:
        read = dataclasses.replace(source, transactions=file.path)
        return label_customers(con, file, target, read, progress=progress, prepare=writing_to)
    return label_profiles(
        con,
        file,
        target,
        monetary=monetary or "monetary",
        frequency=frequency or "frequency",
        overwrite_column=overwrite_column,
        progress=progress,
        prepare=writing_to,
    )


def label_profiles(
    con: duckdb.DuckDBPyConnection,
    given: InputFile,
    output: OutputFile,
    *,
    monetary: str = "monetary",
    frequency: str = "frequency",
    overwrite_column: bool = False,
    progress: Progress | None = None,
    prepare: Callable[[Path], None] | None = None,
) -> Labels:
    """Label each row of a file by its money and its number of orders.

    Parameters
    ----------
    con : DuckDBPyConnection
        A database with a model; may be read-only.
    given : InputFile
    output : OutputFile
    monetary, frequency : str
        Columns or scalar expressions of the input.
    overwrite_column : bool
        Whether columns of the input called ``segment`` or ``segment_rank`` are replaced, which
        puts them last, instead of refused.
    progress : Progress, optional
    prepare : callable, optional
        Called with the path of the draft before any view or macro of the database is asked.

    Returns
    -------
    Labels

    Raises
    ------
    SegmenterError
        Bad input; nothing was written.
    KeyboardInterrupt
        Interrupted; nothing was written.

    Notes
    -----
    The rows stream, within the engine's memory limit. Only where a model has too many rules for
    the macro are they sorted, on disk where memory is short.
    """
    require_model(con)
    _refuse_same_file(given, output)
    listener = progress or Silent()
    unit = label_warnings.unit_of_profiles(monetary, label_warnings.fitted_source(con))
    tell(listener, [*given.notes, *unit])
    with _plain_errors(), output.draft() as draft:
        if prepare is not None:
            prepare(draft)
        reading = Columns(con, given, as_text=not output.is_parquet, is_sampled=False)
        rejected = count_rejected_lines(con, given, given.table(), reading.columns)
        if rejected is not None:
            listener.warn(rejected.words(), "rejected_lines")
        reading.make_room(overwrite=overwrite_column)
        values = {
            "monetary": reading.number("monetary", monetary),
            "frequency": reading.number("frequency", frequency),
            "max_frequency": literal(MAX_FREQUENCY),
            "rank_of_segment": _rank(con),
            "source": reading.source(),
        }
        file = "labelled_profiles" if has_macro(con) else "labelled_profiles_by_rules"
        query = bind(f"queries/{file}", values)
        with reading.misread_named():
            return _write(con, output, draft, query, given.name, listener)


def label_customers(
    con: duckdb.DuckDBPyConnection,
    given: InputFile,
    output: OutputFile,
    source: Source,
    *,
    progress: Progress | None = None,
    prepare: Callable[[Path], None] | None = None,
) -> Labels:
    """Add raw transactions up to profiles and label them: one row a customer.

    Parameters
    ----------
    con : DuckDBPyConnection
        A database with a model; may be read-only.
    given : InputFile
    output : OutputFile
    source : Source
        How the columns of `given` are read; its relation is `given`.
    progress : Progress, optional
    prepare : callable, optional
        Called with the path of the draft before any view or macro of the database is asked.

    Returns
    -------
    Labels

    Raises
    ------
    SegmenterError
        Bad input; nothing was written.
    KeyboardInterrupt
        Interrupted; nothing was written.
    """
    require_model(con)
    _refuse_same_file(given, output)
    listener = progress or Silent()
    fitted = label_warnings.fitted_source(con)
    source = label_warnings.counted_as_fitted(source, fitted)
    tell(listener, label_warnings.differences(fitted, source))
    with _plain_errors(), output.draft() as draft:
        if prepare is not None:
            prepare(draft)
        reading = Columns(con, given, as_text=False)
        if source.number_format is None:  # texts of another format are counted as lost rows
            reading.expect_number("amount", str(source.amount))
        with reading.misread_named(), Stage(con, source, Settings()) as stage:
            with listener.step(f"Reading {given.name}") as done:
                survey = stage.survey()
                done(counted(survey.source_rows, "row"))
            losses = count_losses(stage)
            notes = [*stage.binding.notes, *label_warnings.left_out(given, survey, losses)]
            with listener.step("Adding up customers") as done:
                done(counted(stage.add_up(), "customer"))
            tell(listener, [*notes, *identity_warnings(stage)])
            file = "customers_classified" if has_macro(con) else "customers_classified_by_rules"
            assert stage.customers is not None
            segments = segments_of(file, stage.customers)
            query = bind(
                "queries/labelled_customers",
                {"customer_segments": segments.subquery("customer_segments")},
            )
            return _write(con, output, draft, query, "customers", listener)


def _write(
    con: duckdb.DuckDBPyConnection,
    output: OutputFile,
    draft: Path,
    query: exp.Expr,
    name: str,
    progress: Progress,
) -> Labels:
    """Write the draft and count its labels."""
    with progress.step(f"Labelling {name}") as done:
        rows = output.write(con, draft, query)
        counts = bind("queries/labels", {"source": output.written(draft)}).sql(dialect="duckdb")
        found = dict(con.execute(counts).fetchall())
        shares = ", ".join(f"{name} {count:,}" for name, count in found.items() if name)
        done(counted(rows, "row") + (f" ({shares})" if shares else ""))
    return Labels.counted(found, progress)


def _rank(con: duckdb.DuckDBPyConnection) -> exp.Expr:
    """Return the rank of the column ``segmenter_segment`` in the current model."""
    ranks = con.execute(
        f"""
        select segment, segment_rank
        from {INTERNAL}.model_segments
        inner join {INTERNAL}.models using (model_id)
        where is_current
        order by segment_rank
        """
    ).fetchall()
    chosen = exp.Case(this=exp.column("segmenter_segment"))
    for segment, rank in ranks:
        chosen = chosen.when(literal(segment), literal(rank), copy=False)
    return exp.cast(chosen, "integer")


def _refuse_same_file(given: InputFile, output: OutputFile) -> None:
    if output.is_one_of(given.files):
        raise SegmenterError(
            f"the output {output.path} is the input, or one of its files. Name another output."
        )


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the engine's words for an interrupt and for a lack of memory into ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        what = shortage(error)
        short = "there is not enough memory" if what == "the memory" else f"{what} is full"
        raise SegmenterError(
            f"{short}: {first_line(error)} Raise memory_limit, or use fewer "
            "threads. Nothing was written."
        ) from None
    except (duckdb.InterruptException, RuntimeError) as error:
        if "interrupt" in str(error).lower():
            raise KeyboardInterrupt from None
        raise
