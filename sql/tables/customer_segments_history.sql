-- segments_internal.customer_segments_history
-- Grain: one row for each interval that is over in which a customer was published with one segment,
--        lifecycle and is_whale; half open, from valid_from up to, but not with, valid_to. The
--        interval that goes on is the customer's row of
--        segments_internal.customer_segments_snapshot. customer_id has the type that the
--        customers have.
create table if not exists segments_internal.customer_segments_history (
    customer_id varchar not null,
    segment varchar,
    lifecycle varchar,
    is_whale boolean,
    model_id integer not null, -- the version that began it, which may be pruned since
    valid_from timestamp not null, -- UTC
    valid_to timestamp not null, -- UTC
    changed_by varchar not null, -- why it began
    left_by varchar -- why the customer left; NULL: another interval followed at once
)
