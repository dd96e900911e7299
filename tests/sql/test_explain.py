"""explain_segment: the rule that decided, and changes that really change the segment."""

from __future__ import annotations

import pytest

SAMPLE = """
    create or replace temp table sample as
    with profiles as (
        select monetary, frequency from segments.customer_profile
        union
        select monetary_from, frequency_from from segments.segment_rules
        where isfinite(monetary_from)
        union
        select monetary_below - 0.01, least(frequency_to, 9999) from segments.segment_rules
        where isfinite(monetary_below)
    )
    select monetary, frequency, unnest(explain_segment(monetary, frequency)) from profiles
"""


@pytest.fixture
def sample(fitted):
    fitted.con.execute(SAMPLE)
    return fitted.con


def count(con, condition):
    return con.execute(f"select count(*) from sample where {condition}").fetchall()[0][0]


def test_it_names_the_segment_and_the_rule_that_hold(sample):
    assert count(sample, "segment is distinct from classify_segment(monetary, frequency)") == 0
    assert count(sample, "frequency not between frequency_from and frequency_to") == 0
    assert count(sample, "monetary < monetary_from or monetary >= monetary_below") == 0


def test_the_changes_lead_where_they_say(sample):
    changed = "classify_segment(round(monetary + monetary_change, 2), frequency)"
    assert count(sample, f"{changed} is distinct from monetary_segment") == 0
    changed = "classify_segment(monetary, frequency + frequency_change)"
    assert count(sample, f"{changed} is distinct from frequency_segment") == 0
    assert count(sample, "segment in (monetary_segment, frequency_segment)") == 0


def test_no_smaller_change_is_enough(sample):
    nearer = "round(monetary + monetary_change - sign(monetary_change) * 0.01, 2)"
    held = f"classify_segment({nearer}, frequency) is distinct from segment"
    assert count(sample, f"monetary_change is not null and {held}") == 0
    assert count(sample, "monetary_change is null and monetary_from > -1e300") == 0
    query = """
        select count(*) from sample, range(-400, 400) as t(step)
        where frequency + step >= 0 and abs(step) < coalesce(abs(frequency_change), 400)
            and classify_segment(monetary, frequency + step) is distinct from segment
    """
    assert sample.execute(query).fetchall() == [(0,)]


def test_fractions_of_a_cent_do_not_shorten_the_way(fitted):
    query = """
        with sample as (
            select monetary + part / 10000.0 as monetary, frequency
            from (select distinct monetary, frequency from segments.customer_profile),
                unnest([-51, -1, 0, 1, 38, 99]) as parts(part)
        ),
        explained as (
            select *, explain_segment(monetary, frequency) as e from sample
        )
        select count(*),
            count(*) filter (classify_segment(round(monetary + e.monetary_change, 4), frequency)
                <> e.monetary_segment),
            count(*) filter (classify_segment(
                    round(monetary + e.monetary_change - sign(e.monetary_change) * 0.01, 4),
                    frequency
                ) <> e.segment)
        from explained where e.monetary_change is not null
    """
    explained, not_there, too_far = fitted.con.execute(query).fetchone()
    assert explained > 1000
    assert (not_there, too_far) == (0, 0)


def test_what_is_no_number_is_not_explained(fitted):
    query = "select explain_segment(null, 1), explain_segment('nan'::double, 1)"
    assert fitted.con.execute(query).fetchall() == [(None, None)]


def test_the_neighbours_vote_as_the_search_says(fitted):
    """Where a model is monotone, a profile has the highest segment that any smaller one's get."""
    fitted.con.execute(
        """
        create or replace temp table winners as
        with votes as (
            select monetary, frequency, unnest(explain_segment_knn(monetary, frequency)) as voter
            from (select distinct monetary, frequency from segments.customer_profile)
        ),
        counted as (
            select monetary, frequency, voter.segment as segment, sum(voter.votes) as votes
            from votes group by all
        )
        select monetary, frequency, max_by(segment, votes) as segment, max(votes) as votes,
            sum(votes) as all_votes
        from counted group by all
        """
    )
    query = """
        with ranked as (
            select winners.*, voted.segment_rank as voted, given.segment_rank as given
            from winners
            join segments.segment_summary as voted on voted.segment = winners.segment
            join segments.segment_summary as given
                on given.segment = classify_segment(winners.monetary, winners.frequency)
        )
        select count(*) filter (all_votes <> 5), count(*) filter (votes >= 3 and given > voted),
            count(*) filter (votes >= 3 and given < voted) / count(*)
        from ranked
    """
    wrong_count, below_the_vote, above_the_vote = fitted.con.execute(query).fetchone()
    assert (wrong_count, below_the_vote) == (0, 0)
    assert above_the_vote < 0.001
    found = fitted.con.execute("select explain_segment_knn(null, 1)").fetchall()
    assert found == [(None,)]
