"""Campaigns: intervals and power against simulations, and against formulas of others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm, ttest_ind

from segmenter.evaluation.campaigns import (
    ENOUGH,
    Sums,
    buyers_lift,
    rate_power,
    spend_lift,
    spend_power,
)
from tests.combinations import first_in_gate


def sums(spent, past):
    """Add up what customers spent and had spent, in whole cents, as SQL does."""
    y, x = (np.rint(np.asarray(one) * 100).astype(np.int64) for one in (spent, past))
    return Sums(
        len(y),
        int((y > 0).sum()),
        *(int(one.sum()) for one in (y, y * y, x, x * x, x * y)),
    )


def base(rng, n, lift=0.0):
    """Customers of whom four of ten buy, the more the more they spent before."""
    past = rng.lognormal(4, 1, n)
    spent = np.where(rng.random(n) < 0.4, 0.5 * past * rng.lognormal(0, 0.5, n), 0)
    return np.round(spent + lift, 2), np.round(past, 2)


def draw(rng, treated, held_out, lift):
    return sums(*base(rng, treated, lift)), sums(*base(rng, held_out))


def test_sums_are_added_and_scatter_as_the_values_do():
    rng = np.random.default_rng(0)
    (y, x), (v, w) = base(rng, 50), base(rng, 70)
    both = sums(y, x) + sums(v, w)
    assert both == sums(np.append(y, v), np.append(x, w))
    covariance = np.cov(np.append(y, v), np.append(x, w)) * 119 * 10_000
    assert both.scatter() == pytest.approx(
        (covariance[0, 0], covariance[1, 1], covariance[0, 1]), rel=1e-9
    )
    assert (both.rate, both.mean) == (both.buyers / 120, pytest.approx(np.append(y, v).mean()))


@first_in_gate(("treated", "held_out"), [(900, 100), (400, 400)])
def test_nineteen_of_twenty_intervals_cover_the_lift(treated, held_out):
    rng, lift, draws = np.random.default_rng(18), 3.0, 1_000
    found = [spend_lift(*draw(rng, treated, held_out, lift)) for _ in range(draws)]
    covered = sum(one.low <= lift <= one.high for one in found)
    assert 0.93 <= covered / draws <= 0.97
    assert np.mean([one.value for one in found]) == pytest.approx(lift, abs=0.4)
    rates = []
    for _ in range(draws):
        buyers = rng.binomial(treated, 0.3), rng.binomial(held_out, 0.2)
        rates.append(buyers_lift(Sums(treated, buyers[0]), Sums(held_out, buyers[1])))
    covered = sum(one.low <= 0.1 <= one.high for one in rates)
    assert 0.93 <= covered / draws <= 0.97


def test_without_a_past_the_interval_is_welchs():
    rng = np.random.default_rng(1)
    y, v = rng.normal(50, 9, 200).round(2), rng.normal(40, 20, 60).round(2)
    found = spend_lift(sums(y, np.zeros(200)), sums(v, np.zeros(60)))
    welch = ttest_ind(y, v, equal_var=False).confidence_interval(0.95)
    assert found == pytest.approx((y.mean() - v.mean(), welch.low, welch.high), rel=1e-9)


def test_the_past_makes_the_interval_narrower_and_takes_off_a_head_start():
    rng = np.random.default_rng(2)
    past = rng.normal(100, 30, 300).round(2)
    spent = (past * 0.8 + rng.normal(0, 5, 300)).round(2)
    past[:200] += 20  # the treated had spent more before, and so they do later
    spent[:200] += 16
    with_past = spend_lift(sums(spent[:200], past[:200]), sums(spent[200:], past[200:]))
    without = spend_lift(sums(spent[:200], np.zeros(200)), sums(spent[200:], np.zeros(100)))
    assert without.low > 0
    assert with_past.includes_zero
    assert with_past.high - with_past.low < (without.high - without.low) / 3


def test_newcombes_published_example():
    found = buyers_lift(Sums(70, 56), Sums(80, 48))  # his table II, example (a), method 10
    assert found == pytest.approx((0.2, 0.0524, 0.3339), abs=0.00005)


def test_too_few_and_nobody_who_differs_give_no_interval():
    many, few = Sums(100, 50, 100, 400), Sums(ENOUGH - 1, 5, 30, 60)
    assert spend_lift(many, few) is None
    assert buyers_lift(few, many) is None
    assert spend_power(many, 1_000, ENOUGH - 1) is None
    assert rate_power(few, 1_000, 1_000) is None
    assert spend_lift(Sums(100), Sums(50)) is None
    assert buyers_lift(Sums(100), Sums(50)).includes_zero


def test_where_hardly_anybody_bought_nothing_is_told_of_the_spend():
    """A side without a buyer has no variance, which is not certainty: 15 of 15 told an effect."""
    rng = np.random.default_rng(5)
    spent, past = base(rng, 700)
    few = np.where(np.arange(700) < 9, 30.0, 0.0)
    nobody = np.zeros(62)
    assert spend_lift(sums(few, past), sums(nobody, past[:62])) is None
    assert spend_lift(sums(spent, past), sums(nobody, past[:62])) is None
    assert spend_lift(sums(spent, past), sums(spent[:62], past[:62])) is not None


def test_the_lift_of_spend_is_found_in_four_of_five_campaigns():
    rng, draws = np.random.default_rng(3), 600
    lift = spend_power(sums(*base(rng, 50_000)), 900, 300)
    found = [spend_lift(*draw(rng, 900, 300, lift)).low > 0 for _ in range(draws)]
    assert 0.75 <= np.mean(found) <= 0.85
    half = [spend_lift(*draw(rng, 900, 300, lift / 2)).low > 0 for _ in range(draws)]
    assert np.mean(half) < 0.4


def test_the_lift_of_the_rate_is_found_in_four_of_five_campaigns():
    rng, draws = np.random.default_rng(4), 1_000
    lift = rate_power(Sums(1_000, 200), 900, 300)
    found = [
        buyers_lift(
            Sums(900, int(rng.binomial(900, 0.2 + lift))), Sums(300, int(rng.binomial(300, 0.2)))
        ).low
        > 0
        for _ in range(draws)
    ]
    assert 0.76 <= np.mean(found) <= 0.84


def test_power_by_cohens_tables():
    # of two proportions with h = .50 a side needs 63 customers (table 6.4.1, two-sided .05, .80)
    lift = rate_power(Sums(100, 50), 63, 63)
    assert 2 * math.asin(math.sqrt(0.5 + lift)) - math.pi / 2 == pytest.approx(0.5, abs=0.002)
    # of two means with d = .50 it needs 63 or 64
    spread = Sums(100, 100, 0, 100 * 99 * 10_000)  # a variance of 100 * 100 / 1
    deviation = math.sqrt(100 * 99 * 10_000 / 99) / 100
    assert spend_power(spread, 63, 63) / deviation == pytest.approx(0.5, abs=0.002)
    assert norm.cdf(0.5 * math.sqrt(63 / 2) - norm.ppf(0.975)) == pytest.approx(0.8, abs=0.002)


def test_where_all_come_again_no_lift_of_the_rate_can_be_shown():
    assert rate_power(Sums(100, 100), 500, 500) is None
    assert rate_power(Sums(100, 99), 40, 40) is None
    assert rate_power(Sums(100, 0), 500, 500) > 0
