"""What PostgreSQL says when something fails, as sentences with a way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segmenter.errors import BusyError, SegmenterError, first_line
from segmenter.schema.names import CLASSIFIER, EXPLAINER, SCHEMA

__all__ = ["asking"]

_ENDING = ("08", "57P")
"""How the states of errors begin with which a connection or the server ends."""


@contextmanager
def asking(hint: str = "") -> Iterator[None]:
    """Put the server's errors into a sentence.

    Parameters
    ----------
    hint : str, optional
        What else to say where a permission is missing.

    Raises
    ------
    SegmenterError
        In the place of any error of psycopg.
    """
    import psycopg

    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        rest = f"; {hint}" if hint else ""
        raise SegmenterError(
            f"{first_line(error).removesuffix('.')}{rest}. A fit reads the table and makes "
            "temporary tables, a schema segments, a function and views. Ask for: grant select "
            "on TABLE, grant temporary, create on database DATABASE; the owner of an existing "
            "schema segments must grant usage, create on it, and only the owner of its views "
            "can replace them."
        ) from None
    except psycopg.errors.ReadOnlySqlTransaction:
        raise SegmenterError(
            "the connection is read-only, and a fit makes temporary tables, a function and "
            "views. Connect to the primary server, with default_transaction_read_only = off."
        ) from None
    except (
        psycopg.errors.SerializationFailure,
        psycopg.errors.DuplicateSchema,
        psycopg.errors.DuplicateTable,
        psycopg.errors.UniqueViolation,  # of the catalog, where both make it at once
    ) as error:
        raise BusyError(
            f"{first_line(error)} Somebody else wrote the same meanwhile, and nothing was written. "
            "Try again."
        ) from None
    except psycopg.errors.InvalidFunctionDefinition as error:
        raise SegmenterError(
            f"{first_line(error)} There is a function {SCHEMA}.{CLASSIFIER} or {EXPLAINER} that "
            "Segmenter did not make. Rename it, then fit; nothing was published."
        ) from None
    except (psycopg.errors.UndefinedFunction, psycopg.errors.FeatureNotSupported) as error:
        raise SegmenterError(
            f"{first_line(error)} Expressions are in DuckDB's SQL, and not all of it has a "
            "counterpart in PostgreSQL. Write it with other functions, or let a view there "
            "have it as a column."
        ) from None
    except psycopg.DataError as error:
        raise SegmenterError(
            f"{first_line(error)} A value of the table cannot be read as asked. Leave such "
            "rows out with where, or mend them in a view."
        ) from None
    except psycopg.errors.QueryCanceled as error:
        raise SegmenterError(
            f"{first_line(error)} Set a longer statement_timeout for this user, or none."
        ) from None
    except psycopg.errors.DependentObjectsStillExist as error:
        found = " ".join((error.diag.message_detail or "").split("\n"))
        raise SegmenterError(
            f"a view of the schema {SCHEMA} gets other columns, and something else reads it: "
            f"{found}. Drop that, and make it again after the fit; nothing was published."
        ) from None
    except psycopg.Error as error:
        ended = " The connection has ended, and with it what was not committed: try again."
        is_ended = (error.sqlstate or "08").startswith(_ENDING) and isinstance(
            error, psycopg.OperationalError
        )
        raise SegmenterError(f"{first_line(error)}{ended * is_ended}") from None
