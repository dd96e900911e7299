-- The segments of the current model with their shares, one of them of all revenue.
-- Grain:  one row a segment, highest first.
-- Source: summaries, live or of the snapshot. Without $has_whales it is of the customers learned
--         from, and what all of them brought is not known: then share_of_all_revenue is NULL.
--         mean_monetary_without_whales is NULL there, too, and in a file whose views an earlier
--         version made.
-- Units:  money in the table's currency; shares from 0 to 1.
select
    summaries.segment,
    summaries.segment_rank,
    summaries.customers,
    summaries.share_of_customers,
    summaries.revenue,
    summaries.share_of_revenue,
    case
        when $has_whales
            then
                summaries.revenue / nullif(
                    sum(summaries.revenue) over () + coalesce(models.revenue_without_customer, 0), 0
                )
    end as share_of_all_revenue,
    summaries.mean_monetary,
    case when $has_whales then summaries.mean_monetary_without_whales end
        as mean_monetary_without_whales,
    summaries.median_monetary,
    summaries.mean_frequency,
    summaries.median_frequency
from summaries
cross join segments_internal.models
where models.is_current
order by summaries.segment_rank
