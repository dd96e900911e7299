"""Lists for mail and ad tools: hashed addresses, objections, the smallest size."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shlex

import duckdb
import pytest

import segmenter
from segmenter import InputError, Source
from tests.datasets import SHOP

COLUMNS = ("customer_id", "amount", "order_id", "sold_at")
FIT = (
    *("--transactions", "sales", "--customer", "customer_id", "--amount", "amount"),
    *("--order", "order_id", "--date", "sold_at"),
)
ALL = ("--limit", "0", "--format", "csv")

# Meta's documentation of custom audiences has these two, Google's help the form of the third.
MARY = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"
META_PHONE = "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e"
GOOGLE_PHONE = "d360a79e746532a6a1e7b8164440b04cdd8797e23126f7a4de7a4b67fdcdba98"


def sha(text):
    return text and hashlib.sha256(text.encode()).hexdigest()


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(result):
    assert result.code == 0, result.err
    return {row["customer_id"]: row for row in csv.DictReader(io.StringIO(result.out))}


@pytest.fixture(scope="module")
def shop_con():
    with duckdb.connect() as con:
        con.execute(SHOP)
        names = dict(zip(("customer", "amount", "order", "date"), COLUMNS, strict=True))
        segmenter.fit(con, Source(transactions="sales", **names))
        yield con


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


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


def test_what_is_missing_is_counted_out_loud(run, shop_file, tmp_path):
    contacts = write(
        tmp_path / "crm.csv",
        "phone,customer_id,email",
        "020 7031 3000,1,",
        "020 7031 3001,2,jane",
        "+442070313002,3,b@x.org",
        ",3,a@x.org",
        ",,nobody@x.org",
    )
    words = ("customers", shop_file, *ALL, "--contacts", contacts)
    result = run(*words)
    assert rows(result)["3"]["email_sha256"] == sha("a@x.org")
    assert {row["phone_sha256"] for row in rows(result).values()} == {"", sha("+442070313002")}
    assert result.err.splitlines() == [
        "  note: 59 customers have no e-mail address and no phone number that can be used in "
        f"{contacts}.",
        "  note: of 2 customers a phone number stays out: it does not say its country by + or 00 "
        "(give --phone-country), or is none.",
        "  note: of 1 customer an e-mail address stays out: it is none.",
        "  note: 1 customer has several addresses or numbers: the first by the alphabet stands.",
    ]
    turned = run(*words, "--phone-country", "44")
    assert rows(turned)["1"]["phone_sha256"] == sha("+442070313000")
    assert "phone number stays out" not in turned.err
    as_json = json.loads(run(*words[:-4], "--format", "json", *words[-2:], "--quiet").out)
    assert [note["code"] for note in as_json["notes"]] == [
        "no_contact",
        "no_phone_number",
        "no_email_address",
        "several_contacts",
    ]
    assert "jane" not in shop_file.read_bytes().decode("latin-1")


OBJECTIONS = {
    "customers": (("customer_id", "1", "2", "2", "", "4711"), {"1", "2", "3"}),
    "emails": (("email", " JANE@x.org", "stranger@x.org"), {"2", "3"}),
    "one mailbox of gmail": (("E-Mail", "j.o.e+news@googlemail.com"), {"4"}),
    "phones": (("phone", "0044 (20) 7031-3000"), {"1"}),
    "each": (("email,customer_id,phone", ",1,", "joe@gmail.com,,", "bad,4,020"), {"1", "4"}),
    "nobody": (("customer_id",), set()),
}


@pytest.mark.parametrize("kind", OBJECTIONS)
def test_who_objects_is_in_no_list(run, shop_file, tmp_path, kind):
    contacts = write(
        tmp_path / "crm.csv",
        "customer_id,email,phone",
        "1,one@x.org,+442070313000",
        "2,jane@x.org,",
        "3,Jane@X.org,",  # the address of 2
        "4,joe@gmail.com,",
        "5,five@x.org,",
    )
    lines, left_out = OBJECTIONS[kind]
    objections = write(tmp_path / "optout.csv", *lines)
    for words in (("--segment", "At-Risk"), ("--changes-since", "2020-01-01"), ("--snapshot",)):
        asked = ("customers", shop_file, *ALL, *words)
        before = rows(run(*asked))
        result = run(*asked, "--contacts", contacts, "--objections", objections)
        kept = rows(result)
        assert before.keys() - kept.keys() == left_out
        for customer, row in kept.items():
            assert row.items() >= before[customer].items()
        count = len([line for line in lines[1:] if line])
        said = "customer is" if len(left_out) == 1 else "customers are"
        things = "objection" if count == 1 else "objections"
        assert f"note: {len(left_out)} {said} left out by the {count} {things} in" in result.err


def test_objections_of_customers_need_no_contacts(run, shop_file):
    with duckdb.connect(str(shop_file)) as con:
        con.execute("create table optout as select 59 as customer_id")
    result = run(
        "customers", shop_file, "--limit", "2", "--format", "csv", "--objections", "optout"
    )
    assert list(rows(result)) == ["58", "57"]  # the limit holds for who is left
    assert "sha256" not in result.out
    assert "1 customer is left out by the 1 objection in optout (customer_id)." in result.err


REFUSED = {
    "no file": (None, "no file matches"),
    "empty": ("", "no titles of columns in its first line, or is empty"),
    "not text of a kind": ("customer_id\nnobody\n", "'nobody' in .* is no customer: customers are"),
    "no title": ("7\n8\n", "reads as a customer"),
    "an address for a title": ("jane@x.org\n", "reads as an address"),
    "a number for a title": ("+44 20 7031 3000\n", "reads as an address"),
    "two in a field": ("email\njane@x.org joe@x.org\n", "1 row of the objections .* fits no cus"),
    "somebody by another name": ("kunde,email\n7,\n,\n", "1 row of the objections .* fits no"),
    "no country": ("phone\n020 7031 3000\n", "or give --phone-country"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_objections_that_cannot_be_told_refuse_the_whole_list(run, shop_file, tmp_path, why):
    text, message = REFUSED[why]
    contacts = write(tmp_path / "crm.csv", "customer_id,email,phone", "1,a@x.org,+442070313000")
    objections = tmp_path / "optout.csv"
    if text is not None:
        objections.write_text(text)
    words = ("customers", shop_file, *ALL, "--contacts", contacts, "--objections", objections)
    result = run(*words)
    assert (result.code, result.out) == (2, "")
    assert re.search(message, result.err), result.err
    if why == "no country":
        assert run(*words, "--phone-country", "44").code == 0


def test_addresses_need_the_contacts_to_be_compared_with(run, shop_file, tmp_path):
    objections = write(tmp_path / "optout.csv", "email,phone", "a@x.org,")
    words = ("customers", shop_file, *ALL, "--objections", objections)
    result = run(*words)
    assert (result.code, result.out) == (2, "")
    assert "compared with those of contacts: give contacts, too" in result.err
    phones = write(tmp_path / "phones.csv", "customer_id,phone", "1,+442070313000")
    assert run(*words, "--contacts", phones).code == 2  # they have no e-mail addresses
    emails = write(tmp_path / "emails.csv", "customer_id,email", "1,A@x.org")
    assert "1" not in rows(run(*words, "--contacts", emails))


def test_contacts_that_are_none(run, shop_file, tmp_path):
    for lines, message in (
        (("customer_id,mail", "1,a@x.org"), "neither a column email nor a column phone"),
        (("email,phone", "a@x.org,"), "no column with the customers"),
        (("customer_id,email", "one,a@x.org"), "'one' in .* is no customer"),
        (("1,a@x.org",), "reads as an address"),
    ):
        contacts = write(tmp_path / "crm.csv", *lines)
        result = run("customers", shop_file, *ALL, "--contacts", contacts)
        assert (result.code, result.out) == (2, "")
        assert re.search(message, result.err), result.err
    with duckdb.connect(str(shop_file)) as con:
        con.execute("create table crm as select 'one' as customer_id, 'a@x.org' as email")
    result = run("customers", shop_file, *ALL, "--contacts", "crm")
    assert (result.code, result.out) == (2, "")
    assert "are VARCHAR, and those of the list are BIGINT" in result.err


def test_a_list_of_too_few_is_refused(run, shop_file, tmp_path):
    words = ("customers", shop_file, "--segment", "Elite", "--format", "csv", "--min-size")
    assert len(rows(run(*words, "6"))) == 6
    result = run(*words, "7")
    assert (result.code, result.out) == (2, "")
    assert "the list has 6 customers, fewer than --min-size 7. Nothing is written. " in result.err
    advised = shlex.split(re.search(r"or for (--min-size \d+)\.", result.err)[1])
    assert run(*words[:-1], *advised).code == 0
    objections = write(tmp_path / "optout.csv", "customer_id", "59")
    assert run(*words, "6", "--objections", objections).code == 2
    contacts = write(tmp_path / "crm.csv", "customer_id,email", "59,a@x.org", "58,b")
    result = run(*words, "2", "--contacts", contacts)
    assert (result.code, result.out) == (2, "")
    assert "the list has 1 customer with an address, fewer than --min-size 2" in result.err
    nobody = run(*words, "1", "--contacts", write(contacts, "customer_id,email"))
    assert nobody.err.endswith("Nothing is written. Ask for a larger list.\n")
    cut = run(*words, "6", "--limit", "5")
    assert cut.code == 2
    assert "cut by the limit: raise that" in cut.err


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


def test_customers_that_are_texts_and_odd_names(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        con.execute(
            """create table "s ""x" as select 'c''"' || customer_id as "the id", * from sales"""
        )
        con.execute(
            """create table "crm ""x" as select "the id", 'a@x.org' as email from "s ""x" """
        )
    shop = segmenter.open(path)
    shop.fit(
        Source(
            transactions='s "x',
            customer='"the id"',
            amount="amount",
            order="order_id",
            date="sold_at",
        )
    )
    assert {row["email_sha256"] for row in shop.customers(contacts='crm "x')} == {sha("a@x.org")}
    objections = tmp_path / "it's.csv"
    with objections.open("w", newline="") as file:
        csv.writer(file).writerows([["the id"], ["c'\"59"]])
    assert len(shop.customers(objections=objections)) == 59
    with objections.open("w", newline="") as file:
        csv.writer(file).writerows([["c'\"59"], ["c'\"58"]])
    with pytest.raises(InputError, match="reads as a customer"):
        shop.customers(objections=objections)


def test_only_what_was_typed_is_read(run, shop_file, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    contacts = write(elsewhere / "crm.csv", "customer_id,email", "59,a@x.org")
    secret = write(elsewhere / "secret.csv", "customer_id,email", "59,s@x.org")
    shop = shop_file.parent / "shop"
    shop.mkdir()
    path = shop_file.rename(shop / "shop.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute(f"create view optout as from read_csv('{secret}')")
    words = ("customers", path, *ALL, "--contacts", contacts)
    assert rows(run(*words))["59"]["email_sha256"] == sha("a@x.org")
    result = run(*words, "--objections", "optout")
    assert (result.code, result.out) == (2, "")
    assert "--allow" in result.err
    assert "59" not in rows(run(*words, "--objections", "optout", "--allow", secret))
