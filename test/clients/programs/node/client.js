// The cases in JavaScript: mysql2 and mariadb, both with promises.
'use strict';
const crypto = require('crypto');
const fs = require('fs');

const [driverName, port, user, password, database, localFile, mode] = process.argv.slice(2);
const isMysql2 = driverName === 'mysql2';
const driver = require(isMysql2 ? 'mysql2/promise' : 'mariadb');

const settings = (given) => ({
  host: '127.0.0.1', port: Number(port), user, password, database, charset: 'utf8mb4', multipleStatements: true,
  ...(mode.includes('tls') ? { ssl: { rejectUnauthorized: false } } : {}),
  ...(mode.includes('compressed') ? { compress: true } : {}),
  ...(isMysql2
    ? { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, infileStreamFactory: (path) => fs.createReadStream(path) }
    : { bigIntAsNumber: false, dateStrings: true, permitLocalInfile: true, insertIdAsNumber: true }),
  ...given,
});

const connect = async (given = {}) => {
  const connection = await driver.createConnection(settings(given));
  connection.on('error', () => {});
  return connection;
};

const thread = (c) => c.threadId;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const plain = (_, each) => (typeof each === 'bigint' ? String(each) : Buffer.isBuffer(each) ? each.toString('hex') : each);
const text = (found) => JSON.stringify(found, plain);
const md5 = (text) => crypto.createHash('md5').update(text).digest('hex');

// mysql2 answers [rows, fields]; mariadb the rows. As lists without column names.
const listed = (rows) => {
  if (!Array.isArray(rows)) return rows && rows.affectedRows !== undefined ? rows.affectedRows : rows;
  return rows.map((row) => (Array.isArray(row) ? row.map((each) => Object.values(each)) : row.affectedRows !== undefined ? row.affectedRows : Object.values(row)));
};
const raw = async (c, sql, values) => (isMysql2 ? (await c.query(sql, values))[0] : c.query(sql, values));
const run = async (c, sql, values) => listed(await raw(c, sql, values));
const execute = async (c, sql, values) => listed(isMysql2 ? (await c.execute(sql, values))[0] : await c.execute(sql, values));
const value = async (c, sql) => (await run(c, sql))[0][0];

const failure = async (action) => {
  try {
    await action();
  } catch (error) {
    return [error.code, error.errno, error.sqlState, String(error.sqlMessage || error.message), !!error.fatal];
  }
  return 'no error';
};

const later = async (...statements) => {
  const c = await connect();
  const act = async () => {
    await sleep(400);
    for (const statement of statements) await run(c, statement).catch(() => {});
    await c.end();
  };
  return { done: act() };
};

const heavy = 'SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d';

const cases = {
  connect: async (c) => [await run(c, "SELECT 1, 'one' AS o, NULL, DATABASE()"), (await run(c, "SHOW STATUS LIKE 'Ssl_cipher'"))[0][1] !== '',
    (await run(c, "SHOW STATUS LIKE 'Compression'"))[0][1]],
  wrong_password: () => failure(() => connect({ password: 'wrong' })),
  unknown_database: () => failure(() => connect({ database: 'no_such_database' })),
  server_version: async (c) => (isMysql2 ? value(c, 'SELECT VERSION()') : c.serverVersion()),
  thread_id: async (c) => [thread(c) > 0, String(thread(c)) === String(await value(c, 'SELECT CONNECTION_ID()'))],
  ping: async (c) => [typeof (await c.ping())],
  types_text: (c) => run(c, 'SELECT * FROM types ORDER BY id'),
  types_prepared: (c) => execute(c, 'SELECT * FROM types WHERE id <= ? ORDER BY id', [3]),
  parameters_text: async (c) => {
    await run(c, 'INSERT INTO types (bi, bu, d, de, da, dt, vc, vb, i) VALUES (?,?,?,?,?,?,?,?,?)',
      [-(2n ** 63n), 2n ** 64n - 1n, 1e-300, '-1.5', '2024-02-29', '2024-02-29 01:02:03.5', "😀'\\", Buffer.from([0, 255]), null]);
    return run(c, 'SELECT bi, bu, d, de, da, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 1');
  },
  parameters_prepared: async (c) => {
    await execute(c, 'INSERT INTO types (bi, bu, d, de, da, dt, vc, vb, i) VALUES (?,?,?,?,?,?,?,?,?)',
      ['-9223372036854775808', '18446744073709551615', 1e-300, '-1.5', '2024-02-29', '2024-02-29 01:02:03.5', "😀'\\", Buffer.from([0, 255]), null]);
    return run(c, 'SELECT bi, bu, d, de, da, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 1');
  },
  prepared_many_times: async (c) => {
    let sum = 0;
    for (let n = 1; n <= 300; n++) sum += Number((await execute(c, 'SELECT n + ? FROM numbers WHERE n = ?', [n, n]))[0][0]);
    return sum;
  },
  prepare_and_close: async (c) => {
    const statement = await c.prepare('SELECT ? AS a');
    const found = listed(isMysql2 ? (await statement.execute(['x']))[0] : await statement.execute(['x']));
    statement.close();
    return [found, await failure(() => c.prepare('SELECT * FROM no_such_table WHERE a = ?'))];
  },
  pipeline: async (c) => {
    const found = await Promise.allSettled([run(c, 'SELECT 1'), run(c, 'SELEC'), execute(c, 'SELECT ? AS a', [2]), run(c, 'SELECT SLEEP(0.1)'), execute(c, 'SELECT ? AS a', [3]), c.ping(), run(c, 'SELECT 4')]);
    return found.map((each) => each.status === 'fulfilled' ? JSON.stringify(each.value) : each.reason.errno);
  },
  batch: async (c) => {
    if (isMysql2) return 'not in this driver';
    const rows = Array.from({ length: 500 }, (_, n) => [n, `row ${n} ${'x'.repeat(n)}`.slice(0, 20)]);
    const done = await c.batch('INSERT INTO loaded VALUES (?, ?)', rows);
    const wrong = await failure(() => c.batch('INSERT INTO items (id, name) VALUES (?, ?)', [[500, 'b1'], [1, 'b2'], [501, 'b3']]));
    return [done.affectedRows, wrong, await run(c, 'SELECT COUNT(*), SUM(a), MD5(GROUP_CONCAT(b ORDER BY a)) FROM loaded')];
  },
  streaming: async (c) => {
    const stream = isMysql2 ? c.connection.query('SELECT n FROM numbers ORDER BY n').stream() : c.queryStream('SELECT n FROM numbers ORDER BY n');
    let sum = 0;
    for await (const row of stream) sum += row.n;
    return [sum, await value(c, 'SELECT 1')];
  },
  many_rows: async (c) => {
    const rows = await run(c, "SELECT a.n AS a, b.n AS b, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2");
    return [rows.length, md5(JSON.stringify(rows))];
  },
  big_values: async (c) => {
    const found = [];
    let id = 0;
    for (const size of [2 ** 24 - 40, 2 ** 24 - 2, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 25]) {
      id++;
      await (id % 2 ? run : execute)(c, 'REPLACE INTO big VALUES (?, ?)', [id, Buffer.alloc(size, 'v')]);
      const back = await value(c, `SELECT value FROM big WHERE id = ${id}`);
      found.push([size, back.length, md5(back)]);
    }
    return found;
  },
  multi_statements: async (c) => [await run(c, "SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3"),
    await failure(() => run(c, 'SELECT 1; SELECT * FROM no_such_table; SELECT 4')), await value(c, 'SELECT 5')],
  procedure: async (c) => [text(await raw(c, 'SET @n = 5; CALL double_it(21, @d, @n); SELECT @d, @n')), text(await raw(c, 'CALL double_it(?, @d, @n)', [4]))],
  procedure_prepared: async (c) => {
    await run(c, 'SET @n = 5');
    const found = isMysql2 ? (await c.execute('CALL double_it(?, @d, @n)', [4]))[0] : await c.execute('CALL double_it(?, ?, ?)', [4, null, 5]).catch((e) => e.errno);
    return text(found);
  },
  kill_query: async (c) => {
    const killer = await later(`KILL QUERY ${thread(c)}`);
    const found = await failure(() => run(c, heavy));
    await killer.done;
    return [found, await value(c, 'SELECT 1')];
  },
  query_timeout: async (c) => {
    const found = await failure(() => (isMysql2 ? c.query({ sql: 'SELECT SLEEP(3)', timeout: 300 }) : c.query({ sql: heavy, timeout: 300 })));
    return [found.slice(0, 2), isMysql2 ? 'connection unusable' : await value(c, 'SELECT 1')];
  },
  kill_connection: async (c) => {
    const killer = await later(`KILL ${thread(c)}`);
    const found = await failure(() => run(c, 'SELECT SLEEP(20)'));
    await killer.done;
    return [found, (await failure(() => run(c, 'SELECT 1'))) !== 'no error', await value(await connect(), 'SELECT 1')];
  },
  kill_idle: async (c) => {
    await (await later(`KILL ${thread(c)}`)).done;
    await sleep(100);
    return (await failure(() => run(c, 'SELECT 1'))) !== 'no error';
  },
  change_user: async (c) => {
    await run(c, 'SET @a = 1');
    await c.changeUser({ user: 'other', password: 'other_password', database });
    const found = await run(c, 'SELECT CURRENT_USER(), DATABASE(), @a');
    return [found, (await failure(() => c.changeUser({ user: 'other', password: 'wrong', database }))).slice(0, 3)];
  },
  reset: async (c) => {
    await run(c, 'SET @a = 1; CREATE TEMPORARY TABLE gone (a INT)');
    await c.reset();
    return [await value(c, 'SELECT @a'), (await failure(() => run(c, 'SELECT * FROM gone')))[1]];
  },
  transactions: async (c) => {
    await c.beginTransaction();
    await run(c, "INSERT INTO items (name) VALUES ('t1'); SAVEPOINT s1; INSERT INTO items (name) VALUES ('t2'); ROLLBACK TO s1");
    await c.commit();
    await c.beginTransaction();
    await run(c, 'DELETE FROM items');
    await c.rollback();
    return [await run(c, "SELECT name FROM items WHERE name LIKE 't_'"), await failure(() => run(c, 'ROLLBACK TO nowhere'))];
  },
  deadlock: async (c) => {
    await run(c, 'BEGIN; UPDATE items SET amount = amount + 1 WHERE id = 2');
    const other = await later('BEGIN', 'UPDATE items SET amount = amount + 1 WHERE id = 1', "INSERT INTO items (name) SELECT CONCAT('d', n) FROM numbers",
      'UPDATE items SET amount = 0 WHERE id = 2');
    await sleep(2000);
    const found = await failure(() => run(c, 'UPDATE items SET amount = amount + 1 WHERE id = 1'));
    await run(c, 'ROLLBACK');
    await other.done;
    return found;
  },
  errors: async (c) => {
    const found = [];
    for (const statement of ["INSERT INTO items (name) VALUES ('one')", 'SELEC 1', 'SELECT * FROM no_such_table',
      "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ';', '', 'DROP TABLE mysql.user']) {
      found.push(await failure(() => run(c, statement)));
    }
    return found;
  },
  results: async (c) => {
    const found = [];
    for (const statement of ["INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))", "UPDATE items SET amount = 1 WHERE id < 3",
      "UPDATE items SET amount = 1 WHERE id < 3", 'DELETE FROM items WHERE id = 77', 'SHOW WARNINGS']) {
      found.push(text(await raw(c, statement)));
    }
    return found;
  },
  metadata: async (c) => {
    const fields = isMysql2 ? (await c.query('SELECT * FROM types'))[1].map((f) => [f.name, f.table, f.columnType, f.columnLength, f.flags, f.decimals, f.characterSet])
      : (await c.query('SELECT * FROM types')).meta.map((f) => [f.name(), f.orgTable(), f.columnType, f.columnLength, f.flags, f.scale]);
    return fields;
  },
  unicode: async (c) => {
    for (const word of ['ä ö ü ß', '😀👍🏽', '日本語', 'a\0b']) await execute(c, 'INSERT INTO words (word) VALUES (?)', [word]);
    const latin = await connect({ charset: 'LATIN1_SWEDISH_CI' });
    return [await run(c, 'SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id'), await run(latin, 'SELECT @@character_set_client, @@collation_connection')];
  },
  load_data_local: async (c) => [await run(c, `LOAD DATA LOCAL INFILE '${localFile}' INTO TABLE loaded FIELDS TERMINATED BY ','`),
    (await failure(() => run(c, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded")))[0], await run(c, 'SELECT COUNT(*), SUM(a), MAX(b) FROM loaded')],
  pool: async () => {
    const pool = driver.createPool(settings({ connectionLimit: 4 }));
    const found = await Promise.all(Array.from({ length: 20 }, (_, n) => isMysql2 ? pool.query('SELECT ? AS n', [n]).then(([rows]) => Number(rows[0].n)) : pool.query('SELECT ? AS n', [n]).then((rows) => Number(rows[0].n))));
    await pool.end();
    return found;
  },
  attributes: async () => {
    const c = await connect({ connectAttributes: { program_name: 'cases', more: 'ä'.repeat(60) } });
    return run(c, 'SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID() '
      + "AND ATTR_NAME NOT IN ('_pid', '_server_host') ORDER BY ORDINAL_POSITION");
  },
  show_proxysession: async (c) => (await run(c, 'SHOW PROXYSESSION')).some((row) => Number(row[1]) === thread(c)),
  show_proxysession_prepared: async (c) => (await execute(c, 'SHOW PROXYSESSION')).some((row) => Number(row[1]) === thread(c)),
  kill_proxysession: async (c) => {
    const victim = await connect();
    const killed = await run(c, `KILL PROXYSESSION ${thread(victim)}`);
    return [killed, (await failure(() => run(victim, 'SELECT 1'))) !== 'no error', await failure(() => run(c, `KILL PROXYSESSION ${thread(victim)}`))];
  },
};

(async () => {
  for (const [name, body] of Object.entries(cases)) {
    let result;
    try {
      const c = await connect();
      result = text(await body(c), plain);
      await Promise.race([c.end().catch(() => {}), sleep(500)]);
    } catch (error) {
      result = `raised ${error.code} ${error.message}`;
    }
    console.log(`${name}: ${result}`.replaceAll('\n', '\\n'));
  }
  process.exit(0);
})();
