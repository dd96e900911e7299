"""Tables of which something must be asked before they are fitted: columns, rows, the role."""

from __future__ import annotations

TRAPS = {
    "two addresses": (
        "order_id, order_date, email, gift_email, amount",
        "i // 2, date '2024-01-01' + (i // 2)::int, 'a' || (i // 2) % 9 || '@x.org', "
        "'b' || i % 7 || '@x.org', 1.5 * i",
        "customer",
    ),
    "the bill's and the parcel's address": (
        "order_id, order_date, billing_email, shipping_email, amount",
        "i, date '2024-01-01' + i::int, 'a' || i % 9 || '@x.org', 'b' || i % 7 || '@x.org', 1.5*i",
        "customer",
    ),
    "two kinds of customers": (
        "order_id, order_date, customer_id, client_id, amount",
        "i, date '2024-01-01' + i::int, i % 9, i % 7, 1.5 * i",
        "customer",
    ),
    "names instead of ids": (
        "order_id, order_date, customer, amount",
        "i, date '2024-01-01' + i::int, 'Jo Doe' || i % 9 || ' Smith', 1.5 * i",
        "customer",
    ),
    "one address with several ids": (
        "order_id, order_date, customer_id, email, amount",
        "i, date '2024-01-01' + i::int, i % 30, 'a' || i % 10 || '@x.org', 1.5 * i",
        "customer",
    ),
    "a customer in each row": (
        "order_id, order_date, customer_id, amount",
        "i, date '2024-01-01' + (i // 2)::int, i, 1.5 * i",
        "customer",
    ),
    "guests without an id": (
        "order_id, order_date, customer_id, email, amount",
        "i, date '2024-01-01' + i::int, case when i % 3 > 0 then i % 9 end, "
        "'a' || i % 9 || '@x.org', 1.5 * i",
        "customer",
    ),
    "before or after discounts": (
        "order_id, order_date, customer_id, subtotal, total",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 1.3 * i + 2",
        "amount",
    ),
    "with or without tax": (
        "order_id, order_date, customer_id, amount, tax",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 0.3 * i",
        "amount",
    ),
    "gross and net": (
        "order_id, order_date, customer_id, gross_amount, net_amount",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 1.2 * i",
        "amount",
    ),
    "what was refunded": (
        "order_id, order_date, customer_id, total, refunded_amount",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 0.1 * i",
        "amount",
    ),
    "a price of one or of all": (
        "order_id, order_date, customer_id, quantity, price",
        "i, date '2024-01-01' + i::int, i % 9, 1 + i % 3, 1.5 * i",
        "amount",
    ),
    "a discount that is money or a share": (
        "order_id, order_date, customer_id, quantity, unit_price, discount",
        "i, date '2024-01-01' + i::int, i % 9, 1 + i % 3, 1.5 * i, 0.1 * (i % 2)",
        "amount",
    ),
    "two totals": (
        "order_id, order_date, customer_id, total_usd, total, order_total",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 1.4 * i, 1.7 * i",
        "amount",
    ),
    "no amount by name": (
        "order_id, order_date, customer_id, figure",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i",
        "amount",
    ),
    "thousands or decimals": (
        "order_id, order_date, customer_id, total",
        "i, date '2024-01-01' + i::int, i % 9, (1 + i % 8) || ',' || (100 + i % 800)",
        "number_format",
    ),
    "several currencies": (
        "order_id, order_date, customer_id, total, currency",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then 'USD' "
        "else 'EUR' end",
        "currency",
    ),
    "cancelled orders": (
        "order_id, order_date, customer_id, total, status",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then 'Cancelled' "
        "else 'done' end",
        "where",
    ),
    "orders that were cancelled at a time": (
        "order_id, order_date, customer_id, total, cancelled_at",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then "
        "timestamp '2024-03-01' end",
        "where",
    ),
    "refunds that are positive": (
        "order_id, order_date, customer_id, total, type",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then 'Refund' "
        "else 'Sale' end",
        "amount",
    ),
    "a flag of returns": (
        "order_id, order_date, customer_id, total, is_return",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, i % 4 = 0",
        "where",
    ),
    "orders of tests": (
        "order_id, order_date, customer_id, total, is_test",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, (i % 4 = 0)::int",
        "where",
    ),
    "who sold or who bought": (
        "order_id, order_date, user_id, account_id, total",
        "i, date '2024-01-01' + i::int, i % 5, i % 40, 1.5 * i",
        "customer",
    ),
    "sales that are counts": (
        "order_id, order_date, customer_id, sales",
        "i, date '2024-01-01' + i::int, i % 9, 1 + i % 3",
        "amount",
    ),
    "an amount that is the price of one": (
        "order_id, order_date, customer_id, sku, quantity, amount",
        "i, date '2024-01-01' + i::int, i % 9, i % 7, 1 + i % 3, 2.5 * (1 + i % 7)",
        "amount",
    ),
    "order and invoice": (
        "order_id, invoice_no, order_date, customer_id, amount",
        "i // 3, i // 2, date '2024-01-01' + i::int, (i // 6) % 9, 1.5 * i",
        "order",
    ),
    "numbers that begin again in each shop": (
        "order_id, order_date, customer_id, amount",
        "i % 20, date '2024-01-01' + i::int, i % 9, 1.5 * i",
        "order",
    ),
    "lines without an order's number": (
        "sku, order_date, customer_id, amount",
        "i % 7, date '2024-01-01' + (i // 3)::int, (i // 3) % 9, 1.5 * i",
        "order",
    ),
    "two dates": (
        "order_id, created, date, customer_id, amount",
        "i, date '2024-01-01' + i::int, date '2024-02-01' + i::int, i % 9, 1.5 * i",
        "date",
    ),
    "only a day of shipping": (
        "order_id, shipped_at, customer_id, amount",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i",
        "date",
    ),
    "days or months": (
        "order_id, order_date, customer_id, amount",
        "i, strftime(date '2024-01-01' + (31 * (i % 10))::int, '0%-d/%m/%Y'), i % 9, 1.5 * i",
        "date_format",
    ),
    "a total on each line, and lines that do not add up to it": (
        "order_id, order_date, customer_id, sku, quantity, unit_price, total",
        "i // 3, date '2024-01-01' + (i // 3)::int, (i // 3) % 9, i % 7, 2, 1.5 * i, 3.5 * (i//3)",
        "amount",
    ),
    "a customer on the first line, and money on each": (
        "order_id, order_date, customer_id, sku, amount",
        "i // 3, date '2024-01-01' + (i // 3)::int, case when i % 3 = 0 then (i // 3) % 9 end, "
        "i % 7, 1.5 * i",
        "customer",
    ),
    "states in a column of another name, within longer texts": (
        "order_id, order_date, customer_id, total, order_state_name",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then "
        "'Cancelled by customer' else 'Not cancelled' end",
        "where",
    ),
    "a flag of letters": (
        "order_id, order_date, customer_id, total, order_cancelled",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then 'Y' else 'N' end",
        "where",
    ),
    "orders that nobody paid": (
        "order_id, order_date, customer_id, total, paid",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, i % 4 > 0",
        "where",
    ),
    "credit notes in a column of another name": (
        "order_id, order_date, customer_id, total, document",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then "
        "'Sales Credit Note' else 'Sales Invoice' end",
        "amount",
    ),
    "debit and credit": (
        "order_id, order_date, customer_id, total, dc",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then 'C' else 'D' end",
        "amount",
    ),
    "a refund within a longer name": (
        "order_id, order_date, customer_id, total, refunds_usd",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 0.1 * i",
        "amount",
    ),
    "a discount within a longer name": (
        "order_id, order_date, customer_id, quantity, unit_price, discount_rate",
        "i, date '2024-01-01' + i::int, i % 9, 1 + i % 3, 1.5 * i, 0.1 * (i % 2)",
        "amount",
    ),
    "a tax on a product": (
        "order_id, order_date, customer_id, quantity, unit_price, tax_rate",
        "i, date '2024-01-01' + i::int, i % 9, 1 + i % 3, 1.5 * i, 0.2",
        "amount",
    ),
    "with or without shipping": (
        "order_id, order_date, customer_id, amount, shipping",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, 4.95 * (i % 2)",
        "amount",
    ),
    "several currencies in a column of another name": (
        "order_id, order_date, customer_id, total, kind_of_money",
        "i, date '2024-01-01' + i::int, i % 9, 1.5 * i, case when i % 4 = 0 then 'usd' "
        "else 'EUR' end",
        "currency",
    ),
    "a total among its lines": (
        "order_id, order_date, customer_id, amount",
        "i // 4, date '2024-01-01' + (i // 4)::int, (i // 4) % 9, case when i % 4 = 0 then "
        "6 * (i // 4) + 9.5 else 1.5 * (i // 4) + i % 4 end",
        "amount",
    ),
    "a total of the customer in each order": (
        "order_id, order_date, customer_id, total_spent",
        "i, date '2024-01-01' + i::int, i % 30, 12.5 * (i % 30) + 3",
        "amount",
    ),
}
