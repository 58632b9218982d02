// KILL with mysql2: by text, by prepared statement, of a running query only, of oneself. Arguments: port.
const mysql = require('mysql2/promise');

const port = Number(process.argv[2]);
const open = () => mysql.createConnection({ host: '127.0.0.1', port, user: 'app', password: 'app_password' });

// How the query `sleeping` ends when `kill` is done half-way.
async function outcome(victim, kill) {
  victim.on('error', () => {});
  const begun = Date.now();
  const sleeping = victim.query('SELECT SLEEP(60)').then(() => ({ code: 'finished' }), (error) => error);
  await new Promise((resolve) => { setTimeout(resolve, 500); });
  await kill(victim.threadId);
  const error = await sleeping;
  return { code: error.code || error.errno, milliseconds: Date.now() - begun };
}

async function main() {
  const killer = await open();
  const told = {};
  told.by_text = (await outcome(await open(), (id) => killer.query(`KILL ${id}`))).code;
  told.by_prepared_statement = (await outcome(await open(), (id) => killer.execute('KILL PROXYSESSION ?', [id]))).code;
  const idle = await open();
  const emitted = new Promise((resolve) => { idle.on('error', resolve); });
  await killer.query(`KILL ${idle.threadId}`);
  const { message, fatal } = await emitted;
  told.idle = { message, fatal };
  const survivor = await open();
  told.cancelled = await outcome(survivor, (id) => killer.query(`KILL QUERY ${id}`));
  const [[row]] = await survivor.query('SELECT 1 AS one');
  told.alive_after_cancel = row.one;
  survivor.destroy();
  killer.on('error', () => {});
  told.self_kill = await killer.query(`KILL PROXYSESSION ${killer.threadId}`).catch((error) => error.errno);
  killer.destroy();
  console.log(JSON.stringify(told));
}

main();
