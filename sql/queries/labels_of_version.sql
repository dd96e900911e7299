-- Whom another version of the model moved: customers whom the version before would have left where
-- they were published, as they are now.
-- Grain:  one row for each such customer.
-- Source: segments.customer_segments under the version before, of the customers of $next that
--         changed, and the snapshot before.
with

customer_segments as (
    select * from segments.customer_segments
),

previous as (
    select * from segments_internal.customer_segments_snapshot
)

select customer_segments.customer_id
from customer_segments
inner join previous
    on customer_segments.customer_id = $previous_customer -- noqa: RF02
where
    customer_segments.segment is not distinct from previous.segment
    and customer_segments.lifecycle is not distinct from previous.lifecycle
    and customer_segments.is_whale is not distinct from previous.is_whale
