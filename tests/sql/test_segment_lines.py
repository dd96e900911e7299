"""The lines between the segments: in SQL, in words, and in files that lack them."""

from __future__ import annotations

import re

import segmenter
from segmenter import Settings
from segmenter.classifier.rules import OPEN_LOW
from segmenter.evaluation.quality import measure, save_measures
from segmenter.formatting import percent
from segmenter.operations.describe import audit_sentences, line_sentences

LINES = "from segments.segment_lines order by level"


def test_the_sides_of_the_lines_are_the_blocks(fitted):
    model = fitted.model
    lines = fitted.con.execute(LINES).fetchall()
    names = [row[0] for row in fitted.con.execute(f"describe {LINES}").fetchall()]
    assert names == [
        "level",
        "higher_segments",
        "lower_segments",
        "method",
        "order_worth",
        "order_power",
        "threshold",
        "gap_index",
        "outvoted_share",
        "message",
    ]
    assert len(lines) == len(model.splits) == 2
    points, names = model.points, model.names
    for line, split in zip(lines, model.splits, strict=True):
        level, higher, _, method, worth, power, threshold, gap, outvoted, message = line
        assert power is None
        assert (level, method, threshold) == (split.level, "ward", split.threshold)
        assert gap == split.gap_index > 0.95
        assert outvoted == model.outvoted_customers / points.n_customers
        above = points.cents / 100 + worth * points.frequency >= threshold
        codes = [names.index(name) for name in higher.split(", ")]
        lower = [names.index(name) for name in split.lower_segments]
        codes_of = model.segmentation.codes
        for code, is_higher in [(code, True) for code in codes] + [(c, False) for c in lower]:
            assert set(above[codes_of == code].tolist()) == {is_higher}
        assert message == (
            f"One order counts as much as {worth:,.2f} spent; {higher}: from {threshold:,.2f} of "
            "both together."
        )


def test_words_say_the_lines(fitted):
    told = " ".join(audit_sentences(fitted.con))
    said = list(line_sentences(fitted.con))
    assert len(said) == 3
    for sentence in said[:-1]:
        worth, threshold = re.findall(r"[\d,]+\.\d\d", sentence)
        assert f"One order counts as much as {worth} spent" in told
        assert threshold in told
    share = fitted.model.outvoted_customers / fitted.model.points.n_customers
    put = f"The rules put {percent(share, 1)} of the training customers on another side."
    assert said[-1] == put
    assert "the segments are cuts of a continuum" in told


def test_a_file_without_them_answers_and_the_next_writing_command_makes_them(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute("drop view segments.segment_lines")
    for column in ("method", "far_customers", "far_segment", "threshold", "gap_index"):
        shop.execute(f"alter table segments_internal.model_splits drop column {column}")
    shop.execute("alter table segments_internal.models drop column raised_customers")
    assert list(line_sentences(shop)) == []
    assert "One order" not in " ".join(audit_sentences(shop))
    model = segmenter.load(shop)
    assert model.raised_customers is None
    assert model.rules.cents_from[0] == OPEN_LOW
    save_measures(shop, model, measure(shop, model))
    (first, *_) = shop.execute(LINES).fetchall()
    assert first[-1] == "The version that fitted this model kept no lines: fit again."
    segmenter.fit(shop, sales)
    assert len(list(line_sentences(shop))) == 3
    segmenter.fit(shop, sales, Settings(consolidate=False), publish=True)
    (first, *_) = shop.execute(LINES).fetchall()
    assert first[-1] == "There is no line: the blocks were not consolidated."


def test_a_model_from_before_is_not_monotone_and_its_search_still_agrees_with_its_rules(
    shop, sales
):
    settings = segmenter.Settings(monotone=False, n_init=1)
    segmenter.fit(shop, sales, settings)
    shop.execute(
        "update segments_internal.models set settings = "
        'json_merge_patch(settings, \'{"monotone": null, "n_init": null}\')'
    )
    model = segmenter.load(shop)
    assert (model.settings.monotone, model.settings.n_init) == (False, 1)
    points = model.points
    assert (
        model.neighbors.classify_cents(points.cents, points.frequency).tolist()
        == model.rules.lookup(points.cents, points.frequency).tolist()
    )
