"""Dates that no single format reads: months in other languages, several forms in one column."""

from __future__ import annotations

import datetime as dt

import pytest

import segmenter
from tests.advice import advised, fitted, followed, look, said

SALES = {"transactions": "sales", "customer": "customer_id", "amount": "amount", "date": "day"}
FIRST, DAYS = dt.datetime(2023, 1, 1), 400

NAMES = {
    "German": "Jan. Febr. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "German, short": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "Austrian": "Jänner Februar März April Mai Juni Juli August September Oktober November "
    "Dezember",
    "French": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "French, long": "janvier février mars avril mai juin juillet août septembre octobre novembre "
    "décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "Italian": "gen feb mar apr mag giu lug ago set ott nov dic",
    "Portuguese": "jan fev mar abr mai jun jul ago set out nov dez",
    "Dutch": "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec.",
    "Dutch, long": "januari februari maart april mei juni juli augustus september oktober november "
    "december",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november "
    "december",
    "Norwegian": "januar februar mars april mai juni juli august september oktober november "
    "desember",
    "Finnish": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta "
    "elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
    "Polish": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia",
    "Romanian": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie "
    "noiembrie decembrie",
    "Turkish": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "Russian": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "Russian, short": "янв фев мар апр май июн июл авг сен окт ноя дек",
    "Czech": "ledna února března dubna května června července srpna září října listopadu prosince",
    "Czech, alone": "leden únor březen duben květen červen červenec srpen září říjen listopad "
    "prosinec",
    "Czech, short": "led úno bře dub kvě čvn čvc srp zář říj lis pro",
    "Slovak": "januára februára marca apríla mája júna júla augusta septembra októbra novembra "
    "decembra",
    "Croatian": "siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada "
    "studenoga prosinca",
    "Slovene": "januar februar marec april maj junij julij avgust september oktober november "
    "december",
    "Hungarian": "január február március április május június július augusztus szeptember október "
    "november december",
    "Greek": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου "
    "Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
    "Greek, alone": "Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος "
    "Σεπτέμβριος Οκτώβριος Νοέμβριος Δεκέμβριος",
    "Greek, short": "Ιαν Φεβ Μάρ Απρ Μάι Ιούν Ιούλ Αύγ Σεπ Οκτ Νοέ Δεκ",
    "Ukrainian": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада "
    "грудня",
    "Bulgarian": "януари февруари март април май юни юли август септември октомври ноември "
    "декември",
}


def days():
    return [FIRST + dt.timedelta(days=i) for i in range(DAYS)]


def fill(con, texts):
    con.execute("create table sales (customer_id int, order_id int, amount double, day varchar)")
    rows = [(i % 120, i, 1.0 + i % 7, text) for i, text in enumerate(texts)]
    con.executemany("insert into sales values (?, ?, ?, ?)", rows)


def read_as_advised(con, **source):
    """Do what the refusal says, and return the days that are read."""
    asked = SALES | source
    better = followed(said(con, **asked), **asked)
    seen = look(con, **better)
    assert not [words for words in seen.warnings if "lost" in words]
    return [row[0] for row in con.execute(f"select {better['date']} from sales").fetchall()]


@pytest.mark.parametrize("language", NAMES)
def test_months_of_other_languages_are_read_as_advised(con, language):
    months = NAMES[language].split()
    fill(con, [f"{day.day}. {months[day.month - 1]} {day.year}" for day in days()])
    assert read_as_advised(con) == days()


def test_a_year_that_stands_first_may_have_a_point(con):
    months = NAMES["Hungarian"].split()
    fill(con, [f"{day.year}. {months[day.month - 1]} {day.day}." for day in days()])
    assert read_as_advised(con) == days()


@pytest.mark.parametrize(
    "form",
    ["{d} {m} {y}", "{d}-{m}-{y}", "{m} {d}, {y}", "{d}. {m} {y} 00:00", "{d} de {m} de {y}"],
)
def test_forms_with_such_months(con, form):
    months = NAMES["Portuguese"].split()
    fill(con, [form.format(d=day.day, m=months[day.month - 1], y=day.year) for day in days()])
    assert read_as_advised(con) == days()


@pytest.mark.parametrize("form", ["%Y年%m月%d日", "%Y년 %m월 %d일"])
def test_east_asian_dates_have_a_format(con, form):
    fill(con, [day.strftime(form) for day in days()])
    assert look(con, **followed(said(con, **SALES), **SALES)).last_order_at == days()[-1]


@pytest.mark.parametrize(
    "forms",
    [
        ("%d.%m.%Y", "%Y-%m-%d"),
        ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"),
        ("%d.%m.%Y", "%d-%b-%y"),
        ("%d %b %Y", "%Y-%m-%d %H:%M:%S", "%d-%b-%y", "%Y%m%d"),
        ("%d/%m/%Y", "%d/%m/%y"),
        ("%d.%m.%y", "%d.%m.%Y"),
        ("%m/%d/%y", "%m/%d/%Y"),
    ],
)
def test_several_forms_are_counted_and_read_as_advised(con, forms):
    fill(con, [day.strftime(forms[i % len(forms)]) for i, day in enumerate(days())])
    words = said(con, **SALES)
    assert f"{DAYS // len(forms)} rows have the form " in words
    assert read_as_advised(con) == days()


def test_a_format_that_reads_a_part_is_refused_with_what_reads_all(con):
    forms = ("%d.%m.%Y", "%Y-%m-%d")
    fill(con, [day.strftime(forms[i % 2]) for i, day in enumerate(days())])
    asked = SALES | {"date_format": "%d.%m.%Y"}
    words = said(con, **asked)
    assert "Leave date_format out then" in words
    *_, date = advised(words, "date")
    assert look(con, **SALES | {"date": date}).last_order_at == days()[-1]


def test_days_and_months_in_both_orders_are_not_guessed(con):
    forms = ("%d/%m/%Y", "%m/%d/%Y")
    fill(con, [day.strftime(forms[i % 2]) for i, day in enumerate(days())])
    words = said(con, **SALES)
    assert "nothing tells which of them '01/" in words
    assert advised(words, "date") == ["day"]
    assert not advised(words, "date_format")


def test_what_was_not_foreseen_is_still_refused(con):
    fill(con, [f"{day.day}. {'abcdefghijkl'[day.month - 1]}xx {day.year}" for day in days()])
    assert "no form that is known" in said(con, **SALES)


def test_the_views_read_them_too(con):
    months = NAMES["German, short"].split()
    fill(con, [f"{day.day}. {months[day.month - 1]} {day.year}" for day in days()])
    better = followed(said(con, **SALES), **SALES)
    fitted(con, **better)
    newest = "select max(last_order_at) from segments.customer_profile"
    assert con.execute(newest).fetchone() == (days()[-1],)
    con.execute("insert into sales values (5, 5000, 1.0, '24. Dez. 2024')")
    assert con.execute(newest).fetchone() == (dt.datetime(2024, 12, 24),)


def test_an_inspection_names_the_expression(con):
    months = NAMES["French"].split()
    fill(con, [f"{day.day} {months[day.month - 1]} {day.year}" for day in days()])
    con.execute("alter table sales rename day to order_date")
    found = segmenter.inspect("sales", con)
    (date,) = [value for note in found.notes for value in advised(note, "date")]
    assert look(con, **SALES | {"date": date}).last_order_at == days()[-1]
