// Compression with mysql2: a large result, a large statement, a prepared one. Arguments: port.
const mysql = require('mysql2/promise');

async function main() {
  const connection = await mysql.createConnection({
    host: '127.0.0.1', port: Number(process.argv[2]), user: 'app', password: 'app_password', compress: true,
  });
  const [[big]] = await connection.query("SELECT REPEAT('x', 3000000) AS text");
  const [[sent]] = await connection.query('SELECT LENGTH(?) AS size', ['y'.repeat(2000000)]);
  const [[prepared]] = await connection.execute('SELECT ? + 2 AS sum', [40]);
  await connection.end();
  console.log(JSON.stringify({ big: big.text.length, sent: Number(sent.size), prepared: Number(prepared.sum) }));
}

main();
