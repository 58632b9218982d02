// mysql2, driven over its standard input: see ../driven.py for what is said there.
'use strict';
const readline = require('readline');
const mysql = require('mysql2');

let connection;
const statements = new Map();

const plain = (value) => (value === null ? null : Buffer.isBuffer(value) ? 'hex:' + value.toString('hex') : String(value));
// A list of rows, of results, or what an OK says.
const rows = (found) => {
  if (!Array.isArray(found)) return [];
  const results = found.some((each) => each && !Array.isArray(each)) ? found.find((each) => Array.isArray(each)) || [] : found;
  return results.length && Array.isArray(results[0]) && Array.isArray(results[0][0])
    ? results[0].map((row) => row.map(plain))
    : results.map((row) => row.map(plain));
};
const promised = (start) => new Promise((done, fail) => start((error, result) => (error ? fail(error) : done(result))));

let prepared = 0;

const operations = {
  connect: (port, user, password, database, mode) => {
    statements.clear();
    connection = mysql.createConnection({
      host: '127.0.0.1', port, user, password, database, charset: 'utf8mb4', rowsAsArray: true, supportBigNumbers: true, bigNumberStrings: true,
      dateStrings: true, compress: mode.includes('compressed'), ...(mode.includes('tls') ? { ssl: { rejectUnauthorized: false } } : {}),
    });
    connection.on('error', () => {});
    return promised((then) => connection.connect(then)).then(() => []);
  },
  query: (sql) => promised((then) => connection.query(sql, then)).then(rows),
  // Each text once: for the same again the connection gives out the statement it has, and goes on doing so when that is closed.
  prepare: (name, sql) => promised((then) => connection.prepare(`${sql} /* ${++prepared} */`, then)).then((made) => { statements.set(name, made); return []; }),
  execute: (name, ...values) => promised((then) => statements.get(name).execute(values, then)).then(rows),
  close: (name) => { statements.get(name).close(); statements.delete(name); return []; },
  ping: () => promised((then) => connection.ping(then)).then(() => []),
  reset: () => promised((then) => connection.reset(then)).then(() => []),
  change_user: (user, password, database) => promised((then) => connection.changeUser({ user, password, database }, then)).then(() => []),
  quit: () => promised((then) => connection.end(then)).then(() => []),
};

const answer = async (line) => {
  const [name, ...values] = JSON.parse(line);
  try {
    return { rows: await operations[name](...values) };
  } catch (error) {
    if (error.errno > 0 && error.sqlState !== undefined) return { error: [error.errno, error.sqlMessage] };
    return { lost: String(error.message || error) };
  }
};

(async () => {
  console.log(JSON.stringify({ operations: Object.keys(operations) }));
  for await (const line of readline.createInterface({ input: process.stdin })) console.log(JSON.stringify(await answer(line)));
  process.exit(0);
})();
