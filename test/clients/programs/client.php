<?php
// The cases in PHP: mysqli (object style, on mysqlnd) and PDO.

[, $api, $port, $user, $password, $database, $localFile, $mode] = $argv;
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
ini_set('memory_limit', '-1');

function flags(): int
{
    global $mode;
    return (str_contains($mode, 'tls') ? MYSQLI_CLIENT_SSL | MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT : 0)
        | (str_contains($mode, 'compressed') ? MYSQLI_CLIENT_COMPRESS : 0);
}

function open_mysqli(array $given = []): mysqli
{
    global $port, $user, $password, $database;
    $connection = mysqli_init();
    $connection->options(MYSQLI_OPT_LOCAL_INFILE, true);
    foreach ($given['options'] ?? [] as $option => $value) {
        $connection->options($option, $value);
    }
    $connection->real_connect('127.0.0.1', $given['user'] ?? $user, $given['password'] ?? $password, $given['database'] ?? $database,
        (int)$port, null, flags() | ($given['flags'] ?? 0));
    $connection->set_charset('utf8mb4');
    return $connection;
}

function open_pdo(array $options = []): PDO
{
    global $port, $user, $password, $database, $mode;
    $options += [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => false, PDO::MYSQL_ATTR_LOCAL_INFILE => true];
    if (str_contains($mode, 'tls')) {
        $options += [PDO::MYSQL_ATTR_SSL_CIPHER => 'DEFAULT', PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false];
    }
    if (str_contains($mode, 'compressed')) {
        $options += [PDO::MYSQL_ATTR_COMPRESS => true];
    }
    return new PDO("mysql:host=127.0.0.1;port=$port;dbname=$database;charset=utf8mb4", $user, $password, $options);
}

function open()
{
    global $api;
    return $api === 'pdo' ? open_pdo() : open_mysqli();
}

function run($connection, string $statement)
{
    $result = $connection->query($statement);
    if ($connection instanceof PDO) {
        return $result->columnCount() > 0 ? $result->fetchAll(PDO::FETCH_NUM) : $result->rowCount();
    }
    return $result === true ? $connection->affected_rows : $result->fetch_all();
}

function value($connection, string $statement)
{
    return run($connection, $statement)[0][0];
}

function describe(Throwable $error): string
{
    $state = $error instanceof mysqli_sql_exception ? $error->getSqlState() : json_encode($error->errorInfo ?? null);
    return get_class($error) . ' ' . $error->getCode() . " $state " . $error->getMessage();
}

function failure(callable $action): string
{
    try {
        @$action();
    } catch (Throwable $error) {
        return describe($error);
    }
    return 'no error';
}

function thread_id($connection): int
{
    return $connection instanceof PDO ? 0 : $connection->thread_id;
}

function in_background(string $statements): void
{
    global $port, $user, $password, $database;
    $child = sprintf('$c = new mysqli("127.0.0.1", %s, %s, %s, %d); usleep(300000); foreach (%s as $s) $c->query($s);',
        var_export($user, true), var_export($password, true), var_export($database, true), $port, var_export(explode(';', $statements), true));
    exec(PHP_BINARY . ' -r ' . escapeshellarg($child) . ' >/dev/null 2>&1 &');
}

$shared = [
    'connect' => fn ($c) => [run($c, "SELECT 1, 'one', NULL, DATABASE()"), run($c, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1] !== '',
        run($c, "SHOW STATUS LIKE 'Compression'")[0][1]],
    'types' => fn ($c) => run($c, 'SELECT * FROM types ORDER BY id'),
    'many_rows' => function ($c) {
        $rows = run($c, "SELECT a.n, b.n, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2");
        return [count($rows), md5(serialize($rows))];
    },
    'transactions' => function ($c) {
        if ($c instanceof PDO) {
            $c->beginTransaction();
        } else {
            $c->begin_transaction(MYSQLI_TRANS_START_READ_WRITE, 'named');
        }
        run($c, "INSERT INTO items (name) VALUES ('t1')");
        run($c, 'SAVEPOINT s1');
        run($c, "INSERT INTO items (name) VALUES ('t2')");
        run($c, 'ROLLBACK TO s1');
        $c->commit();
        run($c, 'BEGIN');
        run($c, 'DELETE FROM items');
        $c instanceof PDO ? run($c, 'ROLLBACK') : $c->rollback();
        return [run($c, "SELECT name FROM items WHERE name LIKE 't_'"), failure(fn () => run($c, 'ROLLBACK TO nowhere'))];
    },
    'errors' => fn ($c) => array_map(fn ($statement) => failure(fn () => run($c, $statement)), [
        "INSERT INTO items (name) VALUES ('one')", 'SELEC 1', 'SELECT * FROM no_such_table',
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", ';', 'DROP TABLE mysql.user']),
    'row_counts' => fn ($c) => [run($c, "INSERT INTO items (name) VALUES ('r1'), ('r2')"), run($c, "UPDATE items SET amount = 1 WHERE name LIKE 'r_'"),
        run($c, "UPDATE items SET amount = 1 WHERE name LIKE 'r_'"), run($c, "DELETE FROM items WHERE name LIKE 'r_'")],
    'unicode' => function ($c) {
        foreach (["ä ö ü ß", "😀👍🏽", "日本語", "a\0b"] as $word) {
            $statement = $c->prepare('INSERT INTO words (word) VALUES (?)');
            $statement->execute([$word]);
        }
        return run($c, 'SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id');
    },
    'load_data_local' => function ($c) {
        global $localFile;
        $found = [run($c, "LOAD DATA LOCAL INFILE '$localFile' INTO TABLE loaded FIELDS TERMINATED BY ','")];
        $found[] = failure(fn () => run($c, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded"));
        return [$found, run($c, 'SELECT COUNT(*), SUM(a), MAX(b) FROM loaded')];
    },
    'kill_connection' => function ($c) {
        in_background('KILL ' . value($c, 'SELECT CONNECTION_ID()'));
        $found = [failure(fn () => run($c, 'SELECT SLEEP(20)')), failure(fn () => run($c, 'SELECT 1'))];
        return [$found, value(open(), 'SELECT 1')];
    },
    'deadlock' => function ($c) {
        run($c, 'BEGIN');
        run($c, 'UPDATE items SET amount = amount + 1 WHERE id = 2');
        in_background('BEGIN;UPDATE items SET amount = amount + 1 WHERE id = 1;INSERT INTO items (name) SELECT CONCAT("d", n) FROM numbers;'
            . 'UPDATE items SET amount = 0 WHERE id = 2');
        usleep(2000000);
        return failure(fn () => run($c, 'UPDATE items SET amount = amount + 1 WHERE id = 1'));
    },
    'show_proxysession' => fn ($c) => in_array(
        (string)run($c, "SHOW PROXYSESSION ATTRIBUTE LIKE 'cs_id'")[0][1], array_column(run($c, 'SHOW PROXYSESSION'), 1), false),
    'show_proxysession_prepared' => function ($c) {
        $statement = $c->prepare('SHOW PROXYSESSION');
        $statement->execute();
        $rows = $c instanceof PDO ? $statement->fetchAll(PDO::FETCH_NUM) : $statement->get_result()->fetch_all();
        return count($rows) > 0 && count($rows[0]) === 13;
    },
    'attributes' => fn ($c) => run($c, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID()"
        . " AND ATTR_NAME NOT IN ('_pid') ORDER BY ORDINAL_POSITION"),
];

$of_mysqli = [
    'wrong_password' => fn () => failure(fn () => open_mysqli(['password' => 'wrong'])),
    'unknown_database' => fn () => failure(fn () => open_mysqli(['database' => 'no_such_database'])),
    'server_version' => fn ($c) => [$c->server_info, $c->server_version, $c->protocol_version, $c->host_info],
    'thread_id' => fn ($c) => [$c->thread_id > 0, $c->thread_id == value($c, 'SELECT CONNECTION_ID()')],
    'ping' => fn ($c) => [@$c->ping(), strlen($c->stat()) > 20],
    'fields' => fn ($c) => array_map(fn ($field) => (array)$field, $c->query('SELECT * FROM types')->fetch_fields()),
    'native_types' => function () {
        $c = open_mysqli(['options' => [MYSQLI_OPT_INT_AND_FLOAT_NATIVE => true]]);
        return $c->query('SELECT ti, bi, bu, f, d, de FROM types')->fetch_all();
    },
    'prepared_types' => function ($c) {
        $statement = $c->prepare('SELECT * FROM types WHERE id <= ? ORDER BY id');
        $statement->execute([3]);
        return $statement->get_result()->fetch_all();
    },
    'prepared_parameters' => function ($c) {
        $statement = $c->prepare('INSERT INTO types (bi, bu, d, de, da, dt, vc, vb, i) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
        [$bi, $bu, $d, $de, $da, $dt, $vc, $vb, $i] = [PHP_INT_MIN, '18446744073709551615', 1e-300, '-1.5', '2024-02-29', '2024-02-29 01:02:03.5',
            "😀'\\", "\0\xff", null];
        $statement->bind_param('isdsssssi', $bi, $bu, $d, $de, $da, $dt, $vc, $vb, $i);
        $statement->execute();
        return [$statement->affected_rows, $statement->insert_id > 3, run($c, 'SELECT bi, bu, d, de, da, dt, vc, HEX(vb), i FROM types ORDER BY id DESC LIMIT 1')];
    },
    'prepared_many_times' => function ($c) {
        $statement = $c->prepare('SELECT n, ? FROM numbers WHERE n = ?');
        $sum = 0;
        for ($n = 1; $n <= 300; $n++) {
            $statement->execute([$n, $n]);
            $sum += $statement->get_result()->fetch_row()[0];
        }
        $statement->reset();
        $statement->close();
        return $sum;
    },
    'cursor' => function ($c) {
        $statement = $c->prepare('SELECT n FROM numbers ORDER BY n');
        $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);

        $statement->execute();
        $statement->bind_result($n);
        for ($sum = 0; $statement->fetch(); $sum += $n);
        $statement->close();
        return [$sum, value($c, 'SELECT 1')];
    },
    'long_data' => function ($c) {
        $statement = $c->prepare('REPLACE INTO big VALUES (1, ?)');
        $blob = null;
        $statement->bind_param('b', $blob);
        for ($chunk = 0; $chunk < 40; $chunk++) {
            $statement->send_long_data(0, str_repeat(chr(65 + $chunk % 26), 500000));
        }
        $statement->execute();
        return run($c, 'SELECT LENGTH(value), MD5(value) FROM big WHERE id = 1');
    },
    'big_values' => function ($c) {
        $found = [];
        foreach ([2 ** 24 - 40, 2 ** 24 - 2, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1, 2 ** 25] as $id => $size) {
            $c->query("REPLACE INTO big VALUES ($id, '" . str_repeat('v', $size) . "')");
            $back = value($c, "SELECT value FROM big WHERE id = $id");
            $found[] = [$size, strlen($back), md5($back)];
        }
        return $found;
    },
    'streaming' => function ($c) {
        $result = $c->query('SELECT n FROM numbers ORDER BY n', MYSQLI_USE_RESULT);
        $found = [$result->fetch_row(), failure(fn () => $c->query('SELECT 1'))];
        $result->free();
        return [$found, value($c, 'SELECT 1')];
    },
    'multi_statements' => function ($c) {
        $c->multi_query("SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3; SELECT * FROM no_such_table; SELECT 4");
        $found = [];
        try {
            do {
                $result = $c->store_result();
                $found[] = $result ? $result->fetch_all() : $c->affected_rows;
            } while ($c->next_result());
        } catch (mysqli_sql_exception $error) {
            $found[] = describe($error);
        }
        return [$found, value($c, 'SELECT 5')];
    },
    'async' => function ($c) {
        $c->query('SELECT SLEEP(0.2), 7', MYSQLI_ASYNC);
        $read = $error = $reject = [$c];
        $ready = mysqli_poll($read, $error, $reject, 5);
        return [$ready, $c->reap_async_query()->fetch_all()];
    },
    'procedure' => function ($c) {
        $c->query('SET @counter = 5');
        $c->multi_query('CALL double_it(21, @doubled, @counter)');
        do {
            $result = $c->store_result();
            $found[] = $result ? $result->fetch_all() : $c->affected_rows;
        } while ($c->next_result());
        return [$found, run($c, 'SELECT @doubled, @counter')];
    },
    'prepared_procedure' => function ($c) {
        $statement = $c->prepare('CALL double_it(?, @doubled, @counter)');
        $statement->execute([4]);
        do {
            $result = $statement->get_result();
            $found[] = $result ? $result->fetch_all() : $statement->affected_rows;
        } while ($statement->next_result());
        return [$found, value($c, 'SELECT @doubled')];
    },
    'kill_query' => function ($c) {
        in_background("KILL QUERY $c->thread_id");
        return [failure(fn () => run($c, 'SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d')), value($c, 'SELECT 1')];
    },
    'kill_method' => function ($c) {
        $other = open_mysqli();
        return [@$other->kill($c->thread_id), failure(fn () => run($c, 'SELECT 1')), value($other, 'SELECT 1')];
    },
    'change_user' => function ($c) {
        global $database;
        $c->query('SET @a = 1');
        $changed = $c->change_user('other', 'other_password', $database);
        $found = [$changed, run($c, 'SELECT CURRENT_USER(), DATABASE(), @a')];
        return [$found, failure(fn () => $c->change_user('other', 'wrong', $database))];
    },
    'select_db' => fn ($c) => [$c->select_db('information_schema'), value($c, 'SELECT DATABASE()'), failure(fn () => $c->select_db('no_such_database'))],
    'warnings' => function ($c) {
        $c->query("INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))");
        $found = [$c->info, $c->warning_count];
        $warning = $c->get_warnings();
        do {
            $found[] = [$warning->errno, $warning->sqlstate, $warning->message];
        } while ($warning->next());
        return $found;
    },
    'last_insert_id' => fn ($c) => [run($c, "INSERT INTO items (name) VALUES ('last')"), $c->insert_id == value($c, 'SELECT LAST_INSERT_ID()')],
    'found_rows_flag' => fn () => run(open_mysqli(['flags' => MYSQLI_CLIENT_FOUND_ROWS]), 'UPDATE items SET amount = amount WHERE id < 3'),
    'charset' => function ($c) {
        $c->set_charset('latin1');
        $c->query("INSERT INTO words (word) VALUES ('\xe9')");
        return [$c->character_set_name(), bin2hex(value($c, 'SELECT word FROM words ORDER BY id DESC LIMIT 1')), (array)$c->get_charset()];
    },
    'persistent' => function () {
        global $port, $user, $password, $database;
        $first = new mysqli('p:127.0.0.1', $user, $password, $database, $port);
        $first->query('SET @kept = 1');
        $id = value($first, 'SELECT CONNECTION_ID()');
        $first->close();
        $again = new mysqli('p:127.0.0.1', $user, $password, $database, $port);
        return [value($again, 'SELECT CONNECTION_ID()') === $id, value($again, 'SELECT @kept')];
    },
    'kill_proxysession' => function ($c) {
        $victim = open_mysqli();
        $killed = run($c, "KILL PROXYSESSION $victim->thread_id");
        return [$killed, failure(fn () => run($victim, 'SELECT 1')) !== 'no error', failure(fn () => run($c, "KILL PROXYSESSION $victim->thread_id"))];
    },
];

$of_pdo = [
    'attributes_of_pdo' => fn ($c) => array_map(fn ($name) => $c->getAttribute($name), [PDO::ATTR_SERVER_VERSION, PDO::ATTR_CLIENT_VERSION, PDO::ATTR_CONNECTION_STATUS]),
    'prepared_types' => function ($c) {
        $statement = $c->prepare('SELECT * FROM types WHERE id <= :id ORDER BY id');
        $statement->execute(['id' => 3]);
        return $statement->fetchAll(PDO::FETCH_ASSOC);
    },
    'emulated' => function () {
        $c = open_pdo([PDO::ATTR_EMULATE_PREPARES => true]);
        $statement = $c->prepare('SELECT ?, ?, ?');
        $statement->execute([1, "a'b\\", null]);
        $found = $statement->fetchAll(PDO::FETCH_NUM);
        $statement = $c->prepare("SELECT 1; INSERT INTO items (name) VALUES ('pdo'); SELECT 2");
        $statement->execute();
        do {
            $found[] = $statement->columnCount() > 0 ? $statement->fetchAll(PDO::FETCH_NUM) : $statement->rowCount();
        } while ($statement->nextRowset());
        return $found;
    },
    'unbuffered' => function () {
        $c = open_pdo([PDO::MYSQL_ATTR_USE_BUFFERED_QUERY => false]);
        $statement = $c->query('SELECT n FROM numbers ORDER BY n');
        $found = [$statement->fetch(PDO::FETCH_NUM), failure(fn () => $c->query('SELECT 1'))];
        $statement->closeCursor();
        return [$found, value($c, 'SELECT 1')];
    },
    'procedure' => function ($c) {
        $statement = $c->prepare('CALL double_it(?, @doubled, @counter)');
        $statement->execute([21]);
        do {
            $found[] = $statement->columnCount() > 0 ? $statement->fetchAll(PDO::FETCH_NUM) : $statement->rowCount();
        } while ($statement->nextRowset());
        return [$found, run($c, 'SELECT @doubled')];
    },
    'big_values' => function ($c) {
        foreach ([2 ** 24 - 1, 2 ** 24, 2 ** 25] as $id => $size) {
            $c->prepare('REPLACE INTO big VALUES (?, ?)')->execute([$id, str_repeat('p', $size)]);
            $statement = $c->prepare('SELECT value FROM big WHERE id = ?');
            $statement->execute([$id]);
            $found[] = md5($statement->fetchColumn());
        }
        return $found;
    },
    'last_insert_id' => fn ($c) => [run($c, "INSERT INTO items (name) VALUES ('last')"), $c->lastInsertId() === (string)value($c, 'SELECT LAST_INSERT_ID()')],
];

foreach ([...$shared, ...($api === 'pdo' ? $of_pdo : $of_mysqli)] as $name => $case) {
    try {
        $result = json_encode($case(open()), JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION);
    } catch (Throwable $error) {
        $result = 'raised ' . describe($error);
    }
    echo str_replace("\n", '\n', "$name: $result"), "\n";
}
