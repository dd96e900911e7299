-- segments.backtest
-- Grain:  one row for each day that a backtest went back to (as_of), ranking and segment.
-- Source: segments_internal.backtest, as of the backtest.
-- What was known at as_of was fitted with the source and settings of model_id; what the customers
-- of that time did after it, up to until, is measured. ranking 'segments' is that fit; the others
-- order the customers of as_of and are cut into groups of as many customers, under the same names:
-- 'spend' by monetary, 'orders' by frequency, 'recent_spend' by spend that halves each quarter of
-- the history, 'rfm' by the sum of three quintiles, 'bg_nbd' by the spend that BG/NBD with
-- Gamma-Gamma expects, 'segment_lifecycle' by what customers of the same segment and lifecycle
-- spent after an earlier day.
-- Units:  money in the table's currency; shares from 0 to 1. share_of_later_revenue is of the later
--         revenue of customers known at as_of. No customer is named.
select
    model_id,
    as_of,
    until,
    ranking,
    segment,
    segment_rank,
    customers,
    repeat_rate,
    later_orders,
    later_revenue,
    mean_later_revenue,
    share_of_later_revenue
from segments_internal.backtest
