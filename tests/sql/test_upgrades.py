"""What leads a customer to a segment of higher value, and whether it really does."""

from __future__ import annotations

import segmenter
from segmenter import Settings, Source


def test_rows_that_a_person_can_follow(con):
    con.execute(
        """
        create table base as
        select i as customer_id, (case when i < 30 then 10 when i < 40 then 100 else 300 end) + i
            as monetary, 1 as frequency
        from range(45) as t(i)
        """
    )
    segmenter.fit(con, Source(profile="base"), Settings(cut=1.0))
    rules = con.execute(
        "select monetary_from, segment from segments.segment_rules order by monetary_from desc"
    ).fetchall()
    (elite_from, elite), (loyal_from, loyal), (_, low) = rules
    assert (elite, loyal, low) == ("Elite", "Loyal", "At-Risk")
    found = {
        row[0]: row[1:]
        for row in con.execute(
            """
            select customer_id, segment, monetary_needed, segment_by_monetary, frequency_needed,
                segment_by_frequency, median_order, segment_after_median_order,
                is_lifted_by_median_order
            from segments.customer_upgrades
            """
        ).fetchall()
    }
    assert sorted(found) == list(range(40))  # the Elite have nowhere to go
    median = 32.0  # customer 22 of 45 has spent 10 + 22
    assert found[0] == (
        "At-Risk", round(loyal_from - 10, 2), "Loyal", None, None, median, "At-Risk", False
    )  # fmt: skip
    assert found[39][:3] == ("Loyal", round(elite_from - 139, 2), "Elite")
    lifted = {i for i in range(30) if 10 + i + median >= loyal_from}
    assert {i for i, row in found.items() if row[7] and row[0] == "At-Risk"} == lifted


def test_what_is_needed_is_enough_and_a_cent_less_is_not(fitted):
    (wrong,) = fitted.con.execute(
        """
        with upgrades as (
            select *, round((monetary + monetary_needed) * 100) / 100.0 as enough
            from segments.customer_upgrades
        )

        select count(*), count(*) filter (
            (monetary_needed is not null and (
                classify_segment(enough, frequency) <> segment_by_monetary
                or classify_segment(enough - 0.01, frequency) = segment_by_monetary
            ))
            or (frequency_needed is not null and (
                classify_segment(monetary, frequency + frequency_needed) <> segment_by_frequency
                or classify_segment(monetary, frequency + frequency_needed - 1)
                = segment_by_frequency
            ))
            or classify_segment(round((monetary + median_order) * 100) / 100.0, frequency + 1)
                <> segment_after_median_order
        )
        from upgrades
        """
    ).fetchall()
    assert wrong[0] > 1000
    assert wrong[1] == 0


def test_every_customer_below_the_top_once(fitted):
    assert (
        fitted.con.execute(
            """
        select
            (select count(*) from segments.customer_upgrades),
            (select count(distinct customer_id) from segments.customer_upgrades)
        """
        ).fetchall()
        == fitted.con.execute(
            "select count(*), count(*) from segments.customer_segments where segment_rank > 1"
        ).fetchall()
    )
