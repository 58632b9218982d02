// COM_CHANGE_USER with mysql2: to another account, and to a wrong password. Arguments: port.
const mysql = require('mysql2/promise');

async function listed(connection) {
  const [rows] = await connection.query('SHOW PROXYSESSION');
  return rows.find((row) => row.Id === connection.threadId).User;
}

async function account(connection) {
  const [[row]] = await connection.query('SELECT CURRENT_USER() AS account');
  return row.account;
}

async function main() {
  const port = Number(process.argv[2]);
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'app@sys#obdemo', password: 'app_password' });
  const told = { before: { account: await account(connection), listed: await listed(connection) } };
  const id = connection.threadId;
  await connection.changeUser({ user: 'other', password: 'other_password', database: 'app' });
  const [[row]] = await connection.query('SELECT DATABASE() AS name');
  told.after = { account: await account(connection), listed: await listed(connection), database: row.name };
  told.cs_id_kept = connection.threadId === id;
  connection.on('error', () => {}); // the server closes after a refusal
  try {
    await connection.changeUser({ user: 'app', password: 'wrong' });
  } catch (error) {
    told.refused = { code: error.code };
  }
  connection.destroy();
  console.log(JSON.stringify(told));
}

main();
