-- What the snapshot is of, for segments_internal.snapshots where the rows are in PostgreSQL.
-- Grain:  one row.
-- Source: $next, the snapshot that is about to be. The time of the fit tells versions of the same
--         number in two files apart.
select
    cast($model_id as integer) as model_id,
    cast($fitted_at as timestamp) as fitted_at,
    cast($published_at as timestamp) as refreshed_at, -- UTC
    count(*) as customers,
    max(upcoming.last_order_at) as newest_order_at
from $next as upcoming
