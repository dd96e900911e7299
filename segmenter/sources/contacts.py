"""Contacts and objections: lists with customers, e-mail addresses and phone numbers in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.errors import InputError, reason
from segmenter.formatting import counted, shortened, verb
from segmenter.schema.connection import records
from segmenter.schema.files import bind, literal
from segmenter.sources.person_lists import IsCustomer, PersonList, find_list
from segmenter.sources.source import Source

__all__ = ["Addresses", "Reader"]

_ALIAS = "contact"

_EMAIL = ("email", "e-mail", "e_mail")
_PHONE = ("phone",)

_ADDRESS = re.compile(r"@|^\W*[0-9][0-9\s()./+-]{5,}$")
"""What no column is called, and an address or a number may be."""

_UNTITLED = re.compile(r"column[0-9]+")
"""What DuckDB calls a column without a title."""


@dataclass(frozen=True)
class Addresses:
    """A list with its addresses as they are hashed and compared.

    Attributes
    ----------
    relation : str
        Its name in messages.
    rows : Subquery
        As of ``queries/normalised_contacts``.
    columns : tuple of str
        Those that are read.
    has_email, has_phone : bool
        Whether there is such a column.
    """

    relation: str
    rows: exp.Subquery
    columns: tuple[str, ...] = ()
    has_email: bool = False
    has_phone: bool = False


@dataclass(frozen=True)
class Reader:
    """Reads lists about the customers of a source.

    Attributes
    ----------
    con : DuckDBPyConnection
    source : Source
    customer_type : str
    is_customer : callable
        Whether a text is a customer, where they are texts.
    phone_country : str or None
        Of numbers that do not say theirs.
    """

    con: duckdb.DuckDBPyConnection
    source: Source
    customer_type: str
    is_customer: IsCustomer
    phone_country: str | None

    def nobody(self) -> Addresses:
        """Return the list of nobody."""
        return Addresses("", self._rows(exp.select("1").where(exp.false()).subquery(), ()))

    def contacts(self, name: str) -> Addresses:
        """Read a list of contacts.

        Raises
        ------
        InputError
            It cannot be read, or has no customers or no addresses.
        """
        found = self._find(name)
        email, phone = found.named_column(*_EMAIL), found.named_column(*_PHONE)
        if email is None and phone is None:
            raise InputError(
                f"the contacts in {found.relation} have neither a column email nor a column phone "
                f"({', '.join(found.columns)}). Name one of them so, for example in a view."
            )
        customer = found.customer_column(self.source) or next(iter(found.columns))
        if customer in (email, phone) and found.customer_column(self.source) is None:
            raise InputError(
                f"the contacts in {found.relation} have no column with the customers "
                f"({', '.join(found.columns)}). Call it customer_id."
            )
        every = (exp.Count(this=exp.column(name, quoted=True)) for name in (email, phone) if name)
        self._read(found, exp.select(*every).from_(found.table.copy()))
        return self._addresses(found, customer, email, phone)

    def objections(self, name: str, contacts: Addresses) -> tuple[Addresses, int]:
        """Read a list of objections, and count them.

        Raises
        ------
        InputError
            It cannot be read, or somebody in it can be compared with nobody: a list without them
            must not be.
        """
        found = self._find(name)
        email, phone = found.named_column(*_EMAIL), found.named_column(*_PHONE)
        customer = found.customer_column(self.source)
        if customer is None and email is None and phone is None:
            customer = next(iter(found.columns))
        objections = self._addresses(found, customer, email, phone)
        values = {
            "objections": objections.rows,
            "has_email": literal(contacts.has_email),
            "has_phone": literal(contacts.has_phone),
        }
        row = self._read(found, bind("queries/unusable_objections", values))
        if row["unusable"]:
            self._refuse(found.relation, row, contacts)
        return objections, row["objections"]

    def _read(self, found: PersonList, query: exp.Expr) -> dict[str, Any]:
        """Ask for one row that needs the whole list, so that a fault in it is told as one."""
        try:
            (row,) = records(self.con, query.sql(dialect="duckdb"))
        except duckdb.Error as error:
            raise InputError(f"{found.relation} cannot be read: {reason(error)}") from None
        return row

    def _refuse(self, relation: str, row: dict[str, Any], contacts: Addresses) -> None:
        unusable = row["unusable"]
        example = row["unusable_example"]
        shown = "" if example is None else f" ({shortened(repr(example))})"
        comparable = ["a customer"]
        if contacts.has_email:
            comparable.append("an e-mail address")
        if contacts.has_phone:
            comparable.append("a phone number with + and its country (or give phone_country)")
        if len(comparable) == 1:
            advice = "Addresses are compared with those of contacts: give contacts, too."
        else:
            advice = f"Give each of them {', or '.join(comparable)}."
        raise InputError(
            f"{counted(unusable, 'row')} of the objections in {relation}{shown} "
            f"{verb(unusable, 'fits', 'fit')} no customer whom they could leave out, so there is "
            f"no list. {advice}"
        )

    def _find(self, name: str) -> PersonList:
        found = find_list(self.con, name)
        if found.is_csv and all(map(_UNTITLED.fullmatch, found.columns)):
            raise InputError(
                f"{found.relation} has no titles of columns in its first line, or is empty. Put a "
                "line such as customer_id,email,phone on top, also where nobody is in the list."
            )
        title = next(filter(_ADDRESS.search, found.columns), None) if found.is_csv else None
        if title is not None:
            raise InputError(
                f"the first line of {found.relation} reads as an address ({title}), and should be "
                "the titles of the columns. Put a line such as customer_id,email,phone on top."
            )
        return found

    def _addresses(
        self, found: PersonList, customer: str | None, email: str | None, phone: str | None
    ) -> Addresses:
        value = customer and found.customers(
            self.con,
            customer,
            self.customer_type,
            self.is_customer,
            alias=_ALIAS,
            whose="the list",
        )
        rows = self._rows(found.table, tuple(found.columns), value or None, email, phone)
        columns = tuple(dict.fromkeys(one for one in (customer, email, phone) if one))
        return Addresses(found.relation, rows, columns, email is not None, phone is not None)

    def _rows(
        self,
        table: exp.Expr,
        columns: tuple[str, ...],
        customer: exp.Expr | None = None,
        email: str | None = None,
        phone: str | None = None,
    ) -> exp.Subquery:
        kind = exp.DataType.build(self.customer_type, dialect="duckdb")
        values = {
            "contacts": table,
            "contact_customer": customer or exp.Cast(this=exp.null(), to=kind),
            "has_no_value": exp.and_(
                *(_column(name).is_(exp.null()) for name in columns), exp.true()
            ),
            "email": _column(email),
            "phone": _column(phone),
            "phone_country": literal(self.phone_country),
        }
        return exp.Subquery(this=bind("queries/normalised_contacts", values))


def _column(name: str | None) -> exp.Expr:
    return exp.null() if name is None else exp.column(name, table=_ALIAS, quoted=True)
