// Logs in and changes to another account and back with mysql2. Arguments: JSON of the settings, user and password of the
// other account.
const mysql = require('mysql2/promise');

async function account(connection) {
  const [[row]] = await connection.query('SELECT CURRENT_USER() AS v');
  return row.v;
}

async function main() {
  const settings = JSON.parse(process.argv[2]);
  const told = {};
  let connection;
  try {
    connection = await mysql.createConnection(settings);
    told.first = await account(connection);
    connection.on('error', () => {});
    if (process.argv[3]) {
      await connection.changeUser({ user: process.argv[3], password: process.argv[4] });
      told.second = await account(connection);
      await connection.changeUser({ user: settings.user, password: settings.password });
      told.third = await account(connection);
    }
  } catch (error) {
    told.refused = { errno: error.errno, code: error.code, message: error.message };
  }
  if (connection) connection.destroy();
  console.log(JSON.stringify(told));
}

main();
