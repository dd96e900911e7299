"""Parameters in messages: as options, which is how the command line calls them."""

from __future__ import annotations

from functools import cache

from segmenter.errors import as_options

__all__ = ["in_options"]

_COMMANDS = {
    "segmenter.fit(con, segmenter.Source(transactions='TABLE', customer='COLUMN', "
    "amount='COLUMN')).": "segmenter fit DB --transactions TABLE --customer COLUMN --amount COLUMN",
    "segmenter.fit(spark, source)": "segmenter fit --engine spark",
    "segmenter.fit(postgres, source)": "segmenter fit --engine postgres",
    "segmenter.open(model).publish_views(connection)": "segmenter publish DB --dsn URL",
    "segmenter.open(model).refresh(session=connection)": "segmenter refresh DB --dsn URL",
    "select * from segments.models": "segmenter models DB",
}
"""What messages of the library say to call, as commands."""

_OTHER_TEXTS = {
    "allow",
    "by",
    "changes_since",
    "contacts",
    "dialect",
    "frequency",
    "monetary",
    "objections",
    "partition_by",
    "phone_country",
    "salt",
    "since",
    "table",
    "to",
    "until",
    "what",
}
"""Parameters of single verbs that are texts."""

_SPELLED = {"start": "from", "end": "to"}
"""Parameters whose options have other names."""


def in_options(message: str) -> str:
    """Return a message of the library with its calls as commands, its parameters as options."""
    for call, typed in _COMMANDS.items():
        message = message.replace(call, typed)
    return as_options(message, *_parameters(), _SPELLED)


@cache
def _parameters() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of all parameters, and of those that are texts."""
    import dataclasses

    from segmenter.settings import SafetyNet, Settings
    from segmenter.sources.source import Source

    settings = {field.name for one in (Settings, SafetyNet) for field in dataclasses.fields(one)}
    settings |= {"allow_lost_rows", "memory_limit", "overwrite", "overwrite_column"}
    settings |= {"days", "dialect", "min_size", "port", "share", "threads", "wait"}
    texts = {field.name for field in dataclasses.fields(Source)} | _OTHER_TEXTS | set(_SPELLED)
    return frozenset(settings | texts), frozenset(texts - settings)
