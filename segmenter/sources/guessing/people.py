"""Who bought: the columns that may identify a customer."""

from __future__ import annotations

from segmenter.sources.guessing.dictionary import plain
from segmenter.sources.guessing.evidence import Evidence
from segmenter.sources.guessing.findings import Guess

__all__ = ["guess_customer"]

_STAFF_TOO = frozenset(map(plain, ("user id", "member id", "client")))
"""Names that may stand for who sold."""

FEW_ROWS = 20
"""In fewer rows than these it says nothing that no customer stands twice."""


def guess_customer(evidence: Evidence) -> Guess:
    """Return the column that identifies the customer, unsure where several may."""
    named = evidence.named("customer", "id")
    ids = [name for name in named if not evidence.facts[name].holds_names]
    mails = [name for name in evidence.filled if evidence.facts[name].holds_mails]
    known = [name for name in evidence.named("customer", "email") if name in mails]
    if ids:
        rivals = [name for name in ids[1:] if not evidence.one_to_one(ids[0], name)]
        rivals += [
            name for name in known if name not in ids and not evidence.one_each(ids[0], name)
        ]
        if plain(ids[0]) in _STAFF_TOO:
            others = [name for name in evidence.named("customer", "other") if name not in mails]
            rivals += [name for name in others if not evidence.one_to_one(ids[0], name)]
        return _chosen(evidence, ids[0], rivals, "the name says so")
    if known:
        rivals = [
            name for name in mails if name != known[0] and not evidence.one_to_one(known[0], name)
        ]
        return _chosen(evidence, known[0], rivals, "an address of one customer each")
    return _unsure(evidence, named, mails)


def _chosen(evidence: Evidence, name: str, rivals: list[str], reason: str) -> Guess:
    facts = evidence.facts[name]
    if rivals:
        return Guess(
            "customer",
            name,
            "other columns may tell customers apart, too, and differently",
            is_sure=False,
            alternatives=tuple(rivals),
        )
    if facts.is_unique and facts.filled >= FEW_ROWS:
        return Guess(
            "customer",
            name,
            "no value stands in two rows: nobody ordered twice, or each row is a customer's whole "
            "profile",
            is_sure=False,
        )
    return Guess("customer", name, reason)


def _unsure(evidence: Evidence, named: list[str], mails: list[str]) -> Guess:
    """Return what might be a customer, which a person has to confirm."""
    others = evidence.named("customer", "other") + evidence.hinted("customer", "id")
    found = list(dict.fromkeys([*named, *mails, *others]))
    found = [name for name in found if not evidence.facts[name].is_time]
    if not found:
        return Guess("customer", None, "no column is called like one", is_sure=False)
    holds_names = evidence.facts[found[0]].holds_names
    why = "it holds names, which two people may share" if holds_names else "its name is vague"
    return Guess("customer", found[0], why, is_sure=False, alternatives=tuple(found[1:4]))
