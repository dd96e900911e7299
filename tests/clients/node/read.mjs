// Runs the queries of a JSON list against a DuckDB file and prints their rows as JSON.
// node read.mjs FILE QUERIES
import { DuckDBInstance } from "@duckdb/node-api";

const [file, queries] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
const connection = await instance.connect();
const results = [];
for (const query of JSON.parse(queries)) {
  const reader = await connection.runAndReadAll(query);
  results.push(reader.getRowsJson());
}
console.log(JSON.stringify(results));
connection.closeSync();
