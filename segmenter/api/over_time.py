"""What customers did over time, as methods: drift, moves, the history, campaigns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from segmenter.api import pictures
from segmenter.api.home import ConnectionHome, FileHome
from segmenter.api.listener import listener
from segmenter.operations.audience import Audience, addressed
from segmenter.operations.campaign import Campaign, campaign
from segmenter.operations.changes import customer_changes, customer_history, segment_history
from segmenter.operations.drift import Drift, drift
from segmenter.operations.holdout import Holdout, holdout, holdout_customers
from segmenter.operations.moves import Moves, customer_moves, moves
from segmenter.operations.table import Query, Table

if TYPE_CHECKING:
    import duckdb

__all__ = ["OverTime"]


class OverTime:
    """The verbs that compare moments or groups, and store nothing."""

    _home: FileHome | ConnectionHome

    def drift(self, *, by: str | None = None) -> Drift:
        """Tell whether the customers are still like those that the model learned from.

        Parameters
        ----------
        by : str, optional
            An attribute that the fit names: how the customers were mixed then, and are now. Whether
            a refit is due does not depend on it.
        """
        with self._home.reading() as con:
            found = drift(con, by=by)
        if by is None:
            found.table.drawn_by(pictures.drift)
        return found

    def moves(self, start: object, end: object = None) -> Moves:
        """Count who changed segment between two moments.

        Parameters
        ----------
        start, end : str, date or datetime
            A date means to its end. Without an end it is the newest transaction.
        """
        with self._home.reading() as con:
            found = moves(con, start, end)
        found.table.drawn_by(pictures.moves)
        return found

    def customer_moves(
        self, start: object, end: object = None, *, limit: int | None = None
    ) -> Table:
        """Return who changed segment between two moments, the largest change of money first."""
        with self._home.reading() as con:
            return customer_moves(con, start, end, limit=limit).table()

    def customer_changes(
        self,
        changes_since: object,
        *,
        limit: int | None = None,
        contacts: str | None = None,
        objections: str | None = None,
        phone_country: str | None = None,
        min_size: int | None = None,
    ) -> Table:
        """Return who entered, left or moved since a moment as published, and why.

        Parameters
        ----------
        changes_since : str, date or datetime
            In UTC; a date means its beginning.
        limit : int, optional
            At most so many.
        contacts, objections, phone_country, min_size : optional
            As in `customers`.
        """
        audience = Audience(contacts, objections, phone_country, min_size)
        return self._addressed(
            audience, lambda con: customer_changes(con, changes_since, limit=limit)
        )

    def _addressed(
        self, audience: Audience, ask: Callable[[duckdb.DuckDBPyConnection], Query]
    ) -> Table:
        """Ask for a list of customers, with what makes an audience of it."""
        with self._home.reading(confined=not audience.files) as con:
            if audience.files:
                self._home.confine(con, audience.files)
            query = ask(con)
            return addressed(query, audience, listener()) if audience else query.table()

    def customer_history(self) -> Table:
        """Return what each customer was published as, and when."""
        with self._home.reading() as con:
            return customer_history(con).table()

    def segment_history(self) -> Table:
        """Return the customers and revenue of each segment month by month, and who moved."""
        with self._home.reading() as con:
            return segment_history(con).table()

    def holdout(
        self,
        salt: str,
        share: float = 0.1,
        *,
        days: int | None = None,
        by_lifecycle: bool = False,
        snapshot: bool = False,
    ) -> Holdout:
        """Split the customers for a campaign, and tell the smallest lift that it could show.

        Parameters
        ----------
        salt : str
            Names the campaign: the same salt gives the same split, another one draws anew.
        share : float, default 0.1
            How many customers are held out, between 0 and 1.
        days : int, optional
            For how many days the campaign will be measured; 90 by default, or half of the history.
        by_lifecycle : bool, default False
            Each segment crossed with the lifecycle.
        snapshot : bool, default False
            The customers as of the last fit or refresh.
        """
        with self._home.reading() as con:
            return holdout(
                con, salt, share, days=days, by_lifecycle=by_lifecycle, snapshot=snapshot
            )

    def holdout_customers(self, salt: str, share: float = 0.1, *, snapshot: bool = False) -> Table:
        """Return each customer with ``campaign_group``: 'treated' or 'held out'."""
        with self._home.reading() as con:
            return holdout_customers(con, salt, share, snapshot=snapshot).table()

    def campaign(
        self,
        salt: str,
        since: object,
        until: object = None,
        *,
        share: float = 0.1,
        by_lifecycle: bool = False,
    ) -> Campaign:
        """Compare what the treated customers of a campaign did with what the held out did.

        Parameters
        ----------
        salt : str
            As in the holdout that the campaign was made by.
        since : str, date or datetime
            When it began; a date at its start.
        until : str, date or datetime, optional
            The last moment that counts; the newest transaction when absent.
        share : float, default 0.1
            As in the holdout.
        by_lifecycle : bool, default False
            Each segment crossed with the lifecycle that its customers had just before.
        """
        with self._home.reading() as con:
            return campaign(con, salt, since, until, share=share, by_lifecycle=by_lifecycle)
