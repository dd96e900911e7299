-- segments_internal.models, from layout 3: JSON that was text.
select
    * replace (
        cast(source as json) as source, cast(settings as json) as settings,
        cast(warnings as json) as warnings
    ),
    cast(null as bigint) as raised_customers,
    cast(null as json) as notes
from segments.models
