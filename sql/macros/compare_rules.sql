-- segments.compare_rules(model_a, model_b)
-- Grain:  one row for each rectangle on which the rules of both versions are constant: no gaps, no
--         overlaps. Where the ranks differ, so do the versions; where only names do, nobody moves.
-- Source: segments_internal.model_rules and segments_internal.model_segments.
-- Units:  money in whole cents of the table's currency; frequency in orders. frequency_from and
--         frequency_to are both included, monetary_below is not.
-- In an attached file call it after USE.
create or replace macro segments.compare_rules(model_a, model_b) as table
    select
        greatest(rules_a.frequency_from, rules_b.frequency_from) as frequency_from,
        least(rules_a.frequency_to, rules_b.frequency_to) as frequency_to,
        greatest(rules_a.monetary_from, rules_b.monetary_from) as monetary_from,
        least(rules_a.monetary_below, rules_b.monetary_below) as monetary_below,
        rules_a.segment as segment_a,
        rules_b.segment as segment_b,
        segments_a.segment_rank as segment_rank_a,
        segments_b.segment_rank as segment_rank_b
    from segments_internal.model_rules as rules_a
    inner join segments_internal.model_rules as rules_b
        on
            rules_a.frequency_from <= rules_b.frequency_to
            and rules_a.frequency_to >= rules_b.frequency_from
            and rules_a.monetary_from < rules_b.monetary_below
            and rules_a.monetary_below > rules_b.monetary_from
    inner join segments_internal.model_segments as segments_a
        on
            rules_a.model_id = segments_a.model_id
            and rules_a.segment = segments_a.segment
    inner join segments_internal.model_segments as segments_b
        on
            rules_b.model_id = segments_b.model_id
            and rules_b.segment = segments_b.segment
    where
        rules_a.model_id = model_a -- noqa: RF02
        and rules_b.model_id = model_b -- noqa: RF02
    order by
        greatest(rules_a.frequency_from, rules_b.frequency_from),
        greatest(rules_a.monetary_from, rules_b.monetary_from)
