"""The whole job beside the notebook that most people write: pandas and scikit-learn.

Both read the same Parquet file and end with a segment for each customer: spend and orders, the top
1 % set aside, standardise, Ward in two, the larger block standardised and in two again, five
nearest neighbours. Textbook Ward on both sides (``consolidate=False, monotone=False``): the
segments must be the same. Amounts are spread over many digits, since with equal distances textbook
Ward has several right answers. Each side is a process of its own; imports are not timed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, Row, Scale, alone, measured

CUSTOMERS = {"small": 3_000, "full": 20_000}
ROWS_PER_CUSTOMER = 10
REPEAT = {"small": 3, "full": 5}
PATIENCE = 120.0

SPREAD = """
    copy (
        select customer_id, invoice_no,
            round(amount * (1000 + hash(customer_id, invoice_no, amount) % 1000000 / 1e6), 2)
                as amount
        from '{given}'
        order by invoice_no, customer_id, amount
    ) to '{target}' (format parquet)
"""

Labels = dict[int, str]


def measure(scale: Scale) -> Iterator[Row]:
    """Time both, and compare their segments."""
    from sklearn.metrics import adjusted_rand_score

    customers, repeat = CUSTOMERS[scale], REPEAT[scale]
    with tempfile.TemporaryDirectory() as name:
        sales = Path(name) / "sales.parquet"
        alone(_make_sales, sales, customers)
        ours, our_labels = alone(_segmenter, sales, repeat)
        theirs, their_labels = alone(_notebook, sales, repeat)
    yield Row(
        "notebook", "end to end", customers, "customers", ours, "pandas, scikit-learn", theirs
    )
    same = sum(our_labels[key] == label for key, label in their_labels.items())
    agreement = adjusted_rand_score(
        [our_labels[key] for key in their_labels], list(their_labels.values())
    )
    note = f"{same:,} of {len(our_labels):,} the same"
    figure = Figure([float(agreement)], unit="ARI")
    yield Row("notebook", "agreement of segments", customers, "customers", figure, note=note)


def _make_sales(path: Path, customers: int) -> None:
    import duckdb

    from benchmarks.generator import write_parquet

    raw = path.with_name("raw.parquet")
    write_parquet(raw, customers * ROWS_PER_CUSTOMER, customers)
    duckdb.execute(SPREAD.format(given=raw, target=path))


def _segmenter(sales: Path, repeat: int) -> tuple[Figure, Labels]:
    import duckdb

    import segmenter

    source = segmenter.Source(
        transactions=str(sales), customer="customer_id", amount="amount", order="invoice_no"
    )
    labels: Labels = {}

    def work() -> None:
        with duckdb.connect() as con:
            segmenter.fit(con, source, segmenter.Settings(consolidate=False, monotone=False))
            found = con.execute("select customer_id, segment from segments.customer_segments")
            labels.update(found.fetchall())

    return measured(work, repeat, PATIENCE), labels


def _notebook(sales: Path, repeat: int) -> tuple[Figure, Labels]:
    import pandas as pd
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import StandardScaler

    metrics = ["monetary", "frequency"]
    labels: Labels = {}

    def halves(profile: pd.DataFrame) -> pd.Series:
        scaled = StandardScaler().fit_transform(profile[metrics])
        found = AgglomerativeClustering(n_clusters=2, linkage="ward").fit_predict(scaled)
        return pd.Series(found, profile.index)

    def work() -> None:
        sold = pd.read_parquet(sales).dropna(subset="customer_id")
        profile = pd.DataFrame(
            {
                "monetary": sold.groupby("customer_id")["amount"].sum().round(2),
                "frequency": sold[sold["amount"] > 0]
                .groupby("customer_id")["invoice_no"]
                .nunique(),
            }
        ).fillna({"frequency": 0})
        buyers = profile[profile["frequency"] >= 1]
        training = buyers[(buyers[metrics] <= buyers[metrics].quantile(0.99)).all(axis=1)]
        block = halves(training)
        largest = block == block.value_counts().idxmax()
        block[largest] = 2 + halves(training[largest])
        order = training["monetary"].groupby(block).mean().sort_values(ascending=False).index
        names = block.map(dict(zip(order, ("Elite", "Loyal", "At-Risk"), strict=True)))
        scaler = StandardScaler().fit(training[metrics])
        knn = KNeighborsClassifier(5).fit(scaler.transform(training[metrics]), names)
        inside = profile[metrics].clip(training[metrics].min(), training[metrics].max(), axis=1)
        labels.update(
            zip(profile.index.astype(int), knn.predict(scaler.transform(inside)), strict=True)
        )

    return measured(work, repeat, PATIENCE), labels
