-- E-mail addresses and phone numbers as they must look before they are hashed.
-- Grain:  one row for each row of the list.
-- Source: the list ($contacts), a table or file of the user's.
-- E-mail: spaces around it go, and it is lowercase; the same for Google Customer Match and for Meta
--         Custom Audiences. Dots in gmail.com stay: Google takes them out for enhanced conversions
--         only, and Meta never. mailbox has them out, and what follows a +: two spellings of one
--         mailbox, to compare objections by.
-- Phone:  the digits of E.164, the country's code first: with a + in front (Google) or without it
--         (Meta). A number that begins with + or 00 says its country; one that does not gets
--         $phone_country in the place of the 0 in front, or has no digits here.
--         Country 1 has ten digits and maybe its code; in the numbers of 39, 225, 229, 242 and 378
--         the 0 belongs to the number. One that begins like the code may have it already, or not.
-- https://developers.google.com/google-ads/api/docs/remarketing/audience-segments/customer-match
-- https://developers.google.com/display-video/api/guides/tasks/upload-customer-match-audience
-- https://developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences
with

trimmed as (
    select
        $contact_customer as customer_id,
        $has_no_value as is_empty,
        lower(regexp_replace(cast($email as varchar), '^[\s\pZ\pC]+|[\s\pZ\pC]+$', '', 'g'))
            as email,
        regexp_replace(cast($phone as varchar), '^[\s\pZ\pC]+|[\s\pZ\pC]+$', '', 'g') as phone
    from $contacts as contact -- noqa: AL05
),

compact as (
    select
        customer_id,
        is_empty,
        nullif(email, '') as email,
        nullif(phone, '') as phone,
        case
            when regexp_full_match(phone, '[+0-9\s\pZ\pC\p{Pd}()./]+')
                then regexp_replace(
                    case
                        when regexp_matches(phone, '^[^0-9+]*([+]|00)')
                            then replace(phone, '(0)', '')
                        else phone
                    end,
                    '[^+0-9]',
                    '',
                    'g'
                )
        end as number
    from trimmed
),

with_country as (
    select
        *,
        case
            when starts_with(number, '+') then substr(number, 2)
            when starts_with(number, '00') then substr(number, 3)
            when $phone_country = '1'
                then
                    case
                        when regexp_full_match(number, '1?[2-9][0-9]{9}')
                            then '1' || right(number, 10)
                    end
            when starts_with(number, $phone_country) then null
            when $phone_country in ('39', '225', '229', '242', '378') then $phone_country || number
            when starts_with(number, '0') then $phone_country || substr(number, 2)
            else $phone_country || number
        end as digits
    from compact
),

checked as (
    select
        customer_id,
        is_empty,
        email as given_email,
        phone as given_phone,
        case when regexp_full_match(email, '[^@\s\pZ\pC]+@[^@\s\pZ\pC]+') then email end as email,
        case when regexp_full_match(digits, '[1-9][0-9]{6,14}') then digits end as phone
    from with_country
)

select
    *,
    case
        when regexp_full_match(email, '.+@(gmail|googlemail)[.]com')
            then
                replace(regexp_replace(split_part(email, '@', 1), '[+].*$', ''), '.', '')
                || '@gmail.com'
        else email
    end as mailbox
from checked
