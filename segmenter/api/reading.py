"""The verbs that only read, as methods."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.api import pictures
from segmenter.api.listener import listener
from segmenter.api.over_time import OverTime
from segmenter.errors import InputError
from segmenter.model import Model
from segmenter.operations import classify as classifying
from segmenter.operations.audience import Audience
from segmenter.operations.classify import Explanation
from segmenter.operations.compare import Comparison, compare
from segmenter.operations.customers import customers
from segmenter.operations.export import What, export
from segmenter.operations.inspect import Inspection, inspect
from segmenter.operations.label import Labels, label
from segmenter.operations.lifecycle import segment_lifecycle
from segmenter.operations.models import models
from segmenter.operations.segments import rules, segments
from segmenter.operations.table import Table
from segmenter.sources.source import Source
from segmenter.storage import store

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from segmenter.report.build import Report

__all__ = ["Reading"]


class Reading(OverTime):
    """The verbs that store nothing in the database; `Database` has them all."""

    def inspect(self, transactions: Any, **given: Any) -> Inspection:
        """Tell which columns of a table, file or frame are customer, amount, order and date.

        Parameters
        ----------
        transactions : str, path or data frame
            As in `Source`.
        **given
            Parameters of `Source` that are known, such as ``amount="net"``.
        """
        with self._home.looking(transactions) as con:
            return inspect(transactions, con, **given)

    def segments(self, *, by_lifecycle: bool = False, snapshot: bool = False) -> Table:
        """Return the segments, highest first: customers, revenue, means.

        Parameters
        ----------
        by_lifecycle : bool, default False
            Each crossed with the lifecycle instead, with what a backtest has measured of such
            customers: as in ``segments.segment_lifecycle``.
        snapshot : bool, default False
            As of the last fit or refresh: nothing is added up.
        """
        with self._home.reading() as con:
            if by_lifecycle:
                return segment_lifecycle(con, snapshot=snapshot)
            return segments(con, snapshot=snapshot).drawn_by(pictures.segments)

    def rules(self) -> Table:
        """Return the rules: which spend and how many orders lead where."""
        with self._home.reading() as con:
            return rules(con)

    def customers(
        self,
        *,
        segment: str | None = None,
        lifecycle: str | None = None,
        upgrades: bool = False,
        next_actions: bool = False,
        order_by: str | None = None,
        limit: int | None = None,
        snapshot: bool = False,
        contacts: str | None = None,
        objections: str | None = None,
        phone_country: str | None = None,
        min_size: int | None = None,
    ) -> Table:
        """Return customers with their segment.

        Parameters
        ----------
        segment : str, optional
            Only customers of this segment.
        lifecycle : {'new', 'active', 'lapsing', 'lapsed'}, optional
            Only customers at this point of their life.
        upgrades : bool, default False
            What leads each to a segment of higher value.
        next_actions : bool, default False
            Whom to do something about now, and what: lapsing customers to win back, and those whom
            one more order lifts.
        order_by : str, optional
            A column: largest first, but what is needed for an upgrade smallest first. By default
            monetary, the money that is needed, or the revenue at stake.
        limit : int, optional
            At most so many; everybody when absent.
        snapshot : bool, default False
            As of the last fit or refresh: nothing is added up.
        contacts : str, optional
            Table or file with columns of customers, ``email`` and ``phone``: their SHA-256 is in
            ``email_sha256``, ``phone_sha256`` (Google) and ``phone_digits_sha256`` (Meta).
        objections : str, optional
            Table or file of customers, ``email`` or ``phone`` who are left out.
        phone_country : str, optional
            Calling code of phone numbers without + or 00, such as ``'44'``; without it they are
            left empty.
        min_size : int, optional
            A list of fewer customers is refused; with contacts, of fewer with an address.
        """
        audience = Audience(contacts, objections, phone_country, min_size)
        return self._addressed(
            audience,
            lambda con: customers(
                con,
                segment=segment,
                lifecycle=lifecycle,
                upgrades=upgrades,
                next_actions=next_actions,
                order_by=order_by,
                limit=limit,
                snapshot=snapshot,
            ),
        )

    def classify(
        self, monetary: ArrayLike, frequency: ArrayLike
    ) -> str | NDArray[np.object_] | None:
        """Return the segment of one profile, or of each of many.

        Parameters
        ----------
        monetary, frequency : float or array-like, shape (n,)
            NaN or infinity gives None.

        Returns
        -------
        str or None, or ndarray of them, shape (n,)
        """
        with self._home.reading() as con:
            found = classifying.classify(con, monetary, frequency)
        return found[0] if np.ndim(monetary) == np.ndim(frequency) == 0 else found

    def explain(
        self,
        monetary: float | None = None,
        frequency: float | None = None,
        *,
        customer: object = None,
    ) -> Explanation:
        """Tell why a customer is in a segment, and the smallest changes that would change it.

        Parameters
        ----------
        monetary, frequency : float, optional
            What was spent, and in how many orders.
        customer : optional
            The id of a customer, instead of the two numbers.
        """
        with self._home.reading() as con:
            return classifying.explain(con, monetary, frequency, customer=customer)

    def models(self) -> Table:
        """Return the versions of the model, the oldest first."""
        with self._home.reading() as con:
            return models(con)

    def model(self, model_id: int | None = None) -> Model:
        """Return a version of the model as an object, the current one by default."""
        with self._home.reading() as con:
            return store.load(con, model_id)

    def compare(self, model_a: int, model_b: int) -> Comparison:
        """Compare two versions: the customers as they are now, under the rules of each."""
        with self._home.reading() as con:
            return compare(con, model_a, model_b)

    def label(
        self,
        given: str | os.PathLike[str] | Source,
        output: str | os.PathLike[str],
        *,
        monetary: str | None = None,
        frequency: str | None = None,
        overwrite: bool = False,
        overwrite_column: bool = False,
        csv: Mapping[str, Any] | None = None,
        partition_by: Sequence[str] = (),
        session: Any = None,
    ) -> Labels:
        """Label a file: all its rows and columns, with ``segment`` and ``segment_rank``.

        Parameters
        ----------
        given : str, path or Source
            A Parquet or CSV file or glob of profiles; or a source of transactions in such files,
            which are added up: one row a customer.
        output : str or path
            The Parquet or CSV file to write.
        monetary, frequency : str, optional
            Of profiles: columns or expressions; by default columns of these names.
        overwrite : bool, default False
            Replace an existing output.
        overwrite_column : bool, default False
            Of profiles: replace columns ``segment`` and ``segment_rank`` of the input.
        csv : mapping of str to value, optional
            Of profiles: options of DuckDB's CSV reader, as in `Source`.
        partition_by : sequence of str, optional
            With a session: columns that partition the output, those of the input when empty.
        session : SparkSession, optional
            Label there instead; input and output are then folders of Parquet files.
        """
        if session is not None:
            return self._label_on_spark(
                session,
                given,
                (os.fspath(output), tuple(partition_by), overwrite, overwrite_column),
                {"monetary": monetary or "monetary", "frequency": frequency or "frequency"},
            )
        if partition_by:
            raise InputError("partition_by needs a Spark session: a file has no partitions.")
        with self._home.reading(confined=False) as con:
            return label(
                con,
                given,
                output,
                monetary=monetary,
                frequency=frequency,
                overwrite=overwrite,
                overwrite_column=overwrite_column,
                csv=csv,
                progress=listener(),
                prepare=lambda path, draft: self._home.confine(con, [path], [str(draft)]),
            )

    def _label_on_spark(
        self, session: Any, given: Any, output: tuple[Any, ...], numbers: dict[str, str]
    ) -> Labels:
        from segmenter.operations.fit import engine_of  # brings the kernels
        from segmenter.operations.label_spark import Lake, label_on_spark

        source = given if isinstance(given, Source) else None
        lake = Lake(os.fspath(given if source is None else source.relation), *output)
        with closing(engine_of(session)) as engine:
            if engine.dialect != "spark":
                raise InputError(
                    "in PostgreSQL the view segments.customer_segments has everybody's label, "
                    "live: a fit with that session makes it."
                )
            return label_on_spark(
                engine, self.model(), lake, **numbers, source=source, progress=listener()
            )

    def export(self, dialect: str, *, what: What = "all", table: str | None = None) -> str:
        """Return a SQL script that runs the current model in another warehouse.

        Parameters
        ----------
        dialect : str
            duckdb, postgres, spark or another; a wrong one is answered with all that there are.
        what : {'all', 'points'}, default 'all'
            'points' gives one query instead, which computes the anonymous training points there.
        table : str, optional
            The table as it is called there.
        """
        return export(self.model(), dialect, what=what, table=table)

    def semantic_model(self) -> str:
        """Return what the columns mean and how they add up, as a document of JSON.

        It is one of the Open Semantic Interchange, for tools that ask in words.
        """
        from segmenter.operations.semantic_model import semantic_model

        with self._home.reading() as con:
            return semantic_model(con)

    def report(
        self,
        output: str | os.PathLike[str] | None = None,
        *,
        png: str | os.PathLike[str] | None = None,
        since: object = None,
        snapshot: bool = False,
        with_customers: bool = False,
        title: str | None = None,
        money: str | None = None,
        overwrite: bool = False,
    ) -> Report:
        """Make the report: one page that opens offline. Needs ``duckdb-segmenter[report]``.

        Parameters
        ----------
        output : str or path, optional
            The HTML file to write; a notebook shows the page without it.
        png : str or path, optional
            A folder for each chart as a PNG file.
        since : str, date or datetime, optional
            Moves are counted from then; by default from three months before the end.
        snapshot : bool, default False
            Read what the last fit or refresh added up instead of adding up now.
        with_customers : bool, default False
            Also name customers.
        title : str, optional
            Heading of the page; by default it names the table.
        money : str, optional
            What money is in, say ``'£'``; by default "the table's currency".
        overwrite : bool, default False
            Replace files that are there already.
        """
        from segmenter.report import vega

        vega.require()

        from segmenter.report.write import report

        self._home.refuse_as_output(output)
        with self._home.reading() as con:
            return report(
                con,
                output,
                png=png,
                since=since,
                snapshot=snapshot,
                with_customers=with_customers,
                title=title,
                money=money,
                overwrite=overwrite,
                progress=listener(),
            )
