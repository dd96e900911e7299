-- What customers did who came only after a moment, so that no ranking of then could know them.
-- Grain:  one row.
-- Source: $later, what each customer did after, and $segmented, the customers of then.
-- Units:  money in the table's currency.
with

joined as (
    select
        segmented.customer_id is null as is_new,
        cast(round(later.monetary * 100) as bigint) as cents
    from $later as later
    left join $segmented as segmented
        on later.customer_id = segmented.customer_id
)

select
    count(*) as customers,
    count(case when is_new then 1 end) as newcomers,
    coalesce(sum(case when is_new then cents end), 0) / 100.0 as newcomers_revenue,
    coalesce(sum(cents), 0) / 100.0 as later_revenue
from joined
