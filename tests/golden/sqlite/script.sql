-- Customer segments by Segmenter: model 1, fitted 2026-01-02 03:04 UTC
-- Segments: Elite, Loyal, At-Risk
-- Dialect: sqlite. Run the whole script once, and again for each new model; it creates the views of
-- segments and replaces only its own objects there. The views are live: nothing needs Python.
-- Expressions of the table's columns are translated by rules only: no row was compared with
-- DuckDB, as a fit on Spark or in PostgreSQL compares them.
-- It is one transaction: after an error nothing of it is there, and the model before goes on.
-- Run it with sqlite3 -bail. There are no schemas and no functions here, so that views are
-- called segments_customer_profile and so on, in the table's own file, and hold the model.
-- A value that is no number or no time where one is due ends a query: integer overflow.

BEGIN IMMEDIATE;

-- segments_transactions
-- Grain:  one row for each row of the user's table that passes the row filter.
DROP VIEW IF EXISTS segments_transactions;

CREATE VIEW segments_transactions AS
SELECT
  user_table.customer_id COLLATE BINARY AS customer_id,
  user_table.order_id COLLATE BINARY AS order_id,
  CAST(CASE
    WHEN TYPEOF(user_table.amount) IN ('text', 'blob')
    THEN ABS(-9223372036854775807 - (
      NOT user_table.amount IS NULL
    ))
    ELSE user_table.amount
  END AS REAL) AS amount,
  (
    SELECT
      CASE
        WHEN DATETIME(written.second, '+0 days') = written.second
        AND (
          written.rest = ''
          OR written.rest GLOB '.[0-9]*'
          AND NOT SUBSTRING(written.rest, 2) GLOB '*[^0-9]*'
          AND LENGTH(written.rest) <= 7
        )
        THEN written.second || RTRIM(RTRIM(written.rest, '0'), '.')
        WHEN NOT written.second IS NULL
        THEN ABS(-9223372036854775807 - (
          NOT written.second IS NULL
        ))
      END
    FROM (
      SELECT
        SUBSTRING(
          REPLACE(user_table.sold_at, 'T', ' ') || CASE LENGTH(user_table.sold_at) WHEN 10 THEN ' 00:00:00' ELSE '' END,
          1,
          19
        ) AS second,
        SUBSTRING(user_table.sold_at, 20) AS rest
    ) AS written
  ) AS ordered_at
FROM sales AS user_table
WHERE
  (
    CASE
      WHEN TYPEOF(user_table.amount) IN ('text', 'blob')
      THEN ABS(-9223372036854775807 - (
        NOT user_table.amount IS NULL
      ))
      ELSE user_table.amount
    END <> 0
  );

-- segments_customer_profile
-- Grain:  one row for each customer; rows without a customer are left out.
DROP VIEW IF EXISTS segments_customer_profile;

CREATE VIEW segments_customer_profile AS
WITH transactions AS (
  SELECT
    *
  FROM segments_transactions
), usable AS (
  SELECT
    customer_id,
    order_id,
    CASE
      WHEN ordered_at <= DATE(STRFTIME('%Y-%m-%d %H:%M:%f', 'now'), '+1 days') || SUBSTR(STRFTIME('%Y-%m-%d %H:%M:%f', 'now'), 11)
      THEN ordered_at
    END AS ordered_at,
    amount > 0 AS is_positive,
    CAST((
      CAST(amount * 10000 + 0.5 AS INTEGER) - (
        amount * 10000 + 0.5 < CAST(amount * 10000 + 0.5 AS INTEGER)
      )
    ) AS INTEGER) AS ten_thousandths
  FROM transactions
  WHERE
    NOT customer_id IS NULL
    AND amount BETWEEN -1125899906842624 / 100e0 AND 1125899906842624 / 100e0
), orders AS (
  SELECT
    customer_id,
    order_id,
    SUM(ten_thousandths) AS ten_thousandths,
    COUNT(CASE WHEN is_positive THEN 1 END) AS positive_rows,
    MIN(CASE WHEN is_positive THEN ordered_at END) AS first_order_at,
    MAX(CASE WHEN is_positive THEN ordered_at END) AS last_order_at
  FROM usable
  GROUP BY
    customer_id,
    order_id
), summed AS (
  SELECT
    customer_id,
    SUM(ten_thousandths) + 50 AS shifted,
    COUNT(CASE WHEN positive_rows > 0 THEN order_id END) AS frequency,
    MIN(first_order_at) AS first_order_at,
    MAX(last_order_at) AS last_order_at
  FROM orders
  GROUP BY
    customer_id
), final AS (
  SELECT
    customer_id,
    CAST((
      CAST(shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END AS INTEGER) / 100
    ) AS REAL) / 100.0 AS monetary,
    frequency,
    first_order_at,
    last_order_at
  FROM summed
)
SELECT
  *
FROM final;

-- segments_customer_segments
-- Grain:  one row for each customer, whales and customers with refunds only included.
DROP VIEW IF EXISTS segments_customer_segments;

CREATE VIEW segments_customer_segments AS
WITH models AS (
  SELECT
    1 AS model_id,
    TRUE AS is_current,
    2146025 / 1000e0 AS monetary_cut,
    10.0 AS frequency_cut,
    CAST(15 AS INTEGER) AS active_days,
    CAST(15 AS INTEGER) AS lapsed_days
), model_segments AS (
  SELECT
    1 AS model_id,
    1 AS segment_rank,
    'Elite' AS segment
  UNION ALL
  SELECT
    1 AS model_id,
    2 AS segment_rank,
    'Loyal' AS segment
  UNION ALL
  SELECT
    1 AS model_id,
    3 AS segment_rank,
    'At-Risk' AS segment
), customer_profile AS (
  SELECT
    *
  FROM segments_customer_profile
), customers_classified AS (
  SELECT
    customer_profile.customer_id,
    customer_profile.monetary,
    customer_profile.frequency,
    customer_profile.first_order_at,
    customer_profile.last_order_at,
    CASE
      WHEN CAST(customer_profile.monetary AS REAL) > -9e999
      AND CAST(customer_profile.monetary AS REAL) < 9e999
      AND CAST(CAST(customer_profile.frequency AS REAL) AS REAL) > -9e999
      AND CAST(CAST(customer_profile.frequency AS REAL) AS REAL) < 9e999
      THEN CASE
        WHEN CAST(customer_profile.frequency AS REAL) < 3
        THEN CASE
          WHEN customer_profile.monetary < 142284 / 100e0
          THEN 'At-Risk'
          WHEN customer_profile.monetary < 195707 / 100e0
          THEN 'Loyal'
          ELSE 'Elite'
        END
        WHEN CAST(customer_profile.frequency AS REAL) < 4
        THEN CASE
          WHEN customer_profile.monetary < 81517 / 100e0
          THEN 'At-Risk'
          WHEN customer_profile.monetary < 18406 / 10e0
          THEN 'Loyal'
          ELSE 'Elite'
        END
        WHEN CAST(customer_profile.frequency AS REAL) < 5
        THEN CASE
          WHEN customer_profile.monetary < 20076 / 100e0
          THEN 'At-Risk'
          WHEN customer_profile.monetary < 172413 / 100e0
          THEN 'Loyal'
          ELSE 'Elite'
        END
        WHEN CAST(customer_profile.frequency AS REAL) < 6
        THEN CASE WHEN customer_profile.monetary < 160766 / 100e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS REAL) < 7
        THEN CASE WHEN customer_profile.monetary < 149119 / 100e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS REAL) < 8
        THEN CASE WHEN customer_profile.monetary < 137472 / 100e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS REAL) < 9
        THEN CASE WHEN customer_profile.monetary < 125826 / 100e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS REAL) < 10
        THEN CASE WHEN customer_profile.monetary < 114179 / 100e0 THEN 'Loyal' ELSE 'Elite' END
        ELSE CASE WHEN customer_profile.monetary < 102532 / 100e0 THEN 'Loyal' ELSE 'Elite' END
      END
    END AS segment
  FROM customer_profile
), current_model AS (
  SELECT
    model_id,
    monetary_cut,
    frequency_cut,
    active_days,
    lapsed_days
  FROM models
  WHERE
    is_current
), newest AS (
  SELECT
    DATE(
      (
        SELECT
          MAX(ordered_at) AS newest_order_at
        FROM segments_transactions
        WHERE
          NOT customer_id IS NULL
          AND amount > 0
          AND amount <= 1125899906842624 / 100e0
          AND ordered_at <= DATE(STRFTIME('%Y-%m-%d %H:%M:%f', 'now'), '+1 days') || SUBSTR(STRFTIME('%Y-%m-%d %H:%M:%f', 'now'), 11)
      )
    ) AS today
), flagged AS (
  SELECT
    customers_classified.*,
    current_model.model_id,
    current_model.active_days,
    current_model.lapsed_days,
    COALESCE(customers_classified.monetary > current_model.monetary_cut, FALSE) AS is_above_monetary,
    COALESCE(customers_classified.frequency > current_model.frequency_cut, FALSE) AS is_above_frequency
  FROM customers_classified
  CROSS JOIN current_model
), dated AS (
  SELECT
    flagged.customer_id,
    flagged.monetary,
    flagged.frequency,
    flagged.first_order_at,
    flagged.last_order_at,
    flagged.is_above_monetary OR flagged.is_above_frequency AS is_whale,
    flagged.is_above_monetary,
    flagged.is_above_frequency,
    flagged.segment,
    model_segments.segment_rank,
    flagged.active_days,
    flagged.lapsed_days,
    CAST((JULIANDAY(newest.today) - JULIANDAY(DATE(flagged.first_order_at))) AS INTEGER) AS days_since_first_order,
    CAST((JULIANDAY(newest.today) - JULIANDAY(DATE(flagged.last_order_at))) AS INTEGER) AS days_since_last_order
  FROM flagged
  CROSS JOIN newest
  LEFT JOIN model_segments
    ON flagged.model_id = model_segments.model_id
    AND flagged.segment = model_segments.segment
), aged AS (
  SELECT
    customer_id,
    monetary,
    frequency,
    first_order_at,
    last_order_at,
    is_whale,
    is_above_monetary,
    is_above_frequency,
    segment,
    segment_rank,
    days_since_last_order,
    CASE
      WHEN days_since_first_order <= active_days
      THEN 'new'
      WHEN days_since_last_order <= active_days
      THEN 'active'
      WHEN days_since_last_order <= lapsed_days
      THEN 'lapsing'
      WHEN days_since_last_order > lapsed_days
      THEN 'lapsed'
    END AS lifecycle
  FROM dated
)
SELECT
  customer_id,
  monetary,
  frequency,
  first_order_at,
  last_order_at,
  is_whale,
  is_above_monetary,
  is_above_frequency,
  segment,
  segment_rank,
  days_since_last_order,
  lifecycle,
  CASE lifecycle
    WHEN 'new'
    THEN 1
    WHEN 'active'
    THEN 2
    WHEN 'lapsing'
    THEN 3
    WHEN 'lapsed'
    THEN 4
  END AS lifecycle_rank
FROM aged;

-- segments_segment_summary
-- Grain:  one row for each segment of the current model, empty ones included.
DROP VIEW IF EXISTS segments_segment_summary;

CREATE VIEW segments_segment_summary AS
WITH models AS (
  SELECT
    1 AS model_id,
    TRUE AS is_current
), model_segments AS (
  SELECT
    1 AS model_id,
    1 AS segment_rank,
    'Elite' AS segment
  UNION ALL
  SELECT
    1 AS model_id,
    2 AS segment_rank,
    'Loyal' AS segment
  UNION ALL
  SELECT
    1 AS model_id,
    3 AS segment_rank,
    'At-Risk' AS segment
), customer_segments AS (
  SELECT
    segment,
    monetary,
    frequency,
    is_whale,
    CAST(ROUND(monetary * 100) AS INTEGER) AS cents
  FROM segments_customer_segments
), current_segments AS (
  SELECT
    model_segments.segment,
    model_segments.segment_rank
  FROM model_segments
  INNER JOIN models
    ON model_segments.model_id = models.model_id
  WHERE
    models.is_current
), totals AS (
  SELECT
    COUNT(*) AS customers,
    SUM(cents) AS cents
  FROM customer_segments
), by_segment_ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY segment ORDER BY monetary) AS rank_1,
    (
      COUNT(*) OVER (PARTITION BY segment) - 1
    ) * 0.5 AS place_1,
    ROW_NUMBER() OVER (PARTITION BY segment ORDER BY CAST(frequency AS REAL)) AS rank_2,
    (
      COUNT(*) OVER (PARTITION BY segment) - 1
    ) * 0.5 AS place_2
  FROM customer_segments
), by_segment AS (
  SELECT
    segment,
    COUNT(*) AS customers,
    SUM(cents) AS cents,
    SUM(frequency) AS orders,
    SUM(CASE WHEN is_whale THEN 0 ELSE 1 END) AS ordinary_customers,
    SUM(CASE WHEN is_whale THEN 0 ELSE cents END) AS ordinary_cents,
    MAX(
      CASE
        WHEN rank_1 = (
          CAST(place_1 AS INTEGER) - (
            place_1 < CAST(place_1 AS INTEGER)
          )
        ) + 1
        THEN monetary
      END
    ) + (
      (
        MAX(
          CASE
            WHEN rank_1 = (
              CAST(place_1 AS INTEGER) + (
                place_1 > CAST(place_1 AS INTEGER)
              )
            ) + 1
            THEN monetary
          END
        ) - MAX(
          CASE
            WHEN rank_1 = (
              CAST(place_1 AS INTEGER) - (
                place_1 < CAST(place_1 AS INTEGER)
              )
            ) + 1
            THEN monetary
          END
        )
      ) * MAX(
        place_1 - (
          CAST(place_1 AS INTEGER) - (
            place_1 < CAST(place_1 AS INTEGER)
          )
        )
      )
    ) AS median_monetary,
    MAX(
      CASE
        WHEN rank_2 = (
          CAST(place_2 AS INTEGER) - (
            place_2 < CAST(place_2 AS INTEGER)
          )
        ) + 1
        THEN CAST(frequency AS REAL)
      END
    ) + (
      (
        MAX(
          CASE
            WHEN rank_2 = (
              CAST(place_2 AS INTEGER) + (
                place_2 > CAST(place_2 AS INTEGER)
              )
            ) + 1
            THEN CAST(frequency AS REAL)
          END
        ) - MAX(
          CASE
            WHEN rank_2 = (
              CAST(place_2 AS INTEGER) - (
                place_2 < CAST(place_2 AS INTEGER)
              )
            ) + 1
            THEN CAST(frequency AS REAL)
          END
        )
      ) * MAX(
        place_2 - (
          CAST(place_2 AS INTEGER) - (
            place_2 < CAST(place_2 AS INTEGER)
          )
        )
      )
    ) AS median_frequency
  FROM by_segment_ranked
  GROUP BY
    segment
), final AS (
  SELECT
    current_segments.segment,
    current_segments.segment_rank,
    COALESCE(by_segment.customers, 0) AS customers,
    CAST(COALESCE(by_segment.customers, 0) AS REAL) / NULLIF(CAST(totals.customers AS REAL), 0) AS share_of_customers,
    CAST(COALESCE(by_segment.cents, 0) AS REAL) / 100.0 AS revenue,
    CAST(COALESCE(by_segment.cents, 0) AS REAL) / NULLIF(CAST(totals.cents AS REAL), 0) AS share_of_revenue,
    CAST(by_segment.cents AS REAL) / 100.0 / by_segment.customers AS mean_monetary,
    by_segment.median_monetary,
    CAST(by_segment.orders AS REAL) / CAST(by_segment.customers AS REAL) AS mean_frequency,
    by_segment.median_frequency,
    CAST(by_segment.ordinary_cents AS REAL) / 100.0 / NULLIF(by_segment.ordinary_customers, 0) AS mean_monetary_without_whales
  FROM current_segments
  CROSS JOIN totals
  LEFT JOIN by_segment
    ON current_segments.segment = by_segment.segment
)
SELECT
  *
FROM final
ORDER BY
  segment_rank NULLS LAST;

-- segments_segment_rules
-- Grain:  one row for each rectangle of the current model. Each profile lies in exactly one.
DROP VIEW IF EXISTS segments_segment_rules;

CREATE VIEW segments_segment_rules AS
SELECT
  CAST(0 AS INTEGER) AS frequency_from,
  CAST(2 AS INTEGER) AS frequency_to,
  -9e999 AS monetary_from,
  142284 / 100e0 AS monetary_below,
  'At-Risk' AS segment,
  CAST(3 AS INTEGER) AS segment_rank
UNION ALL
SELECT
  0 AS frequency_from,
  2 AS frequency_to,
  142284 / 100e0 AS monetary_from,
  195707 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  0 AS frequency_from,
  2 AS frequency_to,
  195707 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  -9e999 AS monetary_from,
  81517 / 100e0 AS monetary_below,
  'At-Risk' AS segment,
  3 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  81517 / 100e0 AS monetary_from,
  18406 / 10e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  18406 / 10e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  -9e999 AS monetary_from,
  20076 / 100e0 AS monetary_below,
  'At-Risk' AS segment,
  3 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  20076 / 100e0 AS monetary_from,
  172413 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  172413 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  5 AS frequency_from,
  5 AS frequency_to,
  -9e999 AS monetary_from,
  160766 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  5 AS frequency_from,
  5 AS frequency_to,
  160766 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  6 AS frequency_from,
  6 AS frequency_to,
  -9e999 AS monetary_from,
  149119 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  6 AS frequency_from,
  6 AS frequency_to,
  149119 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  7 AS frequency_from,
  7 AS frequency_to,
  -9e999 AS monetary_from,
  137472 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  7 AS frequency_from,
  7 AS frequency_to,
  137472 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  8 AS frequency_from,
  8 AS frequency_to,
  -9e999 AS monetary_from,
  125826 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  8 AS frequency_from,
  8 AS frequency_to,
  125826 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  9 AS frequency_from,
  9 AS frequency_to,
  -9e999 AS monetary_from,
  114179 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  9 AS frequency_from,
  9 AS frequency_to,
  114179 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  10 AS frequency_from,
  9223372036854775807 AS frequency_to,
  -9e999 AS monetary_from,
  102532 / 100e0 AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  10 AS frequency_from,
  9223372036854775807 AS frequency_to,
  102532 / 100e0 AS monetary_from,
  9e999 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank;

-- segments_segment_lines
-- Grain:  one row for each split of the current model: the straight line between its two parts.
DROP VIEW IF EXISTS segments_segment_lines;

CREATE VIEW segments_segment_lines AS
SELECT
  CAST(1 AS INTEGER) AS level,
  'Elite' AS higher_segments,
  'Loyal, At-Risk' AS lower_segments,
  'ward' AS method,
  3110535951025247 / 17592186044416e0 AS order_worth,
  CAST(NULL AS REAL) AS order_power,
  228151113475735 / 100000000000e0 AS threshold,
  0.0 AS gap_index,
  0.0 AS outvoted_share,
  'One order counts as much as 176.81 spent; Elite: from 2,281.51 of both together.' AS message
UNION ALL
SELECT
  2 AS level,
  'Loyal' AS higher_segments,
  'At-Risk' AS lower_segments,
  'ward' AS method,
  8513077238707983 / 100000000000000e0 AS order_worth,
  CAST(NULL AS REAL) AS order_power,
  5402730895483194 / 10000000000000e0 AS threshold,
  0.0 AS gap_index,
  0.0 AS outvoted_share,
  'One order counts as much as 85.13 spent; Loyal: from 540.27 of both together.' AS message;

COMMIT;
