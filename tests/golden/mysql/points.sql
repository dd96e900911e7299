-- Anonymous training points: monetary, frequency, number of customers. No customer is in them.
-- Save the result as points.parquet or points.csv, then, where Segmenter is installed:
--     segmenter fit new.duckdb --points points.parquet
-- Dialect: mysql. Table: sales

WITH transactions AS (
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
    )
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
), customer_profile AS (
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
), thresholds_ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY monetary) AS rank_1,
    (
      COUNT(*) OVER () - 1
    ) * CAST('0.99' AS DOUBLE) AS place_1,
    ROW_NUMBER() OVER (ORDER BY CAST(frequency AS DOUBLE)) AS rank_2,
    (
      COUNT(*) OVER () - 1
    ) * CAST('0.99' AS DOUBLE) AS place_2
  FROM customer_profile
  WHERE
    frequency >= 1
), thresholds AS (
  SELECT
    MAX(CASE WHEN rank_1 = FLOOR(place_1) + 1 THEN monetary END) + (
      (
        MAX(CASE WHEN rank_1 = CEIL(place_1) + 1 THEN monetary END) - MAX(CASE WHEN rank_1 = FLOOR(place_1) + 1 THEN monetary END)
      ) * MAX(place_1 - FLOOR(place_1))
    ) AS monetary_cut,
    MAX(CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE) END) + (
      (
        MAX(CASE WHEN rank_2 = CEIL(place_2) + 1 THEN CAST(frequency AS DOUBLE) END) - MAX(CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE) END)
      ) * MAX(place_2 - FLOOR(place_2))
    ) AS frequency_cut
  FROM thresholds_ranked
), flagged AS (
  SELECT
    customer_profile.frequency,
    CAST(ROUND(customer_profile.monetary * 100) AS SIGNED) AS cents,
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
    CAST(COALESCE(SUM(cents), 0) AS DOUBLE) / 100.0 AS revenue,
    CAST(COALESCE(SUM(CASE WHEN above_monetary OR above_frequency THEN cents END), 0) AS DOUBLE) / 100.0 AS whale_revenue
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
    CAST(counted.whale_revenue AS DOUBLE) / NULLIF(counted.revenue, 0) AS whale_share_of_revenue
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
