-- segments_internal.identity_counts
-- Grain:  one row for each check of who the customers are, also where it found nothing.
-- Source: segments.customer_profile, live.
-- Spellings of one customer are alike but for capitals and spaces around them. A collection is an
-- id that many shops use for people without an account (0 and -1 where they have more than three
-- times the orders of others), or one that has at least a twentieth of all orders, and twenty times
-- as many as others. A line of totals is a customer called so, or with one order at most, who has
-- to the cent as much as more than twenty others together. Ids with a point are numbers written as
-- 12346.0, or of the type DOUBLE.
-- Units:  found and total count customers; money in cents of the table's currency.
with

customers as (
    select
        customer_id,
        frequency,
        cast(round(monetary * 100) as bigint) as cents,
        lower(trim(cast(customer_id as varchar))) as folded
    from segments.customer_profile
),

-- numbers are grouped much faster than texts
repeated as (
    select hash(folded) as spelling
    from customers
    where $customer_is_text
    group by hash(folded)
    having count(*) > 1
),

spelled as (
    select
        count(*) as spellings,
        sum(customers.cents) as cents,
        min(cast(customers.customer_id as varchar)) as first_spelling
    from customers
    inner join repeated
        on hash(customers.folded) = repeated.spelling
    group by customers.folded
    having count(*) > 1
),

merged as (
    select
        coalesce(sum(spellings - 1), 0) as found,
        sum(cents) as cents,
        min(first_spelling) as example
    from spelled
),

everybody as (
    select
        count(*) as customers,
        sum(frequency) as orders,
        max(frequency) as most_orders,
        sum(cents) as cents
    from customers
),

totals as (
    select
        count(*) as found,
        sum(customers.cents) as cents,
        min(cast(customers.customer_id as varchar)) as example
    from customers
    cross join everybody
    where
        customers.cents * 2 = everybody.cents
        and everybody.customers > 2
        and (
            customers.folded in (
                'gesamt', 'gesamtsumme', 'grand total', 'suma', 'sum', 'summe', 'totaal', 'total',
                'total general', 'totale', 'totals', 'итого', '合计', '合計'
            )
            or (customers.frequency <= 1 and everybody.customers > 21)
        )
),

collected as (
    select
        count(*) as found,
        sum(customers.cents) as cents,
        min(cast(customers.customer_id as varchar)) as example
    from customers
    cross join everybody
    where
        -- a long id is none of these
        length(cast(customers.customer_id as varchar)) < 20
        and customers.folded in (
            '', '-', '(not set)', 'anonymous', 'gast', 'guest', 'guest checkout',
            'invitado', 'n/a', 'na', 'nan', 'nil', 'no customer', 'none', 'null', 'undefined',
            'unknown', 'unbekannt', 'walk-in', 'walk-in customer'
        )
        or (
            length(cast(customers.customer_id as varchar)) < 3
            and customers.folded in ('0', '-1')
            and customers.frequency * (everybody.customers - 1)
            > 3 * (everybody.orders - customers.frequency)
        )
        or (
            customers.frequency = everybody.most_orders
            and customers.frequency * 20 >= everybody.orders
            and customers.frequency * (everybody.customers - 1)
            >= 20 * (everybody.orders - customers.frequency)
            and everybody.customers > 20
        )
),

pointed as (
    select
        count(*) as found,
        sum(cents) as cents,
        min(cast(customer_id as varchar)) as example
    from customers
    where
        $customer_is_float
        or (
            $customer_is_text
            and right(cast(customer_id as varchar), 2) = '.0'
            and regexp_matches(folded, '^-?[0-9]+[.]0$')
        )
),

checks as (
    select
        'customer_spellings' as check_name,
        found,
        cents,
        example
    from merged
    union all
    select
        'collective_customers' as check_name,
        found,
        cents,
        example
    from collected
    union all
    select
        'total_lines' as check_name,
        found,
        cents,
        example
    from totals
    union all
    select
        'float_customers' as check_name,
        found,
        cents,
        example
    from pointed
)

select
    checks.check_name,
    'customers' as unit,
    cast(checks.found as bigint) as found,
    everybody.customers as total,
    checks.cents,
    '''' || replace(checks.example, '''', '''''') || '''' as example
from checks
cross join everybody
