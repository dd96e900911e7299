-- Whether a price is that of one unit: then it is the same for a product whatever the quantity.
-- Grain:  one row.
-- Source: rows of $source, which is a sample.
with prices as (
    select
        $product as product_id,
        count(distinct $quantity) as quantities,
        count(distinct $price) as prices
    from $source
    where $quantity > 0 and $price > 0
    group by $product
)

select
    count(*) as products,
    count(case when prices.prices < prices.quantities then 1 end) as steady
from prices
where prices.quantities > 1
