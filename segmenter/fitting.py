"""Fitting: train on a source and publish the model in the same database."""

from __future__ import annotations

import duckdb

from segmenter.model import Model
from segmenter.progress import Progress, Silent
from segmenter.publish import check_target, publish
from segmenter.refit import refit_changes
from segmenter.settings import Settings
from segmenter.source import Source
from segmenter.stage import Stage
from segmenter.training import train

__all__ = ["fit"]


def fit(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    settings: Settings | None = None,
    *,
    progress: Progress | None = None,
) -> Model:
    """Find segments in a table of sales and publish them in the schema ``segments``.

    Parameters
    ----------
    con : DuckDBPyConnection
        Open for writing and outside a transaction.
    source : Source
        The table and how its columns are read.
    settings : Settings, optional
    progress : Progress, optional
        Told of each step; silent when absent.

    Returns
    -------
    Model

    Raises
    ------
    SegmenterError
        Bad input. The database is as it was before.

    Examples
    --------
    >>> import duckdb
    >>> con = duckdb.connect()
    >>> _ = con.execute("create table sales as select i % 50 as customer, 1.0 * i as amount "
    ...                 "from range(500) as t(i)")
    >>> model = fit(con, Source(transactions="sales", customer="customer", amount="amount"))
    >>> model.names
    ('Elite', 'Loyal', 'At-Risk')
    >>> con.close()
    """
    listener = progress or Silent()
    check_target(con)
    with Stage(con, source, settings or Settings()) as stage:
        model = train(stage, listener).model
        refit = refit_changes(stage, model)
        if refit is not None:
            listener.warn(refit.words())
        with listener.step("Publishing") as done:
            model = publish(con, model, stage.binding, stage.customers)
            done(f"model {model.model_id}")
    return model
