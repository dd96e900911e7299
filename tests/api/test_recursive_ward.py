"""The estimator: scikit-learn's own checks, and the same segments as a fit in the database."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

import segmenter
from segmenter import InputError, RecursiveWard, Settings, Source

_OTHER_COLUMNS = "its data do not have two columns, and the classifier is for two"

EXPECTED = dict.fromkeys(
    (
        "check_all_zero_sample_weights_error",
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_dtype_object",
        "check_estimators_dtypes",
        "check_estimators_nan_inf",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_fit2d_predict1d",
        "check_fit_score_takes_y",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in_after_fitting",
        "check_pipeline_consistency",
        "check_positive_only_tag_during_fit",
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weights_list",
    ),
    _OTHER_COLUMNS,
)


def checks_of(estimator, expected):
    """Ask for all checks but one, which SciPy must be told of before it is imported."""
    made = parametrize_with_checks([estimator], expected_failed_checks=lambda _: expected)
    names, checks = made.args
    kept = [
        one
        for one in checks
        if "check_array_api_input" not in str(one.values if hasattr(one, "values") else one)
    ]
    return pytest.mark.parametrize(names, kept, **made.kwargs)


@checks_of(RecursiveWard(), EXPECTED)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


class OfTwoColumns(RecursiveWard):
    """Takes the first two of any columns, so that checks whose data have more can be asked."""

    def fit(self, X, y=None, sample_weight=None):
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2, ensure_min_features=2)
        columns = self.n_features_in_
        super().fit(X[:, :2], y, sample_weight)
        self.n_features_in_ = columns
        return self

    def predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        columns, self.n_features_in_ = self.n_features_in_, 2
        try:
            return super().predict(X[:, :2])
        finally:
            self.n_features_in_ = columns


@checks_of(OfTwoColumns(), {})
def test_what_those_checks_ask_holds_for_the_first_two_columns(estimator, check):
    check(estimator)


@pytest.fixture
def lopsided():
    rng = np.random.default_rng(3)
    sizes, means = (500, 60, 8), ((20, 2), (300, 8), (2000, 40))
    places = np.vstack(
        [rng.gamma(3, np.array(mean) / 3, (n, 2)) for n, mean in zip(sizes, means, strict=True)]
    )
    return np.c_[np.round(places[:, 0], 2), np.floor(places[:, 1]) + 1]


def test_it_is_what_a_fit_in_the_database_finds(con, lopsided):
    con.register("frame", {"monetary": lopsided[:, 0], "frequency": lopsided[:, 1]})
    con.execute(
        "create table profiles as select row_number() over () as customer_id, "
        "monetary, cast(frequency as bigint) as frequency from frame"
    )
    settings = Settings(cut=1, monotone=False)
    model = segmenter.fit(con, Source.from_profiles("profiles"), settings)
    ours = RecursiveWard().fit(lopsided)
    assert ours.segment_names_ == model.names
    assert ours.splits_ == model.splits
    voted = [model.names[code] for code in ours.predict(lopsided)]
    assert voted == model.classify(lopsided[:, 0], lopsided[:, 1]).tolist()
    assert np.bincount(ours.labels_).tolist() == [one.customers for one in model.segments]


def test_without_consolidation_a_level_is_scikit_learns_ward(lopsided):
    ours = RecursiveWard(levels=1, consolidate=False).fit(lopsided)
    theirs = AgglomerativeClustering(2, linkage="ward").fit(
        StandardScaler().fit_transform(lopsided)
    )
    assert adjusted_rand_score(ours.labels_, theirs.labels_) == 1


def test_weights_are_repetitions(lopsided):
    weight = np.random.default_rng(1).integers(0, 4, len(lopsided))
    repeated = RecursiveWard().fit(np.repeat(lopsided, weight, axis=0))
    weighted = RecursiveWard().fit(lopsided, sample_weight=weight)
    assert np.array_equal(np.repeat(weighted.labels_, weight), repeated.labels_)
    assert np.array_equal(weighted.predict(lopsided), repeated.predict(lopsided))


def test_other_units_change_nothing(lopsided):
    """Columns that are no cents and no counts are put on a grid that is fine enough."""
    ours = RecursiveWard().fit(lopsided)
    moved = lopsided * [np.pi, np.e] - [1e3, 17]
    other = RecursiveWard().fit(moved)
    assert np.array_equal(ours.labels_, other.labels_)
    assert np.array_equal(ours.predict(lopsided), other.predict(moved))


def test_it_is_a_citizen_of_scikit_learn(lopsided):
    fitted = RecursiveWard(n_neighbors=3)
    assert np.array_equal(fitted.fit_predict(lopsided), fitted.labels_)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(lopsided), fitted.predict(lopsided))
    assert clone(fitted).get_params() == fitted.get_params()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"X": np.ones((9, 3))}, "two columns.*n_features = 3"),
        ({"X": np.ones((9, 2))}, "are equal"),
        ({"X": np.eye(9, 2), "sample_weight": [0.5] * 9}, "sample_weight must be whole"),
        ({"X": np.eye(3, 2)}, "n_neighbors"),
    ],
)
def test_bad_input_is_a_sentence(given, words):
    with pytest.raises(InputError, match=words):
        RecursiveWard().fit(**given)
    with pytest.raises(InputError, match="levels"):
        RecursiveWard(levels=9).fit(np.eye(9, 2))
