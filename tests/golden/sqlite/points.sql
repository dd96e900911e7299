-- Anonymous training points: monetary, frequency, number of customers. No customer is in them.
-- Save the result as points.parquet or points.csv, then, where Segmenter is installed:
--     segmenter fit new.duckdb --points points.parquet
-- Dialect: sqlite. Table: sales

WITH transactions AS (
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
    )
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
), customer_profile AS (
  SELECT
    customer_id,
    CAST((
      CAST(shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END AS INTEGER) / 100
    ) AS REAL) / 100.0 AS monetary,
    frequency,
    first_order_at,
    last_order_at
  FROM summed
), thresholds_ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY monetary) AS rank_1,
    (
      COUNT(*) OVER () - 1
    ) * (
      99 / 100e0
    ) AS place_1,
    ROW_NUMBER() OVER (ORDER BY CAST(frequency AS REAL)) AS rank_2,
    (
      COUNT(*) OVER () - 1
    ) * (
      99 / 100e0
    ) AS place_2
  FROM customer_profile
  WHERE
    frequency >= 1
), thresholds AS (
  SELECT
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
    ) AS monetary_cut,
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
    ) AS frequency_cut
  FROM thresholds_ranked
), flagged AS (
  SELECT
    customer_profile.frequency,
    CAST(ROUND(customer_profile.monetary * 100) AS INTEGER) AS cents,
    COALESCE(customer_profile.monetary > thresholds.monetary_cut, FALSE) AS above_monetary,
    COALESCE(customer_profile.frequency > thresholds.frequency_cut, FALSE) AS above_frequency
  FROM customer_profile
  CROSS JOIN thresholds
), counted AS (
  SELECT
    COUNT(*) AS customers,
    COUNT(CASE WHEN frequency = 0 THEN 1 END) AS customers_without_order,
    COUNT(CASE WHEN above_monetary OR above_frequency THEN 1 END) AS whales,
    COUNT(CASE WHEN above_monetary THEN 1 END) AS whales_by_monetary,
    COUNT(CASE WHEN above_frequency THEN 1 END) AS whales_by_frequency,
    CAST(COALESCE(SUM(cents), 0) AS REAL) / 100.0 AS revenue,
    CAST(COALESCE(SUM(CASE WHEN above_monetary OR above_frequency THEN cents END), 0) AS REAL) / 100.0 AS whale_revenue
  FROM flagged
), profile_cut AS (
  SELECT
    thresholds.monetary_cut,
    thresholds.frequency_cut,
    counted.customers,
    counted.customers_without_order,
    counted.whales,
    counted.whales_by_monetary,
    counted.whales_by_frequency,
    counted.revenue,
    counted.whale_revenue,
    CAST(counted.whale_revenue AS REAL) / NULLIF(counted.revenue, 0) AS whale_share_of_revenue
  FROM counted
  CROSS JOIN thresholds
), training_profile AS (
  SELECT
    customer_profile.monetary,
    customer_profile.frequency
  FROM customer_profile
  CROSS JOIN profile_cut
  WHERE
    customer_profile.frequency >= 1
    AND NOT COALESCE(customer_profile.monetary > profile_cut.monetary_cut, FALSE)
    AND NOT COALESCE(customer_profile.frequency > profile_cut.frequency_cut, FALSE)
)
SELECT
  monetary,
  frequency,
  COUNT(*) AS customers
FROM training_profile
GROUP BY
  monetary,
  frequency;
