-- segments_internal.customers_classified, where the model has too many rules for a function
-- Grain:  one row for each customer, whales and customers with refunds only included.
-- Source: segments.customer_profile joined with segments.segment_rules, live. Pure SQL.
-- The rules are first looked up for each frequency that occurs, so that customers and rules meet on
-- equal frequencies: comparing every customer with every rule would take minutes.
-- Units:  money in the table's currency.
with

customer_profile as (
    select * from segments.customer_profile
),

segment_rules as (
    select * from segments.segment_rules
),

frequencies as (
    select distinct frequency
    from customer_profile
),

rules_of_frequency as (
    select
        frequencies.frequency,
        segment_rules.monetary_from,
        segment_rules.monetary_below,
        segment_rules.segment
    from frequencies
    inner join segment_rules
        on
            frequencies.frequency
            between segment_rules.frequency_from and segment_rules.frequency_to
)

select
    customer_profile.customer_id,
    customer_profile.monetary,
    customer_profile.frequency,
    customer_profile.first_order_at,
    customer_profile.last_order_at,
    rules_of_frequency.segment,
    $attributes -- noqa: RF02
from customer_profile
inner join rules_of_frequency
    on
        customer_profile.frequency = rules_of_frequency.frequency
        and customer_profile.monetary >= rules_of_frequency.monetary_from
        and customer_profile.monetary < rules_of_frequency.monetary_below
