"""The audit and the rules as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from segmenter.formatting import counted, percent, verb
from segmenter.schema.connection import first_row, records
from segmenter.schema.names import INTERNAL, SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["audit_sentences", "line_sentences", "rule_sentences"]


ORDERS_DECIDE = 50
"""Power of orders in a line of logarithms from which on a thousand times the money counts less than
a seventh more orders, as in ``segments.segment_lines``."""


class Rule(NamedTuple):
    """A row of ``segments.segment_rules``."""

    frequency_from: int
    frequency_to: int
    monetary_below: float
    segment: str


def audit_sentences(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Tell, level by level, what was split and why it went on or stopped."""
    splits = records(
        con,
        f"""
        select model_splits.*, coalesce(models.settings ->> 'scale' = 'log', false) as is_log,
            coalesce(models.settings ->> 'shape' = 'auto', false) as is_auto
        from {INTERNAL}.model_splits
        inner join {INTERNAL}.models using (model_id)
        where is_current
        order by level
        """,
    )
    for split in splits:
        yield (
            f"level {split['level']}: {counted(split['block_customers'], 'customer')} "
            f"{verb(split['block_customers'], 'was', 'were')} split into "
            f"{split['lower_customers']:,} of lower and {split['higher_customers']:,} of higher "
            f"value{_method(split)}; consolidation moved "
            f"{split['moved_customers']:,}. {_line(split)}{_far(split)}"
            f"{_outcome(split)}{'' if split['frequency_agrees'] else _DISAGREES}"
        )
    if gaps := _gaps(splits):
        yield gaps
    yield from _model_sentences(con, is_flat=any(map(_is_flat, splits)))


_DISAGREES = " Mean frequency orders these blocks in another way than mean monetary does."


def _is_flat(split: dict[str, Any]) -> bool:
    return (split.get("method") or "").startswith("flat")


def _method(split: dict[str, Any]) -> str:
    """Say where a split is not one of Ward's tree in two."""
    method = split.get("method") or ""
    said = ", all blocks at once" if _is_flat(split) else ""
    if said and split["is_auto"]:
        said += ", since that runs through gaps and the recursion would cut a crowd"
    if not method.endswith("score"):
        return said
    if split["frequency_weight"] == 0:
        return f"{said}, along money alone, since orders fall where money rises"
    scores = "of the logarithms' z-scores" if split["is_log"] else "of both z-scores"
    return f"{said}, along the sum {scores}, so that more of either never leads downwards"


def _line(split: dict[str, Any]) -> str:
    """Say on whose sides the two parts lie."""
    money, orders, threshold = (
        split.get(name) for name in ("monetary_weight", "frequency_weight", "threshold")
    )
    if money is None or orders is None or threshold is None or not split.get("higher_segments"):
        return ""
    higher = " and ".join(split["higher_segments"])
    begins = verb(len(split["higher_segments"]), "begins", "begin")
    if split["is_log"]:
        threshold = math.exp(threshold)
    if money == 0:
        return f"{higher}: from {threshold:,.1f} orders. "
    if orders == 0:
        return f"{higher}: from {threshold:,.2f} spent, whatever the orders. "
    if split["is_log"] and orders > ORDERS_DECIDE:
        most = threshold ** (1 / orders)
        return f"{higher}: from at most {most:,.1f} orders, and hardly less whatever is spent. "
    if split["is_log"]:
        return (
            f"Twice the orders count as much as {2**orders:,.2f} times the money, and {higher} "
            f"{begins} at {threshold:,.2f} spent in one order, and at less in several. "
        )
    return (
        f"One order counts as much as {orders:,.2f} spent, and {higher} {begins} where both "
        f"together reach {threshold:,.2f}. "
    )


def _far(split: dict[str, Any]) -> str:
    """Say of customers far outside why they are no segment."""
    far = split.get("far_customers")
    if not far:
        return ""
    return (
        f"The {counted(far, 'customer')} far outside {verb(far, 'stays', 'stay')} with "
        f"{split['far_segment']}: fewer than vote on a label could not be entered. "
    )


def _gaps(splits: list[dict[str, Any]]) -> str:
    """Say at which of the segments the customers thin out, and at which a line cuts a crowd."""
    from segmenter.clustering.gaps import GAP

    known = [
        (split["gap_index"], split["higher_segments"][-1])
        for split in splits
        if split.get("gap_index") is not None and split.get("higher_segments")
    ]
    clear = [f"{name} ({index:.2f})" for index, name in known if index < GAP]
    none = [f"{name} ({index:.2f})" for index, name in known if index >= GAP]
    if not known:
        return ""
    if not clear:
        return (
            f"no gap at {' or '.join(none)}: the segments are cuts of a continuum. (The gap index "
            "is 1 where a line cuts a crowd, 0 where nobody stands.)"
        )
    rest = f", none at {' or '.join(none)}" if none else ""
    return f"a gap at {' and '.join(clear)}{rest}. (The gap index is 1 where a line cuts a crowd.)"


def _outcome(split: dict[str, Any]) -> str:
    share = percent(split["largest_share"])
    lopsided = split["is_lopsided"]
    found = (
        f"{share} of customers fell into one block, a majority"
        if lopsided and split["largest_share"] > 0.5
        else f"The largest block holds {share} of customers"
    )
    if split["decision"] == "split again":
        return f"{found}, so it was split again."
    return f"{found}, {_ending(split['reason'], lopsided)}."


def _ending(reason: str, lopsided: bool) -> str:
    if not lopsided:
        return "no majority, so it stopped here"
    return f"and it stopped here: {reason.split(', but ')[-1]}"


def _model_sentences(con: duckdb.DuckDBPyConnection, *, is_flat: bool) -> Iterator[str]:
    """Compare with a flat clustering, and count whales and outvoted customers."""
    (model,) = records(
        con,
        f"""
        select m.*,
            (select max(s.customers) from {INTERNAL}.model_segments as s
                where s.model_id = m.model_id) as largest,
            (select count(*) from {INTERNAL}.model_segments as s
                where s.model_id = m.model_id) as segments
        from {INTERNAL}.models as m
        where is_current
        """,
    )
    flat, segments, training = model["flat_share"], model["segments"], model["training_customers"]
    whales, step = model["whales"], model["relative_step"]
    beside = f"a flat clustering into {segments} would put {percent(flat)} into one."
    yield (
        f"the largest of {segments} segments holds {percent(model['largest'] / training)} of the "
        f"training customers{'.' if is_flat else f'; {beside}'}"
    )
    yield (
        f"{counted(whales, 'whale')} of {counted(model['customers'], 'customer')} "
        f"{verb(whales, 'was', 'were')} left out of training and classified like the rest; "
        f"{_at_boundary(model['outvoted_customers'], model.get('raised_customers') or 0)}"
    )
    if step is not None:
        yield (
            "there were more distinct points than max_points, so monetary was moved to a grid "
            f"with cells of at most 1/{1 / step:,.0f} of the amount; at most "
            f"{percent(model['uncertain_customers'] / training, 2)} of the training customers are "
            "so near to a threshold that their rule could differ."
        )


def _at_boundary(outvoted: int, raised: int) -> str:
    """Say whom the classifier puts elsewhere than the blocks, and whom than the vote."""
    if not raised:
        return (
            f"{counted(outvoted, 'customer')} at a boundary {verb(outvoted, 'follows', 'follow')} "
            f"{verb(outvoted, 'the', 'their')} neighbours' vote instead of "
            f"{verb(outvoted, 'the', 'their')} block."
        )
    return (
        f"the classifier puts {counted(outvoted, 'customer')} elsewhere than "
        f"{verb(outvoted, 'the', 'their')} block, and {counted(raised, 'customer')} higher than "
        "the neighbours' vote, so that more money or more orders never lead downwards."
    )


def line_sentences(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Tell the lines that the blocks are the sides of; nothing where a file lacks them."""
    from segmenter.storage.added_views import LINES, has_object

    if not has_object(con, SCHEMA, LINES):
        return
    query = f"select message, outvoted_share from {SCHEMA}.{LINES} order by level"
    rows = con.execute(query).fetchall()
    yield from (message for message, _ in rows)
    if rows:
        yield (f"The rules put {percent(rows[0][1], 1)} of the training customers on another side.")


def rule_sentences(con: duckdb.DuckDBPyConnection, limit: int | None = None) -> Iterator[str]:
    """Tell, for each range of frequencies, what monetary leads to which segment."""
    rows = con.execute(
        f"""
        select frequency_from, frequency_to, monetary_below, segment
        from {SCHEMA}.segment_rules
        order by frequency_from, monetary_from
        """
    ).fetchall()
    rules = [Rule(*row) for row in rows]
    (lowest,) = first_row(con, f"select frequency_min from {INTERNAL}.models where is_current")
    groups = [list(group) for _, group in groupby(rules, key=lambda rule: rule.frequency_from)]
    for group in groups[:limit]:
        yield f"{_orders(group[0], lowest)}: {_thresholds(group)}"
    if limit is not None and len(groups) > limit:
        more = counted(len(groups) - limit, "more range", "more ranges")
        yield f"... and {more} of orders (segmenter rules)"


def _orders(rule: Rule, lowest: int) -> str:
    """Name a range of frequencies."""
    first = max(rule.frequency_from, lowest) if rule.frequency_from == 0 else rule.frequency_from
    if rule.frequency_to >= 2**62:
        return f"{first:,} or more orders" if first > lowest else "any number of orders"
    if rule.frequency_to <= first:
        few = "up to " if rule.frequency_from < rule.frequency_to and first > 1 else ""
        return f"{few}{counted(rule.frequency_to, 'order')}"
    return f"{first:,} to {rule.frequency_to:,} orders"


def _thresholds(group: Sequence[Rule]) -> str:
    parts = [
        f"{rule.segment} below {rule.monetary_below:,.2f}"
        for rule in group
        if math.isfinite(rule.monetary_below)
    ]
    last = f"{group[-1].segment} from there" if parts else f"{group[-1].segment} whatever is spent"
    return ", ".join([*parts, last])
