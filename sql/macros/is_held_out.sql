-- segments.is_held_out(customer, salt, share)
-- Whether a customer is in the share that a campaign leaves out, to be compared with: the same
-- customers for the same salt in every warehouse, whoever else is or becomes a customer. A larger
-- share holds out the customers of a smaller one too, another salt draws anew.
-- The first six hexadecimal digits of the md5 hash of salt || ':' || customer, as a number below
-- 16 ** 6 = 16,777,216, are below the share of it. The customer counts as text: ids that are texts
-- or whole numbers are written alike everywhere. NULL in gives NULL,
-- a share that is not between 0 and 1 an error.
create or replace macro segments.is_held_out(customer, salt, share) as
case
    when share > 0 and share < 1
        then
            (
                strpos(
                    '0123456789abcdef',
                    substr(md5(salt || ':' || cast(customer as varchar)), 1, 1)
                ) - 1
            ) * 1048576
            + (
                strpos(
                    '0123456789abcdef',
                    substr(md5(salt || ':' || cast(customer as varchar)), 2, 1)
                ) - 1
            ) * 65536
            + (
                strpos(
                    '0123456789abcdef',
                    substr(md5(salt || ':' || cast(customer as varchar)), 3, 1)
                ) - 1
            ) * 4096
            + (
                strpos(
                    '0123456789abcdef',
                    substr(md5(salt || ':' || cast(customer as varchar)), 4, 1)
                ) - 1
            ) * 256
            + (
                strpos(
                    '0123456789abcdef',
                    substr(md5(salt || ':' || cast(customer as varchar)), 5, 1)
                ) - 1
            ) * 16
            + (
                strpos(
                    '0123456789abcdef',
                    substr(md5(salt || ':' || cast(customer as varchar)), 6, 1)
                ) - 1
            )
            < cast(share as double) * 16777216
    when share is not null
        then error('share must be between 0 and 1, such as 0.1, not ' || cast(share as varchar))
end
