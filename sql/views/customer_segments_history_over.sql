-- segments.customer_segments_history, where the current model knows no customers
-- Grain:  one row for each interval that is over in which a customer was published with one
--         segment, lifecycle and is_whale, from valid_from up to, but not with, valid_to.
-- Source: what each fit, rollback and refresh published while there were customers.
-- Units:  times in UTC.
select
    customer_id,
    segment,
    lifecycle,
    is_whale,
    model_id,
    valid_from,
    valid_to,
    changed_by,
    left_by
from segments_internal.customer_segments_history
