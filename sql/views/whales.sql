-- segments.whales
-- Grain:  no row: it says what to ask in its place, for one release.
-- Source: nothing. Whales are customers of segments.customer_segments with is_whale.
select cast(null as boolean) as is_whale
where
    error(
        'segments.whales is gone: select * from segments.customer_segments where is_whale, '
        || 'with is_above_monetary and is_above_frequency'
    )
