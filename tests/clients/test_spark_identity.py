"""Who the customers are, where they are on Spark: what a fit and labels say."""

from __future__ import annotations

import pytest

import segmenter
from segmenter import InputError, Source
from segmenter.engines.spark import Spark
from segmenter.operations.label_spark import Lake, label_on_spark
from tests.advice import Heard, followed
from tests.clients.test_identity import COLUMNS, check, files  # noqa: F401


@pytest.mark.extended
def test_spark(spark, files, tmp_path):  # noqa: F811
    source = {"transactions": f"{files}/with_total", **COLUMNS}
    with pytest.raises(InputError, match="as much as all the others together") as refused:
        segmenter.fit(spark, Source(**source))
    better = followed(str(refused.value), **source)
    heard = Heard()
    model = segmenter.fit(spark, Source(**better), progress=heard)
    check(heard.warnings)
    rows = Spark(spark)
    lake = Lake(f"{files}/with_total", str(tmp_path / "labels"))
    with pytest.raises(InputError, match="as much as all the others together"):
        label_on_spark(rows, model, lake, source=Source(**source))
    heard = Heard()
    labels = label_on_spark(rows, model, lake, source=Source(**better), progress=heard)
    check(heard.warnings)
    assert labels.rows == 157
    rows.close()
