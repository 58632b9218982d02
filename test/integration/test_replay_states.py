"""A session's whole state is read from a live server session and rebuilt in a fresh one: random states, without the proxy
between, compared byte by byte through the answers to the same questions."""

import contextlib
import os
import random
import struct

import pytest

from raw_client import ORDINARY, SESSION_TRACK
from session_states import (FORGET_WARNINGS, OWN, Driver, cells, driver, full_state, mysql56, parameter_collation, random_name,  # noqa: F401 (fixtures)
                            random_user_value, rows, session, took)

SEED = int(os.environ.get("SESSIONGATE_TEST_SEED", random.randrange(1 << 30)))
ROUNDS = int(os.environ.get("SESSIONGATE_TEST_STATES", 40))

# Beside what differs anyway: what would keep the test from asking.
NOT_TRIED = [*OWN, "MAX_SESSION_MEM_USED", "MAX_STATEMENT_TIME", "WAIT_TIMEOUT", "IDLE_TRANSACTION_TIMEOUT",
             "NET_WRITE_TIMEOUT", "NET_READ_TIMEOUT", "IDLE_READONLY_TRANSACTION_TIMEOUT", "DEBUG_DBUG",
             "IDLE_WRITE_TRANSACTION_TIMEOUT", "SESSION_TRACK_TRANSACTION_INFO", "MAX_JOIN_SIZE", "LAST_INSERT_ID",
             "IDENTITY", "AUTOCOMMIT", "PROFILING"]


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
