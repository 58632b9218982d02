// SHOW PROXYSESSION as a prepared statement, twice, with mysql2. Arguments: port.
const mysql = require('mysql2/promise');

async function main() {
  const port = Number(process.argv[2]);
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'app', password: 'app_password', supportBigNumbers: true });
  await connection.execute('SHOW PROXYSESSION');
  const [rows, fields] = await connection.execute('SHOW PROXYSESSION');
  const [attributes] = await connection.execute('SHOW PROXYSESSION ATTRIBUTE ?', [connection.threadId]);
  console.log(JSON.stringify({
    columns: fields.map((field) => field.name),
    own: rows.find((row) => row.Id === connection.threadId),
    thread_id: connection.threadId,
    attributes: attributes.length,
  }));
  connection.destroy();
}

main();
