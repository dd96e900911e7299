-- Anonymous training points: monetary, frequency, number of customers. No customer is in them.
-- Save the result as points.parquet or points.csv, then, where Segmenter is installed:
--     segmenter fit new.duckdb --points points.parquet
-- Dialect: duckdb. Table: main.sales

WITH transactions AS (
  SELECT
    user_table.customer_id AS customer_id,
    user_table.order_id AS order_id,
    CAST(user_table.amount AS DOUBLE) AS amount,
    CAST(user_table.sold_at AS TIMESTAMP) AS ordered_at
  FROM main.sales AS user_table
  WHERE
    (
      user_table.amount <> 0
    )
), usable AS (
  SELECT
    customer_id,
    order_id,
    CASE
      WHEN ordered_at <= MAKE_TIMESTAMP(EPOCH_US(CURRENT_TIMESTAMP)) + INTERVAL '1' DAY
      THEN ordered_at
    END AS ordered_at,
    amount > 0 AS is_positive,
    CAST(FLOOR(amount * 10000 + 0.5) AS BIGINT) AS ten_thousandths
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
    (
      (
        shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END
      ) // 100
    ) / 100.0 AS monetary,
    frequency,
    first_order_at,
    last_order_at
  FROM summed
), thresholds AS (
  SELECT
    QUANTILE_CONT(monetary, 0.99) AS monetary_cut,
    QUANTILE_CONT(CAST(frequency AS DOUBLE), 0.99) AS frequency_cut
  FROM customer_profile
  WHERE
    frequency >= 1
), flagged AS (
  SELECT
    customer_profile.frequency,
    CAST(ROUND(customer_profile.monetary * 100) AS BIGINT) AS cents,
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
    COALESCE(SUM(cents), 0) / 100.0 AS revenue,
    COALESCE(SUM(CASE WHEN above_monetary OR above_frequency THEN cents END), 0) / 100.0 AS whale_revenue
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
    counted.whale_revenue / NULLIF(counted.revenue, 0) AS whale_share_of_revenue
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
