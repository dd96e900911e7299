"""What to do: whom to win back, whom to ask for one more order, and where the list is."""

from __future__ import annotations

from segmenter.formatting import Column
from segmenter.report.availability import Missing
from segmenter.report.elements import Section, Table
from segmenter.report.facts import Facts, Rows
from segmenter.report.theme import count, money, people

__all__ = ["what_to_do_section"]

WIN_BACK, ONE_MORE = "win back", "one more order"

ACTION_COLUMNS = (
    Column("next_action", "What to do"),
    Column("segment", "Segment"),
    Column("segment_after_median_order", "Leads to"),
    Column("customers", "Customers", "count"),
    Column("revenue_at_stake", "At stake", "money"),
)

MEASURED_COLUMNS = (Column("repeat_rate", "Such came again", "share"),)

LIST_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("next_action", "What to do"),
    Column("segment", "Segment"),
    Column("lifecycle", "Lifecycle"),
    Column("monetary", "Spent", "money"),
    Column("frequency", "Orders", "count"),
    Column("days_since_last_order", "Days since the last", "count"),
    Column("segment_after_median_order", "Leads to"),
    Column("revenue_at_stake", "At stake", "money"),
)

SHOWN = 25
"""So many of the list can be read in the page; a download has all of it."""


def what_to_do_section(facts: Facts) -> Section:
    """Return what to do now: of how many customers, what is at stake, and which list they are in.

    The rows are those of ``segments.next_actions``.
    """
    title = "What to do now"
    rows = facts.actions
    if isinstance(rows, Missing):
        return Section("what-to-do", title, rows)
    is_measured = any(row["repeat_rate"] is not None for row in rows)
    columns = ACTION_COLUMNS + MEASURED_COLUMNS * is_measured
    tables = [Table("What to do, by segment", columns, rows, is_open=True)]
    if facts.to_do:
        tables.append(Table("The list", LIST_COLUMNS, facts.to_do, shown=SHOWN))
    return Section(
        "what-to-do", title, " ".join(_sentences(rows)), tables=tables, notes=_notes(facts, rows)
    )


def _sentences(rows: Rows) -> list[str]:
    found = []
    customers, revenue = _totals(rows, WIN_BACK)
    if customers:
        is_one = customers == 1
        found.append(
            f"Win back {people(customers)} who {'is' if is_one else 'are'} later than usual: "
            f"{'it has' if is_one else 'they have'} brought {money(revenue)} so far."
        )
    customers, revenue = _totals(rows, ONE_MORE)
    if customers:
        is_one = customers == 1
        found.append(
            f"Ask {people(customers)} for one more order, which lifts "
            f"{'it' if is_one else 'them'} into a higher segment; {money(revenue)} "
            f"{'lies' if is_one else 'lie'} between {'it' if is_one else 'them'} and the median "
            "customer there."
        )
    return found


def _totals(rows: Rows, action: str) -> tuple[int, float]:
    chosen = [row for row in rows if row["next_action"] == action]
    return sum(row["customers"] for row in chosen), sum(row["revenue_at_stake"] for row in chosen)


def _notes(facts: Facts, rows: Rows) -> list[str]:
    found = [
        "At stake is, of winning back, what these customers have brought so far, and of one more "
        "order, what they lack to the median customer of the higher segment.",
        "Who they are: segmenter customers DB --next --format csv; --segment NAME for one segment, "
        "--contacts TABLE for addresses, --objections TABLE to leave out who must not be "
        "written to.",
        "What a campaign will bring is measured by leaving some of them out: segmenter holdout DB "
        "--salt NAME says how many, and the smallest lift that each segment can show; segmenter "
        "campaign DB --salt NAME --since DAY what came of it.",
    ]
    customers = sum(row["customers"] for row in rows)
    if facts.to_do and len(facts.to_do) < customers:
        found.append(
            f"The list of this page has the {count(len(facts.to_do))} of {count(customers)} with "
            "the most at stake, those to win back first."
        )
    return found
