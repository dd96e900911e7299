-- How many objections there are, and how many of them can be compared with nobody.
-- Grain:  one row.
-- Source: the objections ($objections, see queries/normalised_contacts). An address is compared
--         where the contacts have such a column ($has_email, $has_phone). Rows without any value do
--         not count; those with values in other columns only do, and are compared with nobody.
with

given as (
    select
        coalesce(given_email, given_phone) as address,
        coalesce(
            customer_id is not null
            or ($has_email and email is not null) -- noqa: RF02
            or ($has_phone and phone is not null), -- noqa: RF02
            false
        ) as is_usable
    from $objections as objection -- noqa: AL05
    where not is_empty
)

select
    count(*) as objections,
    count(case when not is_usable then 1 end) as unusable,
    min(case when not is_usable then address end) as unusable_example
from given
