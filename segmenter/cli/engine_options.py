"""Where a verb works: DuckDB in this process, Spark or PostgreSQL; options that say so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.hidden_libraries import PANDAS, show
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    import duckdb

    from segmenter.engines.spark import Spark
    from segmenter.sources.engine import Engine

__all__ = [
    "ENGINES",
    "Choice",
    "Dsn",
    "EngineName",
    "EngineOption",
    "Master",
    "SparkConf",
    "There",
]


class EngineName(StrEnum):
    """Where the rows are worked on."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"


ENGINES = "Spark and PostgreSQL"
"""Heading of these options in the help."""

EngineOption = Annotated[
    EngineName,
    typer.Option(help="Where the rows are, and are worked on.", rich_help_panel=ENGINES),
]
Master = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Spark: local[*], yarn, spark://...  [as Spark is configured]",
        rich_help_panel=ENGINES,
    ),
]
SparkConf = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE", help="Spark: a setting; may be repeated.", rich_help_panel=ENGINES
    ),
]
Dsn = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="PostgreSQL: postgresql://user@host/database.  [the variables PGHOST, PGDATABASE, "
        "...]",
        rich_help_panel=ENGINES,
    ),
]
There = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        metavar="URL",
        help="PostgreSQL: postgresql://user@host/database.  [DB itself; '' is the database of "
        "PGHOST, PGDATABASE, ...]",
        rich_help_panel=ENGINES,
        show_default=False,
    ),
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
            from segmenter.engines.postgres import Postgres
            from segmenter.engines.postgres_connection import connect_postgres

            with (
                connect_postgres(self.dsn or "") as connection,
                closing(Postgres(connection)) as postgres,
            ):
                yield postgres

    @contextmanager
    def spark(self) -> Iterator[Spark]:
        """Start Spark, and stop it in the end if it was not running before."""
        from segmenter.engines.spark import Spark, is_running, start_spark

        show(PANDAS)  # Spark makes frames with it
        was_running = is_running()
        session = start_spark(self.master, dict(text.split("=", 1) for text in self.spark_conf))
        try:
            with closing(Spark(session)) as engine:
                yield engine
        finally:
            if not was_running:
                session.stop()
