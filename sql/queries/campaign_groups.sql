-- What customers did in a period, by the segment and lifecycle that they had just before it.
-- Grain:  one row for each segment, lifecycle and side of the split; one without a segment for
--         customers who came only in the period, whom no split has seen.
-- Source: segments.customer_segments_at just before $since, under the current rules, and the
--         transactions from $since to $until, both included.
-- Units:  money in whole cents, refunds included; sums of squares and products for variances.
with

known as (
    select
        customer_id,
        segment,
        segment_rank,
        lifecycle,
        $holds_out as is_held_out,
        cast(round(monetary * 100) as hugeint) as past_cents
    from segments.customer_segments_at($just_before)
),

summed as (
    select
        customer_id,
        sum(cast(floor(amount * 10000 + 0.5) as bigint)) as ten_thousandths,
        count(case when amount > 0 then 1 end) as positive_rows
    from segments_internal.transactions
    where
        customer_id is not null
        and amount between -$max_amount and $max_amount
        and ordered_at between $since and $until
    group by customer_id
),

later as (
    select
        customer_id,
        cast(round(ten_thousandths / 100.0) as hugeint) as cents,
        positive_rows > 0 as has_bought
    from summed
),

joined as (
    select
        known.segment,
        known.segment_rank,
        known.lifecycle,
        known.is_held_out,
        coalesce(known.past_cents, 0) as past_cents,
        coalesce(later.cents, 0) as cents,
        coalesce(later.has_bought, false) as has_bought
    from known
    full join later
        on known.customer_id = later.customer_id
)

select
    segment,
    segment_rank,
    lifecycle,
    is_held_out,
    count(*) as customers,
    count(case when has_bought then 1 end) as buyers,
    sum(cents) as spent,
    sum(cents * cents) as spent_squared,
    sum(past_cents) as past,
    sum(past_cents * past_cents) as past_squared,
    sum(cents * past_cents) as product
from joined
group by
    segment,
    segment_rank,
    lifecycle,
    is_held_out
