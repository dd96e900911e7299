-- Customer segments by Segmenter: model 1, fitted 2026-01-02 03:04 UTC
-- Segments: Elite, Loyal, At-Risk
-- Dialect: mysql. Run the whole script once, and again for each new model; it creates the schema
-- segments and replaces only its own objects there. The views are live: nothing needs Python.
-- Expressions of the table's columns are translated by rules only: no row was compared with
-- DuckDB, as a fit on Spark or in PostgreSQL compares them.
-- There is no transaction around these statements here. After an error run the whole script
-- again until it ends without one: until then some objects are still those of before.
-- For MySQL 8 and MariaDB. The views hold the model; the function, which is slower, comes
-- last, for your own queries, and needs the right to create routines.
-- A value that is no number or no time where one is due ends a query: BIGINT out of range.

SET NAMES utf8mb4;
SET @segmenter_sql_mode = @@SESSION.sql_mode;
SET SESSION sql_mode = 'TRADITIONAL';

CREATE SCHEMA IF NOT EXISTS segments;

-- segments.transactions
-- Grain:  one row for each row of the user's table that passes the row filter.
CREATE OR REPLACE VIEW segments.transactions AS
SELECT
  user_table.customer_id AS customer_id,
  user_table.order_id AS order_id,
  CAST(CASE
    WHEN user_table.amount IS NULL
    THEN NULL
    WHEN REGEXP_INSTR(user_table.amount, '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$') = 1
    THEN user_table.amount
    ELSE -9223372036854775807 - 1 - (
      NOT user_table.amount IS NULL
    )
  END AS DOUBLE) AS amount,
  CAST(CASE
    WHEN user_table.sold_at IS NULL
    THEN NULL
    WHEN REGEXP_INSTR(
      user_table.sold_at,
      '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)?$'
    ) = 1
    AND NOT CAST(user_table.sold_at AS DATETIME(6)) IS NULL
    THEN user_table.sold_at
    ELSE -9223372036854775807 - 1 - (
      NOT user_table.sold_at IS NULL
    )
  END AS DATETIME(6)) AS ordered_at
FROM sales AS user_table
WHERE
  (
    CASE
      WHEN user_table.amount IS NULL
      THEN NULL
      WHEN REGEXP_INSTR(user_table.amount, '^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$') = 1
      THEN user_table.amount
      ELSE -9223372036854775807 - 1 - (
        NOT user_table.amount IS NULL
      )
    END <> 0
  );

-- segments.customer_profile
-- Grain:  one row for each customer; rows without a customer are left out.
CREATE OR REPLACE VIEW segments.customer_profile AS
WITH transactions AS (
  SELECT
    *
  FROM segments.transactions
), usable AS (
  SELECT
    customer_id,
    order_id,
    CASE WHEN ordered_at <= UTC_TIMESTAMP(6) + INTERVAL '1' DAY THEN ordered_at END AS ordered_at,
    amount > 0 AS is_positive,
    CAST(FLOOR(amount * 10000 + 0.5) AS SIGNED) AS ten_thousandths
  FROM transactions
  WHERE
    NOT customer_id IS NULL
    AND amount BETWEEN -11258999068426.24 AND 11258999068426.24
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
    order_id,
    CAST(customer_id AS BINARY),
    CAST(order_id AS BINARY)
), summed AS (
  SELECT
    customer_id,
    SUM(ten_thousandths) + 50 AS shifted,
    COUNT(CASE WHEN positive_rows > 0 THEN order_id END) AS frequency,
    MIN(first_order_at) AS first_order_at,
    MAX(last_order_at) AS last_order_at
  FROM orders
  GROUP BY
    customer_id,
    CAST(customer_id AS BINARY)
), final AS (
  SELECT
    customer_id,
    CAST((
      (
        shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END
      ) DIV 100
    ) AS DOUBLE) / 100.0 AS monetary,
    frequency,
    first_order_at,
    last_order_at
  FROM summed
)
SELECT
  *
FROM final;

-- segments.customer_segments
-- Grain:  one row for each customer, whales and customers with refunds only included.
CREATE OR REPLACE VIEW segments.customer_segments AS
WITH models AS (
  SELECT
    1 AS model_id,
    TRUE AS is_current,
    CAST('2146.025' AS DOUBLE) AS monetary_cut,
    CAST('10.0' AS DOUBLE) AS frequency_cut,
    CAST(15 AS SIGNED) AS active_days,
    CAST(15 AS SIGNED) AS lapsed_days
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
  FROM segments.customer_profile
), customers_classified AS (
  SELECT
    customer_profile.customer_id,
    customer_profile.monetary,
    customer_profile.frequency,
    customer_profile.first_order_at,
    customer_profile.last_order_at,
    CASE
      WHEN NOT CAST(customer_profile.monetary AS DOUBLE) IS NULL
      AND NOT CAST(CAST(customer_profile.frequency AS DOUBLE) AS DOUBLE) IS NULL
      THEN CASE
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 3
        THEN CASE
          WHEN customer_profile.monetary < 1422.84e0
          THEN 'At-Risk'
          WHEN customer_profile.monetary < 1957.07e0
          THEN 'Loyal'
          ELSE 'Elite'
        END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 4
        THEN CASE
          WHEN customer_profile.monetary < 815.17e0
          THEN 'At-Risk'
          WHEN customer_profile.monetary < 1840.60e0
          THEN 'Loyal'
          ELSE 'Elite'
        END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 5
        THEN CASE
          WHEN customer_profile.monetary < 200.76e0
          THEN 'At-Risk'
          WHEN customer_profile.monetary < 1724.13e0
          THEN 'Loyal'
          ELSE 'Elite'
        END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 6
        THEN CASE WHEN customer_profile.monetary < 1607.66e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 7
        THEN CASE WHEN customer_profile.monetary < 1491.19e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 8
        THEN CASE WHEN customer_profile.monetary < 1374.72e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 9
        THEN CASE WHEN customer_profile.monetary < 1258.26e0 THEN 'Loyal' ELSE 'Elite' END
        WHEN CAST(customer_profile.frequency AS DOUBLE) < 10
        THEN CASE WHEN customer_profile.monetary < 1141.79e0 THEN 'Loyal' ELSE 'Elite' END
        ELSE CASE WHEN customer_profile.monetary < 1025.32e0 THEN 'Loyal' ELSE 'Elite' END
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
    CAST((
      SELECT
        MAX(ordered_at) AS newest_order_at
      FROM segments.transactions
      WHERE
        NOT customer_id IS NULL
        AND amount > 0
        AND amount <= 11258999068426.24
        AND ordered_at <= UTC_TIMESTAMP(6) + INTERVAL '1' DAY
    ) AS DATE) AS today
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
    DATEDIFF(newest.today, CAST(flagged.first_order_at AS DATE)) AS days_since_first_order,
    DATEDIFF(newest.today, CAST(flagged.last_order_at AS DATE)) AS days_since_last_order
  FROM flagged
  CROSS JOIN newest
  LEFT JOIN model_segments
    ON flagged.model_id = model_segments.model_id
    AND CAST(flagged.segment AS BINARY) = CAST(model_segments.segment AS BINARY)
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

-- segments.segment_summary
-- Grain:  one row for each segment of the current model, empty ones included.
CREATE OR REPLACE VIEW segments.segment_summary AS
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
    CAST(ROUND(monetary * 100) AS SIGNED) AS cents
  FROM segments.customer_segments
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
    ROW_NUMBER() OVER (PARTITION BY segment, CAST(segment AS BINARY) ORDER BY monetary) AS rank_1,
    (
      COUNT(*) OVER (PARTITION BY segment, CAST(segment AS BINARY)) - 1
    ) * CAST('0.5' AS DOUBLE) AS place_1,
    ROW_NUMBER() OVER (PARTITION BY segment, CAST(segment AS BINARY) ORDER BY CAST(frequency AS DOUBLE)) AS rank_2,
    (
      COUNT(*) OVER (PARTITION BY segment, CAST(segment AS BINARY)) - 1
    ) * CAST('0.5' AS DOUBLE) AS place_2
  FROM customer_segments
), by_segment AS (
  SELECT
    segment,
    COUNT(*) AS customers,
    SUM(cents) AS cents,
    SUM(frequency) AS orders,
    SUM(CASE WHEN is_whale THEN 0 ELSE 1 END) AS ordinary_customers,
    SUM(CASE WHEN is_whale THEN 0 ELSE cents END) AS ordinary_cents,
    MAX(CASE WHEN rank_1 = FLOOR(place_1) + 1 THEN monetary END) + (
      (
        MAX(CASE WHEN rank_1 = CEIL(place_1) + 1 THEN monetary END) - MAX(CASE WHEN rank_1 = FLOOR(place_1) + 1 THEN monetary END)
      ) * MAX(place_1 - FLOOR(place_1))
    ) AS median_monetary,
    MAX(CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE) END) + (
      (
        MAX(CASE WHEN rank_2 = CEIL(place_2) + 1 THEN CAST(frequency AS DOUBLE) END) - MAX(CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE) END)
      ) * MAX(place_2 - FLOOR(place_2))
    ) AS median_frequency
  FROM by_segment_ranked
  GROUP BY
    segment,
    CAST(segment AS BINARY)
), final AS (
  SELECT
    current_segments.segment,
    current_segments.segment_rank,
    COALESCE(by_segment.customers, 0) AS customers,
    CAST(COALESCE(by_segment.customers, 0) AS DOUBLE) / NULLIF(CAST(totals.customers AS DOUBLE), 0) AS share_of_customers,
    CAST(COALESCE(by_segment.cents, 0) AS DOUBLE) / 100.0 AS revenue,
    CAST(COALESCE(by_segment.cents, 0) AS DOUBLE) / NULLIF(CAST(totals.cents AS DOUBLE), 0) AS share_of_revenue,
    CAST(by_segment.cents AS DOUBLE) / 100.0 / by_segment.customers AS mean_monetary,
    by_segment.median_monetary,
    CAST(by_segment.orders AS DOUBLE) / CAST(by_segment.customers AS DOUBLE) AS mean_frequency,
    by_segment.median_frequency,
    CAST(by_segment.ordinary_cents AS DOUBLE) / 100.0 / NULLIF(by_segment.ordinary_customers, 0) AS mean_monetary_without_whales
  FROM current_segments
  CROSS JOIN totals
  LEFT JOIN by_segment
    ON CAST(current_segments.segment AS BINARY) = CAST(by_segment.segment AS BINARY)
)
SELECT
  *
FROM final
ORDER BY
  CASE WHEN segment_rank IS NULL THEN 1 ELSE 0 END, segment_rank;

-- segments.segment_rules
-- Grain:  one row for each rectangle of the current model. Each profile lies in exactly one.
CREATE OR REPLACE VIEW segments.segment_rules AS
SELECT
  CAST(0 AS SIGNED) AS frequency_from,
  CAST(2 AS SIGNED) AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1422.84' AS DOUBLE) AS monetary_below,
  'At-Risk' AS segment,
  CAST(3 AS SIGNED) AS segment_rank
UNION ALL
SELECT
  0 AS frequency_from,
  2 AS frequency_to,
  CAST('1422.84' AS DOUBLE) AS monetary_from,
  CAST('1957.07' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  0 AS frequency_from,
  2 AS frequency_to,
  CAST('1957.07' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('815.17' AS DOUBLE) AS monetary_below,
  'At-Risk' AS segment,
  3 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  CAST('815.17' AS DOUBLE) AS monetary_from,
  CAST('1840.6' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  CAST('1840.6' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('200.76' AS DOUBLE) AS monetary_below,
  'At-Risk' AS segment,
  3 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  CAST('200.76' AS DOUBLE) AS monetary_from,
  CAST('1724.13' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  CAST('1724.13' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  5 AS frequency_from,
  5 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1607.66' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  5 AS frequency_from,
  5 AS frequency_to,
  CAST('1607.66' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  6 AS frequency_from,
  6 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1491.19' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  6 AS frequency_from,
  6 AS frequency_to,
  CAST('1491.19' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  7 AS frequency_from,
  7 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1374.72' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  7 AS frequency_from,
  7 AS frequency_to,
  CAST('1374.72' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  8 AS frequency_from,
  8 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1258.26' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  8 AS frequency_from,
  8 AS frequency_to,
  CAST('1258.26' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  9 AS frequency_from,
  9 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1141.79' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  9 AS frequency_from,
  9 AS frequency_to,
  CAST('1141.79' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  10 AS frequency_from,
  9223372036854775807 AS frequency_to,
  -1.7976931348623157e308 AS monetary_from,
  CAST('1025.32' AS DOUBLE) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  10 AS frequency_from,
  9223372036854775807 AS frequency_to,
  CAST('1025.32' AS DOUBLE) AS monetary_from,
  1.7976931348623157e308 AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank;

-- segments.segment_lines
-- Grain:  one row for each split of the current model: the straight line between its two parts.
CREATE OR REPLACE VIEW segments.segment_lines AS
SELECT
  CAST(1 AS SIGNED) AS level,
  'Elite' AS higher_segments,
  'Loyal, At-Risk' AS lower_segments,
  'ward' AS method,
  CAST('176.81349794572992' AS DOUBLE) AS order_worth,
  CAST(NULL AS DOUBLE) AS order_power,
  CAST('2281.51113475735' AS DOUBLE) AS threshold,
  CAST('0.0' AS DOUBLE) AS gap_index,
  CAST('0.0' AS DOUBLE) AS outvoted_share,
  'One order counts as much as 176.81 spent; Elite: from 2,281.51 of both together.' AS message
UNION ALL
SELECT
  2 AS level,
  'Loyal' AS higher_segments,
  'At-Risk' AS lower_segments,
  'ward' AS method,
  CAST('85.13077238707983' AS DOUBLE) AS order_worth,
  CAST(NULL AS DOUBLE) AS order_power,
  CAST('540.2730895483194' AS DOUBLE) AS threshold,
  CAST('0.0' AS DOUBLE) AS gap_index,
  CAST('0.0' AS DOUBLE) AS outvoted_share,
  'One order counts as much as 85.13 spent; Loyal: from 540.27 of both together.' AS message;

-- classify_segment(monetary, frequency): the segment of a customer; NULL, NaN or infinity in gives NULL
DROP FUNCTION IF EXISTS segments.classify_segment;

CREATE FUNCTION segments.classify_segment(monetary DOUBLE, frequency DOUBLE)
RETURNS TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DETERMINISTIC NO SQL SQL SECURITY INVOKER
RETURN CASE
  WHEN NOT monetary IS NULL AND NOT frequency IS NULL
  THEN CASE
    WHEN frequency < 3
    THEN CASE
      WHEN monetary < 1422.84e0
      THEN 'At-Risk'
      WHEN monetary < 1957.07e0
      THEN 'Loyal'
      ELSE 'Elite'
    END
    WHEN frequency < 4
    THEN CASE
      WHEN monetary < 815.17e0
      THEN 'At-Risk'
      WHEN monetary < 1840.60e0
      THEN 'Loyal'
      ELSE 'Elite'
    END
    WHEN frequency < 5
    THEN CASE
      WHEN monetary < 200.76e0
      THEN 'At-Risk'
      WHEN monetary < 1724.13e0
      THEN 'Loyal'
      ELSE 'Elite'
    END
    WHEN frequency < 6
    THEN CASE WHEN monetary < 1607.66e0 THEN 'Loyal' ELSE 'Elite' END
    WHEN frequency < 7
    THEN CASE WHEN monetary < 1491.19e0 THEN 'Loyal' ELSE 'Elite' END
    WHEN frequency < 8
    THEN CASE WHEN monetary < 1374.72e0 THEN 'Loyal' ELSE 'Elite' END
    WHEN frequency < 9
    THEN CASE WHEN monetary < 1258.26e0 THEN 'Loyal' ELSE 'Elite' END
    WHEN frequency < 10
    THEN CASE WHEN monetary < 1141.79e0 THEN 'Loyal' ELSE 'Elite' END
    ELSE CASE WHEN monetary < 1025.32e0 THEN 'Loyal' ELSE 'Elite' END
  END
END;

SET SESSION sql_mode = @segmenter_sql_mode;
