// The warnings of a KILL PROXYSESSION with mysql2. Arguments: port, the id of the victim.
const mysql = require('mysql2/promise');

async function main() {
  const [, , port, victim] = process.argv;
  const killer = await mysql.createConnection({ host: '127.0.0.1', port: Number(port), user: 'app', password: 'app_password' });
  const [ok] = await killer.query(`KILL PROXYSESSION ${victim}`);
  const [[row]] = await killer.query('SHOW WARNINGS');
  await killer.end();
  console.log(JSON.stringify({ status: ok.warningStatus, level: row.Level, code: row.Code, message: row.Message }));
}

main();
