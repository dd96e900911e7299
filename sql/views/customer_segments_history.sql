-- segments.customer_segments_history
-- Grain:  one row for each interval in which a customer was published with one segment, lifecycle
--         and is_whale. Intervals are half open, from valid_from up to, but not with, valid_to, and
--         never overlap; valid_to is NULL of the one that goes on. Who left has none that goes on.
-- Source: what each fit, rollback and refresh published: the labels of its snapshot. The live views
--         may have said something else in between. Only changes make rows.
-- Units:  times in UTC. model_id is the version that was current when the interval began: a later
--         one that changes nothing for the customer makes no row, and a number is kept, and given
--         to no other, after its version is pruned. The history begins with the first publication
--         that this database knows, changed_by 'first'.
-- changed_by says why it began, left_by why the customer left, as segments.customer_changes has it.
select
    customer_id,
    segment,
    lifecycle,
    is_whale,
    model_id,
    valid_from,
    cast(null as timestamp) as valid_to,
    changed_by,
    cast(null as varchar) as left_by
from segments_internal.customer_segments_snapshot
union all
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
