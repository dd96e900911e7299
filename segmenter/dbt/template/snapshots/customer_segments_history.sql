{% snapshot customer_segments_history %}

{{ config(
    strategy='check',
    unique_key='customer_id',
    check_cols=['segment', 'lifecycle', 'is_whale'],
    hard_deletes='invalidate'
) }}

select
    customer_id,
    segment,
    segment_rank,
    lifecycle,
    is_whale,
    {{ segments_model()['model_id'] }} as model_id
from {{ ref('customer_segments') }}

{% endsnapshot %}
