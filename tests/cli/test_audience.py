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


def sha(text):
    return text and hashlib.sha256(text.encode()).hexdigest()


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(result):
    assert result.code == 0, result.err
    return {row["customer_id"]: row for row in csv.DictReader(io.StringIO(result.out))}


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


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
