"""Orders and their dates: the columns that say which rows belong together, and when they were."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from segmenter.formatting import percent
from segmenter.schema.files import bind, literal
from segmenter.sources.expressions import quoted
from segmenter.sources.guessing.dictionary import plain
from segmenter.sources.guessing.evidence import MOST_ROWS, Evidence
from segmenter.sources.guessing.facts import column
from segmenter.sources.guessing.findings import Guess
from segmenter.sources.odd_dates import odd_dates
from segmenter.sources.text_advice import SERIAL_DAYS

__all__ = [
    "Orders",
    "doubts",
    "guess_date",
    "guess_date_format",
    "guess_order",
    "is_of_customers",
    "seen",
    "sums_agree",
]

_FEW_CUSTOMERS = 10
_SHARED = 0.01
"""Share of the orders that may have several customers before that is asked about."""


@dataclass(frozen=True)
class Orders:
    """What the rows of orders have in common; fields are those of ``orders_seen.sql``."""

    orders: int
    line_count: int
    with_lines: int
    on_one_line: int
    repeated: int
    with_amounts: int
    with_their_sum: int
    of_several_customers: int
    lost: float

    @property
    def lines(self) -> float:
        """Rows of an order, on average."""
        return self.line_count / self.orders if self.orders else 0


def guess_order(evidence: Evidence) -> Guess:
    """Return the column of the order's number, or none where each row is an order."""
    found = evidence.named("order", "id")
    coarse = [name for name in found if not evidence.facts[name].is_unique]
    found = coarse or found
    if found:
        rivals = tuple(name for name in found[1:] if not evidence.one_to_one(found[0], name))
        if rivals:
            why = "other columns number orders, too, and differently"
            return Guess("order", found[0], why, is_sure=False, alternatives=rivals)
        return Guess("order", found[0], "the name says so")
    others = evidence.named("order", "other")
    unique = [name for name in others if evidence.facts[name].is_unique and plain(name) == "id"]
    if unique:
        return Guess("order", unique[0], "each row has its own")
    if evidence.named("product", "id"):
        why = "rows look like lines of orders, and no column is called like an order's number"
        return Guess("order", None, why, is_sure=False, alternatives=tuple(others))
    return Guess("order", None, "each row with a positive amount is one")


def guess_date(evidence: Evidence) -> Guess:
    """Return the column that says when an order was, or none."""
    times = [name for name in evidence.filled if evidence.facts[name].is_time]
    found = [
        name
        for name in evidence.named("date", "ordered")
        if name in times or evidence.facts[name].is_text or evidence.facts[name].is_whole
    ]
    exact = [name for name in found if plain(name) in _PLAIN_ORDER_DATES]
    for name in exact or found:
        if name not in times and not evidence.date_formats(name):
            continue
        rest = [other for other in (exact or found) if other != name and other in times]
        rivals = tuple(
            other for other in rest if name not in times or not _same_day(evidence, name, other)
        )
        if rivals:
            why = "other columns are dates, too, of other days"
            return Guess("date", name, why, is_sure=False, alternatives=rivals)
        return Guess("date", name, "the name says so")
    if times:
        why = "no date is called like that of an order"
        return Guess("date", times[0], why, is_sure=False, alternatives=tuple(times[1:4]))
    return Guess("date", None, "no column is a date")


def unread_dates(evidence: Evidence) -> list[str]:
    """Say of a column that is called like a date that no known form reads its values."""
    named = evidence.named("date", "ordered")
    if not named:
        return []
    facts = evidence.facts[named[0]]
    if facts.is_text:
        rows = exp.select(column(facts.name).as_("value")).from_(evidence.source)
        odd = odd_dates(evidence.engine, rows, quoted(facts.name))
        if odd is not None:
            way = f" Give date = {odd.expression!r}." if odd.expression else ""
            return [
                f"{facts.name} is called like a date, but no single form reads its values, such as "
                f"{odd.example!r}, and without a date nothing is known of time.{odd.words}{way}"
            ]
    days = f"date '1899-12-30' + cast({quoted(facts.name)} as integer)"
    is_serial = facts.is_whole and SERIAL_DAYS[0] < float(facts.example or 0) < SERIAL_DAYS[1]
    return [
        f"{facts.name} is called like a date, but its values, such as {facts.example}, are of no "
        "form that is known, and without a date nothing is known of time. "
        + (
            f"If they count days as spreadsheets do, give date = {days!r}."
            if is_serial
            else "Give an expression that reads them as date."
        )
    ]


def guess_date_format(evidence: Evidence, date: str | None) -> Guess:
    """Return the format of a date that is a text, or none."""
    name = None if date is None else evidence.spelled(date)
    if name is None or evidence.facts[name].is_time:
        return Guess("date_format", None, "the date is one already")
    found = evidence.date_formats(name)
    if not found:
        why = f"the values of {name} are no dates of one form"
        return Guess("date_format", None, why, is_sure=False)
    if len(found) > 1:
        why = f"nothing tells days from months in {name}"
        return Guess("date_format", found[0], why, is_sure=False, alternatives=found[1:])
    return Guess("date_format", found[0], f"the form of {name} in every row")


_PLAIN_ORDER_DATES = frozenset(
    map(plain, ("order date", "order datetime", "order timestamp", "ordered at", "purchase date"))
)


def _same_day(evidence: Evidence, one: str, other: str) -> bool:
    found = evidence.looked_at(
        rows=exp.Count(this=exp.Star()),
        same=exp.func(
            "count_if",
            exp.cast(column(one), "date").eq(exp.cast(column(other), "date")),
        ),
    )
    return bool(found["same"] >= 0.98 * found["rows"])


def seen(
    evidence: Evidence, order: exp.Expr, amount: exp.Expr, customer: exp.Expr | None
) -> Orders:
    """Add up orders, all or some of them with all their rows."""
    values = {
        "order": order,
        "amount": amount,
        "customer": exp.null() if customer is None else customer,
        **_rows_of(evidence),
    }
    return Orders(**evidence.records(bind("queries/orders_seen", values))[0])


def is_of_customers(
    evidence: Evidence, order: exp.Expr, amount: exp.Expr, customer: exp.Expr
) -> bool:
    """Whether nearly all customers have one amount, the same in all their orders, and their own."""
    values = {"order": order, "amount": amount, "customer": customer, **_rows_of(evidence)}
    found = evidence.records(bind("queries/amounts_of_customers", values))[0]
    return bool(
        found["customers"] >= _FEW_CUSTOMERS
        and found["with_one_amount"] >= 0.9 * found["customers"]
        and found["different_amounts"] > 0.5 * found["customers"]
    )


def sums_agree(evidence: Evidence, order: exp.Expr, total: exp.Expr, line: exp.Expr) -> bool:
    """Whether the lines of orders add up to the total that each of them repeats."""
    values = {"order": order, "total": total, "line": line, **_rows_of(evidence)}
    found = evidence.records(bind("queries/orders_sums", values))[0]
    return bool(found["orders"]) and found["equal"] >= 0.99 * found["orders"]


def _rows_of(evidence: Evidence) -> dict[str, exp.Expr]:
    portions = max(1, evidence.rows // MOST_ROWS)
    return {
        "source": evidence.table,
        "row_filter": evidence.condition or exp.true(),
        "portions": literal(portions),
    }


def doubts(orders: Orders) -> str | None:
    """Say what speaks against an order's column: numbers that several customers have."""
    share = orders.of_several_customers / orders.orders if orders.orders else 0
    if share <= _SHARED:
        return None
    return f"{percent(share, 1)} of its numbers stand for orders of several customers"
