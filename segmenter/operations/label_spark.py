"""Labelling on Spark: Parquet in, the same rows with segments out, partition by partition.

The model is a function of the session while it works; executors run SQL only. The output has the
partitions of the input. Those that the input has replace those of the same name in the output, all
at the end of the job; others stay. So a job that was killed changes nothing that a reader sees, and
is simply run again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from sqlglot import exp

from segmenter.engines.ddl import create_session_function, write
from segmenter.engines.spark import Spark
from segmenter.engines.spark_files import check_layout, partition_columns, read_parquet, replacing
from segmenter.engines.translate import port
from segmenter.errors import InputError, did_you_mean
from segmenter.formatting import counted
from segmenter.model import Model
from segmenter.operations.label import Labels
from segmenter.operations.label_columns import ADDED
from segmenter.operations.label_warnings import counted_as_fitted, differences, unit_of_profiles
from segmenter.operations.model_functions import model_function
from segmenter.progress import Progress, Silent, tell
from segmenter.schema.files import bind, literal
from segmenter.schema.names import CLASSIFIER
from segmenter.settings import Settings
from segmenter.sources.engine import FRAME
from segmenter.sources.expressions import resolve
from segmenter.sources.source import Source
from segmenter.training.data_checks import identity_warnings
from segmenter.training.stage import Stage

__all__ = ["Lake", "label_on_spark"]

_FUNCTION = f"segmenter_{CLASSIFIER}"


@dataclass(frozen=True)
class Lake:
    """Where the rows are and where they go.

    Parameters
    ----------
    given, output : str
        Parquet folder or glob, and a folder; paths or URLs of Spark's file systems.
    partition_by : tuple of str
        Columns that partition the output; those that partition the input when empty.
    overwrite : bool
        Whether an existing output that is not partitioned may be replaced.
    overwrite_column : bool
        Whether columns ``segment`` and ``segment_rank`` of the input are replaced.
    """

    given: str
    output: str
    partition_by: tuple[str, ...] = ()
    overwrite: bool = False
    overwrite_column: bool = False

    def __post_init__(self) -> None:
        given, output = (os.path.abspath(text.split("*")[0]) for text in (self.given, self.output))
        if os.path.commonpath([given, output]) in (given, output):
            raise InputError(
                f"the output {self.output} is the input {self.given}, or lies in it, or the other "
                "way round. Name another folder."
            )


def label_on_spark(
    spark: Spark,
    model: Model,
    lake: Lake,
    *,
    monetary: str = "monetary",
    frequency: str = "frequency",
    source: Source | None = None,
    progress: Progress | None = None,
) -> Labels:
    """Label each row of a lake, or each customer of its transactions.

    Parameters
    ----------
    spark : Spark
    model : Model
    lake : Lake
    monetary, frequency : str
        Columns or scalar expressions of the input.
    source : Source, optional
        How raw transactions are read; their customers are labelled.
    progress : Progress, optional

    Returns
    -------
    Labels

    Raises
    ------
    InputError
        Bad input, or what Spark says; the output is as it was.
    """
    listener = progress or Silent()
    model.require_macro("to label with")
    if source is None:
        tell(listener, unit_of_profiles(monetary, model.source))
        with spark.asking():
            read_parquet(spark.session, lake.given).createOrReplaceTempView(FRAME)
        return _label(spark, model, lake, FRAME, monetary, frequency, listener)
    source = counted_as_fitted(source, model.source)
    tell(listener, differences(model.source, source))
    with Stage(spark, source, Settings()) as stage:
        with listener.step("Adding up customers") as done:
            done(counted(stage.add_up(), "customer"))
        tell(listener, identity_warnings(stage))
        assert stage.customers is not None
        return _label(spark, model, lake, stage.customers, "monetary", "frequency", listener)


def _label(
    spark: Spark,
    model: Model,
    lake: Lake,
    view: str,
    monetary: str,
    frequency: str,
    progress: Progress,
) -> Labels:
    from pyspark.sql import Observation
    from pyspark.sql import functions as sql

    given = exp.to_table(view)
    columns = spark.types(exp.select("*").from_(given))
    partitions = _partitions(spark, lake, view, columns)
    exists = _check_output(spark, lake, partitions, [*columns, *ADDED])
    query = _query(
        spark, model, lake, given, columns, {"monetary": monetary, "frequency": frequency}
    )
    function = create_session_function(_FUNCTION, model_function(model, "spark"), "spark")
    counts = Observation("labels")
    expected = {name: sql.count_if(sql.col("segment") == name) for name in model.names}
    with progress.step(f"Labelling {lake.given}") as done, spark.asking():
        spark.session.sql(function)
        try:
            labelled = spark.session.sql(write(port(query, "spark"), "spark")).observe(
                counts,
                *(count.alias(str(rank)) for rank, count in enumerate(expected.values())),
                sql.count_if(sql.isnull("segment")).alias("none"),
            )
            writer = labelled.write.option("compression", "zstd").partitionBy(*partitions)
            writer = writer.option("partitionOverwriteMode", "dynamic")
            if partitions or not exists:
                writer.mode("overwrite").parquet(lake.output)
            else:
                with replacing(spark.session, lake.output) as draft:
                    writer.parquet(draft)
        finally:
            spark.session.sql(f"drop temporary function if exists {_FUNCTION}")
            if view == FRAME:
                spark.session.catalog.dropTempView(view)
        found: dict[str | None, int] = {
            name: counts.get[str(rank)] for rank, name in enumerate(model.names)
        }
        found[None] = counts.get["none"]
        shares = ", ".join(f"{name} {count:,}" for name, count in found.items() if name and count)
        done(f"{counted(sum(found.values()), 'row')} ({shares})")
    return Labels.counted(found, progress)


def _query(
    spark: Spark,
    model: Model,
    lake: Lake,
    given: exp.Table,
    columns: dict[str, str],
    numbers: dict[str, str],
) -> exp.Expr:
    """Return the rows with their segments."""
    taken = [name for name in columns if name.casefold() in ADDED]
    if taken and not lake.overwrite_column:
        raise InputError(
            f"{lake.given} has a column {taken[0]!r} already. Replace it with "
            "overwrite_column = True, or rename it in the input."
        )
    kept = {name: kind for name, kind in columns.items() if name not in taken}
    values = {
        name: resolve(spark.local, name, text, kept, lake.given) for name, text in numbers.items()
    }
    rank = exp.Case(this=exp.column("segmenter_segment"))
    for place, name in enumerate(model.names, start=1):
        rank = rank.when(literal(name), literal(place), copy=False)
    plain = exp.select(*(exp.column(name, quoted=True) for name in kept)).from_(given.copy())
    query = bind(
        "queries/labelled_profiles",
        {**values, "rank_of_segment": exp.cast(rank, "integer"), "source": plain.subquery()},
    )
    for call in list(query.find_all(exp.Anonymous)):
        if call.name.lower() == CLASSIFIER:
            call.set("this", _FUNCTION)
    assert isinstance(query, exp.Select)
    names = [exp.column(name, quoted=True) for name in (*kept, *ADDED)]
    return query.select(*names, append=False)


def _partitions(spark: Spark, lake: Lake, view: str, columns: dict[str, str]) -> list[str]:
    """Return the columns that partition the output: as asked, or those in the input's paths."""
    for name in lake.partition_by:
        if name not in columns:
            raise InputError(
                f"partition_by = {name!r} is no column of {lake.given} "
                f"({', '.join(columns)}).{did_you_mean(name, columns)}"
            )
    if lake.partition_by or view != FRAME:
        return list(lake.partition_by)
    with spark.asking():
        return partition_columns(spark.session.table(view), lake.given)


def _check_output(spark: Spark, lake: Lake, partitions: list[str], columns: list[str]) -> bool:
    """Refuse an output that is laid out otherwise, or that nobody said may be replaced."""
    with spark.asking():
        exists = check_layout(spark.session, lake.output, partitions, columns)
    if exists and not partitions and not lake.overwrite:
        raise InputError(
            f"{lake.output} exists already and has no partitions. Name another output, or replace "
            "all of it with overwrite = True."
        )
    return exists
