"""Texts in SQL mean the same whatever a session is set to."""

from __future__ import annotations

import pytest
from sqlglot import exp

from segmenter.engines.literals import settled_literals


@pytest.mark.parametrize(
    "text", ["it\\'s", "\\", "\\\\'; drop", "${a} ${b}", "${", "a${b}\\", "plain 'text'"]
)
def test_no_setting_gives_a_text_another_meaning(con, text):
    for dialect, sign in (("postgres", "\\"), ("spark", "${")):
        tree = settled_literals(exp.select(exp.Literal.string(text)), dialect)
        assert sign not in tree.sql(dialect=dialect)
        assert con.execute(tree.sql(dialect="duckdb")).fetchone() == (text,)
