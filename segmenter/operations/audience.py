"""Audiences: lists of customers that mail and ad tools may be given.

The addresses are hashed as such tools want them, whoever objects is left out, and a list of too
few is refused. Contacts and objections are only read.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from segmenter.errors import InputError
from segmenter.formatting import counted, verb
from segmenter.operations.table import Query, Table
from segmenter.schema.files import bind, literal
from segmenter.sources.contacts import Addresses, Reader
from segmenter.sources.file_names import is_file_name
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    from segmenter.progress import Progress

__all__ = ["HASHES", "Audience", "addressed"]

HASHES = ("email_sha256", "phone_sha256", "phone_digits_sha256")
"""The columns that contacts add: the phone number with its + (Google), and without it (Meta)."""

_FLAGS = ("is_objecting", "has_several", "has_no_address", "has_no_number")

_OTHER_PREFIXES = ("7", "36", "52", "375", "976", "993")
"""Countries that write something else than one 0, or nothing, before a number of their own."""


@dataclass(frozen=True)
class Audience:
    """What makes a list fit to be given away.

    Attributes
    ----------
    contacts : str or path, optional
        Table or file with the e-mail addresses and phone numbers of customers.
    objections : str or path, optional
        Table or file of who must not be in any list.
    phone_country : str, optional
        Code of the country of phone numbers that do not say theirs.
    min_size : int, optional
        How many customers the list must have.
    """

    contacts: str | None = None
    objections: str | None = None
    phone_country: str | None = None
    min_size: int | None = None

    def __post_init__(self) -> None:
        for name in ("contacts", "objections"):
            value = getattr(self, name)
            if isinstance(value, os.PathLike):
                value = os.fspath(value)
                object.__setattr__(self, name, value)
            if value is not None and (not isinstance(value, str) or not value.strip()):
                raise InputError(f"{name} must be the name of a table or file, not {value!r}.")
        self._check_country()
        least = self.min_size
        if least is not None and (
            not isinstance(least, int) or isinstance(least, bool) or least < 1
        ):
            raise InputError(f"min_size must be a whole number, at least 1, not {least!r}.")

    def _check_country(self) -> None:
        code = self.phone_country
        if code is None:
            return
        if not isinstance(code, str) or not re.fullmatch(r"[1-9][0-9]{0,2}", code, re.ASCII):
            raise InputError(
                f"phone_country must be the calling code of a country, such as '44', not {code!r}."
            )
        if code in _OTHER_PREFIXES:
            raise InputError(
                f"phone numbers of country {code} have a prefix of their own at home, which is not "
                "known here. Write them with + and the country in the list, and leave out "
                "phone_country."
            )
        if self.contacts is None and self.objections is None:
            raise InputError("phone_country is about the numbers in contacts: give those, too.")

    def __bool__(self) -> bool:
        return self != Audience()

    @property
    def files(self) -> list[str]:
        """The files among the lists, which a confined connection must be let read."""
        return [name for name in (self.contacts, self.objections) if name and is_file_name(name)]


def addressed(query: Query, audience: Audience, progress: Progress) -> Table:
    """Ask for a list of customers, and make an audience of it.

    Parameters
    ----------
    query : Query
        Its limit holds for who is left when those who object are out.
    audience : Audience
    progress : Progress
        Hears who is left out, and which addresses are missing.

    Returns
    -------
    Table
        With the hashes where there are contacts.

    Raises
    ------
    InputError
        A list cannot be read or compared, or too few customers are left.
    """
    tree = sqlglot.parse_one(query.sql, dialect="duckdb")
    order, limit = tree.args.pop("order", None), tree.args.pop("limit", None)
    asked = Query(query.con, tree.sql(dialect="duckdb"), query.parameters)
    contacts, objections, count = _lists(asked, audience)
    values = {
        "listed": exp.Subquery(this=tree),
        "contacts": contacts.rows,
        "objections": objections.rows,
    }
    whole = bind("queries/addressed_customers", values)
    whole.set("order", order)
    found = Query(query.con, whole.sql(dialect="duckdb"), query.parameters).table().to_arrow()
    kept = found.filter(pc.invert(found["is_objecting"]))
    if audience.objections is not None:
        _say_objections(objections, count, len(found) - len(kept), progress)
    is_cut = limit is not None and int(limit.expression.name) < len(kept)
    if limit is not None:
        kept = kept.slice(0, int(limit.expression.name))
    if audience.contacts is not None:
        _say_missing(contacts, kept, progress)
    _check_size(audience, kept, is_cut=is_cut)
    dropped = _FLAGS if audience.contacts is not None else (*_FLAGS, *HASHES)
    return Table(kept.drop_columns(list(dropped)))


def _lists(asked: Query, audience: Audience) -> tuple[Addresses, Addresses, int]:
    """Return the contacts, the objections, and how many of these there are."""

    def is_customer(title: str) -> bool:
        same = exp.column("customer_id").eq(literal(title)).sql(dialect="duckdb")
        sql = f"select exists (select 1 from ({asked.sql}) as asked where {same})"
        return bool(asked.con.execute(sql, asked.parameters).fetchall()[0][0])

    _, source, _ = current_model(asked.con)
    customer_type = _customer_type(asked)
    reader = Reader(asked.con, source, customer_type, is_customer, audience.phone_country)
    contacts = objections = reader.nobody()
    count = 0
    if audience.contacts is not None:
        contacts = reader.contacts(audience.contacts)
    if audience.objections is not None:
        objections, count = reader.objections(audience.objections, contacts)
    return contacts, objections, count


def _customer_type(asked: Query) -> str:
    sql = f"select customer_id from ({asked.sql}) as asked limit 0"
    return str(asked.con.sql(sql, params=asked.parameters).types[0])


def _say_objections(objections: Addresses, count: int, left_out: int, progress: Progress) -> None:
    progress.warn(
        f"{counted(left_out, 'customer')} {verb(left_out, 'is', 'are')} left out by the "
        f"{counted(count, 'objection')} in {objections.relation} "
        f"({', '.join(objections.columns)}).",
        "objections",
    )


def _say_missing(contacts: Addresses, kept: pa.Table, progress: Progress) -> None:
    """Say of how many customers there is no address, or not the one that was given."""
    numbers, addresses, several = (
        int(pc.sum(kept[name]).as_py() or 0)
        for name in ("has_no_number", "has_no_address", "has_several")
    )
    nothing = _customers(kept) - _reachable(kept)
    if nothing:
        progress.warn(
            f"{counted(nothing, 'customer')} {verb(nothing, 'has', 'have')} no e-mail address and "
            f"no phone number that can be used in {contacts.relation}.",
            "no_contact",
        )
    if numbers:
        progress.warn(
            f"of {counted(numbers, 'customer')} a phone number stays out: it does not say its "
            "country by + or 00 (give phone_country), or is none.",
            "no_phone_number",
        )
    if addresses:
        progress.warn(
            f"of {counted(addresses, 'customer')} an e-mail address stays out: it is none.",
            "no_email_address",
        )
    if several:
        progress.warn(
            f"{counted(several, 'customer')} {verb(several, 'has', 'have')} several addresses or "
            "numbers: the first by the alphabet stands.",
            "several_contacts",
        )


def _customers(kept: pa.Table) -> int:
    return len(kept) - int(kept["customer_id"].null_count)


def _reachable(kept: pa.Table) -> int:
    has_address = pc.or_(pc.is_valid(kept["email_sha256"]), pc.is_valid(kept["phone_sha256"]))
    return int(pc.sum(has_address).as_py() or 0)


def _check_size(audience: Audience, kept: pa.Table, *, is_cut: bool) -> None:
    least = audience.min_size
    size = _customers(kept) if audience.contacts is None else _reachable(kept)
    if least is None or size >= least:
        return
    with_address = "" if audience.contacts is None else " with an address"
    if is_cut:
        advice = "The list is cut by the limit: raise that."
    else:
        advice = f"Ask for a larger list{f', or for min_size = {size}' if size else ''}."
    raise InputError(
        f"the list has {counted(size, 'customer')}{with_address}, fewer than min_size = {least}. "
        f"Nothing is written. {advice}"
    )
