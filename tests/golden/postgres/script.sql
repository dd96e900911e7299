-- Customer segments by Segmenter: model 1, fitted 2026-01-02 03:04 UTC
-- Segments: Elite, Loyal, At-Risk
-- Dialect: postgres. Run the whole script once, and again for each new model; it creates the schema
-- segments and replaces only its own objects there. The views are live: nothing needs Python.
-- Expressions of the table's columns are translated by rules only: no row was compared with
-- DuckDB, as a fit on Spark or in PostgreSQL compares them.
-- It is one transaction: after an error nothing of it is there, and the model before goes on.
-- psql -v ON_ERROR_STOP=1 says so in its exit code. Who reads the views goes first: if that
-- takes long, the script ends with a lock timeout; run it again.
-- A view cannot be replaced by one with other columns or types. If the database says so, put
-- drop function if exists segments.customer_segments_at(timestamp);
-- drop view if exists
-- segments.drift,
-- segments.drift_bins,
-- segments.customer_upgrades,
-- segments.segment_lines,
-- segments.segment_rules,
-- segments.segment_summary,
-- segments.customer_segments,
-- segments.customer_profile,
-- segments.transactions;
-- before CREATE SCHEMA, and before COMMIT the grants on these views, which go with them.

BEGIN;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
SET LOCAL transform_null_equals = off;
SET LOCAL intervalstyle = 'postgres';
SET LOCAL lock_timeout = '500ms';
ALTER VIEW IF EXISTS segments.drift ALTER COLUMN metric DROP DEFAULT;
ALTER VIEW IF EXISTS segments.drift_bins ALTER COLUMN metric DROP DEFAULT;
ALTER VIEW IF EXISTS segments.customer_upgrades ALTER COLUMN customer_id DROP DEFAULT;
ALTER VIEW IF EXISTS segments.segment_lines ALTER COLUMN level DROP DEFAULT;
ALTER VIEW IF EXISTS segments.segment_rules ALTER COLUMN segment DROP DEFAULT;
ALTER VIEW IF EXISTS segments.segment_summary ALTER COLUMN segment DROP DEFAULT;
ALTER VIEW IF EXISTS segments.customer_segments ALTER COLUMN customer_id DROP DEFAULT;
ALTER VIEW IF EXISTS segments.customer_profile ALTER COLUMN customer_id DROP DEFAULT;
ALTER VIEW IF EXISTS segments.transactions ALTER COLUMN customer_id DROP DEFAULT;

CREATE SCHEMA IF NOT EXISTS segments;

-- classify_segment(monetary, frequency): the segment of a customer; NULL, NaN or infinity in gives NULL
CREATE OR REPLACE FUNCTION segments.classify_segment(
    monetary DOUBLE PRECISION,
    frequency DOUBLE PRECISION
)
RETURNS TEXT
LANGUAGE SQL
IMMUTABLE AS
$$
SELECT
  CASE
    WHEN monetary > CAST('-Infinity' AS DOUBLE PRECISION)
    AND monetary < CAST('Infinity' AS DOUBLE PRECISION)
    AND frequency > CAST('-Infinity' AS DOUBLE PRECISION)
    AND frequency < CAST('Infinity' AS DOUBLE PRECISION)
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
  END
$$ PARALLEL SAFE;

-- explain_segment(monetary, frequency): the rule that decided, in words and numbers, and the smallest
-- change of money or of orders that leads to another segment
CREATE OR REPLACE FUNCTION segments.explain_segment(
    monetary DOUBLE PRECISION,
    frequency DOUBLE PRECISION
)
RETURNS JSONB
LANGUAGE SQL
IMMUTABLE AS
$$
SELECT
  CASE
    WHEN monetary > CAST('-Infinity' AS DOUBLE PRECISION)
    AND monetary < CAST('Infinity' AS DOUBLE PRECISION)
    AND frequency > CAST('-Infinity' AS DOUBLE PRECISION)
    AND frequency < CAST('Infinity' AS DOUBLE PRECISION)
    THEN JSONB_CONCAT(
      CASE
        WHEN frequency < 7
        THEN CASE
          WHEN frequency < 3
          THEN CASE
            WHEN monetary < 1422.84e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'At-Risk',
              'rule',
              'up to 2 orders, spent below 1,422.84: At-Risk',
              'frequency_from',
              CAST(0 AS BIGINT),
              'frequency_to',
              CAST(2 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1422.84e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1422.84e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
            WHEN monetary < 1957.07e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              'up to 2 orders, spent from 1,422.84 to below 1,957.07: Loyal',
              'frequency_from',
              CAST(0 AS BIGINT),
              'frequency_to',
              CAST(2 AS BIGINT),
              'monetary_from',
              CAST(1422.84e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1957.07e0 AS DOUBLE PRECISION),
              'monetary_change',
              CASE
                WHEN CAST(CAST(CEIL(ROUND(CAST((
                  1957.07e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION) <= -CAST(CAST(CEIL(ROUND(CAST((
                  1422.83e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                THEN CAST(CAST(CEIL(ROUND(CAST((
                  1957.07e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                ELSE CAST(CAST(CEIL(ROUND(CAST((
                  1422.83e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
              END,
              'monetary_segment',
              CASE
                WHEN CAST(CAST(CEIL(ROUND(CAST((
                  1957.07e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION) <= -CAST(CAST(CEIL(ROUND(CAST((
                  1422.83e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              'up to 2 orders, spent from 1,957.07: Elite',
              'frequency_from',
              CAST(0 AS BIGINT),
              'frequency_to',
              CAST(2 AS BIGINT),
              'monetary_from',
              CAST(1957.07e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1957.06e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          WHEN frequency < 4
          THEN CASE
            WHEN monetary < 815.17e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'At-Risk',
              'rule',
              '3 orders, spent below 815.17: At-Risk',
              'frequency_from',
              CAST(3 AS BIGINT),
              'frequency_to',
              CAST(3 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(815.17e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                815.17e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
            WHEN monetary < 1840.60e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '3 orders, spent from 815.17 to below 1,840.60: Loyal',
              'frequency_from',
              CAST(3 AS BIGINT),
              'frequency_to',
              CAST(3 AS BIGINT),
              'monetary_from',
              CAST(815.17e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1840.60e0 AS DOUBLE PRECISION),
              'monetary_change',
              CASE
                WHEN CAST(CAST(CEIL(ROUND(CAST((
                  1840.60e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION) <= -CAST(CAST(CEIL(ROUND(CAST((
                  815.16e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                THEN CAST(CAST(CEIL(ROUND(CAST((
                  1840.60e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                ELSE CAST(CAST(CEIL(ROUND(CAST((
                  815.16e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
              END,
              'monetary_segment',
              CASE
                WHEN CAST(CAST(CEIL(ROUND(CAST((
                  1840.60e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION) <= -CAST(CAST(CEIL(ROUND(CAST((
                  815.16e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '3 orders, spent from 1,840.60: Elite',
              'frequency_from',
              CAST(3 AS BIGINT),
              'frequency_to',
              CAST(3 AS BIGINT),
              'monetary_from',
              CAST(1840.60e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1840.59e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          WHEN frequency < 5
          THEN CASE
            WHEN monetary < 200.76e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'At-Risk',
              'rule',
              '4 orders, spent below 200.76: At-Risk',
              'frequency_from',
              CAST(4 AS BIGINT),
              'frequency_to',
              CAST(4 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(200.76e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                200.76e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
            WHEN monetary < 1724.13e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '4 orders, spent from 200.76 to below 1,724.13: Loyal',
              'frequency_from',
              CAST(4 AS BIGINT),
              'frequency_to',
              CAST(4 AS BIGINT),
              'monetary_from',
              CAST(200.76e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1724.13e0 AS DOUBLE PRECISION),
              'monetary_change',
              CASE
                WHEN CAST(CAST(CEIL(ROUND(CAST((
                  1724.13e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION) <= -CAST(CAST(CEIL(ROUND(CAST((
                  200.75e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                THEN CAST(CAST(CEIL(ROUND(CAST((
                  1724.13e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                ELSE CAST(CAST(CEIL(ROUND(CAST((
                  200.75e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
              END,
              'monetary_segment',
              CASE
                WHEN CAST(CAST(CEIL(ROUND(CAST((
                  1724.13e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION) <= -CAST(CAST(CEIL(ROUND(CAST((
                  200.75e0 - monetary
                ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '4 orders, spent from 1,724.13: Elite',
              'frequency_from',
              CAST(4 AS BIGINT),
              'frequency_to',
              CAST(4 AS BIGINT),
              'monetary_from',
              CAST(1724.13e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1724.12e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          WHEN frequency < 6
          THEN CASE
            WHEN monetary < 1607.66e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '5 orders, spent below 1,607.66: Loyal',
              'frequency_from',
              CAST(5 AS BIGINT),
              'frequency_to',
              CAST(5 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1607.66e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1607.66e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Elite'
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '5 orders, spent from 1,607.66: Elite',
              'frequency_from',
              CAST(5 AS BIGINT),
              'frequency_to',
              CAST(5 AS BIGINT),
              'monetary_from',
              CAST(1607.66e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1607.65e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          ELSE CASE
            WHEN monetary < 1491.19e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '6 orders, spent below 1,491.19: Loyal',
              'frequency_from',
              CAST(6 AS BIGINT),
              'frequency_to',
              CAST(6 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1491.19e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1491.19e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Elite'
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '6 orders, spent from 1,491.19: Elite',
              'frequency_from',
              CAST(6 AS BIGINT),
              'frequency_to',
              CAST(6 AS BIGINT),
              'monetary_from',
              CAST(1491.19e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1491.18e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
        END
        ELSE CASE
          WHEN frequency < 8
          THEN CASE
            WHEN monetary < 1374.72e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '7 orders, spent below 1,374.72: Loyal',
              'frequency_from',
              CAST(7 AS BIGINT),
              'frequency_to',
              CAST(7 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1374.72e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1374.72e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Elite'
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '7 orders, spent from 1,374.72: Elite',
              'frequency_from',
              CAST(7 AS BIGINT),
              'frequency_to',
              CAST(7 AS BIGINT),
              'monetary_from',
              CAST(1374.72e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1374.71e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          WHEN frequency < 9
          THEN CASE
            WHEN monetary < 1258.26e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '8 orders, spent below 1,258.26: Loyal',
              'frequency_from',
              CAST(8 AS BIGINT),
              'frequency_to',
              CAST(8 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1258.26e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1258.26e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Elite'
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '8 orders, spent from 1,258.26: Elite',
              'frequency_from',
              CAST(8 AS BIGINT),
              'frequency_to',
              CAST(8 AS BIGINT),
              'monetary_from',
              CAST(1258.26e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1258.25e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          WHEN frequency < 10
          THEN CASE
            WHEN monetary < 1141.79e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '9 orders, spent below 1,141.79: Loyal',
              'frequency_from',
              CAST(9 AS BIGINT),
              'frequency_to',
              CAST(9 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1141.79e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1141.79e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Elite'
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '9 orders, spent from 1,141.79: Elite',
              'frequency_from',
              CAST(9 AS BIGINT),
              'frequency_to',
              CAST(9 AS BIGINT),
              'monetary_from',
              CAST(1141.79e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1141.78e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
          ELSE CASE
            WHEN monetary < 1025.32e0
            THEN JSONB_BUILD_OBJECT(
              'segment',
              'Loyal',
              'rule',
              '10 or more orders, spent below 1,025.32: Loyal',
              'frequency_from',
              CAST(10 AS BIGINT),
              'frequency_to',
              CAST(9223372036854775807 AS BIGINT),
              'monetary_from',
              CAST('-infinity' AS DOUBLE PRECISION),
              'monetary_below',
              CAST(1025.32e0 AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1025.32e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Elite'
            )
            ELSE JSONB_BUILD_OBJECT(
              'segment',
              'Elite',
              'rule',
              '10 or more orders, spent from 1,025.32: Elite',
              'frequency_from',
              CAST(10 AS BIGINT),
              'frequency_to',
              CAST(9223372036854775807 AS BIGINT),
              'monetary_from',
              CAST(1025.32e0 AS DOUBLE PRECISION),
              'monetary_below',
              CAST('infinity' AS DOUBLE PRECISION),
              'monetary_change',
              CAST(CAST(CEIL(ROUND(CAST((
                1025.31e0 - monetary
              ) * 100 AS DECIMAL), 6)) AS DOUBLE PRECISION) / 100 AS DOUBLE PRECISION),
              'monetary_segment',
              'Loyal'
            )
          END
        END
      END,
      JSONB_BUILD_OBJECT(
        'frequency_change',
        CASE
          WHEN monetary < 1422.84e0
          THEN CASE
            WHEN monetary < 200.76e0
            THEN CASE
              WHEN frequency < 5
              THEN CAST(5 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(4 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 815.17e0
            THEN CASE
              WHEN frequency < 4
              THEN CAST(4 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1025.32e0
            THEN CASE
              WHEN frequency < 3
              THEN CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1141.79e0
            THEN CASE
              WHEN frequency < 3
              THEN CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              WHEN frequency < 10
              THEN CASE
                WHEN CAST(10 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN CAST(10 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                ELSE CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              END
              ELSE CAST(9 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1258.26e0
            THEN CASE
              WHEN frequency < 3
              THEN CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              WHEN frequency < 9
              THEN CASE
                WHEN CAST(9 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN CAST(9 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                ELSE CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              END
              ELSE CAST(8 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1374.72e0
            THEN CASE
              WHEN frequency < 3
              THEN CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              WHEN frequency < 8
              THEN CASE
                WHEN CAST(8 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN CAST(8 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                ELSE CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              END
              ELSE CAST(7 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            ELSE CASE
              WHEN frequency < 3
              THEN CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              WHEN frequency < 7
              THEN CASE
                WHEN CAST(7 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN CAST(7 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                ELSE CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              END
              ELSE CAST(6 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
          END
          ELSE CASE
            WHEN monetary < 1491.19e0
            THEN CASE
              WHEN frequency < 7
              THEN CAST(7 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(6 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1607.66e0
            THEN CASE
              WHEN frequency < 6
              THEN CAST(6 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(5 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1724.13e0
            THEN CASE
              WHEN frequency < 5
              THEN CAST(5 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(4 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1840.60e0
            THEN CASE
              WHEN frequency < 4
              THEN CAST(4 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            WHEN monetary < 1957.07e0
            THEN CASE
              WHEN frequency < 3
              THEN CAST(3 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
              ELSE CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
            END
            ELSE CAST(NULL AS BIGINT)
          END
        END,
        'frequency_segment',
        CASE
          WHEN monetary < 1422.84e0
          THEN CASE
            WHEN monetary < 200.76e0
            THEN CASE WHEN frequency < 5 THEN 'Loyal' ELSE 'At-Risk' END
            WHEN monetary < 815.17e0
            THEN CASE WHEN frequency < 4 THEN 'Loyal' ELSE 'At-Risk' END
            WHEN monetary < 1025.32e0
            THEN CASE WHEN frequency < 3 THEN 'Loyal' ELSE 'At-Risk' END
            WHEN monetary < 1141.79e0
            THEN CASE
              WHEN frequency < 3
              THEN 'Loyal'
              WHEN frequency < 10
              THEN CASE
                WHEN CAST(10 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
              ELSE 'Loyal'
            END
            WHEN monetary < 1258.26e0
            THEN CASE
              WHEN frequency < 3
              THEN 'Loyal'
              WHEN frequency < 9
              THEN CASE
                WHEN CAST(9 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
              ELSE 'Loyal'
            END
            WHEN monetary < 1374.72e0
            THEN CASE
              WHEN frequency < 3
              THEN 'Loyal'
              WHEN frequency < 8
              THEN CASE
                WHEN CAST(8 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
              ELSE 'Loyal'
            END
            ELSE CASE
              WHEN frequency < 3
              THEN 'Loyal'
              WHEN frequency < 7
              THEN CASE
                WHEN CAST(7 - GREATEST(FLOOR(frequency), 0) AS BIGINT) <= -CAST(2 - GREATEST(FLOOR(frequency), 0) AS BIGINT)
                THEN 'Elite'
                ELSE 'At-Risk'
              END
              ELSE 'Loyal'
            END
          END
          ELSE CASE
            WHEN monetary < 1491.19e0
            THEN CASE WHEN frequency < 7 THEN 'Elite' ELSE 'Loyal' END
            WHEN monetary < 1607.66e0
            THEN CASE WHEN frequency < 6 THEN 'Elite' ELSE 'Loyal' END
            WHEN monetary < 1724.13e0
            THEN CASE WHEN frequency < 5 THEN 'Elite' ELSE 'Loyal' END
            WHEN monetary < 1840.60e0
            THEN CASE WHEN frequency < 4 THEN 'Elite' ELSE 'Loyal' END
            WHEN monetary < 1957.07e0
            THEN CASE WHEN frequency < 3 THEN 'Elite' ELSE 'Loyal' END
            ELSE CAST(NULL AS VARCHAR)
          END
        END
      )
    )
  END
$$ PARALLEL SAFE;

-- segments.transactions
-- Grain:  one row for each row of the user's table that passes the row filter.
CREATE OR REPLACE VIEW segments.transactions AS
SELECT
  user_table.customer_id AS customer_id,
  user_table.order_id AS order_id,
  CAST(user_table.amount AS DOUBLE PRECISION) AS amount,
  CAST(user_table.sold_at AS TIMESTAMP) AS ordered_at
FROM sales AS user_table
WHERE
  (
    user_table.amount <> 0
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
    CASE
      WHEN ordered_at <= (
        CURRENT_TIMESTAMP AT TIME ZONE 'UTC'
      ) + INTERVAL '1 DAY'
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
), final AS (
  SELECT
    customer_id,
    CAST((
      DIV(
        (
          shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END
        ),
        100
      )
    ) AS DOUBLE PRECISION) / 100.0 AS monetary,
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
    CAST('2146.025' AS DOUBLE PRECISION) AS monetary_cut,
    CAST('10.0' AS DOUBLE PRECISION) AS frequency_cut,
    CAST(15 AS INT) AS active_days,
    CAST(15 AS INT) AS lapsed_days
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
    segments.classify_segment(customer_profile.monetary, CAST(customer_profile.frequency AS DOUBLE PRECISION)) AS segment
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
        AND ordered_at <= (
          CURRENT_TIMESTAMP AT TIME ZONE 'UTC'
        ) + INTERVAL '1 DAY'
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
    (
      CAST(newest.today AS DATE) - CAST(flagged.first_order_at AS DATE)
    ) AS days_since_first_order,
    (
      CAST(newest.today AS DATE) - CAST(flagged.last_order_at AS DATE)
    ) AS days_since_last_order
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
    CAST(ROUND(monetary * 100) AS BIGINT) AS cents
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
    ROW_NUMBER() OVER (PARTITION BY segment ORDER BY monetary) AS rank_1,
    (
      COUNT(*) OVER (PARTITION BY segment) - 1
    ) * CAST('0.5' AS DOUBLE PRECISION) AS place_1,
    ROW_NUMBER() OVER (PARTITION BY segment ORDER BY CAST(frequency AS DOUBLE PRECISION)) AS rank_2,
    (
      COUNT(*) OVER (PARTITION BY segment) - 1
    ) * CAST('0.5' AS DOUBLE PRECISION) AS place_2
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
    MAX(
      CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE PRECISION) END
    ) + (
      (
        MAX(
          CASE WHEN rank_2 = CEIL(place_2) + 1 THEN CAST(frequency AS DOUBLE PRECISION) END
        ) - MAX(
          CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE PRECISION) END
        )
      ) * MAX(place_2 - FLOOR(place_2))
    ) AS median_frequency
  FROM by_segment_ranked
  GROUP BY
    segment
), final AS (
  SELECT
    current_segments.segment,
    current_segments.segment_rank,
    COALESCE(by_segment.customers, 0) AS customers,
    CAST(COALESCE(by_segment.customers, 0) AS DOUBLE PRECISION) / NULLIF(CAST(totals.customers AS DOUBLE PRECISION), 0) AS share_of_customers,
    CAST(COALESCE(by_segment.cents, 0) AS DOUBLE PRECISION) / 100.0 AS revenue,
    CAST(COALESCE(by_segment.cents, 0) AS DOUBLE PRECISION) / NULLIF(CAST(totals.cents AS DOUBLE PRECISION), 0) AS share_of_revenue,
    CAST(by_segment.cents AS DOUBLE PRECISION) / 100.0 / by_segment.customers AS mean_monetary,
    by_segment.median_monetary,
    CAST(by_segment.orders AS DOUBLE PRECISION) / CAST(by_segment.customers AS DOUBLE PRECISION) AS mean_frequency,
    by_segment.median_frequency,
    CAST(by_segment.ordinary_cents AS DOUBLE PRECISION) / 100.0 / NULLIF(by_segment.ordinary_customers, 0) AS mean_monetary_without_whales
  FROM current_segments
  CROSS JOIN totals
  LEFT JOIN by_segment
    ON current_segments.segment = by_segment.segment
)
SELECT
  *
FROM final
ORDER BY
  segment_rank;

-- segments.segment_rules
-- Grain:  one row for each rectangle of the current model. Each profile lies in exactly one.
CREATE OR REPLACE VIEW segments.segment_rules AS
SELECT
  CAST(0 AS BIGINT) AS frequency_from,
  CAST(2 AS BIGINT) AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1422.84' AS DOUBLE PRECISION) AS monetary_below,
  'At-Risk' AS segment,
  CAST(3 AS INT) AS segment_rank
UNION ALL
SELECT
  0 AS frequency_from,
  2 AS frequency_to,
  CAST('1422.84' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1957.07' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  0 AS frequency_from,
  2 AS frequency_to,
  CAST('1957.07' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('815.17' AS DOUBLE PRECISION) AS monetary_below,
  'At-Risk' AS segment,
  3 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  CAST('815.17' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1840.6' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  3 AS frequency_from,
  3 AS frequency_to,
  CAST('1840.6' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('200.76' AS DOUBLE PRECISION) AS monetary_below,
  'At-Risk' AS segment,
  3 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  CAST('200.76' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1724.13' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  4 AS frequency_from,
  4 AS frequency_to,
  CAST('1724.13' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  5 AS frequency_from,
  5 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1607.66' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  5 AS frequency_from,
  5 AS frequency_to,
  CAST('1607.66' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  6 AS frequency_from,
  6 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1491.19' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  6 AS frequency_from,
  6 AS frequency_to,
  CAST('1491.19' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  7 AS frequency_from,
  7 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1374.72' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  7 AS frequency_from,
  7 AS frequency_to,
  CAST('1374.72' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  8 AS frequency_from,
  8 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1258.26' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  8 AS frequency_from,
  8 AS frequency_to,
  CAST('1258.26' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  9 AS frequency_from,
  9 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1141.79' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  9 AS frequency_from,
  9 AS frequency_to,
  CAST('1141.79' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank
UNION ALL
SELECT
  10 AS frequency_from,
  9223372036854775807 AS frequency_to,
  CAST('-Infinity' AS DOUBLE PRECISION) AS monetary_from,
  CAST('1025.32' AS DOUBLE PRECISION) AS monetary_below,
  'Loyal' AS segment,
  2 AS segment_rank
UNION ALL
SELECT
  10 AS frequency_from,
  9223372036854775807 AS frequency_to,
  CAST('1025.32' AS DOUBLE PRECISION) AS monetary_from,
  CAST('Infinity' AS DOUBLE PRECISION) AS monetary_below,
  'Elite' AS segment,
  1 AS segment_rank;

-- segments.segment_lines
-- Grain:  one row for each split of the current model: the straight line between its two parts.
CREATE OR REPLACE VIEW segments.segment_lines AS
SELECT
  CAST(1 AS INT) AS level,
  'Elite' AS higher_segments,
  'Loyal, At-Risk' AS lower_segments,
  'ward' AS method,
  CAST('176.81349794572992' AS DOUBLE PRECISION) AS order_worth,
  CAST(NULL AS DOUBLE PRECISION) AS order_power,
  CAST('2281.51113475735' AS DOUBLE PRECISION) AS threshold,
  CAST('0.0' AS DOUBLE PRECISION) AS gap_index,
  CAST('0.0' AS DOUBLE PRECISION) AS outvoted_share,
  'One order counts as much as 176.81 spent; Elite: from 2,281.51 of both together.' AS message
UNION ALL
SELECT
  2 AS level,
  'Loyal' AS higher_segments,
  'At-Risk' AS lower_segments,
  'ward' AS method,
  CAST('85.13077238707983' AS DOUBLE PRECISION) AS order_worth,
  CAST(NULL AS DOUBLE PRECISION) AS order_power,
  CAST('540.2730895483194' AS DOUBLE PRECISION) AS threshold,
  CAST('0.0' AS DOUBLE PRECISION) AS gap_index,
  CAST('0.0' AS DOUBLE PRECISION) AS outvoted_share,
  'One order counts as much as 85.13 spent; Loyal: from 540.27 of both together.' AS message;

-- segments.customer_upgrades
-- Grain:  one row for each customer who is not in the highest segment yet.
CREATE OR REPLACE VIEW segments.customer_upgrades AS
WITH customer_segments AS (
  SELECT
    customer_id,
    monetary,
    frequency,
    segment,
    segment_rank
  FROM segments.customer_segments
), segment_rules AS (
  SELECT
    *
  FROM segments.segment_rules
), median_order_ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY CAST(monetary AS DOUBLE PRECISION) / frequency) AS rank_1,
    (
      COUNT(*) OVER () - 1
    ) * CAST('0.5' AS DOUBLE PRECISION) AS place_1
  FROM customer_segments
  WHERE
    frequency > 0
), median_order AS (
  SELECT
    CAST(FLOOR(
      (
        MAX(
          CASE
            WHEN rank_1 = FLOOR(place_1) + 1
            THEN CAST(monetary AS DOUBLE PRECISION) / frequency
          END
        ) + (
          (
            MAX(
              CASE
                WHEN rank_1 = CEIL(place_1) + 1
                THEN CAST(monetary AS DOUBLE PRECISION) / frequency
              END
            ) - MAX(
              CASE
                WHEN rank_1 = FLOOR(place_1) + 1
                THEN CAST(monetary AS DOUBLE PRECISION) / frequency
              END
            )
          ) * MAX(place_1 - FLOOR(place_1))
        )
      ) * 100 + 0.5
    ) AS DOUBLE PRECISION) / 100.0 AS median_order
  FROM median_order_ranked
), profiles AS (
  SELECT DISTINCT
    monetary,
    frequency,
    segment_rank
  FROM customer_segments
  WHERE
    segment_rank > 1
), ordered_once_more AS (
  SELECT
    profiles.*,
    median_order.median_order,
    CAST(ROUND((
      profiles.monetary + median_order.median_order
    ) * 100) AS DOUBLE PRECISION) / 100.0 AS monetary_then,
    profiles.frequency + 1 AS frequency_then
  FROM profiles
  CROSS JOIN median_order
), enough_monetary AS (
  SELECT
    profiles.monetary,
    profiles.frequency,
    MIN(segment_rules.monetary_from) AS monetary_from
  FROM profiles
  INNER JOIN segment_rules
    ON profiles.frequency BETWEEN segment_rules.frequency_from AND segment_rules.frequency_to
    AND profiles.monetary < segment_rules.monetary_from
    AND profiles.segment_rank > segment_rules.segment_rank
  GROUP BY
    profiles.monetary,
    profiles.frequency
), by_monetary AS (
  SELECT
    enough_monetary.monetary,
    enough_monetary.frequency,
    enough_monetary.monetary_from,
    segment_rules.segment
  FROM enough_monetary
  INNER JOIN segment_rules
    ON enough_monetary.monetary_from = segment_rules.monetary_from
    AND enough_monetary.frequency BETWEEN segment_rules.frequency_from AND segment_rules.frequency_to
), enough_orders AS (
  SELECT
    profiles.monetary,
    profiles.frequency,
    MIN(segment_rules.frequency_from) AS frequency_from
  FROM profiles
  INNER JOIN segment_rules
    ON profiles.frequency < segment_rules.frequency_from
    AND profiles.monetary >= segment_rules.monetary_from
    AND profiles.monetary < segment_rules.monetary_below
    AND profiles.segment_rank > segment_rules.segment_rank
  GROUP BY
    profiles.monetary,
    profiles.frequency
), by_frequency AS (
  SELECT
    enough_orders.monetary,
    enough_orders.frequency,
    enough_orders.frequency_from,
    segment_rules.segment
  FROM enough_orders
  INNER JOIN segment_rules
    ON enough_orders.frequency_from = segment_rules.frequency_from
    AND enough_orders.monetary >= segment_rules.monetary_from
    AND enough_orders.monetary < segment_rules.monetary_below
), after_an_order AS (
  SELECT
    ordered_once_more.monetary,
    ordered_once_more.frequency,
    ordered_once_more.median_order,
    segment_rules.segment,
    ordered_once_more.segment_rank > segment_rules.segment_rank AS is_lifted
  FROM ordered_once_more
  INNER JOIN segment_rules
    ON ordered_once_more.frequency_then BETWEEN segment_rules.frequency_from AND segment_rules.frequency_to
    AND ordered_once_more.monetary_then >= segment_rules.monetary_from
    AND ordered_once_more.monetary_then < segment_rules.monetary_below
), final AS (
  SELECT
    customer_segments.customer_id,
    customer_segments.monetary,
    customer_segments.frequency,
    customer_segments.segment,
    customer_segments.segment_rank,
    CAST(ROUND((
      by_monetary.monetary_from - customer_segments.monetary
    ) * 100) AS DOUBLE PRECISION) / 100.0 AS monetary_needed,
    by_monetary.segment AS segment_by_monetary,
    by_frequency.frequency_from - customer_segments.frequency AS frequency_needed,
    by_frequency.segment AS segment_by_frequency,
    after_an_order.median_order,
    after_an_order.segment AS segment_after_median_order,
    after_an_order.is_lifted AS is_lifted_by_median_order
  FROM customer_segments
  LEFT JOIN by_monetary
    ON customer_segments.monetary = by_monetary.monetary
    AND customer_segments.frequency = by_monetary.frequency
  LEFT JOIN by_frequency
    ON customer_segments.monetary = by_frequency.monetary
    AND customer_segments.frequency = by_frequency.frequency
  LEFT JOIN after_an_order
    ON customer_segments.monetary = after_an_order.monetary
    AND customer_segments.frequency = after_an_order.frequency
  WHERE
    customer_segments.segment_rank > 1
)
SELECT
  *
FROM final;

-- segments.drift_bins
-- Grain:  one row for each metric and bin of the current model's training profile: how many
--         customers it held at the fit, and how many it holds now.
CREATE OR REPLACE VIEW segments.drift_bins AS
WITH models AS (
  SELECT
    1 AS model_id,
    TRUE AS is_current
), model_bins AS (
  SELECT
    1 AS model_id,
    'monetary' AS metric,
    1 AS bin,
    CAST('-Infinity' AS DOUBLE PRECISION) AS lower_edge,
    CAST('Infinity' AS DOUBLE PRECISION) AS upper_edge,
    CAST(NULL AS VARCHAR) AS segment,
    CAST(59 AS BIGINT) AS customers,
    CAST('1.0' AS DOUBLE PRECISION) AS share_of_customers
  UNION ALL
  SELECT
    1 AS model_id,
    'frequency' AS metric,
    1 AS bin,
    CAST('-Infinity' AS DOUBLE PRECISION) AS lower_edge,
    CAST('Infinity' AS DOUBLE PRECISION) AS upper_edge,
    CAST(NULL AS VARCHAR) AS segment,
    CAST(59 AS BIGINT) AS customers,
    CAST('1.0' AS DOUBLE PRECISION) AS share_of_customers
  UNION ALL
  SELECT
    1 AS model_id,
    'segment' AS metric,
    1 AS bin,
    CAST(NULL AS DOUBLE PRECISION) AS lower_edge,
    CAST(NULL AS DOUBLE PRECISION) AS upper_edge,
    'Elite' AS segment,
    CAST(5 AS BIGINT) AS customers,
    CAST('0.0847457627118644' AS DOUBLE PRECISION) AS share_of_customers
  UNION ALL
  SELECT
    1 AS model_id,
    'segment' AS metric,
    2 AS bin,
    CAST(NULL AS DOUBLE PRECISION) AS lower_edge,
    CAST(NULL AS DOUBLE PRECISION) AS upper_edge,
    'Loyal' AS segment,
    CAST(14 AS BIGINT) AS customers,
    CAST('0.23728813559322035' AS DOUBLE PRECISION) AS share_of_customers
  UNION ALL
  SELECT
    1 AS model_id,
    'segment' AS metric,
    3 AS bin,
    CAST(NULL AS DOUBLE PRECISION) AS lower_edge,
    CAST(NULL AS DOUBLE PRECISION) AS upper_edge,
    'At-Risk' AS segment,
    CAST(40 AS BIGINT) AS customers,
    CAST('0.6779661016949152' AS DOUBLE PRECISION) AS share_of_customers
  UNION ALL
  SELECT
    1 AS model_id,
    'whale' AS metric,
    1 AS bin,
    CAST(NULL AS DOUBLE PRECISION) AS lower_edge,
    CAST(NULL AS DOUBLE PRECISION) AS upper_edge,
    CAST(NULL AS VARCHAR) AS segment,
    CAST(59 AS BIGINT) AS customers,
    CAST('0.9833333333333333' AS DOUBLE PRECISION) AS share_of_customers
  UNION ALL
  SELECT
    1 AS model_id,
    'whale' AS metric,
    2 AS bin,
    CAST(NULL AS DOUBLE PRECISION) AS lower_edge,
    CAST(NULL AS DOUBLE PRECISION) AS upper_edge,
    CAST(NULL AS VARCHAR) AS segment,
    CAST(1 AS BIGINT) AS customers,
    CAST('0.016666666666666666' AS DOUBLE PRECISION) AS share_of_customers
), current_bins AS (
  SELECT
    model_bins.metric,
    model_bins.bin,
    model_bins.lower_edge,
    model_bins.upper_edge,
    model_bins.segment,
    model_bins.customers AS training_customers,
    model_bins.share_of_customers AS training_share
  FROM model_bins
  INNER JOIN models
    ON model_bins.model_id = models.model_id
  WHERE
    models.is_current
), live_points AS (
  SELECT
    monetary,
    frequency,
    segment_rank,
    is_whale,
    COUNT(*) AS customers
  FROM segments.customer_segments
  WHERE
    frequency >= 1 OR is_whale
  GROUP BY
    monetary,
    frequency,
    segment_rank,
    is_whale
), live_values AS (
  SELECT
    'monetary' AS metric,
    monetary AS live_value,
    SUM(customers) AS customers
  FROM live_points
  WHERE
    NOT is_whale
  GROUP BY
    monetary
  UNION ALL
  SELECT
    'frequency' AS metric,
    CAST(frequency AS DOUBLE PRECISION) AS live_value,
    SUM(customers) AS customers
  FROM live_points
  WHERE
    NOT is_whale
  GROUP BY
    frequency
), live_counts AS (
  SELECT
    current_bins.metric,
    current_bins.bin,
    SUM(live_values.customers) AS customers
  FROM current_bins
  INNER JOIN live_values
    ON current_bins.metric = live_values.metric
    AND current_bins.lower_edge < live_values.live_value
    AND current_bins.upper_edge >= live_values.live_value
  GROUP BY
    current_bins.metric,
    current_bins.bin
  UNION ALL
  SELECT
    'segment' AS metric,
    segment_rank AS bin,
    SUM(customers) AS customers
  FROM live_points
  WHERE
    NOT is_whale
  GROUP BY
    segment_rank
  UNION ALL
  SELECT
    'whale' AS metric,
    CASE WHEN is_whale THEN 2 ELSE 1 END AS bin,
    SUM(customers) AS customers
  FROM live_points
  GROUP BY
    is_whale
), compared AS (
  SELECT
    current_bins.*,
    CAST(COALESCE(live_counts.customers, 0) AS BIGINT) AS live_customers,
    CAST(SUM(COALESCE(live_counts.customers, 0)) OVER (PARTITION BY current_bins.metric) AS DOUBLE PRECISION) AS all_live,
    CAST(SUM(current_bins.training_customers) OVER (PARTITION BY current_bins.metric) AS DOUBLE PRECISION) AS all_training,
    COUNT(*) OVER (PARTITION BY current_bins.metric) AS bins
  FROM current_bins
  LEFT JOIN live_counts
    ON current_bins.metric = live_counts.metric AND current_bins.bin = live_counts.bin
), corrected AS (
  SELECT
    *,
    CAST((
      training_customers + 0.5
    ) AS DOUBLE PRECISION) / (
      all_training + 0.5 * bins
    ) AS p,
    CAST((
      live_customers + 0.5
    ) AS DOUBLE PRECISION) / (
      all_live + 0.5 * bins
    ) AS q
  FROM compared
), final AS (
  SELECT
    metric,
    bin,
    lower_edge,
    upper_edge,
    segment,
    training_customers,
    training_share,
    live_customers,
    CAST(live_customers AS DOUBLE PRECISION) / NULLIF(all_live, 0) AS live_share,
    CASE WHEN all_live > 0 THEN (
      q - p
    ) * LN(CAST(q AS DOUBLE PRECISION) / p) END AS stability_index
  FROM corrected
)
SELECT
  *
FROM final
ORDER BY
  CASE metric
    WHEN 'monetary'
    THEN 1
    WHEN 'frequency'
    THEN 2
    WHEN 'segment'
    THEN 3
    ELSE 4
  END,
  bin;

-- segments.drift, in other warehouses: what is measured, without the sentences
-- Grain:  one row for each metric of the model.
CREATE OR REPLACE VIEW segments.drift AS
WITH models AS (
  SELECT
    TRUE AS is_current,
    CAST('2146.025' AS DOUBLE PRECISION) AS monetary_cut,
    CAST('10.0' AS DOUBLE PRECISION) AS frequency_cut
), customer_profile AS (
  SELECT
    *
  FROM segments.customer_profile
), thresholds_ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (ORDER BY monetary) AS rank_1,
    (
      COUNT(*) OVER () - 1
    ) * CAST('0.99' AS DOUBLE PRECISION) AS place_1,
    ROW_NUMBER() OVER (ORDER BY CAST(frequency AS DOUBLE PRECISION)) AS rank_2,
    (
      COUNT(*) OVER () - 1
    ) * CAST('0.99' AS DOUBLE PRECISION) AS place_2
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
      CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE PRECISION) END
    ) + (
      (
        MAX(
          CASE WHEN rank_2 = CEIL(place_2) + 1 THEN CAST(frequency AS DOUBLE PRECISION) END
        ) - MAX(
          CASE WHEN rank_2 = FLOOR(place_2) + 1 THEN CAST(frequency AS DOUBLE PRECISION) END
        )
      ) * MAX(place_2 - FLOOR(place_2))
    ) AS frequency_cut
  FROM thresholds_ranked
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
    CAST(COALESCE(SUM(cents), 0) AS DOUBLE PRECISION) / 100.0 AS revenue,
    CAST(COALESCE(SUM(CASE WHEN above_monetary OR above_frequency THEN cents END), 0) AS DOUBLE PRECISION) / 100.0 AS whale_revenue
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
    CAST(counted.whale_revenue AS DOUBLE PRECISION) / NULLIF(counted.revenue, 0) AS whale_share_of_revenue
  FROM counted
  CROSS JOIN thresholds
), drift_bins AS (
  SELECT
    *
  FROM segments.drift_bins
), fitted_cut AS (
  SELECT
    monetary_cut,
    frequency_cut
  FROM models
  WHERE
    is_current
), indices AS (
  SELECT
    metric,
    SUM(CAST(stability_index AS DOUBLE PRECISION)) AS value
  FROM drift_bins
  GROUP BY
    metric
), cuts AS (
  SELECT
    'monetary_cut' AS metric,
    fitted_cut.monetary_cut AS fitted,
    profile_cut.monetary_cut AS live,
    CAST(0.0 AS DOUBLE PRECISION) AS least_change
  FROM fitted_cut
  CROSS JOIN profile_cut
  UNION ALL
  SELECT
    'frequency_cut' AS metric,
    fitted_cut.frequency_cut AS fitted,
    profile_cut.frequency_cut AS live,
    CAST(1.0 AS DOUBLE PRECISION) AS least_change
  FROM fitted_cut
  CROSS JOIN profile_cut
)
SELECT
  metric,
  value,
  CAST(0.2 AS DOUBLE PRECISION) AS threshold,
  value > 0.2 AS is_drifted
FROM indices
UNION ALL
SELECT
  metric,
  CAST((
    live - fitted
  ) AS DOUBLE PRECISION) / NULLIF(ABS(fitted), 0) AS value,
  CAST(0.2 AS DOUBLE PRECISION) AS threshold,
  ABS(live - fitted) > GREATEST(0.2 * ABS(fitted), least_change) AS is_drifted
FROM cuts
WHERE
  NOT fitted IS NULL AND 0.99 < 1;

-- customer_segments_at(moment): the customers as of a moment, with the columns of customer_segments
CREATE OR REPLACE FUNCTION segments.customer_segments_at(
    moment TIMESTAMP
)
RETURNS SETOF segments.customer_segments
LANGUAGE SQL
STABLE PARALLEL SAFE
BEGIN ATOMIC
WITH models AS (
  SELECT
    1 AS model_id,
    TRUE AS is_current,
    CAST('2146.025' AS DOUBLE PRECISION) AS monetary_cut,
    CAST('10.0' AS DOUBLE PRECISION) AS frequency_cut,
    CAST(15 AS INT) AS active_days,
    CAST(15 AS INT) AS lapsed_days
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
), filtered AS (
  SELECT
    user_table.customer_id AS customer_id,
    user_table.order_id AS order_id,
    CAST(user_table.amount AS DOUBLE PRECISION) AS amount,
    CAST(user_table.sold_at AS TIMESTAMP) AS ordered_at
  FROM sales AS user_table
  WHERE
    (
      user_table.amount <> 0
    )
), newest AS (
  SELECT
    MAX(filtered.ordered_at) AS ordered_at
  FROM filtered
  WHERE
    filtered.ordered_at <= (
      CURRENT_TIMESTAMP AT TIME ZONE 'UTC'
    ) + INTERVAL '1 DAY'
), window_end AS (
  SELECT
    COALESCE(CAST($1 AS TIMESTAMP), newest.ordered_at) AS ends_at
  FROM newest
), final AS (
  SELECT
    filtered.*
  FROM filtered
  WHERE
    filtered.ordered_at <= (
      SELECT
        window_end.ends_at
      FROM window_end
    )
    AND filtered.ordered_at > CAST('0001-01-01' AS TIMESTAMP)
), transactions AS (
  SELECT
    customer_id,
    order_id,
    amount,
    ordered_at
  FROM final
), usable AS (
  SELECT
    customer_id,
    order_id,
    CASE
      WHEN ordered_at <= (
        CURRENT_TIMESTAMP AT TIME ZONE 'UTC'
      ) + INTERVAL '1 DAY'
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
    CAST((
      DIV(
        (
          shifted - shifted % 100 - CASE WHEN shifted % 100 < 0 THEN 100 ELSE 0 END
        ),
        100
      )
    ) AS DOUBLE PRECISION) / 100.0 AS monetary,
    frequency,
    first_order_at,
    last_order_at
  FROM summed
), customers_classified AS (
  SELECT
    customer_profile.customer_id,
    customer_profile.monetary,
    customer_profile.frequency,
    customer_profile.first_order_at,
    customer_profile.last_order_at,
    segments.classify_segment(customer_profile.monetary, CAST(customer_profile.frequency AS DOUBLE PRECISION)) AS segment
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
), customer_segments_newest AS (
  SELECT
    CAST(COALESCE(
      CAST($1 AS TIMESTAMP),
      (
        SELECT
          MAX(ordered_at) AS newest_order_at
        FROM transactions
        WHERE
          NOT customer_id IS NULL
          AND amount > 0
          AND amount <= 11258999068426.24
          AND ordered_at <= (
            CURRENT_TIMESTAMP AT TIME ZONE 'UTC'
          ) + INTERVAL '1 DAY'
      )
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
    (
      CAST(newest.today AS DATE) - CAST(flagged.first_order_at AS DATE)
    ) AS days_since_first_order,
    (
      CAST(newest.today AS DATE) - CAST(flagged.last_order_at AS DATE)
    ) AS days_since_last_order
  FROM flagged
  CROSS JOIN customer_segments_newest AS newest
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
), customer_segments AS (
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
  FROM aged
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
  lifecycle_rank
FROM customer_segments;
END;

COMMIT;
