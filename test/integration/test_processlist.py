"""SHOW PROXYPROCESSLIST, PROXYSESSION STAT, VARIABLES and CLOSED, held against what really happened and against the server's own view."""

import random
import threading

import pymysql
import pytest

from clients import connect, connection_id, cs_id, disconnect, error_of, query, rows, value
from sessiongate_process import PROXYSYS_PASSWORD
from support import seconds, wait_until


def process(of, watcher):
    listed = {row["Id"]: row for row in rows(watcher, "SHOW FULL PROXYPROCESSLIST")}
    return listed[cs_id(of)]


def stats(session, identifier=""):
    return dict(query(session, f"SHOW PROXYSESSION STAT {identifier}"))


def variables(session, words=""):
    return {row["variable_name"]: row for row in rows(session, f"SHOW PROXYSESSION VARIABLES {words}")}


@pytest.fixture
def running(open_session):
    """A session that runs a statement in a transaction, in a thread."""
    session = open_session(database="app")
    query(session, "BEGIN")
    thread = threading.Thread(target=query, args=(session, "SELECT 'secret', SLEEP(2) /* hush */, 4711"))
    thread.start()
    yield session
    thread.join(seconds(20))


def test_a_running_statement_is_shown_with_its_literals_masked(running, operator):
    row = wait_until(lambda: (now := process(running, operator))["Command"] == "Query" and now, "it runs")
    assert row["Info"] == "SELECT ?, SLEEP(?) , ?"
    assert row["statement_bytes"] == len("SELECT 'secret', SLEEP(2) /* hush */, 4711")
    assert row["State"] == "backend_read"
    assert row["User"] == "app" and row["db"] == "app"
    assert 0 <= row["time_us"] <= row["transaction_us"] < seconds(20) * 10**6
    assert row["driver"].startswith("pymysql")


def test_an_idle_session_shows_no_statement_and_waits_for_its_client(open_session, operator):
    session = open_session()
    query(session, "SELECT 'secret'")
    row = process(session, operator)
    assert (row["Command"], row["Info"], row["State"], row["transaction_us"]) == ("Sleep", None, "client_read", None)
    query(session, "BEGIN")
    row = process(session, operator)
    assert (row["Command"], row["Info"], row["State"]) == ("Sleep", "BEGIN", "client_read")
    assert row["transaction_us"] >= 0
    query(session, "COMMIT")
    assert process(session, operator)["transaction_us"] is None


def test_a_client_that_does_not_read_is_waited_for(gate, open_session, operator):
    session = connect(gate.port, database="app", cursorclass=pymysql.cursors.SSCursor)
    try:
        session._execute_command(3, b"SELECT REPEAT('x', 60000) FROM seq_1_to_5000")
        wait_until(lambda: (now := process(session, operator))["State"] == "client_write" and now["queued_bytes"] > 0,
                   "the client is waited for")
    finally:
        session._force_close()


def test_counts_are_those_of_what_was_sent(open_session, gate):
    session = open_session(database="app")
    before = stats(session)
    query(session, "CREATE TEMPORARY TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
    for _ in range(3):
        query(session, "INSERT INTO t (n) VALUES (1)")
    query(session, "UPDATE t SET n = 2")
    query(session, "DELETE FROM t")
    query(session, "SELECT 1")
    query(session, "SELECT REPEAT('x', 2000)")
    assert error_of(query, session, "SELECT nothing") [0] == 1054
    after = stats(session)

    def grown(name):
        return after[name] - before[name]

    assert grown("client_insert_requests") == 3
    assert grown("client_update_requests") == grown("client_delete_requests") == 1
    assert grown("client_select_requests") == 3
    assert grown("server_error_responses") == 1
    assert grown("server_resultset_responses") == 2
    assert grown("server_ok_responses") == 6
    assert grown("response_size_3K_count") == 1
    assert grown("server_requests") == grown("server_responses") == 9
    assert grown("client_internal_requests") == 1
    assert grown("client_request_total_size") > grown("server_request_total_size") > 9 * 5
    assert grown("server_response_total_size") > 2000
    assert grown("total_server_process_request_time") > 0


def test_variables_are_what_the_server_says(open_session):
    session = open_session(database="app")
    query(session, "SET SESSION sql_mode = 'ANSI_QUOTES', max_join_size = 4711")
    query(session, "SET @a = 5, @b = 'it''s', @c = 1 + 1, @long = '%s'" % ("x" * 200))
    shown = variables(session)
    assert shown["sql_mode"]["value"] == "'ANSI_QUOTES'"
    assert shown["max_join_size"]["value"] == "4711"
    assert shown["max_join_size"]["info"] == "changed sys var"
    assert shown["max_join_size"]["modified_type"] == "cold modified vars"
    assert shown["max_join_size"]["sys_variable_flag"] == " && global_scope && session_scope"
    assert (shown["a"]["value"], shown["a"]["info"]) == ("5", "user var")
    assert shown["b"]["value"] == "'it''s'"
    assert shown["c"]["value"] == "---value is known to the server only---"
    assert shown["long"]["value"] == "---value length is large then 128bytes---"
    assert set(variables(session, "ALL")) >= set(shown)
    assert set(variables(session, "LIKE 'max%'")) == {"max_join_size"}
    assert error_of(query, session, "SHOW PROXYSESSION VARIABLES 5")[0] == 1094


def test_all_variables_are_all_that_the_server_has(open_session, operator):
    session = open_session(database="app")
    query(session, "SET SESSION max_join_size = 4711")
    query(session, "SET @mine = 5")
    real = dict(query(session, "SHOW SESSION VARIABLES"))
    for words in ("ALL", "ALL CONNECTION_ID()", f"ALL {cs_id(session)}"):
        shown = variables(session, words)
        assert set(shown) == set(real) | {"mine"}
        for name, text in real.items():
            if len(text) > 128:
                assert shown[name]["value"] == "---value length is large then 128bytes---"
            elif name not in ("timestamp", "rand_seed1", "rand_seed2", "last_gtid"):
                assert shown[name]["value"].strip("'").replace("\\\\", "\\") == text, name
        assert (shown["max_join_size"]["info"], shown["port"]["info"]) == ("changed sys var", "sys var")
        assert shown["port"]["sys_variable_flag"] == ""
    assert query(session, "SHOW PROXYSESSION VARIABLES ALL LIKE 'max_join_size'")[0][1] == "4711"
    # Of another's session what is known is shown: its server is not asked.
    assert "max_join_size" in variables(operator, f"ALL {cs_id(session)}")
    assert "port" not in variables(operator, f"ALL {cs_id(session)}")


def test_random_statements_leave_the_state_that_the_server_has(open_session):
    """The same question to the server and to the proxy, through some hundred changes."""
    chance = random.Random(7)
    session = open_session(database="app")
    choices = {"sql_mode": ["'ANSI'", "''", "'ANSI_QUOTES'"], "max_join_size": ["1000", "2000", "DEFAULT"],
               "time_zone": ["'+01:00'", "'-03:00'"], "autocommit": ["0", "1"], "wait_timeout": ["100", "200 + 1"]}
    for _ in range(150):
        kind = chance.randrange(6)
        name = chance.choice(list(choices))
        if kind <= 2:
            scope = chance.choice(["SESSION ", "", "@@session.", "@@"])
            query(session, f"SET {scope}{name} = {chance.choice(choices[name])}")
        elif kind == 3:
            query(session, f"SET @v{chance.randrange(4)} = {chance.randrange(100)}")
        elif kind == 4:
            query(session, chance.choice(["USE app", "USE information_schema"]))
        else:
            query(session, chance.choice(["SELECT 1", "SET NAMES utf8mb4", "COMMIT"]))
        shown = variables(session)
        for name in set(choices) & set(shown):
            text = shown[name]["value"]
            if text.startswith("---"):
                continue
            real = query(session, f"SHOW SESSION VARIABLES LIKE '{name}'")[0][1]
            assert text.strip("'") == real or text == real, name
        for name in (f"v{number}" for number in range(4)):
            real = value(session, f"SELECT @{name}")
            assert (shown[name]["value"] if name in shown else None) == (None if real is None else str(real))
        assert rows(session, "SHOW PROXYPROCESSLIST WHERE Id = %d" % cs_id(session))[0]["db"] == value(session, "SELECT DATABASE()")


def test_a_session_that_ended_is_listed_with_its_reason(gate, operator):
    session = connect(gate.port, database="app")
    identifier = cs_id(session)
    query(operator, f"KILL PROXYSESSION {identifier}")
    gone = wait_until(lambda: {row["Id"]: row for row in rows(operator, "SHOW PROXYSESSION CLOSED")}.get(identifier),
                      "it is listed")
    assert gone["reason"] == "killed"
    assert gone["detail"].startswith("by operator")
    assert (gone["User"], gone["db"], gone["was_running"]) == ("app", "app", 0)
    disconnect(session)


def test_who_may_not_see_a_session_does_not_see_its_end(gate, open_session):
    session = connect(gate.port, user="other", password="other_password")
    identifier = cs_id(session)
    disconnect(session)
    proxysys = open_session(user="operator", password="operator_password")
    wait_until(lambda: identifier in {row["Id"] for row in rows(proxysys, "SHOW PROXYSESSION CLOSED")}, "it is listed")
    assert identifier not in {row["Id"] for row in rows(open_session(), "SHOW PROXYSESSION CLOSED")}


MYSQL_COLUMNS = ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"]


def described(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [column[0] for column in cursor.description], list(cursor.fetchall())


def test_the_process_list_is_the_backends_unless_the_proxy_is_to_answer(start_gate, open_session):
    gate = start_gate()
    session, proxysys = connect(gate.port, database="app"), connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    try:
        names, listed = described(session, "SHOW PROCESSLIST")
        assert names != MYSQL_COLUMNS, "MariaDB has a ninth column"
        assert connection_id(session) in {row[0] for row in listed}
        query(proxysys, "ALTER PROXYCONFIG SET processlist = proxy")
        for statement in ("SHOW PROCESSLIST", "SHOW FULL PROCESSLIST", "show processlist;"):
            names, listed = described(session, statement)
            assert names == MYSQL_COLUMNS
            assert [row[0] for row in listed] == [cs_id(session)]
            assert listed[0][1:5] == ("app", "127.0.0.1:%d" % session._sock.getsockname()[1], "app", "Sleep")
        assert described(session, "SHOW PROCESSLIST WHERE bytes_from_client > 1000000")[1] == []
        session._execute_command(0x0A, b"")  # COM_PROCESS_INFO
        session._read_query_result()
        assert [row[0] for row in session._result.rows] == [cs_id(session)]
        query(proxysys, "ALTER PROXYCONFIG SET processlist = backend")
        assert described(session, "SHOW PROCESSLIST")[0] != MYSQL_COLUMNS
    finally:
        disconnect(session)
        disconnect(proxysys)


def test_root_at_proxysys_has_a_process_list(open_session):
    session, proxysys = open_session(), open_session(user="root@proxysys", password=PROXYSYS_PASSWORD)
    assert described(proxysys, "SHOW FULL PROCESSLIST")[0] == MYSQL_COLUMNS
    wait_until(lambda: {row[0] for row in query(proxysys, "SHOW FULL PROCESSLIST")} == {cs_id(session), cs_id(proxysys)},
               "these two are all that there are")


def test_the_same_over_http(admin, open_session):
    session = open_session(database="app")
    query(session, "SET @a = 5")
    identifier = cs_id(session)
    listed = admin.get(f"/v1/sessions/{identifier}/variables").json["variables"]
    assert {"variable_name": "a", "value": "5", "info": "user var", "modified_type": "", "sys_variable_flag": ""} in listed
    assert {row["stat_name"] for row in admin.get(f"/v1/sessions/{identifier}/stats").json["stats"]} >= {"client_requests"}
    assert identifier in {row["cs_id"] for row in admin.get("/v1/processes").json["processes"]}
    assert "closed_sessions" in admin.get("/v1/closed-sessions").json
    assert admin.get("/v1/sessions/5/stats").status == 404
