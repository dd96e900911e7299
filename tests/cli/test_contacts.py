"""Addresses of a list of customers, hashed as the tools that take them say."""

from __future__ import annotations

import re

import duckdb
import pytest

import segmenter
from segmenter import InputError, Source
from tests.cli.test_audience import COLUMNS, sha
from tests.datasets import SHOP

# Meta's documentation of custom audiences has these two, Google's help the form of the third.
MARY = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"
META_PHONE = "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e"
GOOGLE_PHONE = "d360a79e746532a6a1e7b8164440b04cdd8797e23126f7a4de7a4b67fdcdba98"


@pytest.fixture(scope="module")
def shop_con():
    with duckdb.connect() as con:
        con.execute(SHOP)
        names = dict(zip(("customer", "amount", "order", "date"), COLUMNS, strict=True))
        segmenter.fit(con, Source(transactions="sales", **names))
        yield con


def hashes(con, addresses, **options):
    """Return the three hashes of each of the first customers, who have these (email, phone)."""
    con.execute("create or replace temp table crm (customer_id bigint, email text, phone text)")
    con.executemany(
        "insert into crm values ($1, $2, $3)",
        [[place, *pair] for place, pair in enumerate(addresses)],
    )
    found = segmenter.open(con).customers(contacts="crm", order_by="customer_id", **options)
    names = ("email_sha256", "phone_sha256", "phone_digits_sha256")
    return [tuple(row[name] for name in names) for row in found][: len(addresses)]


def test_the_hashes_are_those_of_the_tools_documentation(shop_con):
    found = hashes(
        shop_con, [(" Mary@Example.com", "+1 555 987 6543"), (None, "+1 (212) 565-0000")]
    )
    assert found == [
        (MARY, sha("+15559876543"), META_PHONE),
        (None, GOOGLE_PHONE, sha("12125650000")),
    ]


EMAILS = {
    "\t JANE.Doe+Shop@GMAIL.com\r\n": "jane.doe+shop@gmail.com",
    "\u00a0\u200bÉva@Exämple.com\ufeff": "éva@exämple.com",
    "o'brien\"; drop table sales; --@x.org": None,
    "o'brien\"--@x.org": "o'brien\"--@x.org",
    "jane@@x.org": None,
    "jane@x.org, joe@x.org": None,
    "jane": None,
    "": None,
    None: None,
}


def test_an_email_is_trimmed_and_lowercase_and_keeps_its_dots(shop_con):
    found = hashes(shop_con, [(email, None) for email in EMAILS])
    assert found == [(sha(wanted), None, None) for wanted in EMAILS.values()]


PHONES = [
    # as given, the country, digits of E.164
    ("+44 20 7031 3000", None, "442070313000"),
    ("0044 20-7031.3000", None, "442070313000"),
    ("(+44) (0)20/7031 3000", None, "442070313000"),
    ("+49\u00a030\u2013901820", None, "4930901820"),
    ("020 7031 3000", None, None),
    ("020 7031 3000", "44", "442070313000"),
    ("7911 123456", "44", "447911123456"),
    ("+1 212 565 0000", "44", "12125650000"),
    ("447911123456", "44", None),  # with its country, or not
    ("(212) 565-0000", "1", "12125650000"),
    ("1 212 565 0000", "1", "12125650000"),
    ("565-0000", "1", None),
    ("06 6982 0001", "39", "390669820001"),
    ("+44 20 7031 3000 ext. 5", None, None),
    ("+44 20 +7031 3000", None, None),
    ("+0 20 7031 3000", None, None),
    ("+123456789012345", None, "123456789012345"),
    ("+1234567890123456", None, None),
    ("+12345", None, None),
    ("()", "44", None),
    ("4.4e11", "44", None),
    ("'; drop table sales; --", "44", None),
    ("+٤٤٢٠٧٠٣١٣٠٠٠", None, None),
]


@pytest.mark.parametrize("country", [None, "44", "1", "39"])
def test_a_phone_number_has_its_country_or_is_empty(shop_con, country):
    asked = [(given, digits) for given, code, digits in PHONES if code == country]
    found = hashes(shop_con, [(None, given) for given, _ in asked], phone_country=country)
    assert found == [(None, digits and sha(f"+{digits}"), sha(digits)) for _, digits in asked]


def test_a_list_keeps_its_rows_and_order(shop_con):
    shop_con.execute(
        "create or replace temp table crm as select customer_id, 'a@b.c' as \"E-Mail\" "
        "from range(70) as r(customer_id), range(2)"  # everybody twice, and strangers
    )
    shop = segmenter.open(shop_con)
    lists = (
        {"limit": 7},
        {"segment": "Elite", "snapshot": True},
        {"upgrades": True},
        {"next_actions": True, "limit": 2},
        {"lifecycle": "lapsed", "order_by": "last_order_at"},
    )
    for asked in lists:
        plain, whole = shop.customers(**asked), shop.customers(**asked, contacts="crm")
        added = ("email_sha256", "phone_sha256", "phone_digits_sha256")
        assert whole.columns == (*plain.columns, *added)
        assert whole.to_arrow().drop_columns(list(added)) == plain.to_arrow()
        assert {row["email_sha256"] for row in whole} <= {sha("a@b.c")}
    changes = shop.customer_changes("2020-01-01", contacts="crm")
    assert len(changes) == 60
    assert {row["email_sha256"] for row in changes} == {sha("a@b.c")}
    tables = shop_con.execute("select table_name from duckdb_tables() where not temporary")
    assert "crm" not in {name for (name,) in tables.fetchall()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_size": 0}, "min_size must be a whole number, at least 1, not 0"),
        ({"min_size": True}, "min_size must be"),
        ({"contacts": " "}, "contacts must be the name of a table or file"),
        ({"objections": 5}, "objections must be the name of a table or file"),
        ({"contacts": "crm", "phone_country": "GB"}, "calling code of a country, such as '44'"),
        ({"contacts": "crm", "phone_country": "7"}, "have a prefix of their own at home"),
        ({"phone_country": "44"}, "give those, too"),
        ({"contacts": "nowhere"}, "there is no table, view or file 'nowhere'"),
    ],
)
def test_bad_options(shop_con, options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        segmenter.open(shop_con).customers(**options)
