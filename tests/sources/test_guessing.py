"""Columns that are guessed: right on the exports of shops, asked about where they are not sure."""

from __future__ import annotations

import tomllib
from pathlib import Path

import duckdb
import pytest

import segmenter.sources.guessing
from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError
from segmenter.settings import Settings
from segmenter.sources.binding import bind_source
from segmenter.sources.guessing.dictionary import plain
from segmenter.sources.guessing.guess import guess_columns
from segmenter.sources.source import Source
from tests.datasets import load_dataset
from tests.sources.exports import EXPORTS, WOO, Export, each_line, net, orders, woo_item
from tests.sources.traps import TRAPS

PLACE = Path(segmenter.sources.guessing.__file__).parent


@pytest.fixture
def con():
    with duckdb.connect() as con:
        yield con


def guessed(con, relation, **given):
    source = Source(transactions=relation, customer="unknown", amount="unknown")
    return guess_columns(Embedded(con), source, given)


def totals(con, relation, values):
    """Return what a fit would add up: cents, customers, orders with a positive amount."""
    source = Source(transactions=relation, **values)
    bound = bind_source(Embedded(con), source, Settings()).values
    table = bound["source"].copy().sql("duckdb")
    names = ("amount", "customer", "order", "row_filter")
    parts = {name: bound[name].sql("duckdb") for name in names}
    return con.execute(
        f"""
        with lines as (
            select {parts["customer"]} as c, {parts["amount"]} as a, {parts["order"]} as o
            from {table} as user_table where {parts["row_filter"]}
        )
        select round(100 * sum(a))::bigint, count(distinct c),
            count(distinct case when a > 0 then o end) from lines
        """
    ).fetchone()


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_an_export_is_right_to_the_cent_without_a_question(export, con, tmp_path):
    path = str(export.write(tmp_path))
    found = guessed(con, path)
    assert not found.unsure, [guess.question() for guess in found.unsure]
    assert found["customer"].expression == export.customer
    assert found["order"].expression == export.order
    assert export.date in (found["date"].expression or "")
    everybody = {order.customer for order in orders()}
    assert totals(con, path, found.values()) == (export.cents, len(everybody), len(orders()))


@pytest.mark.parametrize("name", TRAPS)
def test_what_is_not_sure_is_asked_about(name, con):
    columns, values, role = TRAPS[name]
    con.execute(f"create table t({columns}) as select {values} from range(1, 181) as r(i)")
    found = guessed(con, "t")
    assert [guess.role for guess in found.unsure] == [role]
    assert found[role].reason
    assert role in found[role].question()


def test_refunds_can_be_subtracted_by_the_alternative(con):
    con.execute(
        "create table t as select i as order_id, i % 9 as customer_id, 1.5 * i as total, "
        "case when i % 4 = 0 then 'Refund' else 'Sale' end as type from range(180) as r(i)"
    )
    (signed,) = guessed(con, "t")["amount"].alternatives
    found = guessed(con, "t", amount=signed)
    assert not found.unsure
    right = 150 * sum(-i if i % 4 == 0 else i for i in range(180))
    assert totals(con, "t", found.values())[0] == right


def test_states_that_are_codes_are_noted(con):
    con.execute(
        "create table t as select i as order_id, i % 9 as customer_id, 1.5 * i as total, "
        "i % 4 as status from range(180) as r(i)"
    )
    (note,) = guessed(con, "t").notes
    assert note.startswith("status has codes for 4 states; where some are no sales")


def test_what_stands_behind_the_sample_is_seen(con, monkeypatch):
    monkeypatch.setattr("segmenter.sources.guessing.evidence.SAMPLE", 50)
    con.execute(
        "create table t as select i as order_id, i % 9 as customer_id, 'a' || i % 9 as client_id, "
        "1.5 * i as total, case when i > 900 then 1.0 end as refunded_amount, case when i > 950 "
        "then timestamp '2024-01-01' end as cancelled_at from range(1000) as r(i)"
    )
    assert [guess.role for guess in guessed(con, "t").unsure] == ["amount", "where"]
    con.execute(
        "update t set client_id = 'b' || i from (select i from range(10) as r(i)) as x "
        "where t.order_id = 990 + i"
    )
    assert "customer" in [guess.role for guess in guessed(con, "t").unsure]


@pytest.mark.parametrize("name", ["Shopify", "a total repeated on lines that add up to it"])
def test_of_many_orders_some_are_enough(name, con, tmp_path, monkeypatch):
    (export,) = (each for each in EXPORTS if each.name == name)
    path = str(export.write(tmp_path))
    everything = guessed(con, path)
    monkeypatch.setattr("segmenter.sources.guessing.orders.MOST_ROWS", 100)
    some = guessed(con, path)
    assert some.values() == everything.values()
    assert not some.unsure


def test_woocommerce_s_items_are_refused_and_one_row_an_order_is_right(con, tmp_path):
    items = Export(
        "WooCommerce, one row an item",
        f"{WOO},item_id,item_name,item_sku,item_quantity,item_subtotal,item_total",
        each_line(woo_item), net, "billing_email", "order_id", "date",
    )  # fmt: skip
    found = guessed(con, str(items.write(tmp_path)))
    (missing,) = found.missing
    assert missing.role == "amount"
    assert "repeat it on each of them" in missing.reason
    con.execute(missing.reason[missing.reason.index("create view") :])
    found = guessed(con, "orders_once")
    assert not found.unsure
    assert totals(con, "orders_once", found.values())[0] == items.cents


def test_days_that_are_whole_numbers_are_read(con):
    con.execute(
        "create table t as select i as order_id, i % 9 as customer_id, 1.5 * i as total, "
        "20240101 + i % 28 as date from range(99) as r(i)"
    )
    found = guessed(con, "t")
    assert not found.unsure
    assert (found["date"].expression, found["date_format"].expression) == ("date", "%Y%m%d")
    assert totals(con, "t", found.values())[1] == 9


def test_profiles_are_told_from_transactions(con):
    con.execute(
        "create table t as select i as customer_id, 1.5 * i as monetary, 2 as frequency "
        "from range(99) as r(i)"
    )
    (amount,) = guessed(con, "t").missing
    assert "give the table as profile" in amount.question()


def test_a_table_without_customers_has_none(con):
    con.execute("create table t as select i as order_id, 1.5 * i as total from range(99) as r(i)")
    found = guessed(con, "t")
    assert [guess.role for guess in found.missing] == ["customer"]


def test_a_repeated_total_is_never_added_up_and_the_advice_works(con):
    con.execute(
        "create table lines as select i // 3 as order_id, i % 7 as sku, "
        "(i // 3) % 9 as customer_id, 10.0 * (1 + i // 3) as order_total from range(90) as r(i)"
    )
    found = guessed(con, "lines")
    assert [guess.role for guess in found.missing] == ["amount"]
    reason = found["amount"].reason
    assert "30 orders of 30 with several rows repeat it" in reason
    con.execute(reason[reason.index("create view") :])
    found = guessed(con, "orders_once")
    assert not found.unsure
    assert totals(con, "orders_once", found.values()) == (465_000, 9, 30)


def test_what_is_given_wins_and_decides_what_fits_to_it(con):
    con.execute(
        "create table t as select i // 2 as order_id, i % 9 as customer_id, i % 5 as client_id, "
        "1.5 * i as amount from range(180) as r(i)"
    )
    found = guessed(con, "t", customer="client_id", order="order_id")
    assert found["customer"].is_given
    assert not {"customer", "order"} & {guess.role for guess in found.unsure}
    with pytest.raises(InputError, match="column 'kunde' of customer is not in t"):
        guessed(con, "t", customer="kunde")


@pytest.mark.parametrize("name", ["online_retail", "cdnow"])
def test_real_data_is_guessed_right(name, con):
    expected = load_dataset(con, name)
    found = guessed(con, name)
    assert not found.unsure
    wanted = {role: getattr(expected, role) for role in ("customer", "amount", "order", "date")}
    assert {role: found[role].expression for role in wanted} == wanted


def test_real_data_is_guessed_right_by_its_names_and_rows_alone(con, monkeypatch):
    monkeypatch.setattr("segmenter.sources.guessing.guess.find_layout", lambda columns: None)
    for name in ("online_retail", "cdnow"):
        expected = load_dataset(con, name)
        found = guessed(con, name)
        wanted = {role: getattr(expected, role) for role in ("customer", "amount", "order", "date")}
        assert {role: found[role].expression for role in wanted} == wanted
        assert not found.unsure, found.unsure


def test_every_layout_is_tried_and_every_word_stands_for_one_thing():
    tables = tomllib.loads((PLACE / "layouts.toml").read_text(encoding="utf-8"))["layout"]
    words = tomllib.loads((PLACE / "words.toml").read_text(encoding="utf-8"))
    named = {layout["name"] for layout in tables}
    assert len(named) == len(tables)
    for role in ("customer", "order", "date", "currency", "amount"):
        found = [plain(name) for names in words[role].values() for name in set(names)]
        twice = {name for name in found if found.count(name) > 1}
        assert not twice, (role, twice)


def test_what_shopify_voids_is_left_out_once_it_is_confirmed(con, tmp_path):
    shopify = EXPORTS[0]
    path = shopify.write(tmp_path)
    voided = [order for order in orders() if order.number % 9 == 0]
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for order in voided:
        lines = [
            line.replace(",paid,", ",voided,").replace(",partially_refunded,", ",voided,")
            if line.startswith(f"#{order.number},")
            else line
            for line in lines
        ]
    path.write_text("".join(lines), encoding="utf-8")
    found = guessed(con, str(path))
    assert [guess.role for guess in found.unsure] == ["where"]
    worth = sum(map(shopify.worth, voided))
    assert f"(voided {len(voided)}), worth {worth / 100:,.2f}" in found["where"].reason
    cents, _, number = totals(con, str(path), found.values())
    assert (cents, number) == (shopify.cents - worth, len(orders()) - len(voided))


def test_a_customer_that_stands_on_the_first_line_only_loses_no_money(con, tmp_path):
    path = EXPORTS[0].write(tmp_path)
    seen, lines = set(), []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        name, _, rest = line.partition(",")
        if name in seen:
            line = f"{name},{rest[rest.index(',') :]}"
        seen.add(name)
        lines.append(line)
    path.write_text("".join(lines), encoding="utf-8")
    found = guessed(con, str(path))
    assert not found.unsure
    everybody = {order.customer for order in orders()}
    assert totals(con, str(path), found.values()) == (EXPORTS[0].cents, len(everybody), 240)


LANGUAGES = {
    "English": ("Customer No", "Invoice Number", "Invoice Date", "Total Amount"),
    "German": ("Kunden-Nr.", "Rechnungsnummer", "Rechnungsdatum", "Gesamtbetrag"),
    "French": ("Numéro client", "Numéro de facture", "Date de vente", "Montant TTC"),
    "Spanish": ("Código de cliente", "Pedido", "Fecha de compra", "Importe"),
    "Italian": ("Codice cliente", "Numero ordine", "Data ordine", "Importo totale"),
    "Portuguese": ("Cliente", "Nota Fiscal", "Data da compra", "Valor total"),
    "Dutch": ("Klantnummer", "Factuurnummer", "Factuurdatum", "Totaalbedrag"),
    "Swedish": ("Kundnummer", "Ordernummer", "Orderdatum", "Totalbelopp"),
    "Danish": ("Kundenummer", "Fakturanummer", "Fakturadato", "Beløb"),
    "Polish": ("Numer klienta", "Numer zamówienia", "Data sprzedaży", "Kwota"),
    "Turkish": ("Müşteri No", "Sipariş No", "Sipariş Tarihi", "Toplam Tutar"),
    "Russian": ("Код клиента", "Номер чека", "Дата продажи", "Сумма"),
    "Chinese": ("客户编号", "订单号", "下单时间", "订单金额"),
    "Korean": ("고객번호", "주문번호", "주문일", "금액"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_known_in_many_languages(language, con):
    names = LANGUAGES[language]
    listed = ", ".join(f'"{name}"' for name in names)
    con.execute(
        f"create table t({listed}) as select i % 9, i // 2, date '2024-01-01' + (i // 2)::int, "
        "1.25 * i from range(1, 181) as r(i)"
    )
    con.execute(f'update t set "{names[0]}" = "{names[1]}" % 9')
    found = guessed(con, "t")
    assert not found.unsure, [guess.question() for guess in found.unsure]
    roles = ("customer", "order", "date", "amount")
    assert tuple(found[role].expression for role in roles) == names


def test_totals_of_which_each_row_has_one_of_two_are_asked_about(con):
    con.execute(
        "create table t as select i as order_id, i % 40 as customer_id, "
        "case when i < 200 then 1.5 * i end as amount, case when i > 199 then 1.5 * i end as total "
        "from range(400) as t(i)"
    )
    assert [guess.role for guess in guessed(con, "t").unsure] == ["amount"]


def test_no_column_is_proposed_at_random(con):
    con.execute("create table t as select 'a' || i as colour, i as size from range(40) as t(i)")
    with pytest.raises(InputError, match="or expression over columns, is the customer"):
        segmenter.inspect("t", con).source()
