-- segments.segment_summary_snapshot, in a published copy
-- Grain:  one row for each segment of the current model, empty ones included.
-- Source: segments.segment_summary: here both are as of the publication.
create view segments.segment_summary_snapshot as
select
    segment,
    segment_rank,
    customers,
    share_of_customers,
    revenue,
    share_of_revenue,
    mean_monetary,
    median_monetary,
    mean_frequency,
    median_frequency
from segments.segment_summary
order by segment_rank
