-- A list of customers with the hashes of their addresses, and who of them objects.
-- Grain:  one row for each row of the list.
-- Source: the list ($listed), contacts and objections (see queries/normalised_contacts).
-- Who objects by an address is whoever has it among the contacts, and who objects as a customer
-- keeps their addresses out of the list, also where another customer has one of them.
-- Of several addresses of a customer the first by the alphabet stands.
with

listed as (
    select * from $listed as asked -- noqa: AL05
),

contacts as (
    select * from $contacts as contact -- noqa: AL05
),

objections as (
    select * from $objections as objection -- noqa: AL05
),

objecting_contacts as (
    select contacts.*
    from contacts
    inner join objections on contacts.customer_id = objections.customer_id
),

objecting_mailboxes as (
    select mailbox from objections
    where mailbox is not null
    union
    select mailbox from objecting_contacts
    where mailbox is not null
),

objecting_phones as (
    select phone from objections
    where phone is not null
    union
    select phone from objecting_contacts
    where phone is not null
),

objecting_customers as (
    select customer_id as objector from objections
    where customer_id is not null
    union
    select customer_id as objector from contacts
    where
        customer_id is not null
        and (
            mailbox in (select objecting_mailboxes.mailbox from objecting_mailboxes)
            or phone in (select objecting_phones.phone from objecting_phones)
        )
),

addresses as (
    select
        customer_id as addressee,
        min(email) as email,
        min(phone) as phone,
        count(distinct email) > 1 or count(distinct phone) > 1 as has_several,
        count(given_email) > count(email) as has_no_address,
        count(given_phone) > count(phone) as has_no_number
    from contacts
    where customer_id is not null
    group by customer_id
)

select
    listed.*, -- noqa: AM04
    sha256(addresses.email) as email_sha256,
    sha256('+' || addresses.phone) as phone_sha256,
    sha256(addresses.phone) as phone_digits_sha256,
    objecting_customers.objector is not null as is_objecting,
    coalesce(addresses.has_several, false) as has_several,
    coalesce(addresses.has_no_address, false) as has_no_address,
    coalesce(addresses.has_no_number, false) as has_no_number
from listed
left join addresses
    on listed.customer_id = addresses.addressee
left join objecting_customers
    on listed.customer_id = objecting_customers.objector
