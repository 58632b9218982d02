"""The state of a session as the proxy tracks it: what changes, how often, and what the client gets to see of it."""

import subprocess

import pytest

from clients import attributes, connect, query, value
from support import seconds

VERSIONS = ("hot_sys_var_version", "sys_var_version", "user_var_version", "last_insert_id_version", "db_name_version")


def versions(session):
    """Of the client session; those of its one server session have to be the same."""
    listed = attributes(session)
    client = {name: int(text) for name, text, info in listed if info == "cs var version"}
    server = {name: int(text) for name, text, info in listed if info.endswith("used ss") and name in VERSIONS}
    assert client == server
    return client


def changes(session, statement, *names):
    """Runs the statement; exactly these counters have to have changed, by as much as they are named."""
    before = versions(session)
    query(session, statement)
    after = versions(session)
    return {name: after[name] - before[name] for name in VERSIONS if after[name] != before[name]}


def test_every_kind_of_change_has_its_counter(open_session):
    session = open_session(database="app")
    assert versions(session)["db_name_version"] == 1
    assert changes(session, "SELECT 1") == {}
    assert changes(session, "SET SESSION sql_mode = 'ANSI_QUOTES'") == {"sys_var_version": 1}
    assert changes(session, "SET max_join_size = 1000, @@session.wait_timeout = 100") == {"sys_var_version": 2}
    assert changes(session, "SET autocommit = 1 - @@autocommit") == {"hot_sys_var_version": 1}
    assert changes(session, "SET autocommit = 1 - @@autocommit") == {"hot_sys_var_version": 1}
    assert changes(session, "SET @a = 1, @b = 'two'") == {"user_var_version": 2}
    assert changes(session, "SELECT @c := 5") == {"user_var_version": 1}
    assert changes(session, "SELECT 1, 2 INTO @d, @e") == {"user_var_version": 2}
    assert changes(session, "USE information_schema") == {"db_name_version": 1}
    assert changes(session, "USE information_schema") == {}


def test_last_insert_id(open_session):
    session = open_session(database="app")
    query(session, "CREATE TEMPORARY TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, x INT)")
    assert changes(session, "INSERT INTO numbered (x) VALUES (1)") == {"last_insert_id_version": 1}
    assert changes(session, "INSERT INTO numbered (x) VALUES (1), (2)") == {"last_insert_id_version": 1}
    assert changes(session, "UPDATE numbered SET x = 5") == {}
    assert value(session, "SELECT LAST_INSERT_ID()") == 2


def test_a_failed_statement_changes_nothing(open_session):
    session = open_session(database="app")
    for statement in ("SET @a = 1, sql_mode = 'NO_SUCH_MODE'", "SET sql_mode = 'NO_SUCH_MODE'", "USE no_such_database"):
        before = versions(session)
        with pytest.raises(Exception):
            query(session, statement)
        after = versions(session)
        assert {**after, "user_var_version": 0} == {**before, "user_var_version": 0}


def test_diagnostics_survive_the_proxys_own_statement(open_session):
    session = open_session(database="app")
    query(session, "UPDATE accounts SET balance = balance + 1 WHERE id <= 2")
    query(session, "SET @changed = ROW_COUNT()")
    assert value(session, "SELECT @changed") == 2
    session = open_session(database="app")
    query(session, "SELECT SQL_CALC_FOUND_ROWS id FROM accounts LIMIT 1")
    query(session, "SET sql_mode = 'ANSI'")
    assert value(session, "SELECT FOUND_ROWS()") == value(session, "SELECT COUNT(*) FROM accounts")


def test_the_proxys_own_statement_is_sent_once_and_only_for_variables_that_are_not_reported(open_session):
    session = open_session(database="app")
    before = value(session, "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS "
                            "WHERE VARIABLE_NAME = 'COM_SET_OPTION'")

    def sent():
        now = value(session, "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS "
                             "WHERE VARIABLE_NAME = 'COM_SET_OPTION'")
        return int(now) - int(before)

    query(session, "SET NAMES utf8mb4")
    query(session, "SET @a = 1")
    assert sent() == 2
    query(session, "SET sql_mode = 'ANSI'")
    assert sent() == 4
    query(session, "SET sql_mode = ''")
    assert sent() == 5


@pytest.mark.parametrize("tracking", ["off", "reported", "all"])
def test_without_reports_statements_and_status_flags_tell(start_gate, tracking):
    gate = start_gate(session_tracking=tracking)
    session = connect(gate.port, database="app")
    try:
        assert changes(session, "USE information_schema") == {"db_name_version": 1}
        assert changes(session, "SET SESSION sql_mode = 'ANSI'") == {"sys_var_version": 1}
        assert changes(session, "SET @@max_join_size := 1000, @x = 1") == {"sys_var_version": 1, "user_var_version": 1}
        assert changes(session, "SET autocommit = 1 - @@autocommit") == {"hot_sys_var_version": 1}
        assert changes(session, "SET NAMES latin1") == {"sys_var_version": 3}
    finally:
        session.close()


@pytest.mark.parametrize("tracking", ["SESSION session_track_system_variables", "@@session.session_track_system_variables"])
def test_a_client_that_tracks_sees_what_it_would_see_without_a_proxy(gate, mariadb, tracking):
    script = f"""--enable_session_track_info
SET sql_mode='ANSI';
SET {tracking}='optimizer_switch';
SET optimizer_switch='mrr=on';
SET sql_mode='';
"""

    def read(port):
        return subprocess.run(["mariadb-test", "--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{port}", "-uapp",
                               "-papp_password"], input=script, capture_output=True, text=True, timeout=seconds(20),
                              check=False).stdout

    direct = read(mariadb.port)
    assert "-- optimizer_switch: " in direct
    assert read(gate.port) == direct


def test_reset_connection_forgets(open_session):
    session = open_session(database="app")
    query(session, "SET sql_mode = 'ANSI'")
    query(session, "SET @a = 1")
    before = versions(session)
    session._execute_command(0x1F, b"")
    session._read_ok_packet()
    after = versions(session)
    assert after["user_var_version"] == before["user_var_version"] + 1
    assert after["sys_var_version"] > before["sys_var_version"]
    assert value(session, "SELECT @a") is None
    assert changes(session, "SET SESSION sql_mode = 'ANSI_QUOTES'") == {"sys_var_version": 1}
