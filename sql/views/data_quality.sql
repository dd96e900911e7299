-- segments.data_quality
-- Grain:  one row for each check of the user's rows, also where it found nothing.
-- Source: segments_internal.data_quality_counts, live. A fit says the same words of what it finds.
-- severity is blocks (a fit refuses such rows; the live views leave them out, lines of totals not),
-- warns (it may change what the segments mean), informs (good to know) or ok. Rows that an
-- expression loses block from 5 % on unless the model was fitted with allow_lost_rows. Fewer than
-- 100 customers with an order are too few, since each is more than a percent. From 90 % with one
-- order on, nearly everybody has one. Exact copies warn up to a tenth of the rows, and from half of
-- them on; between them it is usual that no column tells the lines of an order apart.
-- Units:  found counts what unit says; share_of_total is of all of them, from 0 to 1; revenue is
--         the money of what was found, in the table's currency, NULL where there is none.
with

data_quality_counts as (
    select * from segments_internal.data_quality_counts
),

judged as (
    select
        *,
        case
            when check_name = 'few_customers' then case when found < 100 then 'warns' else 'ok' end
            when check_name = 'customers_with_one_order'
                then case when found > 0 and found * 10 >= total * 9 then 'warns' else 'ok' end
            when found is null then 'informs'
            when found = 0 then 'ok'
            when check_name = 'duplicate_rows' and found * 10 > total and found * 2 < total
                then 'informs'
            when check_name = 'lost_rows' and found * 20 > total and not $allow_lost_rows
                then 'blocks'
            when
                check_name in (
                    'rounded_amounts', 'unusable_amounts', 'unusable_rows', 'duplicate_customers',
                    'total_lines'
                )
                then 'blocks'
            when
                check_name in ('refunds', 'zero_amounts', 'customers_without_order', 'time_span')
                then 'informs'
            else 'warns'
        end as severity,
        cast(found as double) / nullif(total, 0) as share_of_total,
        format('{:,} {}', found, case when found = 1 then rtrim(unit, 's') else unit end)
            as counted,
        case when found = 1 then 'has' else 'have' end as has,
        case when found = 1 then 'is' else 'are' end as is_or_are
    from data_quality_counts
),

measured as (
    select
        *,
        format('{} ({:.1f} %)', counted, 100 * share_of_total) as with_share,
        case
            when revenue > 0 and total_revenue > 0
                then format(', with {:.1f} % of the revenue', 100 * revenue / total_revenue)
            else ''
        end as with_revenue,
        case when revenue <> 0 then format(', {:,.2f} in all', revenue) else '' end as in_all
    from judged
),

final as (
    select
        check_name,
        severity,
        unit,
        found,
        share_of_total,
        revenue,
        case when found > 0 then example end as example,
        case check_name
            when 'rows_without_customer'
                then
                    case
                        when found is null then 'Nobody counted the rows without a customer.'
                        when found = 0 then 'Every row has a customer.'
                        else
                            format(
                                '{} {} no customer and {} left out{}.',
                                with_share, has, is_or_are, with_revenue
                            )
                    end
            when 'refunds'
                then
                    case
                        when found = 0 then 'No amount is negative: there are no refunds.'
                        else
                            format(
                                '{} {} a negative amount, as of a refund{}: it counts as money, '
                                || 'not as an order.',
                                with_share, has, in_all
                            )
                    end
            when 'zero_amounts'
                then
                    case
                        when found = 0 then 'No amount is zero.'
                        else format('{} {} the amount 0 and no part in any order.', with_share, has)
                    end
            when 'missing_amounts'
                then
                    case
                        when found = 0 then 'Every row has an amount.'
                        else format('{} {} no amount and {} left out.', counted, has, is_or_are)
                    end
            when 'rounded_amounts'
                then
                    case
                        when found = 0 then 'Amounts lose nothing when they are rounded.'
                        else
                            format(
                                '{} {} too small an amount: rounded to ten-thousandths, a fit '
                                || 'refuses. Give money in a smaller unit.',
                                counted, has
                            )
                    end
            when 'lost_rows'
                then
                    case
                        when found = 0 then 'No expression loses a value that is there.'
                        else
                            format(
                                '{} {} lost: an expression is NULL although what it reads is not, '
                                || 'as for {}.',
                                with_share, is_or_are, example
                            )
                    end
            when 'unknown_condition'
                then
                    case
                        when found = 0 then 'The condition is true or false for every row.'
                        else
                            format(
                                '{} {} left out because the condition is NULL there: it reads a '
                                || 'column without a value.',
                                with_share, is_or_are
                            )
                    end
            when 'unusable_amounts'
                then
                    case
                        when found = 0 then 'Every amount can be summed exactly.'
                        else
                            format(
                                '{} {} an amount that is NaN, infinite or too large to be exact: '
                                || 'a fit refuses, the live views leave such rows out.',
                                counted, has
                            )
                    end
            when 'unusable_rows'
                then
                    case
                        when found = 0 then 'Every row can be used.'
                        else
                            format(
                                '{} {} a value that is missing, no finite number or out of range: '
                                || 'a fit refuses, the live views leave such rows out.',
                                counted, has
                            )
                    end
            when 'duplicate_customers'
                then
                    case
                        when found = 0 then 'Every customer has one row.'
                        else
                            format(
                                '{} {} of a customer who has another one: a fit refuses.',
                                counted, is_or_are
                            )
                    end
            when 'duplicate_rows'
                then
                    case
                        when found = 0 then 'No row is an exact copy of another.'
                        else
                            format(
                                '{} {} in every column of another one{}: loaded twice, or no '
                                || 'column tells the lines of an order apart.',
                                with_share,
                                case
                                    when found = 1 then 'is an exact copy'
                                    else 'are exact copies'
                                end,
                                in_all
                            )
                    end
            when 'rows_without_order'
                then
                    case
                        when found is null
                            then
                                'No order column was named: each row with a positive amount '
                                || 'counts as an order.'
                        when found = 0 then 'Every row with a positive amount has an order.'
                        else
                            format(
                                '{} with a positive amount {} no order: the money counts, but not '
                                || 'as an order.',
                                counted, has
                            )
                    end
            when 'rows_without_date'
                then
                    case
                        when found is null
                            then 'No date column was named, so nothing is known of time.'
                        when found = 0 then 'Every row has a date.'
                        else format('{} {} no date.', counted, has)
                    end
            when 'future_dates'
                then
                    case
                        when found is null
                            then 'No date column was named, so nothing is known of time.'
                        when found = 0 then 'No date is in the future.'
                        else
                            format(
                                '{} {} a date in the future, up to {}, and {} as without a date.',
                                counted, has, example,
                                case when found = 1 then 'counts' else 'count' end
                            )
                    end
            when 'time_span'
                then
                    case
                        when found is null then 'No row has a date, so nothing is known of time.'
                        else format('The rows span {}: {}.', counted, example)
                    end
            when 'several_currencies'
                then
                    case
                        when found is null
                            then
                                'No currency column was named: all amounts are taken to be in one '
                                || 'currency.'
                        when found = 0 then 'All amounts are in one currency.'
                        else
                            format(
                                '{} {} not in the currency of the others, and amounts are summed '
                                || 'as they stand. Rows: {}.',
                                with_share, is_or_are, example
                            )
                    end
            when 'empty_orders'
                then
                    case
                        when found is null
                            then
                                'No order column was named: each row with a positive amount '
                                || 'counts as an order.'
                        when found = 0 then 'No order is an empty text.'
                        else
                            format(
                                '{} with a positive amount {} an empty text as the order: all of '
                                || 'a customer''s count as one. If it means none, give order = {}.',
                                counted, has, $order_or_null
                            )
                    end
            when 'customer_spellings'
                then
                    case
                        when found = 0 then 'Customers differ by more than capitals and spaces.'
                        else
                            format(
                                '{} would merge{}, as {} would: others have the same id but for '
                                || 'capitals and spaces. If they are the same, give customer = {}.',
                                with_share, with_revenue, example, $customer_folded
                            )
                    end
            when 'collective_customers'
                then
                    case
                        when found = 0 then 'No customer looks like a collection of people.'
                        else
                            format(
                                '{} {} an id such as {}, which looks like a collection of people '
                                || 'and not like one{}. Leave it out with where = {}{}''.',
                                with_share, has, example, with_revenue, $customer_unlike,
                                replace(example, '''', '\''')
                            )
                    end
            when 'total_lines'
                then
                    case
                        when found = 0 then 'No customer is a line of totals.'
                        else
                            format(
                                '{} has as much as all the others together, {:,.2f}: that is a '
                                || 'line of totals, and a fit refuses. Leave it out with '
                                || 'where = {}{}''.',
                                example, revenue, $customer_unlike, replace(example, '''', '\''')
                            )
                    end
            when 'float_customers'
                then
                    case
                        when found = 0 then 'No id of a customer is a number with a point.'
                        else
                            format(
                                '{} {} an id with a point, as {} is: above 9007199254740992 such '
                                || 'numbers are not exact, and no other table writes them so. If '
                                || 'they are whole, give customer = {}.',
                                with_share, has, example, $customer_whole
                            )
                    end
            when 'customers_without_order'
                then
                    case
                        when found = 0 then 'Every customer has an order.'
                        else
                            format(
                                '{} {} refunds or zero amounts only: classified, but not learned '
                                || 'from.',
                                with_share, has
                            )
                    end
            when 'customers_with_one_order'
                then
                    case
                        when severity = 'warns'
                            then
                                format(
                                    '{} {} one order: the segments differ by little but the size '
                                    || 'of one order.',
                                    with_share, has
                                )
                        when found = 0 then 'No customer has one order only.'
                        else format('{} {} one order.', with_share, has)
                    end
            when 'few_customers'
                then
                    case
                        when severity = 'warns'
                            then
                                format(
                                    'Only {} {} an order; with fewer than 100 each is more than a '
                                    || 'percent, and the segments say little.',
                                    counted, has
                                )
                        else format('{} {} an order.', counted, has)
                    end
        end as message
    from measured
)

select * from final
order by
    case severity when 'blocks' then 1 when 'warns' then 2 when 'informs' then 3 else 4 end,
    check_name
