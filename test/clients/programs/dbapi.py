"""The cases in Python, for the drivers with the DB-API: mysqlclient, PyMySQL and (through a small adapter) aiomysql."""

import asyncio
import hashlib
import sys
import threading
import time
import warnings

driver_name, port, user, password, database, local_file, mode = sys.argv[1:]

if driver_name == "mysqlclient":
    import MySQLdb as driver
    from MySQLdb import _exceptions as errors
else:
    import pymysql as driver
    from pymysql import err as errors

warnings.simplefilter("ignore")


class AsyncAdapter:
    """An aiomysql connection or cursor with the methods of a DB-API one."""

    loop = asyncio.new_event_loop()

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        member = getattr(self.inner, name)
        if not callable(member):
            return member

        def call(*arguments, **given):
            found = member(*arguments, **given)
            if hasattr(found, "__await__"):
                found = self.loop.run_until_complete(self._await(found))
            return AsyncAdapter(found) if name == "cursor" else found

        return call

    @staticmethod
    async def _await(awaitable):
        return await awaitable

    def close(self):
        if hasattr(self.inner, "ensure_closed"):
            self.loop.run_until_complete(self.inner.ensure_closed())
        elif hasattr(self.inner, "fetchall"):
            self.loop.run_until_complete(self.inner.close())


def connect(**given):
    settings = {"host": "127.0.0.1", "port": int(port), "user": user, "password": password, "charset": "utf8mb4",
                "autocommit": True, "local_infile": True, **given}
    if "database" not in settings and "db" not in settings:
        settings["db"] = database
    if "compressed" in mode:
        settings["compress"] = True
    if driver_name == "aiomysql":
        import aiomysql
        if "tls" in mode:
            settings["ssl"] = unverified()
        return AsyncAdapter(AsyncAdapter.loop.run_until_complete(aiomysql.connect(loop=AsyncAdapter.loop, **settings)))
    if "tls" in mode:
        settings["ssl"] = {"cipher": "DEFAULT"} if driver_name == "mysqlclient" else unverified()
    return driver.connect(**settings)


def unverified():
    import ssl
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def run(connection, statement, arguments=None):
    cursor = connection.cursor()
    try:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall()) if cursor.description else cursor.rowcount
    finally:
        cursor.close()


def value(connection, statement):
    return run(connection, statement)[0][0]


def thread_id(connection):
    return connection.thread_id()


def failure(action, *arguments):
    try:
        action(*arguments)
    except errors.MySQLError as error:
        return f"{type(error).__name__} {' '.join(map(str, error.args))}"
    return "no error"


def case_connect(connection):
    return [run(connection, "SELECT 1, 'one', NULL, DATABASE()"),
            value(connection, "SHOW STATUS LIKE 'Ssl_cipher'") and run(connection, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1] != "",
            run(connection, "SHOW STATUS LIKE 'Compression'")[0][1]]


def case_wrong_password(_):
    return failure(lambda: connect(password="wrong"))


def case_unknown_database(_):
    return failure(lambda: connect(db="no_such_database"))


def case_server_version(connection):
    return [connection.get_server_info(), value(connection, "SELECT VERSION()")]


def case_host_info(connection):
    return [connection.get_host_info(), connection.get_proto_info()]


def case_thread_id(connection):
    return [0 < thread_id(connection) < 2**31, thread_id(connection) == value(connection, "SELECT CONNECTION_ID()")]


def case_ping(connection):
    return connection.ping()


def case_types(connection):
    return run(connection, "SELECT * FROM types ORDER BY id")


def case_column_description(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM types")
    return [list(column) for column in cursor.description]


def case_parameters(connection):
    import datetime
    import decimal
    given = (2**63 - 1, 2**64 - 1, 1e-300, decimal.Decimal("12345678901234567890.0123456789"), datetime.date(2024, 2, 29),
             datetime.timedelta(hours=-3, microseconds=5), datetime.datetime(2024, 2, 29, 1, 2, 3, 456), "ä 😀 ' \" \\ \0", b"\0\xff", None)
    run(connection, "INSERT INTO types (bi, bu, d, de, da, t, dt, vc, vb, i) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", given)
    return run(connection, "SELECT bi, bu, d, de, da, t, dt, vc, vb, i FROM types ORDER BY id DESC LIMIT 1")


def case_prepared(connection):
    run(connection, "PREPARE s FROM 'SELECT ? + 1, ?'")
    run(connection, "SET @a = 18446744073709551614, @b = NULL")
    first = run(connection, "EXECUTE s USING @a, @b")
    run(connection, "DEALLOCATE PREPARE s")
    return [first, failure(run, connection, "EXECUTE s USING @a, @b")]


def case_streaming(connection):
    if driver_name == "aiomysql":
        import aiomysql
        cursor = connection.cursor(aiomysql.SSCursor)
    else:
        cursor = connection.cursor(__import__(f"{driver.__name__}.cursors", fromlist=["SSCursor"]).SSCursor)
    cursor.execute("SELECT n FROM numbers ORDER BY n")
    found = [cursor.fetchone(), len(cursor.fetchmany(500)), len(cursor.fetchall())]
    cursor.close()
    return [found, value(connection, "SELECT 1")]


def case_many_rows(connection):
    rows = run(connection, "SELECT a.n, b.n, REPEAT('x', a.n % 300) FROM numbers a JOIN numbers b ON b.n <= 100 ORDER BY 1, 2")
    return [len(rows), hashlib.md5(repr(rows).encode()).hexdigest()]


def case_big_values(connection):
    found = []
    for index, size in enumerate((2**24 - 40, 2**24 - 2, 2**24 - 1, 2**24, 2**24 + 1, 2**25)):
        run(connection, "REPLACE INTO big VALUES (%s, %s)", (index, b"v" * size))
        stored = value(connection, f"SELECT value FROM big WHERE id = {index}")
        found.append([size, len(stored), hashlib.md5(stored).hexdigest()])
    return found


def case_row_sizes(connection):
    """Rows around the largest packet: the row's own length bytes count, too."""
    return [len(value(connection, f"SELECT REPEAT('r', {2**24 - 1 - 4 + more})")) for more in (-2, -1, 0, 1, 2)]


def case_multi_statements(_):
    connection = connect(client_flag=1 << 16)
    cursor = connection.cursor()
    cursor.execute("SELECT 1; INSERT INTO items (name) VALUES ('multi'); SELECT 2, 3; SELECT * FROM no_such_table; SELECT 4")
    found = [list(cursor.fetchall())]
    try:
        while cursor.nextset():
            found.append(list(cursor.fetchall()) if cursor.description else cursor.rowcount)
    except errors.MySQLError as error:
        found.append(error.args)
    cursor.close()
    return [found, value(connection, "SELECT 5")]


def case_procedure(connection):
    cursor = connection.cursor()
    cursor.callproc("double_it", (21, 0, 5))
    found = [list(cursor.fetchall())]
    while cursor.nextset():
        found.append(list(cursor.fetchall() or ()))
    cursor.close()
    return [found, run(connection, "SELECT @_double_it_0, @_double_it_1, @_double_it_2")]


def case_procedure_fails(connection):
    cursor = connection.cursor()
    cursor.callproc("fails_between")
    found = [list(cursor.fetchall())]
    try:
        while cursor.nextset():
            found.append(list(cursor.fetchall()))
    except errors.MySQLError as error:
        found.append(error.args)
    return [found, value(connection, "SELECT 1")]


def later(action):
    def act():
        time.sleep(0.3)
        with_own = driver.connect(host="127.0.0.1", port=int(port), user=user, password=password)
        with_own.cursor().execute(action)
        with_own.close()

    thread = threading.Thread(target=act)
    thread.start()
    return thread


def case_kill_query(connection):
    thread = later(f"KILL QUERY {thread_id(connection)}")
    begun = time.monotonic()
    found = failure(run, connection, "SELECT COUNT(*) FROM numbers a, numbers b, numbers c, numbers d")
    thread.join()
    return [found, time.monotonic() - begun < 10, value(connection, "SELECT 1")]


def case_kill_connection(connection):
    thread = later(f"KILL {thread_id(connection)}")
    found = failure(run, connection, "SELECT SLEEP(20)")
    thread.join()
    return [found.split()[1] if found != "no error" else found, failure(run, connection, "SELECT 1").split()[0], value(connect(), "SELECT 1")]


def case_kill_idle(connection):
    later(f"KILL CONNECTION {thread_id(connection)}").join()
    time.sleep(0.2)
    return [failure(run, connection, "SELECT 1") != "no error", value(connect(), "SELECT 2")]


def case_reconnect(connection):
    later(f"KILL CONNECTION {thread_id(connection)}").join()
    time.sleep(0.2)
    if driver_name == "mysqlclient":
        return failure(connection.ping, True).split()[0]
    connection.ping(reconnect=True)
    return value(connection, "SELECT 1")


def case_statement_timeout(connection):
    return failure(run, connection, "SET STATEMENT max_statement_time = 0.2 FOR SELECT SLEEP(20), COUNT(*) FROM numbers a, numbers b, numbers c")


def case_read_timeout(_):
    if driver_name == "aiomysql":
        return "not in this driver"
    impatient = connect(read_timeout=1)
    return failure(run, impatient, "SELECT SLEEP(5)").split()[1]


def case_change_user(connection):
    if driver_name != "mysqlclient":
        return "not in this driver"
    run(connection, "SET @a = 1")
    connection.change_user("other", "other_password", database)
    return [run(connection, "SELECT CURRENT_USER(), DATABASE(), @a"), failure(connection.change_user, "other", "wrong", database)]


def case_select_database(connection):
    connection.select_db("information_schema")
    return [value(connection, "SELECT DATABASE()"), failure(connection.select_db, "no_such_database")]


def case_transactions(connection):
    run(connection, "BEGIN")
    run(connection, "INSERT INTO items (name) VALUES ('t1')")
    run(connection, "SAVEPOINT s1")
    run(connection, "INSERT INTO items (name) VALUES ('t2')")
    run(connection, "ROLLBACK TO s1")
    run(connection, "INSERT INTO items (name) VALUES ('t3')")
    connection.commit()
    run(connection, "BEGIN")
    run(connection, "DELETE FROM items")
    connection.rollback()
    if driver_name == "mysqlclient":
        connection.autocommit(False)
    return [run(connection, "SELECT name FROM items WHERE name LIKE 't_' ORDER BY name"), failure(run, connection, "ROLLBACK TO nowhere")]


def case_deadlock(connection):
    other = connect()
    for one, first in ((connection, 1), (other, 2)):
        run(one, "BEGIN")
        run(one, f"UPDATE items SET amount = amount + 1 WHERE id = {first}")
    background = []
    thread = threading.Thread(target=lambda: background.append(other_failure(other)))
    if driver_name == "aiomysql":  # one event loop, so the waiting side is a thread with another driver
        other.close()
        return "not in this program"
    thread.start()
    time.sleep(0.3)
    found = failure(run, connection, "UPDATE items SET amount = amount + 1 WHERE id = 2")
    thread.join()
    return sorted([found, *background])


def other_failure(other):
    return failure(run, other, "UPDATE items SET amount = amount + 1 WHERE id = 1")


def case_errors(connection):
    return [failure(run, connection, statement) for statement in (
        "INSERT INTO items (name) VALUES ('one')", "SELEC 1", "SELECT * FROM no_such_table", "SELECT no_such_column FROM items",
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'eigener Fehler: ä', MYSQL_ERRNO = 3333", "SELECT 1 FROM (SELECT 1, 1) t WHERE (1, 2) = 3", "", ";",
        "INSERT INTO items (amount) VALUES (NULL)", "DROP TABLE mysql.user")]


def case_warnings(connection):
    cursor = connection.cursor()
    cursor.execute("INSERT IGNORE INTO items (id, name) VALUES (1, 'one'), (77, REPEAT('w', 200))")
    count = cursor.rowcount
    shown = run(connection, "SHOW WARNINGS")
    run(connection, "SELECT 1/0, CAST('x' AS INT)")
    return [count, shown, run(connection, "SHOW WARNINGS"), value(connection, "SELECT @@warning_count")]


def case_row_counts(connection):
    cursor = connection.cursor()
    cursor.execute("INSERT INTO items (name) VALUES ('r1'), ('r2'), ('r3')")
    found = [cursor.rowcount, cursor.lastrowid == value(connection, "SELECT id FROM items WHERE name = 'r1'")]
    for statement in ("UPDATE items SET amount = 1 WHERE name LIKE 'r_'", "UPDATE items SET amount = 1 WHERE name LIKE 'r_'",
                      "DELETE FROM items WHERE name LIKE 'r_'", "SELECT SQL_CALC_FOUND_ROWS n FROM numbers LIMIT 3"):
        cursor.execute(statement)
        found.append(cursor.rowcount)
    cursor.fetchall()
    return [found, run(connection, "SELECT FOUND_ROWS(), ROW_COUNT()")]


def case_found_rows_flag(_):
    flagged = connect(client_flag=2)
    return run(flagged, "UPDATE items SET amount = amount WHERE id < 3")


def case_unicode(connection):
    words = ["ä ö ü ß", "😀👍🏽", "日本語", "\u202eabc", "a\u0000b"]
    for word in words:
        run(connection, "INSERT INTO words (word) VALUES (%s)", (word,))
    found = [run(connection, "SELECT word, HEX(word), CHAR_LENGTH(word) FROM words ORDER BY id")]
    latin = connect(charset="latin1")
    found.append(run(latin, "SELECT word FROM words ORDER BY id LIMIT 2"))
    run(latin, "INSERT INTO words (word) VALUES (%s)", ("é",))
    return [found, run(connection, "SELECT word, HEX(word) FROM words ORDER BY id DESC LIMIT 1"),
            run(latin, "SELECT @@character_set_client, @@collation_connection")]


def case_load_data_local(connection):
    count = run(connection, f"LOAD DATA LOCAL INFILE '{local_file}' INTO TABLE loaded FIELDS TERMINATED BY ','")
    refused = failure(run, connection, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE loaded")
    return [count, refused.split()[:2], run(connection, "SELECT COUNT(*), SUM(a), MAX(b) FROM loaded"), value(connection, "SELECT 1")]


def case_attributes(connection):
    if driver_name == "mysqlclient":
        return "not in this driver"
    return run(connection, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = CONNECTION_ID()"
                           " AND ATTR_NAME <> '_pid' ORDER BY ORDINAL_POSITION")


def case_init_command(_):
    started = connect(init_command="SET @started = 'yes'", sql_mode="ANSI_QUOTES")
    return run(started, "SELECT @started, @@sql_mode")


def case_show_proxysession(connection):
    rows = run(connection, "SHOW PROXYSESSION")
    return any(row[1] == thread_id(connection) for row in rows)


def case_kill_proxysession(connection):
    victim = connect()
    killed = run(connection, f"KILL PROXYSESSION {thread_id(victim)}")
    return [killed, failure(run, victim, "SELECT 1") != "no error", failure(run, connection, f"KILL PROXYSESSION {thread_id(victim)}")]


def main():
    for name, case in [(name[5:], case) for name, case in globals().items() if name.startswith("case_")]:
        try:
            connection = connect()
            try:
                result = repr(case(connection))
            finally:
                try:
                    connection.close()
                except errors.MySQLError:
                    pass
        except Exception as error:  # whatever a driver raises is this case's result
            result = f"raised {type(error).__name__} {error}"
        print(f"{name}: {result}".replace("\n", "\\n"), flush=True)


main()
