"""Exports of shops and tills as their publishers describe them: columns, rows, right totals.

The columns are those of the published lists; the orders behind all of them are the same.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

__all__ = ["EXPORTS", "WOO", "Export", "Order", "each_line", "net", "orders", "woo_item"]


@dataclass(frozen=True)
class Order:
    number: int
    customer: int
    moment: datetime
    lines: tuple[tuple[str, int, int], ...]
    """Article, quantity, price of one in cents."""

    discount: int
    shipping: int
    refunded: int

    @property
    def email(self) -> str:
        return f"customer{self.customer}@example.com"

    @property
    def person(self) -> str:
        return f"Jo Doe {chr(65 + self.customer % 26)}"

    @property
    def items(self) -> int:
        return sum(quantity * price for _, quantity, price in self.lines)

    @property
    def tax(self) -> int:
        return (self.items - self.discount) // 5

    @property
    def total(self) -> int:
        return self.items - self.discount + self.tax + self.shipping


def orders() -> list[Order]:
    """Return 240 orders of 40 customers with one to four lines."""
    made = []
    for i in range(240):
        count = 1 + (i * 7) % 4
        lines = tuple(
            (f"SKU-{(i + 3 * j) % 17}", 1 + (i + j) % 3, 499 + 131 * ((i + 3 * j) % 17))
            for j in range(count)
        )
        items = sum(quantity * price for _, quantity, price in lines)
        made.append(
            Order(
                number=1001 + i,
                customer=(i * i + 3 * i) % 40 if i % 5 else i % 7,
                moment=datetime(2023, 1, 14, 9, 30) + timedelta(days=2 * i, minutes=i),
                lines=lines,
                discount=items // 10 if i % 6 == 0 else 0,
                shipping=495 if i % 3 else 0,
                refunded=items // 4 if i % 20 == 3 else 0,
            )
        )
    return made


Rows = Callable[[Order], list[dict[str, Any]]]


@dataclass(frozen=True)
class Export:
    """A layout: its columns, the rows of an order, what the order is worth, and what is right."""

    name: str
    columns: str
    rows: Rows
    worth: Callable[[Order], int]
    customer: str
    order: str | None
    date: str | None
    suffix: str = "csv"

    def header(self) -> list[str]:
        return [column.strip() for column in self.columns.replace("\n", " ").split(",")]

    def write(self, folder: Path, some: list[Order] | None = None) -> Path:
        """Write the file."""
        path = folder / f"orders.{self.suffix}"
        header = self.header()
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter="\t" if self.suffix == "tsv" else ",")
            writer.writerow(header)
            for row in self._all(some or orders()):
                unknown = row.keys() - set(header)
                assert not unknown, unknown
                writer.writerow([row.get(column, "") for column in header])
        return path

    def _all(self, some: list[Order]) -> Iterator[dict[str, Any]]:
        for order in some:
            yield from self.rows(order)

    @property
    def cents(self) -> int:
        return sum(map(self.worth, orders()))


def money(cents: int) -> str:
    return f"{cents / 100:.2f}"


def first_only(order_fields: Callable[[Order], dict], line_fields: Callable[..., dict]) -> Rows:
    """Return rows whose order stands on the first line only."""

    def rows(order: Order) -> list[dict[str, Any]]:
        found = [line_fields(order, *line) for line in order.lines]
        found[0] |= order_fields(order)
        return found

    return rows


def one_row(fields: Callable[[Order], dict]) -> Rows:
    return lambda order: [fields(order)]


def each_line(fields: Callable[..., dict]) -> Rows:
    return lambda order: [
        fields(order, position, *line) for position, line in enumerate(order.lines, start=1)
    ]


def net(order: Order) -> int:
    return order.total - order.refunded


def items(order: Order) -> int:
    return order.items


def total(order: Order) -> int:
    return order.total


SHOPIFY = """Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,
Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,
Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,
Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,
Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,
Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,
Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,
Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,
Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,Lineitem discount,
Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,
Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,
Payment ID,Payment Terms Name,Next Payment Due At,Payment References"""


def _shopify_order(order: Order) -> dict[str, Any]:
    at = f"{order.moment:%Y-%m-%d %H:%M:%S} +0100"
    return {
        "Financial Status": "partially_refunded" if order.refunded else "paid",
        "Paid at": at,
        "Fulfillment Status": "fulfilled",
        "Accepts Marketing": "no",
        "Currency": "EUR",
        "Subtotal": money(order.items - order.discount),
        "Shipping": money(order.shipping),
        "Taxes": money(order.tax),
        "Total": money(order.total),
        "Discount Amount": money(order.discount),
        "Billing Name": order.person,
        "Shipping Name": order.person,
        "Refunded Amount": money(order.refunded),
        "Outstanding Balance": "0.00",
        "Id": 4_500_000_000_000 + order.number,
        "Tax 1 Name": "VAT 20%",
        "Tax 1 Value": money(order.tax),
    }


def _shopify_line(order: Order, article: str, quantity: int, price: int) -> dict[str, Any]:
    return {
        "Name": f"#{order.number}",
        "Email": order.email,
        "Created at": f"{order.moment:%Y-%m-%d %H:%M:%S} +0100",
        "Lineitem quantity": quantity,
        "Lineitem name": f"Thing {article}",
        "Lineitem price": money(price),
        "Lineitem sku": article,
        "Lineitem discount": "0.00",
        "Vendor": "Ours",
    }


def woo_item(order: Order, position: int, article: str, quantity: int, price: int) -> dict:
    return {
        "order_id": order.number,
        "order_number": order.number,
        "date": f"{order.moment:%Y-%m-%d %H:%M:%S}",
        "status": "completed",
        "shipping_total": money(order.shipping),
        "tax_total": money(order.tax),
        "discount_total": money(order.discount),
        "order_total": money(order.total),
        "refunded_total": money(order.refunded),
        "order_currency": "EUR",
        "customer_id": order.customer if order.customer % 3 else 0,
        "billing_email": order.email,
        "billing_first_name": "Jo",
        "item_id": order.number * 10 + position,
        "item_name": f"Thing {article}",
        "item_sku": article,
        "item_quantity": quantity,
        "item_subtotal": money(quantity * price),
        "item_total": money(quantity * price),
    }


WOO = """order_id,order_number,order_number_formatted,date,status,shipping_total,shipping_tax_total,
fee_total,fee_tax_total,tax_total,discount_total,order_total,refunded_total,order_currency,
payment_method,shipping_method,customer_id,billing_first_name,billing_last_name,billing_company,
billing_email,billing_phone,billing_address_1,billing_city,billing_postcode,shipping_first_name,
shipping_last_name,shipping_address_1,shipping_city,customer_note"""

EXPORTS = [
    Export(
        "Shopify", SHOPIFY, first_only(_shopify_order, _shopify_line), net,
        "Email", "Name", "Created at",
    ),
    Export(
        "Shopify without what was refunded",
        SHOPIFY.split("Note Attributes")[0].rstrip(", \n"),
        first_only(
            lambda o: {
                key: value for key, value in _shopify_order(o).items()
                if key in SHOPIFY.split("Note Attributes")[0].replace("\n", "").split(",")
            },
            lambda *a: {
                key: value for key, value in _shopify_line(*a).items()
                if key in SHOPIFY.split("Note Attributes")[0].replace("\n", "").split(",")
            },
        ),
        total, "Email", "Name", "Created at",
    ),
    Export(
        "WooCommerce, one row an order", WOO,
        one_row(lambda o: {
            key: value for key, value in woo_item(o, 1, *o.lines[0]).items()
            if not key.startswith("item")
        }),
        net, "billing_email", "order_id", "date",
    ),
    Export(
        "WooCommerce, advanced export",
        """Order Number,Order Status,Order Date,Customer Note,First Name (Billing),
        Last Name (Billing),Company (Billing),Email (Billing),Phone (Billing),
        First Name (Shipping),City (Shipping),Payment Method Title,Cart Discount Amount,
        Order Subtotal Amount,Shipping Method Title,Order Shipping Amount,Order Refund Amount,
        Order Total Amount,Order Total Tax Amount,Coupon Code""",
        one_row(lambda o: {
            "Order Number": o.number, "Order Status": "Completed",
            "Order Date": f"{o.moment:%Y-%m-%d %H:%M}", "Email (Billing)": o.email,
            "First Name (Billing)": "Jo", "Cart Discount Amount": money(o.discount),
            "Order Subtotal Amount": money(o.items), "Order Shipping Amount": money(o.shipping),
            "Order Refund Amount": money(o.refunded), "Order Total Amount": money(o.total),
            "Order Total Tax Amount": money(o.tax),
        }),
        net, "Email (Billing)", "Order Number", "Order Date",
    ),
    Export(
        "WooCommerce's wc_orders",
        """id,status,currency,type,tax_amount,total_amount,customer_id,billing_email,
        date_created_gmt,date_updated_gmt,parent_order_id,payment_method,payment_method_title,
        transaction_id,ip_address,user_agent,customer_note""",
        one_row(lambda o: {
            "id": o.number, "status": "wc-completed", "currency": "EUR", "type": "shop_order",
            "tax_amount": money(o.tax), "total_amount": money(o.total),
            "customer_id": o.customer if o.customer % 3 else 0, "billing_email": o.email,
            "date_created_gmt": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "date_updated_gmt": f"{o.moment + timedelta(days=9):%Y-%m-%d %H:%M:%S}",
            "transaction_id": f"ch_{o.number}",
        }),
        total, "billing_email", "id", "date_created_gmt",
    ),
    Export(
        "Stripe payments",
        """id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,
        Converted Amount Refunded,Converted Currency,Decline Reason,Description,Fee,
        Refunded date (UTC),Statement Descriptor,Status,Seller Message,Taxes On Fee,Card ID,
        Customer ID,Customer Description,Customer Email,Invoice ID,Transfer""",
        one_row(lambda o: {
            "id": f"ch_{o.number}", "Created date (UTC)": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "Amount": money(o.total), "Amount Refunded": money(o.refunded), "Currency": "eur",
            "Captured": "true", "Converted Amount": money(o.total),
            "Converted Amount Refunded": money(o.refunded), "Converted Currency": "eur",
            "Fee": money(o.total // 30), "Status": "Paid", "Customer ID": f"cus_{o.customer}",
            "Customer Email": o.email, "Taxes On Fee": "0.00",
        }),
        net, "Customer ID", "id", "Created date (UTC)",
    ),
    Export(
        "Square items",
        """Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,
        Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,
        Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Unit,Count,
        Itemization Type,Fulfillment Note,Channel,Token,Card Brand,PAN Suffix""",
        each_line(lambda o, position, article, quantity, price: {
            "Date": f"{o.moment:%Y-%m-%d}", "Time": f"{o.moment:%H:%M:%S}",
            "Time Zone": "Eastern Time (US & Canada)", "Category": "Things", "Item": article,
            "Qty": f"{quantity}.0", "SKU": article, "Gross Sales": f"${money(quantity * price)}",
            "Discounts": "$0.00", "Net Sales": f"${money(quantity * price)}",
            "Tax": f"${money(quantity * price // 10)}", "Transaction ID": f"T{o.number}",
            "Payment ID": f"P{o.number}", "Event Type": "Payment", "Customer ID": f"C{o.customer}",
            "Customer Name": o.person, "Count": quantity, "Unit": "ea",
        }),
        lambda o: sum(q * p + q * p // 10 for _, q, p in o.lines),
        "Customer ID", "Transaction ID", "Date",
    ),
    Export(
        "Square transactions",
        """Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Gift Card Sales,Tax,Tip,
        Partial Refunds,Total Collected,Source,Card,Card Entry Methods,Cash,Square Gift Card,
        Other Tender,Other Tender Type,Other Tender Note,Fees,Net Total,Transaction ID,Payment ID,
        Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,Description,Event Type,
        Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Device Nickname""",
        one_row(lambda o: {
            "Date": f"{o.moment:%Y-%m-%d}", "Time": f"{o.moment:%H:%M:%S}",
            "Gross Sales": f"${money(o.items)}", "Discounts": f"-${money(o.discount)}",
            "Net Sales": f"${money(o.items - o.discount)}", "Tax": f"${money(o.tax)}",
            "Tip": "$0.00", "Total Collected": f"${money(o.total)}", "Fees": "-$0.30",
            "Net Total": f"${money(o.total - 30)}", "Transaction ID": f"T{o.number}",
            "Payment ID": f"P{o.number}", "Event Type": "Payment", "Customer ID": f"C{o.customer}",
            "Customer Name": o.person, "Staff Name": "Kim", "Staff ID": "S1",
        }),
        total, "Customer ID", "Transaction ID", "Date",
    ),
    Export(
        "Magento grid",
        """ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),
        Grand Total (Purchased),Status,Billing Address,Shipping Address,Shipping Information,
        Customer Email,Customer Group,Subtotal,Shipping and Handling,Customer Name,Payment Method,
        Total Refunded""",
        one_row(lambda o: {
            "ID": f"{o.number:09}", "Purchase Point": "Main Website",
            "Purchase Date": f"{o.moment:%Y-%m-%d %H:%M:%S}", "Bill-to Name": o.person,
            "Ship-to Name": o.person, "Grand Total (Base)": money(o.total),
            "Grand Total (Purchased)": money(o.total), "Status": "complete",
            "Customer Email": o.email, "Customer Group": 1, "Subtotal": money(o.items),
            "Shipping and Handling": money(o.shipping), "Customer Name": o.person,
            "Total Refunded": money(o.refunded),
        }),
        net, "Customer Email", "ID", "Purchase Date",
    ),
    Export(
        "Magento's sales_order",
        """entity_id,state,status,store_id,customer_id,base_currency_code,base_discount_amount,
        base_grand_total,base_shipping_amount,base_subtotal,base_tax_amount,base_total_paid,
        base_total_refunded,grand_total,subtotal,total_qty_ordered,customer_email,
        customer_firstname,customer_lastname,increment_id,created_at,updated_at""",
        one_row(lambda o: {
            "entity_id": o.number - 1000, "state": "complete", "status": "complete", "store_id": 1,
            "customer_id": o.customer if o.customer % 3 else "", "base_currency_code": "EUR",
            "base_discount_amount": money(-o.discount), "base_grand_total": money(o.total),
            "base_shipping_amount": money(o.shipping), "base_subtotal": money(o.items),
            "base_tax_amount": money(o.tax), "base_total_paid": money(o.total),
            "base_total_refunded": money(o.refunded) if o.refunded else "",
            "grand_total": money(o.total), "subtotal": money(o.items),
            "total_qty_ordered": len(o.lines), "customer_email": o.email,
            "increment_id": f"{o.number:09}", "created_at": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "updated_at": f"{o.moment + timedelta(days=9):%Y-%m-%d %H:%M:%S}",
        }),
        net, "customer_email", "increment_id", "created_at",
    ),
    Export(
        "PrestaShop's ps_orders",
        """id_order,reference,id_shop_group,id_shop,id_carrier,id_lang,id_customer,id_cart,
        id_currency,id_address_delivery,id_address_invoice,current_state,secure_key,payment,
        conversion_rate,module,total_discounts,total_paid,total_paid_tax_incl,total_paid_tax_excl,
        total_paid_real,total_products,total_products_wt,total_shipping,invoice_number,
        invoice_date,delivery_date,valid,date_add,date_upd""",
        one_row(lambda o: {
            "id_order": o.number, "reference": f"R{o.number}XQ", "id_shop": 1,
            "id_customer": o.customer + 1, "id_cart": o.number, "id_currency": 1,
            "current_state": 5, "payment": "card", "conversion_rate": "1.000000",
            "total_discounts": money(o.discount), "total_paid": money(o.total),
            "total_paid_tax_incl": money(o.total), "total_paid_tax_excl": money(o.total - o.tax),
            "total_paid_real": money(o.total), "total_products": money(o.items),
            "total_shipping": money(o.shipping), "invoice_number": o.number,
            "invoice_date": f"{o.moment:%Y-%m-%d %H:%M:%S}", "valid": 1,
            "date_add": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "date_upd": f"{o.moment + timedelta(days=4):%Y-%m-%d %H:%M:%S}",
        }),
        total, "id_customer", "id_order", "date_add",
    ),
    Export(
        "BigCommerce",
        """Order ID,Customer ID,Customer Name,Customer Email,Customer Phone,Order Date,Order Status,
        Subtotal (inc tax),Subtotal (ex tax),Tax Total,Shipping Cost (inc tax),
        Shipping Cost (ex tax),Handling Cost (inc tax),Store Credit Redeemed,
        Coupon Value,Order Total (inc tax),Order Total (ex tax),Refunded Amount,
        Order Currency Code,Payment Method,Total Quantity,Total Shipped,Date Shipped""",
        one_row(lambda o: {
            "Order ID": o.number, "Customer ID": o.customer if o.customer % 3 else 0,
            "Customer Name": o.person, "Customer Email": o.email,
            "Order Date": f"{o.moment:%Y-%m-%d}", "Order Status": "Shipped",
            "Subtotal (inc tax)": money(o.items + o.tax), "Subtotal (ex tax)": money(o.items),
            "Tax Total": money(o.tax), "Shipping Cost (inc tax)": money(o.shipping),
            "Coupon Value": money(o.discount), "Order Total (inc tax)": money(o.total),
            "Order Total (ex tax)": money(o.total - o.tax), "Refunded Amount": money(o.refunded),
            "Order Currency Code": "EUR", "Total Quantity": len(o.lines),
        }),
        net, "Customer Email", "Order ID", "Order Date",
    ),
    Export(
        "Lightspeed (X-Series) sales",
        """Date,Receipt Number,Line Type,Customer Code,Customer Name,Note,Quantity,Subtotal,
        Sales Tax,Discount,Loyalty,Total,Paid,Details,Register,User,Status,Sku,
        AccountCodeSale,AccountCodePurchase""",
        lambda o: [
            {
                "Date": f"{o.moment:%Y-%m-%d %H:%M:%S}", "Receipt Number": o.number,
                "Line Type": "Sale", "Customer Code": f"C-{o.customer}", "Customer Name": o.person,
                "Quantity": len(o.lines), "Subtotal": money(o.items), "Sales Tax": money(o.tax),
                "Discount": money(o.discount), "Total": money(o.total), "Paid": money(o.total),
                "Register": "Main", "User": "Kim", "Status": "CLOSED",
            },
            *(
                {
                    "Date": f"{o.moment:%Y-%m-%d %H:%M:%S}", "Receipt Number": o.number,
                    "Line Type": "Sale Line", "Customer Code": f"C-{o.customer}",
                    "Quantity": q, "Subtotal": money(q * p), "Total": money(q * p),
                    "Details": a, "Register": "Main", "User": "Kim", "Status": "CLOSED", "Sku": a,
                }
                for a, q, p in o.lines
            ),
            {
                "Date": f"{o.moment:%Y-%m-%d %H:%M:%S}", "Receipt Number": o.number,
                "Line Type": "Payment", "Customer Code": f"C-{o.customer}", "Paid": money(o.total),
                "Total": money(o.total), "Details": "Card", "Register": "Main", "Status": "CLOSED",
            },
        ],
        total, "Customer Code", "Receipt Number", "Date",
    ),
    Export(
        "Amazon shipments",
        """amazon-order-id,merchant-order-id,shipment-id,shipment-item-id,amazon-order-item-id,
        merchant-order-item-id,purchase-date,payments-date,shipment-date,reporting-date,buyer-email,
        buyer-name,buyer-phone-number,sku,product-name,quantity-shipped,currency,item-price,
        item-tax,shipping-price,shipping-tax,gift-wrap-price,gift-wrap-tax,ship-service-level,
        recipient-name,ship-city,ship-country,item-promotion-discount,ship-promotion-discount,
        carrier,tracking-number,fulfillment-center-id,fulfillment-channel,sales-channel""",
        each_line(lambda o, position, article, quantity, price: {
            "amazon-order-id": f"302-{o.number}-1", "shipment-id": f"S{o.number}",
            "amazon-order-item-id": o.number * 10 + position,
            "purchase-date": f"{o.moment:%Y-%m-%dT%H:%M:%S}+00:00",
            "payments-date": f"{o.moment + timedelta(days=1):%Y-%m-%dT%H:%M:%S}+00:00",
            "shipment-date": f"{o.moment + timedelta(days=2):%Y-%m-%dT%H:%M:%S}+00:00",
            "buyer-email": f"{o.customer}x@marketplace.amazon.com", "buyer-name": o.person,
            "sku": article, "product-name": f"Thing {article}", "quantity-shipped": quantity,
            "currency": "EUR", "item-price": money(quantity * price),
            "item-tax": money(quantity * price // 5), "shipping-price": "1.00",
            "shipping-tax": "0.20", "item-promotion-discount": "0.30",
            "ship-promotion-discount": "0.00", "recipient-name": o.person,
        }),
        lambda o: sum(q * p + q * p // 5 + 100 + 20 - 30 for _, q, p in o.lines),
        "buyer-email", "amazon-order-id", "purchase-date", "tsv",
    ),
    Export(
        "eBay orders",
        """Sales Record Number,Order Number,Buyer Username,Buyer Name,Buyer Email,Buyer Note,
        Buyer City,Buyer Zip,Buyer Country,Ship To Name,Ship To City,Item Number,Item Title,
        Custom Label,Sold Via Promoted Listings,Quantity,Sold For,Shipping And Handling,
        Seller Collected Tax,eBay Collected Tax,Total Price,Payment Method,Sale Date,Paid On Date,
        Ship By Date,Shipped On Date,Transaction ID""",
        one_row(lambda o: {
            "Sales Record Number": o.number, "Order Number": f"12-{o.number}-34",
            "Buyer Username": f"user_{o.customer}", "Buyer Name": o.person, "Buyer Email": o.email,
            "Item Number": 335_000_000 + o.number, "Item Title": o.lines[0][0], "Quantity": 1,
            "Sold For": money(o.items), "Shipping And Handling": money(o.shipping),
            "Total Price": money(o.items + o.shipping), "Sale Date": f"{o.moment:%b-%d-%y}",
            "Paid On Date": f"{o.moment:%b-%d-%y}", "Transaction ID": 28_000 + o.number,
        }),
        lambda o: o.items + o.shipping, "Buyer Username", "Order Number", "Sale Date",
    ),
    Export(
        "Etsy orders",
        """Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,
        Payment Method,Date Shipped,Street 1,Street 2,Ship City,Ship State,Ship Zipcode,
        Ship Country,Currency,Order Value,Coupon Code,Coupon Details,Discount Amount,
        Shipping Discount,Shipping,Sales Tax,Order Total,Status,Card Processing Fees,Order Net,
        Adjusted Order Total,Adjusted Card Processing Fees,Adjusted Net Order Amount,Buyer,
        Order Type,Payment Type,InPerson Discount,InPerson Location,SKU""",
        one_row(lambda o: {
            "Sale Date": f"{o.moment:%m/%d/%y}", "Order ID": 3_310_000_000 + o.number,
            "Buyer User ID": f"buyer{o.customer}", "Full Name": o.person, "First Name": "Jo",
            "Last Name": "Doe", "Number of Items": len(o.lines), "Currency": "USD",
            "Order Value": money(o.items), "Discount Amount": money(o.discount),
            "Shipping": money(o.shipping), "Sales Tax": money(o.tax),
            "Order Total": money(o.total), "Status": "Completed",
            "Card Processing Fees": money(o.total // 30),
            "Order Net": money(o.total - o.total // 30), "Adjusted Order Total": "0.00",
            "Buyer": f"buyer{o.customer}", "Order Type": "online",
        }),
        total, "Buyer User ID", "Order ID", "Sale Date",
    ),
    Export(
        "Etsy order items",
        """Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,
        Shipping Discount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,
        Listing ID,Date Paid,Date Shipped,Ship Name,Ship City,Ship Country,Order ID,Variations,
        Order Type,Listings Type,Payment Type,SKU""",
        each_line(lambda o, position, article, quantity, price: {
            "Sale Date": f"{o.moment:%m/%d/%y}", "Item Name": f"Thing {article}",
            "Buyer": f"buyer{o.customer}", "Quantity": quantity, "Price": money(price),
            "Discount Amount": "0.25", "Order Shipping": money(o.shipping),
            "Order Sales Tax": money(o.tax), "Item Total": money(quantity * price),
            "Currency": "USD", "Transaction ID": o.number * 10 + position, "Listing ID": 9001,
            "Date Paid": f"{o.moment:%m/%d/%y}", "Ship Name": o.person, "Order ID": o.number,
            "SKU": article,
        }),
        lambda o: sum(q * p - 25 for _, q, p in o.lines), "Buyer", "Order ID", "Sale Date",
    ),
    Export(
        "Online Retail",
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        each_line(lambda o, position, article, quantity, price: {
            "InvoiceNo": o.number, "StockCode": article, "Description": f"THING {article}",
            "Quantity": quantity, "InvoiceDate": f"{o.moment:%Y-%m-%d %H:%M}",
            "UnitPrice": money(price), "CustomerID": 12000 + o.customer, "Country": "France",
        }),
        items, "CustomerID", "InvoiceNo", "InvoiceDate",
    ),
    Export(
        "Olist, items with orders and customers",
        """order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value,
        customer_id,order_status,order_purchase_timestamp,order_approved_at,
        order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date,
        customer_unique_id,customer_zip_code_prefix,customer_city,customer_state""",
        each_line(lambda o, position, article, quantity, price: {
            "order_id": f"o{o.number:032x}", "order_item_id": position, "product_id": article,
            "seller_id": "s1", "shipping_limit_date": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "price": money(price), "freight_value": "7.50", "customer_id": f"c{o.number:032x}",
            "order_status": "delivered",
            "order_purchase_timestamp": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "order_delivered_customer_date": f"{o.moment + timedelta(9):%Y-%m-%d %H:%M:%S}",
            "customer_unique_id": f"u{o.customer:032x}", "customer_city": "sao paulo",
        }),
        lambda o: sum(p + 750 for _, _, p in o.lines),
        "customer_unique_id", "order_id", "order_purchase_timestamp",
    ),
    Export(
        "Olist, payments with orders and customers",
        """order_id,payment_sequential,payment_type,payment_installments,payment_value,customer_id,
        order_status,order_purchase_timestamp,order_approved_at,customer_unique_id,customer_city""",
        one_row(lambda o: {
            "order_id": f"o{o.number:032x}", "payment_sequential": 1, "payment_type": "boleto",
            "payment_installments": 1, "payment_value": money(o.total),
            "customer_id": f"c{o.number:032x}", "order_status": "delivered",
            "order_purchase_timestamp": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "customer_unique_id": f"u{o.customer:032x}", "customer_city": "sao paulo",
        }),
        total, "customer_unique_id", "order_id", "order_purchase_timestamp",
    ),
    Export(
        "dbt's jaffle shop, raw",
        "id,customer,ordered_at,store_id,subtotal,tax_paid,order_total",
        one_row(lambda o: {
            "id": f"{o.number:08x}-cdce", "customer": f"{o.customer:08x}-4d6c",
            "ordered_at": f"{o.moment:%Y-%m-%dT%H:%M:%S}", "store_id": "st1",
            "subtotal": o.items, "tax_paid": o.tax, "order_total": o.items + o.tax,
        }),
        lambda o: o.items + o.tax, "customer", "id", "ordered_at",
    ),
    Export(
        "dbt's jaffle shop, orders",
        """order_id,location_id,customer_id,subtotal_cents,tax_paid_cents,order_total_cents,
        subtotal,tax_paid,order_total,ordered_at,order_cost,order_items_subtotal,
        count_food_items,count_drink_items,count_order_items,is_food_order,is_drink_order,
        customer_order_number""",
        one_row(lambda o: {
            "order_id": f"{o.number:08x}-cdce", "location_id": "st1",
            "customer_id": f"{o.customer:08x}-4d6c", "subtotal_cents": o.items,
            "tax_paid_cents": o.tax, "order_total_cents": o.items + o.tax,
            "subtotal": money(o.items), "tax_paid": money(o.tax),
            "order_total": money(o.items + o.tax), "ordered_at": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "order_cost": money(o.items // 3), "order_items_subtotal": money(o.items),
            "count_food_items": 1, "count_drink_items": 0, "count_order_items": len(o.lines),
            "is_food_order": "true", "is_drink_order": "false", "customer_order_number": 1,
        }),
        lambda o: o.items + o.tax, "customer_id", "order_id", "ordered_at",
    ),
    Export(
        "dbt's first jaffle shop",
        """order_id,customer_id,order_date,status,credit_card_amount,coupon_amount,
        bank_transfer_amount,gift_card_amount,amount""",
        one_row(lambda o: {
            "order_id": o.number, "customer_id": o.customer, "order_date": f"{o.moment:%Y-%m-%d}",
            "status": "completed", "credit_card_amount": money(o.total), "coupon_amount": 0,
            "bank_transfer_amount": 0, "gift_card_amount": 0, "amount": money(o.total),
        }),
        total, "customer_id", "order_id", "order_date",
    ),
    Export(
        "Xero sales invoices",
        """ContactName,EmailAddress,POAddressLine1,POCity,PORegion,POPostalCode,POCountry,
        InvoiceNumber,Reference,InvoiceDate,DueDate,PlannedDate,Total,TaxTotal,InvoiceAmountPaid,
        InvoiceAmountDue,InventoryItemCode,Description,Quantity,UnitAmount,Discount,LineAmount,
        AccountCode,TaxType,TaxAmount,TrackingName1,TrackingOption1,Currency,Type,Sent,Status""",
        each_line(lambda o, position, article, quantity, price: {
            "ContactName": f"Company {o.customer}", "EmailAddress": o.email,
            "InvoiceNumber": f"INV-{o.number}", "InvoiceDate": f"{o.moment:%Y-%m-%d}",
            "DueDate": f"{o.moment + timedelta(30):%Y-%m-%d}", "Total": money(o.total),
            "TaxTotal": money(o.tax), "InventoryItemCode": article, "Description": article,
            "Quantity": quantity, "UnitAmount": money(price), "LineAmount": money(quantity * price),
            "AccountCode": 200, "TaxType": "15% GST", "TaxAmount": money(quantity * price // 7),
            "Currency": "NZD", "Type": "Sales invoice", "Status": "Paid",
        }),
        lambda o: sum(q * p + q * p // 7 for _, q, p in o.lines),
        "ContactName", "InvoiceNumber", "InvoiceDate",
    ),
    Export(
        "QuickBooks, sales by customer",
        """Date,Transaction Type,Num,Customer,Product/Service,Memo/Description,Qty,Sales Price,
        Amount,Balance""",
        each_line(lambda o, position, article, quantity, price: {
            "Date": f"{o.moment:%Y-%m-%d}", "Transaction Type": "Invoice", "Num": o.number,
            "Customer": f"Company {o.customer}", "Product/Service": article, "Qty": quantity,
            "Sales Price": money(price), "Amount": money(quantity * price),
            "Balance": money(o.items),
        }),
        items, "Customer", "Num", "Date",
    ),
    Export(
        "Squarespace",
        """Order ID,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,
        Subtotal,Shipping,Taxes,Amount Refunded,Total,Discount Code,Discount Amount,Shipping Method,
        Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem variant,
        Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,
        Shipping Name,Cancelled at,Private Notes,Payment Method,Payment Reference""",
        first_only(
            lambda o: {
                "Financial Status": "PAID", "Paid at": f"{o.moment:%Y-%m-%d %H:%M}",
                "Currency": "USD", "Subtotal": money(o.items), "Shipping": money(o.shipping),
                "Taxes": money(o.tax), "Amount Refunded": money(o.refunded),
                "Total": money(o.total), "Discount Amount": money(o.discount),
                "Created at": f"{o.moment:%Y-%m-%d %H:%M}", "Billing Name": o.person,
            },
            lambda o, article, quantity, price: {
                "Order ID": f"{o.number:05}", "Email": o.email, "Lineitem quantity": quantity,
                "Lineitem name": article, "Lineitem price": money(price), "Lineitem sku": article,
            },
        ),
        net, "Email", "Order ID", "Created at",
    ),
    Export(
        "Superstore",
        """Row ID,Order ID,Order Date,Ship Date,Ship Mode,Customer ID,Customer Name,Segment,Country,
        City,State,Postal Code,Region,Product ID,Category,Sub-Category,Product Name,Sales,
        Quantity,Discount,Profit""",
        each_line(lambda o, position, article, quantity, price: {
            "Row ID": o.number * 10 + position, "Order ID": f"CA-2016-{o.number}",
            "Order Date": f"{o.moment:%Y-%m-%d}",
            "Ship Date": f"{o.moment + timedelta(3):%Y-%m-%d}",
            "Customer ID": f"CG-{o.customer}", "Customer Name": o.person, "Product ID": article,
            "Product Name": f"Thing {article}", "Sales": money(quantity * price),
            "Quantity": quantity, "Discount": 0.2, "Profit": money(price // 4),
        }),
        items, "Customer ID", "Order ID", "Order Date",
    ),
    Export(
        "TikTok Shop",
        """Order ID,Order Status,Order Substatus,Cancelation/Return Type,Normal or Pre-order,SKU ID,
        Seller SKU,Product Name,Variation,Quantity,Sku Quantity of return,SKU Unit Original Price,
        SKU Subtotal Before Discount,SKU Platform Discount,SKU Seller Discount,
        SKU Subtotal After Discount,Shipping Fee After Discount,Original Shipping Fee,Taxes,
        Order Amount,Order Refund Amount,Created Time,Paid Time,Buyer Username,Recipient""",
        each_line(lambda o, position, article, quantity, price: {
            "Order ID": 576_000_000_000 + o.number, "Order Status": "Completed",
            "SKU ID": article, "Product Name": article, "Quantity": quantity,
            "SKU Unit Original Price": money(price),
            "SKU Subtotal Before Discount": money(quantity * price),
            "SKU Subtotal After Discount": money(quantity * price),
            "Shipping Fee After Discount": money(o.shipping), "Order Amount": money(o.total),
            "Order Refund Amount": "0.00", "Created Time": f"{o.moment:%Y-%m-%d %H:%M:%S}",
            "Paid Time": f"{o.moment:%Y-%m-%d %H:%M:%S}", "Buyer Username": f"user{o.customer}",
        }),
        items, "Buyer Username", "Order ID", "Created Time",
    ),
    Export(
        "a till in German", "Bonnummer,Datum,Kundennummer,Artikelnummer,Menge,Einzelpreis",
        each_line(lambda o, position, article, quantity, price: {
            "Bonnummer": o.number, "Datum": f"{o.moment:%Y-%m-%d}", "Kundennummer": o.customer,
            "Artikelnummer": article, "Menge": quantity, "Einzelpreis": money(price),
        }),
        items, "Kundennummer", "Bonnummer", "Datum",
    ),
    Export(
        "a shop in French", "Numéro de commande,Date de commande,Code client,Montant total",
        one_row(lambda o: {
            "Numéro de commande": o.number, "Date de commande": f"{o.moment:%Y-%m-%d}",
            "Code client": f"C{o.customer}", "Montant total": money(o.total),
        }),
        total, "Code client", "Numéro de commande", "Date de commande",
    ),
    Export(
        "a shop in Japanese", "注文番号,注文日,顧客ID,合計金額",
        one_row(lambda o: {
            "注文番号": o.number, "注文日": f"{o.moment:%Y-%m-%d}", "顧客ID": o.customer,
            "合計金額": money(o.total),
        }),
        total, "顧客ID", "注文番号", "注文日",
    ),
    Export(
        "a shop in Russian", "Номер заказа,Дата заказа,Клиент,Сумма заказа",
        one_row(lambda o: {
            "Номер заказа": o.number, "Дата заказа": f"{o.moment:%Y-%m-%d}",
            "Клиент": f"К{o.customer}", "Сумма заказа": money(o.total),
        }),
        total, "Клиент", "Номер заказа", "Дата заказа",
    ),
    Export(
        "a shop in Spanish", "Número de pedido;Fecha;ID Cliente;Importe total".replace(";", ","),
        one_row(lambda o: {
            "Número de pedido": o.number, "Fecha": f"{o.moment:%Y-%m-%d}",
            "ID Cliente": o.customer, "Importe total": money(o.total),
        }),
        total, "ID Cliente", "Número de pedido", "Fecha",
    ),
    Export(
        "a total that its parts add up to",
        "order_id,customer_id,created_at,subtotal,discount,tax,shipping,total",
        one_row(lambda o: {
            "order_id": o.number, "customer_id": o.customer,
            "created_at": f"{o.moment:%Y-%m-%d %H:%M:%S}", "subtotal": money(o.items),
            "discount": money(o.discount), "tax": money(o.tax), "shipping": money(o.shipping),
            "total": money(o.total),
        }),
        total, "customer_id", "order_id", "created_at",
    ),
    Export(
        "a total repeated on lines that add up to it",
        "order_id,customer_id,order_date,sku,quantity,unit_price,order_total",
        each_line(lambda o, position, article, quantity, price: {
            "order_id": o.number, "customer_id": o.customer, "order_date": f"{o.moment:%Y-%m-%d}",
            "sku": article, "quantity": quantity, "unit_price": money(price),
            "order_total": money(o.items),
        }),
        items, "customer_id", "order_id", "order_date",
    ),
]  # fmt: skip
