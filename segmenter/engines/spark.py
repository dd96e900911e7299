"""Apache Spark as an engine: the same SQL on a cluster, whose executors need no Python package.

Profiles and points are kept in Spark's cache for the length of a fit, so that the transactions are
added up once; only the points come to the driver. Whatever this asks is asked in UTC and in ANSI
mode, where a sum that is too large is an error and not another number.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from segmenter.engines.ddl import write
from segmenter.engines.spark_files import read_parquet, with_settings
from segmenter.engines.translate import port
from segmenter.errors import SegmenterError, first_line
from segmenter.sources.engine import FRAME, Kind, Publication, canonical_type
from segmenter.sources.source import Source

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Spark", "is_running", "start_spark"]

_FILES = "segmenter_files"
"""The view of CSV files, which the session's views go on reading."""

_LISTED = "segmenter_listed"
"""The view of Parquet files, for the length of a fit."""

_CSV = re.compile(r"\.(csv|tsv|txt)(\.\w+)?$", re.IGNORECASE)

_WHILE_ASKING = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parser.escapedStringLiterals": "false",  # as our literals are written
    "spark.sql.jsonGenerator.ignoreNullFields": "false",
    "spark.sql.variable.substitute": "false",  # else ${...} in a name is something else
}
"""Settings for as long as we ask, whatever the session's are."""

_ONE_TYPE = "Write these files with one type, or take those of one type at a time."

_WAYS_OUT = {
    "ARITHMETIC_OVERFLOW": "A sum is too large to be exact. Give money in a larger unit.",
    "maxResultSize": "Give the driver more with spark.driver.maxResultSize, or lower max_points.",
    "FileNotFoundException": "The table changed while it was read. Fit again.",
    "CANNOT_MERGE": _ONE_TYPE,
    "PARQUET_COLUMN_DATA_TYPE_MISMATCH": _ONE_TYPE,
    "FAILED_READ_FILE": "A file is damaged, or the table changed while it was read. Fit again.",
    "AccessControlException": "Ask for the permission to read it.",
    "PERMISSION": "Ask for the permission that is named, or leave publishing out.",
}
"""What to add to Spark's own words, by what occurs in them."""


class Spark:
    """A Spark session.

    Parameters
    ----------
    session : SparkSession
        Its settings are as they were when this is closed.
    """

    name = "Spark"
    dialect = "spark"
    may_change = True

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self.local = duckdb.connect()
        self.local.execute("set timezone = 'UTC'")  # as over there
        self._kept: dict[str, DataFrame] = {}
        self._listed = ""

    def close(self) -> None:
        """Close what answers about DuckDB's functions; the session goes on."""
        self.local.close()
        if self._listed:
            self.session.catalog.dropTempView(_LISTED)

    def register(self, frame: Any) -> None:
        """Make a Spark, pandas or Arrow frame readable under the name `FRAME`."""
        with self.asking():
            if not hasattr(frame, "createOrReplaceTempView"):
                frame = self.session.createDataFrame(frame)
            frame.createOrReplaceTempView(FRAME)

    def unregister(self) -> None:
        """Leave the frame to the session: the published views read it."""

    def find(self, source: Source) -> tuple[exp.Table, str, bool]:
        """Return the source's relation, its name in messages, and whether it outlives us."""
        if source.is_frame:
            return exp.table_(FRAME), source.as_dict()[source.kind], False
        name = str(source.relation)
        if source.is_file or os.path.isdir(name) or ("/" in name and "`" not in name):
            return self._files(source)
        table = exp.to_table(name, dialect="spark")
        with self.asking():
            self.session.table(table.sql(dialect="spark"))
            known = self.session.sql("show tables").filter("isTemporary").collect()
        temporary = {row.tableName.casefold() for row in known}
        return table, name, bool(table.db) or table.name.casefold() not in temporary

    def _files(self, source: Source) -> tuple[exp.Table, str, bool]:
        """Return Parquet files or folders, which views can read, or CSV files, which none can.

        Either way they are listed once for all that is asked of them here.
        """
        path, read = source.file, self.session.read
        with self.asking():
            if _CSV.search(path):
                frame = read.csv(path, header=True, inferSchema=True)
                frame.createOrReplaceTempView(_FILES)
                return exp.table_(_FILES), path, False
            frame = self._frame(path)
            if not self._reads_alike(frame, path, source):
                frame.createOrReplaceTempView(_FILES)
                return exp.table_(_FILES), path, False
            frame.createOrReplaceTempView(_LISTED)
        self._listed = path
        name = exp.to_identifier(path, quoted=True)
        return exp.Table(this=name, db=exp.to_identifier("parquet")), path, True

    def _frame(self, path: str) -> DataFrame:
        """Read Parquet files; where a column's type differs, those that are not used may differ."""
        try:
            return read_parquet(self.session, path)
        except Exception as error:
            if "CANNOT_MERGE" not in str(error):
                raise
            return read_parquet(self.session, path, merged=False)

    def _reads_alike(self, frame: DataFrame, path: str, source: Source) -> bool:
        """Whether a view, which cannot say how a path is read, has the columns that are used."""
        try:
            plain = dict(self.session.read.parquet(path).dtypes)
        except Exception:  # folders that have no base
            return False
        texts = " ".join(str(text) for text in source.as_dict().values()).casefold()
        return all(
            plain.get(name) == kind or name.casefold() not in texts.replace(path.casefold(), "")
            for name, kind in frame.dtypes
        )

    def types(self, query: exp.Query) -> dict[str, str]:
        """Return the columns of a query and their types."""
        with self.asking():
            fields = self.session.sql(self._written(query)).schema.fields
        return {
            field.name: canonical_type(self.local, field.dataType.simpleString(), "spark")
            for field in fields
        }

    def create(self, name: str, query: exp.Expr, kind: Kind) -> None:
        """Make a temporary view, and keep its rows where a table is asked for."""
        with self.asking():
            frame = self.session.sql(self._written(query))
            if kind == "table":
                frame = self._kept[name] = frame.persist()
            frame.createOrReplaceTempView(self.staged(name))

    def drop(self, name: str, kind: Kind) -> None:
        """Drop a temporary view and what was kept of it."""
        del kind
        self.session.catalog.dropTempView(self.staged(name))
        if name in self._kept:
            self._kept.pop(name).unpersist()

    def staged(self, name: str) -> str:
        """Return the name of a temporary view."""
        return f"segmenter_{name}"

    def rows(self, query: exp.Expr) -> list[dict[str, Any]]:
        """Return the rows of a query as mappings from column to value."""
        with self.asking():
            return [row.asDict() for row in self.session.sql(self._written(query)).collect()]

    def arrow(self, query: exp.Expr) -> pa.Table:
        """Return the rows of a query."""
        with self.asking():
            return self.session.sql(self._written(query)).toArrow()

    def sample(self, table: exp.Table, rows: int) -> exp.Table | exp.Subquery:
        """Return the table as it is: a sample of Spark's reads all of it."""
        del rows
        return table.copy()

    def publish(self, publication: Publication) -> None:
        """Create or replace function and views, one after the other: Spark has no transactions."""
        with self.asking():
            for statement in publication:
                self.session.sql(statement)

    @property
    def has_catalog(self) -> bool:
        """Whether the session has a catalog that outlives it."""
        conf = self.session.conf
        in_memory = conf.get("spark.sql.catalogImplementation", "in-memory") == "in-memory"
        named = conf.get("spark.sql.defaultCatalog", "spark_catalog")
        return not in_memory or named != "spark_catalog"

    def _written(self, query: exp.Expr) -> str:
        query = query.copy()
        for table in query.find_all(exp.Table):
            if (table.db, table.name) == ("parquet", self._listed):
                table.set("this", exp.to_identifier(_LISTED))
                table.set("db", None)
        return write(port(query, "spark"), "spark")

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask under our settings, and put Spark's errors into a sentence."""
        try:
            with with_settings(self.session, _WHILE_ASKING), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "PySpark does not yet fully support", Warning)
                yield
        except SegmenterError:
            raise
        except Exception as error:
            if not type(error).__module__.startswith(("pyspark", "py4j")):
                raise
            raise SegmenterError(_sentence(error)) from None


def _sentence(error: BaseException) -> str:
    text = str(error)
    named = re.search(r"\[[A-Z][A-Z0-9_.]+\] [^\n]+", text)  # where the first line says nothing
    message = named[0] if named and text.startswith("An error occurred") else first_line(error)
    return " ".join([message, *(words for sign, words in _WAYS_OUT.items() if sign in text)][:2])


def is_running() -> bool:
    """Tell whether this process has a Spark session already."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        return False
    return SparkSession.getActiveSession() is not None


def start_spark(master: str | None = None, conf: Mapping[str, str] | None = None) -> SparkSession:
    """Start a Spark session, or take the one that there is.

    Parameters
    ----------
    master : str, optional
        ``local[*]``, ``yarn``, ``spark://...``; by default what Spark's own files and environment
        say.
    conf : mapping of str to str, optional
        Further settings.

    Raises
    ------
    SegmenterError
        PySpark or Java is missing, or the cluster cannot be reached.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise SegmenterError(
            "PySpark is not installed. Install it: pip install 'duckdb-segmenter[spark]'. It "
            "needs Java 17 or newer."
        ) from None
    builder = SparkSession.builder.appName("segmenter")
    if master is not None:
        builder = builder.master(master)
    settings = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    for name, value in (settings | dict(conf or {})).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        if "JAVA_GATEWAY" in str(error) or "JAVA_HOME" in str(error):
            raise SegmenterError(
                "Spark does not start, most likely because there is no Java. Install Java 17 or "
                "newer and let JAVA_HOME name its folder, or put java on the path."
            ) from None
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            raise
        raise SegmenterError(f"Spark does not start: {first_line(error)}") from None
