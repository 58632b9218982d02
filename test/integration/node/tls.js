// TLS with mysql2: verified, with a large value and a prepared statement. Arguments: port, file of the authority.
const fs = require('fs');
const mysql = require('mysql2/promise');

const [port, authority] = [Number(process.argv[2]), fs.readFileSync(process.argv[3])];
const account = { host: 'localhost', port, user: 'app', password: 'app_password' };

async function main() {
  const connection = await mysql.createConnection({ ...account, host: '127.0.0.1', ssl: { ca: authority } });
  const [[big]] = await connection.query("SELECT REPEAT('x', 3000000) AS text");
  const [[prepared]] = await connection.execute('SELECT ? + 2 AS sum', [40]);
  const [[cipher]] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'");
  await connection.end();
  const refused = await mysql.createConnection({ ...account, host: '127.0.0.1', ssl: {} }).catch((error) => error);
  console.log(JSON.stringify({
    big: big.text.length,
    prepared: Number(prepared.sum),
    cipher: cipher.Value,
    wrong_authority: refused instanceof Error,
  }));
}

main();
