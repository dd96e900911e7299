-- segments.compare_models(model_a, model_b)
-- Grain:  one row for each pair of segments that a customer has under the two versions' rules.
-- Source: the customers as they are now, and segments_internal.model_rules.
-- Units:  money in the table's currency.
-- In an attached file call it after USE.
create or replace macro segments.compare_models(model_a, model_b) as table
    with

    profiles as (
        select
            user_table.monetary,
            user_table.frequency,
            $customers as customers
        from $profiles as user_table
    ),

    frequencies as (
        select distinct frequency
        from profiles
    ),

    rules as (
        select
            frequencies.frequency,
            model_rules.model_id,
            model_rules.monetary_from,
            model_rules.monetary_below,
            model_segments.segment,
            model_segments.segment_rank
        from frequencies
        inner join segments_internal.model_rules
            on frequencies.frequency between model_rules.frequency_from and model_rules.frequency_to
        inner join segments_internal.model_segments
            on
                model_rules.model_id = model_segments.model_id
                and model_rules.segment = model_segments.segment
        where model_rules.model_id in (model_a, model_b) -- noqa: RF02
    )

    select
        rules_a.segment as segment_a,
        rules_b.segment as segment_b,
        sum(profiles.customers) as customers,
        sum(cast(round(profiles.monetary * 100) as bigint) * profiles.customers) / 100.0 as revenue,
        rules_a.segment_rank as segment_rank_a,
        rules_b.segment_rank as segment_rank_b
    from profiles
    inner join rules as rules_a
        on
            rules_a.model_id = model_a -- noqa: RF02
            and profiles.frequency = rules_a.frequency
            and profiles.monetary >= rules_a.monetary_from
            and profiles.monetary < rules_a.monetary_below
    inner join rules as rules_b
        on
            rules_b.model_id = model_b -- noqa: RF02
            and profiles.frequency = rules_b.frequency
            and profiles.monetary >= rules_b.monetary_from
            and profiles.monetary < rules_b.monetary_below
    group by
        rules_a.segment,
        rules_b.segment,
        rules_a.segment_rank,
        rules_b.segment_rank
    order by
        rules_a.segment_rank,
        rules_b.segment_rank
