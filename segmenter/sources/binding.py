"""Binding: a `Source` looked up in a connection, ready to stand in the SQL files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import duckdb
from sqlglot import exp

from segmenter.errors import InputError, SegmenterError, reason
from segmenter.points import MAX_CENTS, MAX_CUSTOMERS, MAX_FREQUENCY
from segmenter.schema.files import literal, newest_order
from segmenter.settings import Settings
from segmenter.sources.attributes import attribute_values, bind_attributes
from segmenter.sources.bound_expressions import (
    Binding,
    as_moment,
    bind_customer,
    bind_date,
    bind_expression,
    bind_number,
    check_condition,
    read_columns,
    select_value,
)
from segmenter.sources.bound_formats import bind_amount_text, bind_date_text
from segmenter.sources.engine import FRAME, Engine
from segmenter.sources.exclusion import find_exclusion
from segmenter.sources.expressions import resolve
from segmenter.sources.file_columns import (
    differing_types,
    is_guessed,
    own_columns,
    reading_notes,
    unsure_years,
)
from segmenter.sources.files import InputFile
from segmenter.sources.id_texts import look_at_ids
from segmenter.sources.identity import identity_values
from segmenter.sources.lost_rows import LOSING, loss_values
from segmenter.sources.rejected_lines import csv_advice, refuse_single_column
from segmenter.sources.source import Source
from segmenter.sources.thousands import unsure_thousands
from segmenter.sources.unit import counted_in
from segmenter.sources.unreadable import unreadable
from segmenter.sources.viewed_files import rounding_notes

__all__ = ["FRAME", "Binding", "bind_source", "bind_stored"]


def bind_source(engine: Engine, source: Source, settings: Settings) -> Binding:
    """Look a source up and check each column and expression against it.

    Parameters
    ----------
    engine : Engine
        Where the source is.
    source : Source
    settings : Settings

    Raises
    ------
    InputError
        No such table, file or column, an expression that is not scalar, or a wrong type.
    """
    try:
        return _bound(engine, source, settings)
    except RecursionError:
        raise InputError(
            "a column's expression is nested too deep, or too long. Let a view have it as a column."
        ) from None
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        said = reason(error)
        advice = csv_advice(said, input_file(source, engine))
        raise InputError(f"{source.relation} cannot be read: {said}{advice}") from None
    except duckdb.IOException as error:
        if (why := unreadable(source, str(source.relation), error)) is None:
            raise
        raise why from None


def input_file(source: Source, engine: Engine) -> InputFile | None:
    """Return the file that DuckDB reads, where the source is one."""
    is_here = engine.dialect == "duckdb" and source.is_file and not source.is_read_again
    return InputFile(source.file, source.csv or {}) if is_here else None


def bind_stored(source: Source, settings: Settings) -> Binding:
    """Bind a source that is gone, or is on another engine: views read what was stored of it.

    Parameters
    ----------
    source : Source
        Of a stored model.
    settings : Settings
    """
    relation = str(source.relation)
    if source._engine is not None:
        source = Source(points=relation)  # the file of such a model has its points
    values = _constants(source, settings) | attribute_values(source.attributes)
    binding = Binding(source, relation, False, values, {})
    binding.values["newest_order"] = newest_order(binding.values, added_up=True)
    return binding


def _bound(engine: Engine, source: Source, settings: Settings) -> Binding:
    if source._engine not in (None, engine.dialect):
        raise InputError(
            f"{source.relation} was read by {source._engine}, and this file holds the model "
            "without its customers. Ask over there, or fit again: "
            f"segmenter.fit({source._engine}, source)."
        )
    is_here = engine.dialect == "duckdb"
    if (source.csv or source.is_read_again) and not is_here:
        raise InputError(
            f"csv, sheet, attach and queries in files are of DuckDB, which {engine.name} does not "
            "have. Fit in DuckDB, or name a table."
        )
    table, relation, is_live = engine.find(source)
    file = input_file(source, engine)
    columns = read_columns(engine, table, relation, file)
    refuse_single_column(engine.local, file, columns)
    if not is_here:
        source = replace(source, _engine=engine.dialect, _checked_rows=None)
    binding = Binding(
        source,
        relation,
        is_live,
        _constants(source, settings),
        columns,
        file=file,
        is_guessed=is_here and is_guessed(engine.local, table, file),
    )
    binding.values["source"] = table
    if file is not None and file.is_csv:
        _keep_ids(engine, binding, file)
    try:
        if source.kind == "transactions":
            _bind_transactions(engine, binding)
        else:
            _bind_aggregates(engine, binding)
        _bind_condition(engine, binding)
        if source.attributes is not None:
            bind_attributes(engine, binding, source.attributes)
    except SegmenterError as error:
        differing = differing_types(engine.local, file, binding.used_columns()) if file else []
        said = [each.note.message for each in differing] + [note.message for note in binding.notes]
        raise InputError(" ".join([str(error), *said])) from None
    binding.values.update(identity_values(binding.source, binding.columns, binding.types))
    binding.values.update(loss_values(_mapped(binding), binding.losses))
    reads_transactions = is_live and source.kind == "transactions"
    binding.values["newest_order"] = newest_order(binding.values, added_up=not reads_transactions)
    values = binding.values
    values["whole_source"] = values["source"]
    if file is not None:
        _note_guesses(engine, binding, file)
        values["whole_source"] = _with_unused_texts(binding, file)
    elif binding.is_guessed:
        binding.notes.extend(rounding_notes(engine.local, table.name, relation))
    if source.kind == "transactions":
        values["amount"] = counted_in(values["amount"], source.unit)
    return binding


def _keep_ids(engine: Engine, binding: Binding, file: InputFile) -> None:
    """Read columns of ids, and attributes, as a type that changes none of their values."""
    source, columns = binding.source, binding.columns
    if source.kind == "points":
        return
    trees = []
    for name, text in (("customer", source.customer_text), ("order", source.order)):
        if text is not None:
            with suppress(InputError):  # whoever binds it says what is wrong with it
                trees.append(resolve(engine.local, name, text, columns, binding.relation))
    used = {column.name for tree in trees for column in tree.find_all(exp.Column) if _is_id(column)}
    folded = {name.casefold() for name in source.attributes or ()}
    names = [name for name in columns if name in used or name.casefold() in folded]
    found = look_at_ids(engine.local, file, columns, names)
    if found.texts or found.doubles:
        if file.loses_lines and found.texts:
            said = " ".join(note.message for note in found.notes)
            binding.questions.append(
                f"{said} Lines that ignore_errors leaves out are known by the types of columns. "
                f"Say which they are: {file.typed(dict.fromkeys(found.texts, 'VARCHAR'))}."
            )
        binding.texts.extend(found.texts)
        binding.doubles.extend(found.doubles)
        binding.notes.extend(found.notes)
        table = file.table(doubles=binding.doubles, texts=binding.texts)
        binding.values["source"] = table
        columns.update(read_columns(engine, table, binding.relation, file))


def _is_id(column: exp.Column) -> bool:
    """Whether a column in an expression is not made a number there anyway."""
    cast = column.parent
    if not isinstance(cast, exp.Cast | exp.TryCast):
        return True
    return not cast.to.is_type(*exp.DataType.NUMERIC_TYPES)


def _with_unused_texts(binding: Binding, file: InputFile) -> exp.Table:
    """Return a file with the columns that nobody asked for as texts, which never stop anything."""
    used = set(binding.used_columns())
    unused = own_columns(file, (name for name in binding.columns if name not in used))
    return file.table(doubles=binding.doubles, texts=[*binding.texts, *unused])


def _note_guesses(engine: Engine, binding: Binding, file: InputFile) -> None:
    """Note what the user should know, or must say, of types that are guessed."""
    date = binding.values["date"]
    differing = differing_types(engine.local, file, binding.used_columns())
    binding.notes.extend(each.note for each in differing)
    binding.notes.extend(reading_notes(engine.local, file, date))
    if not binding.source.allow_lost_rows:
        for each in differing:
            asked = (
                each.question(name, binding.values[name])
                for name in ("customer", "amount")
                if name in binding.types
            )
            binding.questions.extend(filter(None, asked))
    if binding.source.kind != "transactions":
        return
    questions = unsure_thousands(engine.local, file, binding.columns, binding.values["amount"])
    year = unsure_years(engine.local, file, date)
    binding.questions.extend([*questions, *([year] if year else [])])


def _mapped(binding: Binding) -> dict[str, exp.Expr]:
    """Return the expressions of the source that can lose rows."""
    values = binding.values
    return {name: values[name] for name in LOSING if name in binding.types}


def _constants(source: Source, settings: Settings) -> dict[str, exp.Expr]:
    return {
        "cut": literal(settings.cut),
        "cut_on": literal(settings.cut_on),
        "max_amount": literal(MAX_CENTS / 100),
        "max_frequency": literal(MAX_FREQUENCY),
        "max_customers": literal(MAX_CUSTOMERS),
        "allow_lost_rows": literal(source.allow_lost_rows),
        "order": exp.null(),
        "date": exp.null(),
        **identity_values(source),
    }


def _bind_transactions(engine: Engine, binding: Binding) -> None:
    source, values = binding.source, binding.values
    values["customer"] = bind_customer(engine, binding, source.customer_text)
    amount = str(source.amount)
    if source.number_format is None:
        values["amount"] = bind_number(engine, binding, "amount", amount)
    else:
        values["amount"] = bind_amount_text(engine, binding, amount)
    for name in ("order", "date", "currency"):
        values[name] = exp.null()
        values[f"has_{name}"] = literal(getattr(source, name) is not None)
    if source.order is not None:
        values["order"] = bind_expression(engine, binding, "order", source.order)
    if source.date is not None:
        read = bind_date if source.date_format is None else bind_date_text
        values["date"] = read(engine, binding, source.date)
        values["moment"] = as_moment(binding)
    if source.currency is not None:
        values["currency"] = bind_expression(engine, binding, "currency", source.currency)
    values["as_of"] = exp.cast(
        literal(str(source.as_of)) if source.as_of else exp.null(), "timestamp"
    )
    values["window"] = exp.cast(literal(source.window) if source.window else exp.null(), "interval")


def _bind_aggregates(engine: Engine, binding: Binding) -> None:
    values = binding.values
    if binding.source.kind == "profile":
        values["customer"] = bind_customer(engine, binding, binding.source.customer_text)
    else:
        values["customers"] = bind_number(engine, binding, "customers", "customers")
    for name in ("monetary", "frequency"):
        values[name] = bind_number(engine, binding, name, name)


def _bind_condition(engine: Engine, binding: Binding) -> None:
    values, source = binding.values, binding.source
    values["row_filter"] = exp.true()
    if source.where is not None:
        values["where"] = bind_expression(engine, binding, "where", source.where, check_condition)
        values["row_filter"] = values["where"]
    if source.exclude is not None:
        if engine.dialect != "duckdb":
            raise InputError(
                f"exclude is not understood by {engine.name}. Give a view without these customers, "
                "or name them in where."
            )
        customers = select_value(binding, values["customer"])
        exclusion = find_exclusion(engine.local, source, binding.types["customer"], customers)
        if binding.is_live and not exclusion.is_live:
            raise InputError(
                f"{exclusion.relation} is a temporary table, and the live views could not read who "
                "is excluded once this session ends. Create it without TEMP."
            )
        values["exclude"] = exclusion.table
        values["listed_customer"] = exclusion.customers
        binding.types["exclude"] = f"{exclusion.column} {binding.types['customer']}"
        kept = exclusion.keeps(values["customer"])
        values["row_filter"] = exp.and_(values["row_filter"], kept) if source.where else kept
