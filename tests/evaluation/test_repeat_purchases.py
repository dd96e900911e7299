"""BG/NBD and Gamma-Gamma: the published values for CDNOW, and another implementation."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from segmenter.evaluation.repeat_purchases import (
    expected_spend,
    fit_beta_geometric,
    fit_gamma_gamma,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import lifetimes
    from lifetimes.datasets import load_cdnow_summary_data_with_monetary_value

COLUMNS = ("frequency", "recency", "T", "monetary_value")


@pytest.fixture(scope="module")
def cdnow():
    """The tenth of CDNOW's customers that the papers use, in weeks."""
    found = load_cdnow_summary_data_with_monetary_value()
    return tuple(found[name].to_numpy(np.float64) for name in COLUMNS)


def test_the_published_parameters_of_cdnow(cdnow):
    repeats, recency, age, mean = cdnow
    assert fit_beta_geometric(repeats, recency, age) == pytest.approx(
        (0.243, 4.414, 0.793, 2.426), abs=0.0006
    )
    again = repeats > 0
    assert fit_gamma_gamma(repeats[again], mean[again]) == pytest.approx(
        (6.25, 3.74, 15.45), abs=0.006
    )


@pytest.mark.filterwarnings("ignore")
def test_expectations_are_those_of_lifetimes(cdnow):
    repeats, recency, age, mean = cdnow
    model = lifetimes.BetaGeoFitter().fit(repeats, recency, age)
    expected = model.conditional_expected_number_of_purchases_up_to_time(39, *cdnow[:3])
    orders = fit_beta_geometric(repeats, recency, age)
    assert orders.expected_orders(repeats, recency, age, 39.0) == pytest.approx(expected, abs=1e-4)
    again = repeats > 0
    money = lifetimes.GammaGammaFitter().fit(repeats[again], mean[again])
    value = money.conditional_expected_average_profit(repeats, mean)
    assert expected_spend(repeats, recency, age, mean, 39.0) == pytest.approx(
        np.asarray(expected) * np.asarray(value), rel=1e-3
    )


def test_the_same_customers_give_the_same_bits(cdnow):
    first, second = (expected_spend(*cdnow, 39.0) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.isfinite(first).all()
