-- What the report is drawn from: customers without their identity, added up once.
-- Grain:  one row for each distinct profile with its segment, lifecycle and whale flag.
-- Source: $customer_segments, the snapshot or the live view.
-- Units:  cents is monetary as a whole number.
select
    monetary,
    cast(round(monetary * 100) as bigint) as cents,
    frequency,
    segment,
    segment_rank,
    lifecycle,
    is_whale,
    count(*) as customers
from $customer_segments
where segment is not null
group by
    monetary,
    frequency,
    segment,
    segment_rank,
    lifecycle,
    is_whale
