-- The forms of a text: each digit as a 9, so that a few rows say how all values are written.
-- Grain:  one row for each form, the most frequent first.
-- Source: $texts, with the text as value.
select
    translate(texts.value, '012345678', '999999999') as shape,
    count(*) as found,
    min(texts.value) as example
from $texts as texts
where texts.value is not null
group by translate(texts.value, '012345678', '999999999')
order by
    found desc,
    shape asc
limit 501
