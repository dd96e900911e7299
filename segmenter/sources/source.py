"""Where the customers come from: the user's table and how its columns are read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, Unpack

from segmenter.errors import InputError
from segmenter.sources.date_format import checked_date_format
from segmenter.sources.file_names import absolute_name, is_file_name, is_query, is_workbook
from segmenter.sources.moments import checked_window, parse_moment
from segmenter.sources.number_format import NumberFormat
from segmenter.sources.source_checks import (
    Reading,
    check_reading,
    check_types,
    refuse_others,
    refuse_transaction_columns,
)
from segmenter.sources.unit import checked_unit

__all__ = ["Source"]

_OURS = ("engine", "texts", "checked_rows")  # what a fit adds, see the fields
_FRAME = re.compile(r"<.* frame>")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table, view, file or data frame of transactions, or aggregates made elsewhere.

    Give one of `transactions`, `profile` and `points`, or use a constructor of their names.

    Parameters
    ----------
    transactions : str or data frame
        Table or view (``sales``, ``shop.sales``), Parquet or CSV file or glob, or a pandas or
        Polars frame or Arrow table.
    customer : str
        Column, or scalar SQL expression, that identifies a customer.
    amount : str
        Column or expression: money of a row, refunds negative.
    order : str, optional
        Column or expression that identifies an order. Without it each row with a positive amount
        is an order.
    date : str, optional
        Column or expression: when the row happened, a DATE or TIMESTAMP.
    currency : str, optional
        Column or expression: the currency of a row. Amounts are summed as they stand; more than one
        currency is warned of.
    where : str, optional
        Condition that a row must meet, for example ``"invoice_no not like 'C%'"``.
    window : str, optional
        Time span before `as_of` that counts, for example ``'12 months'``. Needs `date`.
    as_of : str, date or datetime, optional
        Last moment that counts; a date means to its end, a time with a zone counts in UTC.
        Without it the newest transaction.
    exclude : str or path, optional
        Table, view or file with customers who are left out of everything, such as test accounts:
        its column of the customer column's name, else ``customer_id``, else the first. The views
        read it live.
    number_format : str, optional
        How 1234.56 stands in the texts of `amount`, say ``'1.234,56'`` or ``'12,34,567.89'``.
        Brackets, a minus behind the number and one currency are understood.
    date_format : str, optional
        How the texts or whole numbers of `date` are written: a format of DuckDB's ``strptime``,
        ``'iso'``, ``'epoch'``, ``'epoch_ms'`` or ``'epoch_us'``.
    attributes : list of str, optional
        Columns that stand with each customer in the views, such as ``['country', 'channel']``: the
        latest value that is known of the customer. They take no part in the model.
    unit : str, optional
        A power of ten of at most 1, such as ``'0.00000001'``, in which amounts are counted, so that
        micro amounts are exact to its ten-thousandths. All money is in it then.
    profile : str or data frame
        One row a customer with the columns `customer`, ``monetary`` and ``frequency``.
    points : str or data frame
        Anonymous aggregates: the columns ``monetary``, ``frequency`` and ``customers``. They are
        taken as the training profile itself, so no whales are cut from them.
    allow_lost_rows : bool, default False
        Fit although more than 5 % of the rows are lost to an expression, such as a ``try_cast``,
        that makes NULL of values that are there, or more than 5 % of the lines cannot be read.
    csv : mapping of str to value, optional
        Options of DuckDB's CSV reader for the file of the source, such as
        ``{"delim": ";", "decimal_separator": ","}``. With ``ignore_errors`` the lines that are left
        out are counted.
    sheet : str, optional
        Sheet of an Excel workbook, ``*`` for all, of the same columns; else the only one.
    attach : mapping of str to str, optional
        Other databases that the table, or the query in a file, is in, by the names that it calls
        them: ``{"crm": "postgres:dbname=shop"}``. Secrets are named, as ``${NAME}`` of the
        environment: the text is kept with the model.

    Examples
    --------
    The three kinds have a constructor each, with what makes sense there:

    >>> Source.from_transactions("sales", customer="customer_id", amount="price").kind
    'transactions'
    >>> Source.from_profiles("profiles.parquet").customer_text
    'customer_id'
    >>> Source.from_points("points.csv").kind
    'points'
    """

    transactions: Any = None
    customer: str | None = None
    amount: str | None = None
    order: str | None = None
    date: str | None = None
    currency: str | None = None
    where: str | None = None
    window: str | None = None
    as_of: str | dt.date | dt.datetime | None = None
    exclude: str | os.PathLike[str] | None = None
    number_format: str | None = None
    date_format: str | None = None
    unit: str | None = None
    attributes: Sequence[str] | None = None
    profile: Any = None
    points: Any = None
    allow_lost_rows: bool = False
    csv: Mapping[str, Any] | None = None
    sheet: str | None = None
    attach: Mapping[str, str] | None = None
    _engine: str | None = dataclasses.field(default=None, repr=False)
    _texts: Mapping[str, list[str]] | None = dataclasses.field(default=None, repr=False)
    _checked_rows: int | None = dataclasses.field(default=None, repr=False)

    @classmethod
    def from_transactions(
        cls,
        transactions: Any,
        *,
        customer: str,
        amount: str,
        order: str | None = None,
        date: str | None = None,
        currency: str | None = None,
        where: str | None = None,
        window: str | None = None,
        as_of: str | dt.date | dt.datetime | None = None,
        exclude: str | os.PathLike[str] | None = None,
        number_format: str | None = None,
        date_format: str | None = None,
        unit: str | None = None,
        attributes: Sequence[str] | None = None,
        allow_lost_rows: bool = False,
        **reading: Unpack[Reading],
    ) -> Self:
        """Return a source of transactions, one row a sale or a line of one.

        Parameters are those of `Source`.
        """
        return cls(
            transactions=transactions,
            customer=customer,
            amount=amount,
            order=order,
            date=date,
            currency=currency,
            where=where,
            window=window,
            as_of=as_of,
            exclude=exclude,
            number_format=number_format,
            date_format=date_format,
            unit=unit,
            attributes=attributes,
            allow_lost_rows=allow_lost_rows,
            **reading,
        )

    @classmethod
    def from_profiles(
        cls,
        profiles: Any,
        *,
        customer: str | None = None,
        where: str | None = None,
        exclude: str | os.PathLike[str] | None = None,
        attributes: Sequence[str] | None = None,
        allow_lost_rows: bool = False,
        **reading: Unpack[Reading],
    ) -> Self:
        """Return a source of finished profiles, one row a customer.

        Parameters
        ----------
        profiles : str, path or data frame
            With the columns `customer`, ``monetary`` and ``frequency``.
        customer : str, optional
            Column that identifies the customer; ``customer_id`` when absent.
        where, exclude, attributes, allow_lost_rows : optional
            As in `Source`.
        **reading
            As in `Source`: ``csv``, ``sheet``, ``attach``.
        """
        refuse_others(reading)
        return cls(
            profile=profiles,
            customer=customer,
            where=where,
            exclude=exclude,
            attributes=attributes,
            allow_lost_rows=allow_lost_rows,
            **reading,
        )

    @classmethod
    def from_points(
        cls, points: Any, *, where: str | None = None, **reading: Unpack[Reading]
    ) -> Self:
        """Return a source of anonymous points: ``monetary, frequency, customers``.

        Parameters
        ----------
        points : str, path or data frame
            Taken as the training profile itself, so no whales are cut from them.
        where : str, optional
            As in `Source`.
        **reading
            As in `Source`: ``csv``, ``sheet``, ``attach``.
        """
        refuse_others(reading)
        return cls(points=points, where=where, **reading)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return a source that was stored, as `as_dict` gave it."""
        values = dict(stored)
        ours = {f"_{name}": values.pop(name, None) for name in _OURS}
        return cls(**ours, **values)

    def __post_init__(self) -> None:
        given = [n for n in ("transactions", "profile", "points") if getattr(self, n) is not None]
        if len(given) != 1:
            came = " and ".join(given) or "none of them"
            raise InputError(f"give one of transactions, profile and points; {came} came.")
        if isinstance(self.exclude, os.PathLike):
            object.__setattr__(self, "exclude", os.fspath(self.exclude))
        check_types(self)
        check_reading(self)
        if self.kind == "transactions":
            if self.amount is None or self.customer is None:
                missing = "customer" if self.customer is None else "amount"
                raise InputError(
                    f"transactions need the columns of the customer and the amount; {missing} is "
                    f"missing. Say which column it is, for example {missing} = '{missing}'."
                )
        else:
            refuse_transaction_columns(self)
        if self.window is not None:
            object.__setattr__(self, "window", checked_window(self.window))
        if self.as_of is not None:
            object.__setattr__(self, "as_of", parse_moment(self.as_of, "as_of"))
        self._check_formats()
        for name in ("window", "as_of", "date_format") if self.date is None else ():
            if getattr(self, name):
                raise InputError(f"{name} needs the date column. Name it with date = 'COLUMN'.")

    @property
    def kind(self) -> Literal["transactions", "profile", "points"]:
        """What the source holds."""
        if self.transactions is not None:
            return "transactions"
        return "profile" if self.profile is not None else "points"

    @property
    def relation(self) -> Any:
        """The table name, file name or data frame."""
        return getattr(self, self.kind)

    @property
    def is_frame(self) -> bool:
        """Whether the relation is a data frame, which lives only in this session."""
        return not isinstance(self.relation, str | os.PathLike)

    @property
    def was_frame(self) -> bool:
        """Whether this source was stored, and its relation was a data frame that is gone."""
        return not self.is_frame and bool(_FRAME.fullmatch(str(self.relation)))

    @property
    def is_read_again(self) -> bool:
        """Whether views cannot read it, and a refresh reads it anew: a workbook, a query, say."""
        is_odd = self.is_file and (is_workbook(self.file) or is_query(self.file))
        return bool(self.attach) or is_odd

    @property
    def is_stored(self) -> bool:
        """Whether views read what was stored of it."""
        return self.was_frame or self.is_read_again

    @property
    def is_file(self) -> bool:
        """Whether the relation is a file, a glob of files or a URL."""
        if self.is_frame:
            return False
        return not isinstance(self.relation, str) or is_file_name(self.relation)

    @property
    def file(self) -> str:
        """The file, glob or URL as an absolute path, which holds from any folder."""
        return absolute_name(os.fspath(self.relation))

    @property
    def files(self) -> list[str]:
        """The files, globs and URLs that are named, as they were given."""
        named = [self.exclude] if self.is_frame else [self.relation, self.exclude]
        texts = [os.fspath(name) for name in named if name is not None]
        return [text for text in texts if is_file_name(text)]

    @property
    def customer_text(self) -> str:
        """The column or expression of the customer; a profile may leave it out."""
        return "customer_id" if self.customer is None else self.customer

    def as_dict(self) -> dict[str, Any]:
        """Return what can be stored; a data frame becomes its type's name."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {name: values.pop(f"_{name}") for name in _OURS}
        if self.is_frame:
            values[self.kind] = f"<{type(self.relation).__module__.split('.')[0]} frame>"
        elif self.is_file:
            values[self.kind] = self.file
        if self.as_of is not None:
            values["as_of"] = str(self.as_of)
        if self.attributes is not None:
            values["attributes"] = list(self.attributes)
        if self.exclude is not None and is_file_name(os.fspath(self.exclude)):
            values["exclude"] = absolute_name(os.fspath(self.exclude))
        return {
            name: value
            for name, value in values.items()
            if value is not None and value is not False and value != {}
        }

    def _check_formats(self) -> None:
        if self.number_format is not None:
            form = NumberFormat.parse(self.number_format)
            object.__setattr__(self, "number_format", form.text)
        if self.date_format is not None:
            object.__setattr__(self, "date_format", checked_date_format(self.date_format))
        if self.unit is not None:
            object.__setattr__(self, "unit", checked_unit(self.unit))
