-- segments_internal.model_quality, from layout 3: sentences are called message.
select
    * exclude (words),
    words as message
from segments.model_quality
