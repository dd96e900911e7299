"""A chain of views as one query, for where no view shall be created."""

from __future__ import annotations

from sqlglot import exp

from segmenter.schema.names import SCHEMAS
from segmenter.sources.expressions import SOURCE_ALIAS

__all__ = ["one_query"]


def one_query(views: dict[str, exp.Expr], table: str) -> exp.Expr:
    """Return a chain of views as one SELECT: each a CTE, after the CTEs that it has itself.

    Parameters
    ----------
    views : dict of str to Expr
        The query of each view by its name, each after those that it reads.
    table : str
        The user's table, whose name no CTE may take.
    """
    taken = {table.casefold()}
    names = {view: _unused(view, view, taken) for view in views}
    ctes: list[exp.CTE] = []
    for view, tree in views.items():
        own, tree = _without_last_step(_take_ctes(tree), tree)
        imports = {cte.alias: names[imported] for cte in own if (imported := _imported(cte, names))}
        here = {**names, **imports}
        own = [cte for cte in own if cte.alias not in imports]
        renamed = {cte.alias: _unused(cte.alias, view, taken) for cte in own}
        for part in [*(cte.this for cte in own), tree]:
            _rename(part, here, renamed)
        ctes += [_cte(renamed[cte.alias], cte.this) for cte in own]
        ctes.append(_cte(names[view], tree))
    query: exp.Expr = ctes.pop().this
    query.set("with_", exp.With(expressions=ctes))
    return query


def _cte(name: str, query: exp.Expr) -> exp.CTE:
    return exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name)))


def _unused(name: str, view: str, taken: set[str]) -> str:
    """Return a name that no other CTE has, nor the user's table."""
    free = f"{view}_{name}" if name in taken else name
    while free in taken:
        free = f"{free}_"
    taken.add(free)
    return free


def _take_ctes(tree: exp.Expr) -> list[exp.CTE]:
    clause = tree.args.get("with_")
    if clause is None:
        return []
    clause.pop()
    return list(clause.expressions)


def _without_last_step(ctes: list[exp.CTE], query: exp.Expr) -> tuple[list[exp.CTE], exp.Expr]:
    """Leave out a last SELECT that only repeats the CTE before it."""
    last = ctes[-1] if ctes else None
    if last is None or not isinstance(query, exp.Select):
        return ctes, query
    is_last = query.is_star and query.args["from_"].this.name == last.alias
    is_all = is_last and not any(query.args.get(key) for key in ("where", "joins", "order"))
    return (ctes[:-1], last.this) if is_all else (ctes, query)


def _imported(cte: exp.CTE, views: dict[str, str]) -> str | None:
    """Return the view that a CTE merely selects from."""
    query = cte.this
    if not (isinstance(query, exp.Select) and query.is_star and len(query.expressions) == 1):
        return None
    table = query.args["from_"].this
    is_plain = not any(query.args.get(key) for key in ("where", "joins", "group"))
    is_view = table.db in SCHEMAS and table.name in views
    return table.name if is_plain and is_view else None


def _rename(query: exp.Expr, views: dict[str, str], ctes: dict[str, str]) -> None:
    """Point a query's tables at the CTEs, which keep their old names as aliases."""
    for table in query.find_all(exp.Table):
        if table.db in SCHEMAS and table.name in views:
            new = views[table.name]
            table.set("db", None)
        elif not table.db and table.name in ctes:
            new = ctes[table.name]
        elif not table.db and table.name in views and table.alias != SOURCE_ALIAS:
            new = views[table.name]
        else:
            continue
        if new != table.name:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(new))
