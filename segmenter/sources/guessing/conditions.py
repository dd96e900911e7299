"""Rows that were no sale: cancelled, failed or voided by their status; and several currencies."""

from __future__ import annotations

from dataclasses import replace

import sqlglot
from sqlglot import exp

from segmenter.formatting import counted
from segmenter.schema.files import literal
from segmenter.sources.amount_texts import CURRENCIES
from segmenter.sources.expressions import quoted
from segmenter.sources.guessing.dictionary import Layout, listed, plain, says
from segmenter.sources.guessing.evidence import Evidence
from segmenter.sources.guessing.facts import column
from segmenter.sources.guessing.findings import Guess

__all__ = ["codes_of_states", "guess_condition", "guess_currency", "signed_amount"]

_MOST_VALUES = 100


def guess_condition(
    evidence: Evidence, layout: Layout | None, amount: exp.Expr, is_net: bool
) -> Guess:
    """Return the condition that a layout needs, or that leaves out what was no sale.

    Parameters
    ----------
    evidence : Evidence
    layout : Layout or None
    amount : Expr
    is_net : bool
        Whether refunds are taken off the amount already.
    """
    parts = [layout.where] if layout and layout.where else []
    reasons = [_counts_twice(evidence, layout)] if layout and parts else []
    found = [
        each
        for each in (
            *_by_states(evidence, layout, amount, is_net),
            _by_cancellation(evidence, amount),
        )
        if each is not None
    ]
    if not parts and not found:
        return Guess("where", None, "every row counts")
    text = " and ".join([*parts, *(text for text, _ in found)])
    reason = "; ".join([*reasons, *(why for _, why in found)])
    others = tuple(parts)
    return Guess("where", text, reason, is_sure=not found, alternatives=others if found else ())


def _counts_twice(evidence: Evidence, layout: Layout) -> str:
    """Say how many rows the layout's own condition leaves out."""
    kept = sqlglot.parse_one(str(layout.where), dialect="duckdb")
    rows = evidence.rows - evidence.counted(rows=exp.func("count_if", kept))["rows"]
    return f"{layout.name} have more rows than sales: {counted(rows, 'row')} would count twice"


def _by_states(
    evidence: Evidence, layout: Layout | None, amount: exp.Expr, is_net: bool
) -> list[tuple[str, str]]:
    """Return conditions on columns of states, each with what it leaves out."""
    found = (_by_status(evidence, name, amount, is_net) for name in _states(evidence, layout))
    return [each for each in found if each is not None]


def _states(evidence: Evidence, layout: Layout | None) -> list[str]:
    """Return the layout's column of states, or those that are called so, or whose values are."""
    name = layout.column("status", evidence.columns) if layout else None
    if name is not None:
        return [name] if evidence.facts[name].is_text else []
    called = [
        name for name in evidence.anywhere("status", "column")[:1] if evidence.facts[name].is_text
    ]
    kinds = evidence.anywhere("status", "kind")
    others = [
        name
        for name, values in evidence.few_values.items()
        if name not in (*called, *kinds) and any(says(value, "no_sale") for value in values)
    ]
    return [*called, *others]


def _by_status(
    evidence: Evidence, name: str, amount: exp.Expr, is_net: bool
) -> tuple[str, str] | None:
    """Return the condition on a column of states, with what it leaves out."""
    state = exp.func("lower", exp.func("trim", column(name)))
    query = exp.select(
        exp.alias_(state.copy(), "state", quoted=True),
        exp.alias_("count(*)", "found"),
        exp.alias_(_money(amount), "money"),
    )
    rows = evidence.records(
        evidence.restricted(query.from_(evidence.source)).group_by(state).limit(_MOST_VALUES)
    )
    refunded = listed("status", "refunded")
    unwanted = {plain(state) for state in listed("status", "no_sale") | refunded}
    taken_off = {plain(state) for state in refunded} if is_net else set()

    def is_out(value: str) -> bool:
        is_said = plain(value) in unwanted or says(value, "no_sale")
        return is_said and plain(value) not in taken_off

    out = sorted(
        (row for row in rows if row["money"] and row["state"] and is_out(str(row["state"]))),
        key=lambda row: str(row["state"]),
    )
    if not out:
        return None
    none_of = exp.not_(
        exp.In(
            this=exp.Coalesce(this=state, expressions=[literal("")]),
            expressions=[literal(row["state"]) for row in out],
        )
    )
    for each in none_of.find_all(exp.Column):
        each.this.set("quoted", quoted(each.name) != each.name)
    states = ", ".join(f"{row['state']} {row['found']:,}" for row in out)
    money = sum(row["money"] for row in out)
    text = none_of.sql(dialect="duckdb")
    return text, f"leaves out what {name} says was no sale ({states}), worth {money:,.2f}"


def codes_of_states(evidence: Evidence) -> list[str]:
    """Say that a column of states holds codes, whose meaning nobody but the user knows."""
    return [
        f"{name} has codes for {counted(facts.distinct, 'state')}; where some are no sales, leave "
        f"them out, for example with where = {f'{quoted(name)} <> 9'!r}."
        for name in evidence.named("status", "column")
        if (facts := evidence.facts[name]).is_number and facts.distinct > 1
    ]


def _by_cancellation(evidence: Evidence, amount: exp.Expr) -> tuple[str, str] | None:
    """Return the condition on a column that says when, or whether, an order was cancelled."""
    flags = [*evidence.anywhere("status", "flag"), *evidence.anywhere_hinted("status", "flag")]
    truths = evidence.anywhere("status", "true_flag")
    for name in dict.fromkeys([*evidence.anywhere("status", "cancelled_at"), *flags, *truths]):
        kept = _not_flagged(evidence, name, is_good=name in truths)
        if kept is None:
            continue
        query = exp.select(exp.alias_("count(*)", "found"), exp.alias_(_money(amount), "money"))
        is_out = exp.not_(exp.paren(sqlglot.parse_one(kept, dialect="duckdb")))
        row = evidence.records(evidence.restricted(query.from_(evidence.source)).where(is_out))[0]
        if row["money"]:
            rows = counted(row["found"], "row")
            return kept, f"leaves out {rows} by {name}, worth {row['money']:,.2f}"
    return None


def _not_flagged(evidence: Evidence, name: str, *, is_good: bool) -> str | None:
    """Return the condition that a column does not say, by a time, true or 1, that it is no sale.

    Of a flag such as paid, which ``is_good``, it is that it does not say the contrary.
    """
    facts, text = evidence.facts[name], quoted(name)
    if plain(name) in {plain(each) for each in listed("status", "cancelled_at")}:
        return f"{text} is null"
    values = set(evidence.few_values.get(name, ()))
    yes, no = listed("status", "yes"), listed("status", "no")
    if values and values <= yes | no:
        shown = ", ".join(f"'{value}'" for value in sorted(values & (no if is_good else yes)))
        return f"coalesce(lower(trim({text})), '') not in ({shown})" if shown else None
    if facts.kind == "BOOLEAN":
        good = "true" if is_good else "false"
        return f"coalesce({text}, {good}) = {good}"
    is_zero_or_one = facts.is_number and not facts.negative and (facts.largest or 0) <= 1
    if is_zero_or_one and not facts.fractional:
        return f"coalesce({text}, {int(is_good)}) = {int(is_good)}"
    is_time = facts.is_time and not is_good and plain(name) in _flags()
    return f"{text} is null" if is_time else None


_YES = frozenset(
    [
        "y",
        "yes",
        "true",
        "t",
        "1",
        "x",
        "ja",
        "j",
        "oui",
        "o",
        "si",
        "s",
        "sim",
        "da",
        "tak",
        "evet",
        "はい",
        "是",
    ]
)
_NO = frozenset(
    [
        "n",
        "no",
        "false",
        "f",
        "0",
        "nein",
        "nee",
        "non",
        "nao",
        "nie",
        "net",
        "hayır",
        "いいえ",
        "否",
        "-",
    ]
)
"""Texts that say that something is so, and that it is not."""


def _flags() -> set[str]:
    return {plain(each) for each in listed("status", "flag")}


def signed_amount(evidence: Evidence, amount: Guess, tree: exp.Expr) -> Guess:
    """Return the guess, unsure where rows that are called refunds have positive amounts."""
    returned = {plain(kind) for kind in listed("status", "returned")}
    called = [name for name in evidence.anywhere("status", "kind") if evidence.facts[name].is_text]
    others = [
        name
        for name, values in evidence.few_values.items()
        if name not in called
        and (any(says(value, "returned") for value in values) or set(values) in _SIDES)
    ]

    def is_return(kind: str, name: str) -> bool:
        is_listed = plain(kind) in returned and name in called
        is_credit = kind in ("c", "cr") and set(evidence.few_values.get(name, ())) in _SIDES
        return is_listed or is_credit or says(kind, "returned")

    for name in [*called, *others]:
        kind = exp.func("lower", exp.func("trim", column(name)))
        positive = exp.Case().when(tree.copy() > 0, tree.copy())
        query = exp.select(
            exp.alias_(kind.copy(), "kind", quoted=True),
            exp.alias_(_money(positive), "money"),
        )
        rows = evidence.records(
            evidence.restricted(query.from_(evidence.source)).group_by(kind).limit(_MOST_VALUES)
        )
        found = sorted(
            str(row["kind"])
            for row in rows
            if row["money"] and row["kind"] and is_return(str(row["kind"]), name)
        )
        if found:
            money = sum(row["money"] for row in rows if row["kind"] in found)
            kinds = ", ".join(literal(each).sql(dialect="duckdb") for each in found)
            text = amount.expression or ""
            value = quoted(text) if text in evidence.facts else f"({text})"
            minus = (
                f"case when lower(trim({quoted(name)})) in ({kinds}) then -{value} else {value} end"
            )
            why = f"{money:,.2f} of it are in rows that {name} calls {', '.join(found)}"
            return replace(amount, reason=why, is_sure=False, alternatives=(minus,))
    return amount


_SIDES = ({"c", "d"}, {"cr", "dr"})
"""Marks of credit and debit."""


def _money(amount: exp.Expr) -> exp.Expr:
    whole = exp.cast(amount.copy(), exp.DataType.build("decimal(28, 4)", dialect="duckdb"))
    return exp.Coalesce(this=exp.Sum(this=whole), expressions=[exp.Literal.number(0)])


def guess_currency(evidence: Evidence, layout: Layout | None) -> Guess:
    """Return the column of the currency; several of them are asked about."""
    name = layout.column("currency", evidence.columns) if layout else None
    if name not in evidence.filled:
        called = [*evidence.named("currency", "code"), *evidence.hinted("currency", "code")]
        texts = [name for name in called if evidence.facts[name].is_text]
        name = next(iter([*texts, *_columns_of_codes(evidence)]), None)
    if name is None:
        return Guess("currency", None, "no column says")
    code = exp.func("upper", exp.func("trim", column(name)))
    query = exp.select(exp.alias_(code, "code")).distinct().from_(evidence.source)
    present = evidence.restricted(query).where(column(name).is_(exp.null()).not_())
    codes = sorted(row["code"] for row in evidence.records(present.limit(_MOST_VALUES)))
    if len(codes) == 1 and evidence.facts[name].filled < evidence.facts[name].rows:
        return Guess("currency", None, f"{codes[0]} wherever {name} has one")
    if len(codes) == 1:
        return Guess("currency", name, f"{codes[0]} in every row")
    if not codes:
        return Guess("currency", None, f"{name} is empty")
    why = f"amounts in {', '.join(codes[:5])} would be added up as they stand; keep one by where"
    return Guess("currency", name, why, is_sure=False)


def _columns_of_codes(evidence: Evidence) -> list[str]:
    """Return columns of which every value is the code or mark of a currency, of several ones."""
    known = {code for code in CURRENCIES if len(code) == 3 or not code.isalnum()}
    return [
        name
        for name, values in evidence.few_values.items()
        if len(values) > 1 and set(values) <= known
    ]
