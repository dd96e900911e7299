// Runs the queries of a JSON list against a DuckDB file in WebAssembly, as a browser would, with no
// extension loaded from anywhere, and prints the rows of each as JSON.
// node read.cjs FILE QUERIES
const path = require("path");
const duckdb = require("@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs");

const [file, queries] = process.argv.slice(2);
const dist = path.dirname(require.resolve("@duckdb/duckdb-wasm"));
const bundle = (kind) => ({ mainModule: path.join(dist, `duckdb-${kind}.wasm`), mainWorker: "" });

(async () => {
  const bundles = { mvp: bundle("mvp"), eh: bundle("eh") };
  const db = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await db.instantiate(() => {});
  db.open({ path: file, accessMode: 1 });
  const con = db.connect();
  con.query("set autoload_known_extensions = false");
  const rows = (query) => {
    try {
      return con.query(query).toArray().map((row) => Object.values(row.toJSON()));
    } catch (error) {
      return [query, String(error)];
    }
  };
  const text = (key, value) => (typeof value === "bigint" ? String(value) : value);
  console.log(JSON.stringify(JSON.parse(queries).map(rows), text));
})();
