"""Use: ``customers``, the list of whom to act on."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.answering import answering
from segmenter.cli.audience import (
    Contacts,
    MinSize,
    Objections,
    PhoneCountry,
    rows_of,
)
from segmenter.cli.engine_options import There
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    Limit,
    Live,
    Quiet,
    SafeCsv,
    Wait,
    rows_at_most,
)
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import messages
from segmenter.errors import SegmenterError
from segmenter.formatting import counted, verb
from segmenter.schema.names import SNAPSHOT

if TYPE_CHECKING:
    import duckdb

    from segmenter.operations.table import Query

__all__ = ["customers"]

COLUMNS = (
    Column("customer_id", "Customer"),
    Column("monetary", "Monetary", "money"),
    Column("frequency", "Orders", "count"),
    Column("first_order_at", ""),
    Column("last_order_at", "Last order"),
    Column("is_whale", ""),
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("days_since_last_order", "Days ago", "count"),
    Column("lifecycle", "Lifecycle"),
)

UPGRADE_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("monetary", "Monetary", "money"),
    Column("frequency", "Orders", "count"),
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("monetary_needed", "Money\nneeded", "money"),
    Column("segment_by_monetary", "then"),
    Column("frequency_needed", "Orders\nneeded", "count"),
    Column("segment_by_frequency", "then"),
    Column("median_order", "", "money"),
    Column("segment_after_median_order", "After a\nmedian order"),
    Column("is_lifted_by_median_order", ""),
)

NEXT_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("next_action", "What to do"),
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("lifecycle", "Lifecycle"),
    Column("monetary", "Monetary", "money"),
    Column("frequency", "Orders", "count"),
    Column("days_since_last_order", "Days\nago", "count"),
    Column("segment_after_median_order", "Then"),
    Column("revenue_at_stake", "At\nstake", "money"),
    Column("repeat_rate", "Such\ncame again", "share"),
)


CHANGE_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("change", "Change"),
    Column("segment_from", "From"),
    Column("segment_to", "To"),
    Column("lifecycle_from", "Lifecycle\nfrom"),
    Column("lifecycle_to", "to"),
    Column("is_whale_from", ""),
    Column("is_whale_to", ""),
    Column("changed_by", "Why"),
    Column("changed_at", "Published"),
    Column("customers", "", "count"),
)


WHICH = "Which customers"
"""Heading in the help."""


class OrderBy(StrEnum):
    """A column to sort by, and in which direction that is useful."""

    MONETARY = "monetary"
    FREQUENCY = "frequency"
    DAYS = "days_since_last_order"
    LAST_ORDER = "last_order_at"
    MONEY_NEEDED = "monetary_needed"
    ORDERS_NEEDED = "frequency_needed"
    AT_STAKE = "revenue_at_stake"
    CUSTOMER = "customer_id"


class Lifecycle(StrEnum):
    """Where a customer stands by time."""

    NEW = "new"
    ACTIVE = "active"
    LAPSING = "lapsing"
    LAPSED = "lapsed"


def customers(
    database: Database,
    segment: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only customers of this segment.", rich_help_panel=WHICH),
    ] = None,
    lifecycle: Annotated[
        Lifecycle | None,
        typer.Option(help="Only customers who stand there by time.", rich_help_panel=WHICH),
    ] = None,
    upgrades: Annotated[
        bool,
        typer.Option(
            "--upgrades",
            help="Show what would lift each into a higher segment.",
            rich_help_panel=WHICH,
        ),
    ] = False,
    next_actions: Annotated[
        bool,
        typer.Option(
            "--next",
            help="Whom to do something about now, and what: lapsing customers to win back, and "
            "those whom one more order lifts.",
            rich_help_panel=WHICH,
        ),
    ] = False,
    changes_since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Who entered, left or moved since then as published by fit, refresh and rollback, "
            "and why; UTC, a date from its beginning.",
            rich_help_panel=WHICH,
        ),
    ] = None,
    order_by: Annotated[
        OrderBy | None,
        typer.Option(
            metavar="COLUMN",
            help=f"One of {', '.join(OrderBy)}. Largest first; what is needed and ids smallest "
            "first.  [monetary; --upgrades: monetary_needed; --next: revenue_at_stake]",
            rich_help_panel=WHICH,
        ),
    ] = None,
    limit: Limit = None,
    contacts: Contacts = None,
    objections: Objections = None,
    phone_country: PhoneCountry = None,
    min_size: MinSize = None,
    live: Live = True,
    dsn: There = None,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = True,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""List customers with their segment: whom to write to, whom to call.

    Example: segmenter customers shop.duckdb --segment Loyal --order-by monetary \
        --limit 2000 --format csv

    Example: segmenter customers shop.duckdb --segment Elite --lifecycle lapsing

    Example: segmenter customers shop.duckdb --upgrades --limit 20

    Example: segmenter customers shop.duckdb --next --limit 50

    Example: segmenter customers shop.duckdb --changes-since 2024-03-01 --format csv

    With --dsn the customers are those of PostgreSQL, where the model was fitted: the views that
    were published there are read, or with --snapshot what a refresh keeps there.

    Example: segmenter customers shop.duckdb --segment Loyal --limit 0 --format csv \
        --contacts crm.csv --objections optout.csv --min-size 100
    """
    from segmenter.cli.console import waiting
    from segmenter.operations.audience import Audience
    from segmenter.operations.changes import customer_changes
    from segmenter.operations.customers import customers as customers_of

    audience = Audience(contacts, objections, phone_country, min_size)
    if changes_since is not None:
        if segment or lifecycle or upgrades or next_actions or order_by or not live:
            raise SegmenterError(
                "--changes-since lists what was published: leave out --segment, --lifecycle, "
                "--upgrades, --next, --order-by and --snapshot."
            )
        if dsn is not None:
            raise SegmenterError(
                "--changes-since reads a log that PostgreSQL has not. Leave out --dsn, or ask "
                "segments.customer_segments_history over there, which a refresh keeps."
            )
        with answering(database, wait, None, {}, files=audience.files, quiet=quiet) as con:
            changes = customer_changes(con, changes_since, limit=rows_at_most(limit, form))
            found, shown = rows_of(changes, CHANGE_COLUMNS, audience, quiet=quiet)
            write(shown, found, form, safe_csv=safe_csv)
        return
    columns: tuple[Column, ...] = (
        NEXT_COLUMNS if next_actions else UPGRADE_COLUMNS if upgrades else COLUMNS
    )
    names = [column.name for column in columns]
    if upgrades and (lifecycle or not live):
        raise SegmenterError(
            "--upgrades is always live and knows no lifecycle. Leave out --snapshot and "
            "--lifecycle."
        )
    if next_actions and (upgrades or not live):
        raise SegmenterError(
            "--next is always live and has the upgrades that matter. Leave out --snapshot and "
            "--upgrades."
        )
    if order_by is not None and order_by.value not in names:
        raise SegmenterError(
            f"--order-by {order_by.value} is not a column of this list ({', '.join(names)})."
        )
    views = _views(upgrades=upgrades, next_actions=next_actions, snapshot=not live)
    with answering(database, wait, dsn, views, files=audience.files, quiet=quiet) as con:
        asked = customers_of(
            con,
            segment=segment,
            lifecycle=lifecycle,
            upgrades=upgrades,
            next_actions=next_actions,
            order_by=order_by,
            limit=rows_at_most(limit, form),
            snapshot=not live,
        )
        columns += attribute_columns(asked)
        with waiting("Adding up customers", quiet):
            found, shown = rows_of(asked, columns, audience, quiet=quiet)
        write(shown, found, form, safe_csv=safe_csv)
        if form is Format.TABLE and not quiet:
            if upgrades:
                _say_who_is_lifted(con, segment)
            elif next_actions:
                _say_what_is_at_stake(con, segment)
            elif lifecycle in (None, Lifecycle.LAPSED):
                _say_who_came_again(con, is_asked=lifecycle is not None)


def _views(*, upgrades: bool, next_actions: bool, snapshot: bool) -> dict[str, bool]:
    """Return the views of PostgreSQL that a list is read from."""
    if next_actions:
        return {"customer_segments": True, "customer_upgrades": True}
    if upgrades:
        return {"customer_upgrades": True}
    return {SNAPSHOT if snapshot else "customer_segments": True}


def attribute_columns(asked: Query) -> tuple[Column, ...]:
    """Return the columns of the attributes that stand with the customers."""
    from segmenter.storage.current import current_model

    _, source, _ = current_model(asked.con)
    if source.attributes is None:
        return ()
    there = {name for name, *_ in asked.con.execute(f"describe {asked.sql}").fetchall()}
    return tuple(Column(name, name) for name in source.attributes if name in there)


def _say_what_is_at_stake(con: duckdb.DuckDBPyConnection, segment: str | None) -> None:
    from segmenter.operations.customers import at_stake

    found = at_stake(con, segment)
    if not found:
        messages.line("Nobody is lapsing now, and one more order would lift nobody.")
    if "win back" in found:
        customers, revenue = found["win back"]
        messages.line(
            f"Win back: {counted(customers, 'customer')} {verb(customers, 'is', 'are')} lapsing, "
            f"later than usual; {verb(customers, 'it has', 'they have')} brought {revenue:,.2f} "
            "so far, which is at stake."
        )
    if "one more order" in found:
        customers, revenue = found["one more order"]
        messages.line(
            f"One more order: it lifts {counted(customers, 'customer')} to a higher segment; "
            f"{verb(customers, 'it is', 'they are')} {revenue:,.2f} short of what is spent there "
            "(the median)."
        )


def _say_who_came_again(con: duckdb.DuckDBPyConnection, *, is_asked: bool) -> None:
    """Say how many of the lapsed come again: the word does not say that they are gone."""
    from segmenter.operations.lifecycle import lapsed

    found = lapsed(con)
    if found is not None:
        messages.line(found.words())
    elif is_asked:
        messages.line(
            "Lapsed is not gone: how many come again is measured by segmenter backtest DB --as-of "
            "DATE."
        )


def _say_who_is_lifted(con: duckdb.DuckDBPyConnection, segment: str | None) -> None:
    from segmenter.operations.customers import lifted_by_median_order

    order, lifted, everybody = lifted_by_median_order(con, segment)
    if order is not None:
        messages.line(
            f"One more order of {order:,.2f}, the median of the customers' mean orders, would lift "
            f"{lifted:,} of {counted(everybody, 'customer')}."
        )
