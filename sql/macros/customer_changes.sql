-- segments.customer_changes(since)
-- Grain:  one row for each customer who is published otherwise now than at a moment, so that these
--         rows and the list of then give the list of now; and one row without a customer that
--         counts who was forgotten since, of whom no id is kept.
-- Source: segments.customer_segments_history and segments.publishing_log.
-- change is entered, left or moved: moved is another segment, lifecycle or is_whale. changed_by is
-- why: of who entered or left the publication that they did so in, of who moved the newest one that
-- changed what differs (the segment, where that does):
--   own spend   more orders or more money counts, or a later order
--   refund      money fell, and no order went
--   window      their oldest orders have left the time window (all of them: the customer left)
--   time        nothing but the time: new, active, lapsing and lapsed go on without an order
--   refit       the version before would have left them where they were, or read the table
--               otherwise; a rollback too
--   correction  orders went or dates changed in the table otherwise, or the customer is excluded;
--               with a window also money that rose without an order, as where an old refund left it
--   forgotten   they were forgotten
--   first       the first publication that the database knows
-- A segment is its name here, as it was published: of a refit that names segments otherwise, all
-- whose segment has another name have moved.
-- Of orders and money it is known what the two publications knew, and no single row.
-- Units:  since and changed_at in UTC, a bare date means its midnight.
-- In an attached file call it after USE.
create or replace macro segments.customer_changes(since) as table
    with

    touched as (
        select
            customer_id,
            segment,
            lifecycle,
            is_whale,
            valid_from,
            valid_to,
            changed_by,
            left_by,
            valid_from <= cast(since as timestamp) as is_then,
            valid_to is null as is_now,
            lag(segment) over (partition by customer_id order by valid_from) as segment_before
        from segments.customer_segments_history
        where
            valid_from > cast(since as timestamp)
            or valid_to > cast(since as timestamp)
    ),

    both_ends as (
        select
            customer_id,
            bool_or(is_then) as was_there,
            bool_or(is_now) as is_there,
            max(case when is_then then segment end) as segment_from,
            max(case when is_now then segment end) as segment_to,
            max(case when is_then then lifecycle end) as lifecycle_from,
            max(case when is_now then lifecycle end) as lifecycle_to,
            bool_or(case when is_then then is_whale end) as is_whale_from,
            bool_or(case when is_now then is_whale end) as is_whale_to,
            max(coalesce(valid_to, valid_from)) as changed_at,
            arg_min(changed_by, valid_from) as entered_by,
            arg_max(left_by, valid_to) as left_by,
            arg_max(changed_by, valid_from) as changed_by,
            arg_max(
                case when not is_then then changed_by end,
                case
                    when not is_then and (segment is distinct from segment_before) then valid_from
                end
            ) as segment_changed_by
        from touched
        group by customer_id
    ),

    changed as (
        select
            customer_id,
            case
                when not was_there then 'entered'
                when not is_there then 'left'
                else 'moved'
            end as change, -- noqa: RF04
            segment_from,
            segment_to,
            lifecycle_from,
            lifecycle_to,
            is_whale_from,
            is_whale_to,
            case
                when not was_there then entered_by
                when not is_there then left_by
                when (segment_from is distinct from segment_to) then segment_changed_by
                else changed_by
            end as changed_by,
            changed_at,
            cast(1 as bigint) as customers
        from both_ends
        where
            was_there <> is_there
            or (
                was_there
                and (
                    segment_from is distinct from segment_to
                    or lifecycle_from is distinct from lifecycle_to
                    or is_whale_from is distinct from is_whale_to
                )
            )
    ),

    forgotten as (
        select
            null as customer_id,
            'left' as change, -- noqa: RF04
            null as segment_from,
            null as segment_to,
            null as lifecycle_from,
            null as lifecycle_to,
            null as is_whale_from,
            null as is_whale_to,
            'forgotten' as changed_by,
            max(published_at) as changed_at,
            cast(sum(forgotten) as bigint) as customers
        from segments.publishing_log
        where published_at > cast(since as timestamp)
        having sum(forgotten) > 0
    )

    select * from changed
    union all
    select * from forgotten
    order by
        changed_at asc,
        customer_id asc nulls last
