-- segments_internal.customer_segments_snapshot, where the rows are in PostgreSQL
-- Grain: one row for each customer, as of the last refresh. A refresh writes those who changed and
--        no others, so what changes every day for everybody, the days since the last order, is in
--        the view alone. Where it is there already, somebody else made it meanwhile: an error.
create table segments_internal.customer_segments_snapshot as
select
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    is_above_monetary,
    is_above_frequency,
    segment,
    segment_rank,
    lifecycle,
    model_id,
    valid_from,
    changed_by
from $next as upcoming -- noqa: AL05
where false
