-- Whom a campaign treats, and whom it holds out.
-- Grain:  one row for each customer.
-- Source: $customers, with their segments.
select
    customer_id,
    segment,
    segment_rank,
    lifecycle,
    case when $holds_out then 'held out' else 'treated' end as campaign_group
from $customers
order by customer_id
