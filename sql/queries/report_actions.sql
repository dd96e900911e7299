-- What should be done, by action and segment.
-- Grain:  one row for each action, segment and, of one more order, the segment that it leads to.
-- Source: $actions, the rows of segments.next_actions.
-- Units:  money in the table's currency; repeat_rate from 0 to 1, as a backtest measured it.
select
    next_action,
    segment,
    segment_rank,
    segment_after_median_order,
    count(*) as customers,
    sum(revenue_at_stake) as revenue_at_stake,
    case when next_action = 'win back' then any_value(repeat_rate) end as repeat_rate
from $actions
group by
    next_action,
    segment,
    segment_rank,
    segment_after_median_order
order by
    next_action desc,
    segment_rank asc,
    segment_after_median_order asc
