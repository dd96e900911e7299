-- Anonymous training points: monetary, frequency, number of customers. No customer is in them.
-- Save the result as points.parquet or points.csv, then, where Segmenter is installed:
--     segmenter fit new.duckdb --points points.parquet
-- Dialect: clickhouse. Table: sales

WITH transactions AS (
  SELECT
    user_table.customer_id AS customer_id,
    user_table.order_id AS order_id,
    CASE
      WHEN throwIf(
        NOT (
          user_table.amount IS NULL
        )
        AND CAST(user_table.amount AS Nullable(Float64)) IS NULL,
        'a value of amount is no number'
      ) = 0
      THEN CAST(user_table.amount AS Nullable(Float64))
    END AS amount,
    CASE
      WHEN throwIf(
        NOT (
          user_table.sold_at IS NULL
        )
        AND (
          CAST(user_table.sold_at AS Nullable(DateTime64(6, 'UTC'))) IS NULL
          OR NOT match(
            toString(user_table.sold_at),
            '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?)?$'
          )
        ),
        'a value of sold_at is no time'
      ) = 0
      THEN CAST(user_table.sold_at AS Nullable(DateTime64(6, 'UTC')))
    END AS ordered_at
  FROM sales AS user_table
  WHERE
    (
      user_table.amount <> 0
    )
), usable AS (
  SELECT
    customer_id,
    order_id,
    CASE WHEN ordered_at <= now64(6, 'UTC') + INTERVAL '1' DAY THEN ordered_at END AS ordered_at,
    amount > 0 AS is_positive,
    CAST(FLOOR(amount * 10000 + 0.5) AS Nullable(Int64)) AS ten_thousandths
  FROM transactions
  WHERE
    NOT (
      customer_id IS NULL
    )
    AND amount BETWEEN -1125899906842624 / 100e0 AND 1125899906842624 / 100e0
), orders AS (
  SELECT
    customer_id,
    order_id,
    SUM(CAST(ten_thousandths AS Nullable(Int128))) AS ten_thousandths,
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
    SUM(CAST(ten_thousandths AS Nullable(Int128))) + 50 AS shifted,
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
      intDiv(shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END, 100)
    ) AS Nullable(Float64)) / 100.0 AS monetary,
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
    ROW_NUMBER() OVER (ORDER BY CAST(frequency AS Nullable(Float64))) AS rank_2,
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
    MAX(CASE WHEN rank_1 = FLOOR(place_1) + 1 THEN monetary END) + (
      (
        MAX(CASE WHEN rank_1 = CEIL(place_1) + 1 THEN monetary END) - MAX(CASE WHEN rank_1 = FLOOR(place_1) + 1 THEN monetary END)
      ) * MAX(place_1 - FLOOR(place_1))
    ) AS monetary_cut,
    MAX(
      CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS Nullable(Float64)) END
    ) + (
      (
        MAX(
          CASE WHEN rank_2 = CEIL(place_2) + 1 THEN CAST(frequency AS Nullable(Float64)) END
        ) - MAX(
          CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS Nullable(Float64)) END
        )
      ) * MAX(place_2 - FLOOR(place_2))
    ) AS frequency_cut
  FROM thresholds_ranked
), flagged AS (
  SELECT
    customer_profile.frequency AS frequency,
    CAST(ROUND(customer_profile.monetary * 100) AS Nullable(Int64)) AS cents,
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
    CAST(COALESCE(SUM(CAST(cents AS Nullable(Int128))), 0) AS Nullable(Float64)) / 100.0 AS revenue,
    CAST(COALESCE(
      SUM(
        CAST(CASE WHEN above_monetary OR above_frequency THEN cents END AS Nullable(Int128))
      ),
      0
    ) AS Nullable(Float64)) / 100.0 AS whale_revenue
  FROM flagged
), profile_cut AS (
  SELECT
    thresholds.monetary_cut AS monetary_cut,
    thresholds.frequency_cut AS frequency_cut,
    counted.customers AS customers,
    counted.customers_without_order AS customers_without_order,
    counted.whales AS whales,
    counted.whales_by_monetary AS whales_by_monetary,
    counted.whales_by_frequency AS whales_by_frequency,
    counted.revenue AS revenue,
    counted.whale_revenue AS whale_revenue,
    CAST(counted.whale_revenue AS Nullable(Float64)) / nullIf(counted.revenue, 0) AS whale_share_of_revenue
  FROM counted
  CROSS JOIN thresholds
), training_profile AS (
  SELECT
    customer_profile.monetary AS monetary,
    customer_profile.frequency AS frequency
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
  frequency
SETTINGS aggregate_functions_null_for_empty = 1, join_use_nulls = 1, prefer_column_name_to_alias = 1;
