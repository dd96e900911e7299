"""Where a verb works: DuckDB in this process, Spark or PostgreSQL; options that say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.options import checked_path
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    import duckdb

    from segmenter.engines.spark import Spark
    from segmenter.sources.engine import Engine

__all__ = [
    "Choice",
    "Dsn",
    "EngineName",
    "EngineOption",
    "Master",
    "ModelFile",
    "OptionalDatabase",
    "SparkConf",
    "model_file",
]


class EngineName(StrEnum):
    """Where the rows are worked on."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"


OptionalDatabase = Annotated[
    Path | None,
    typer.Argument(
        metavar="DB", help="The DuckDB file.", show_default=False, callback=checked_path
    ),
]
EngineOption = Annotated[EngineName, typer.Option(help="Where the rows are and are worked on.")]
ModelFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="With --engine: the DuckDB file for the model, as DB.",
        callback=checked_path,
    ),
]
Master = Annotated[
    str | None,
    typer.Option(help="Spark: local[*], yarn, spark://... By default as Spark is configured."),
]
SparkConf = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Spark: a setting; may be repeated."),
]
Dsn = Annotated[
    str | None,
    typer.Option(help="PostgreSQL: postgresql://user@host/database; PG* variables count too."),
]


@dataclass(frozen=True)
class Choice:
    """The engine that was asked for, not started yet.

    Raises
    ------
    SegmenterError
        An option that belongs to another engine, or one without a value.
    """

    name: EngineName = EngineName.DUCKDB
    master: str | None = None
    spark_conf: list[str] = field(default_factory=list)
    dsn: str | None = None

    def __post_init__(self) -> None:
        owners = {
            "--master": (self.master, EngineName.SPARK),
            "--spark-conf": (self.spark_conf, EngineName.SPARK),
            "--dsn": (self.dsn, EngineName.POSTGRES),
        }
        for option, (value, owner) in owners.items():
            if value and self.name is not owner:
                raise SegmenterError(f"{option} belongs to --engine {owner}, not to {self.name}.")
        for text in self.spark_conf:
            if "=" not in text:
                raise SegmenterError(
                    f"--spark-conf must be KEY=VALUE, not {text!r}, for example "
                    "--spark-conf spark.executor.memory=8g"
                )

    @property
    def is_here(self) -> bool:
        """Whether it is DuckDB."""
        return self.name is EngineName.DUCKDB

    @contextmanager
    def opened(self, con: duckdb.DuckDBPyConnection) -> Iterator[Engine]:
        """Start or reach the engine; `con` is DuckDB's connection."""
        if self.is_here:
            from segmenter.engines.duckdb import Embedded

            yield Embedded(con)
        elif self.name is EngineName.SPARK:
            with self.spark() as engine:
                yield engine
        else:
            from segmenter.engines.postgres import Postgres, connect_postgres

            with (
                connect_postgres(self.dsn or "") as connection,
                closing(Postgres(connection)) as postgres,
            ):
                yield postgres

    @contextmanager
    def spark(self) -> Iterator[Spark]:
        """Start Spark, and stop it in the end if it was not running before."""
        from segmenter.engines.spark import Spark, is_running, start_spark

        was_running = is_running()
        session = start_spark(self.master, dict(text.split("=", 1) for text in self.spark_conf))
        try:
            with closing(Spark(session)) as engine:
                yield engine
        finally:
            if not was_running:
                session.stop()


def model_file(chosen: Choice, database: Path | None, model: Path | None) -> Path:
    """Return the file of the model from the argument DB or the option --model.

    Raises
    ------
    SegmenterError
        None of them, or both.
    """
    file = database or model
    if model is not None and chosen.is_here:
        raise SegmenterError("--model belongs to --engine. Without it, name the file as DB.")
    if database is not None and model is not None:
        raise SegmenterError(f"{database} and --model {model} both name a file. Give one of them.")
    if file is None:
        example = "segmenter fit shop.duckdb ..." if chosen.is_here else "--model model.duckdb"
        raise SegmenterError(f"name the DuckDB file for the result: {example}")
    return file
