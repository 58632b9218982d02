"""KILL PROXYSESSION and KILL in SQL, line by line as documented."""

import pytest

import raw_client as raw
from clients import (LOST, attributes, connect, connection_id, cs_id, disconnect, error_of, exists_on_backend, is_alive,
                     listed_ids, query, runs_on_backend, show, value)
from raw_client import RawClient
from sessiongate_process import PROXYSYS_PASSWORD
from support import seconds, wait_until


def ss_id(session, identifier=""):
    return next(int(value) for name, value, _ in attributes(session, identifier) if name == "ss_id")


@pytest.mark.parametrize("kind", ["cs_id", "connection_id", "proxy_sessid"])
def test_killing_ones_own_session_answers_1317_and_closes(open_session, operator, database, kind):
    session = open_session()
    ids = listed_ids(session)
    assert error_of(query, session, f"KILL PROXYSESSION {ids[kind]}") == (1317, "Query execution was interrupted")
    assert error_of(query, session, "SELECT 1")[0] in LOST
    wait_until(lambda: ids["cs_id"] not in show(operator), "it leaves the list")
    wait_until(lambda: not exists_on_backend(database, ids["connection_id"]), "it leaves the backend")


def test_the_sqlstate_of_a_self_kill_is_70100(gate):
    with RawClient(gate.port).login() as client:
        assert client.error(f"KILL PROXYSESSION {client.thread_id}") == (1317, "70100", "Query execution was interrupted")
        assert client.is_closed()


def test_a_session_after_a_kill_has_new_ids(open_session):
    session = open_session()
    before = listed_ids(session)
    error_of(query, session, f"KILL PROXYSESSION {before['cs_id']}")
    session.ping(reconnect=True)
    after = listed_ids(session)
    assert all(after[kind] != before[kind] for kind in before)


@pytest.mark.parametrize("kind", ["cs_id", "connection_id", "proxy_sessid"])
def test_killing_another_session_answers_ok_and_closes_it_at_once(gate, open_session, database, kind):
    killer = open_session()
    with RawClient(gate.port).login() as victim:
        ids = {"cs_id": victim.thread_id}
        victim.query("SELECT CONNECTION_ID()")
        ids["connection_id"] = int(victim.rows[0][1:])
        ids["proxy_sessid"] = show(killer)[victim.thread_id]["proxy_sessid"]
        with killer.cursor() as cursor:
            assert cursor.execute(f"KILL PROXYSESSION {ids[kind]}") == 0
        assert victim.thread_id not in show(killer)
        victim.socket.settimeout(seconds(2))
        assert victim.was_killed()
    wait_until(lambda: not exists_on_backend(database, ids["connection_id"]), "it leaves the backend")
    assert is_alive(killer)


def test_a_running_statement_is_interrupted_on_the_backend_without_any_configured_password(open_session, sleeper, database):
    client, identifier = sleeper
    query(open_session(), f"KILL PROXYSESSION {client.thread_id}")
    wait_until(lambda: not exists_on_backend(database, identifier), "the statement is interrupted", limit=5)
    assert client.was_killed()


def test_an_operator_interrupts_the_statement_of_another_account(operator, sleeper, database):
    client, identifier = sleeper
    query(operator, f"KILL PROXYSESSION {identifier}")
    wait_until(lambda: not exists_on_backend(database, identifier), "the statement is interrupted", limit=5)
    assert client.was_killed()


def test_root_of_proxysys_interrupts_with_the_control_account(start_gate, secrets, database):
    gate = start_gate(control_user="control", control_password_file=secrets["control_password_file"])
    with RawClient(gate.port).login() as victim:
        victim.query("SELECT CONNECTION_ID()")
        identifier = int(victim.rows[0][1:])
        victim.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        query(proxysys, f"KILL PROXYSESSION {victim.thread_id}")
        wait_until(lambda: not exists_on_backend(database, identifier), "the statement is interrupted", limit=5)
        assert victim.was_killed()
        disconnect(proxysys)


def test_the_locks_of_a_killed_transaction_are_free(open_session):
    victim, killer = open_session(database="app"), open_session(database="app")
    query(victim, "BEGIN")
    query(victim, "UPDATE accounts SET balance = 0 WHERE id = 1")
    query(killer, "SET SESSION innodb_lock_wait_timeout = 1")
    assert error_of(query, killer, "UPDATE accounts SET balance = balance WHERE id = 1")[0] == 1205
    query(killer, f"KILL PROXYSESSION {cs_id(victim)}")
    query(killer, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
    query(killer, "UPDATE accounts SET balance = balance + 1 WHERE id = 1")
    assert value(killer, "SELECT balance FROM accounts WHERE id = 1") > 50


def test_the_locks_of_a_transaction_killed_in_a_statement_are_free(gate, open_session, database):
    killer = open_session(database="app")
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("SELECT CONNECTION_ID()")
        identifier = int(victim.rows[0][1:])
        victim.query("BEGIN")
        victim.query("UPDATE accounts SET balance = balance WHERE id = 2")
        victim.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        query(killer, f"KILL PROXYSESSION {identifier}")
        query(killer, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
        query(killer, "UPDATE accounts SET balance = balance WHERE id = 2")


@pytest.mark.parametrize("identifier", ["999999999", "0", "4611686018427387904", "-2"])
def test_an_unknown_id_is_1094(gate, identifier):
    with RawClient(gate.port).login() as client:
        number, state, text = client.error(f"KILL PROXYSESSION {identifier}")
        assert (number, state) == (1094, "HY000")
        assert text.startswith("Unknown thread id: ")


def test_the_session_of_another_account_is_1095_and_lives_on(gate, open_session):
    victim = open_session(user="other", password="other_password")
    with RawClient(gate.port).login() as client:
        for identifier in (cs_id(victim), connection_id(victim)):
            assert client.error(f"KILL PROXYSESSION {identifier}") == (
                1095, "HY000", f"You are not owner of thread {identifier}")
    assert is_alive(victim)


@pytest.mark.parametrize("statement", [
    "KILL PROXYSESSION", "KILL PROXYSESSION x", "KILL PROXYSESSION 1.5", "KILL PROXYSESSION 1 2 3", "KILL PROXYSESSION 0x10",
    "KILL PROXYSESSION 5-1", "KILL PROXYSESSION 1,2", "KILL PROXYSESSION ''", "KILL PROXYSESSION 99999999999999999999999",
    "SHOW PROXYSESSION ATTRIBUTE x", "SHOW PROXYSESSION NONSENSE", "KILL PROXYSESSION ?"])
def test_a_malformed_command_is_5010(gate, statement):
    with RawClient(gate.port).login() as client:
        number, state, _ = client.error(statement)
        assert (number, state) == (5010, "21000")
        client.query("SELECT 1")
        assert client.rows == [b"\x011"]


@pytest.mark.parametrize("form", [
    "kill proxysession {}", "KiLl\tPROXYSESSION\n {} ;", "/* why */ KILL PROXYSESSION {}", "-- why\nKILL PROXYSESSION {}",
    "# why\nKILL /* how */ PROXYSESSION {} -- now", "KILL PROXYSESSION '{}'", 'KILL PROXYSESSION "{}"', " ; KILL {}"[3:],
    "KILL CONNECTION {}", "KILL HARD CONNECTION {}", "kill soft {};", "KILL '{}'"])
def test_every_way_to_write_it_kills(open_session, form):
    killer, victim = open_session(), open_session()
    query(killer, form.format(cs_id(victim)))
    assert not is_alive(victim)


def test_a_negative_id_is_the_32_bit_id_that_was_printed_signed(open_session):
    killer = open_session()
    for form in ("KILL PROXYSESSION {}", "KILL {}"):
        victim = open_session()
        unknown = cs_id(victim) - 2**31  # a negative number that is no session's
        assert error_of(query, killer, form.format(unknown))[0] == 1094
        assert is_alive(victim)


# KILL PROXYSESSION id ss_id

@pytest.mark.parametrize("kind", ["cs_id", "connection_id", "proxy_sessid"])
def test_killing_a_server_session_leaves_the_client_session_until_its_next_statement(open_session, database, kind):
    """The proxy keeps no password, so it cannot log in again for the client: the client is told, and comes back itself."""
    killer, victim = open_session(), open_session()
    ids = listed_ids(victim)
    before = ss_id(killer, ids["cs_id"])
    query(killer, f"KILL PROXYSESSION {ids[kind]} {before}")
    wait_until(lambda: not exists_on_backend(database, ids["connection_id"]), "the server session is gone")
    assert show(killer)[ids["cs_id"]]["svr_session_count"] == 0
    assert error_of(query, victim, "SELECT 1")[0] == 1927
    victim.ping(reconnect=True)
    assert connection_id(victim) != ids["connection_id"]
    assert ss_id(killer, cs_id(victim)) > before


def test_an_unknown_server_session_is_1094(open_session):
    killer, victim = open_session(), open_session()
    assert error_of(query, killer, f"KILL PROXYSESSION {cs_id(victim)} 999999999")[0] == 1094
    assert is_alive(victim)


# Look-alikes

@pytest.mark.parametrize("statement", [
    "SHOW PROXYSESSIONS", "KILL PROXYSESSIONS 1", "SHOW PROXYSESSION; SELECT 1", "SELECT 'KILL PROXYSESSION 1'",
    "KILL", "KILL x", "KILL 1 2", "KILL QUERY", "KILL USER nobody", "KILL QUERY ID 999999999", "KILL 999999999",
    "KILL QUERY 999999999", "KILL CONNECTION 999999999", "/*!50000 KILL PROXYSESSION 1 */", "SHOW /*x*/ PROXY SESSION"])
def test_what_only_looks_like_a_command_is_answered_by_the_backend(gate, mariadb, statement):
    with RawClient(gate.port).login() as through, RawClient(mariadb.port).login() as direct:
        assert through.query(statement) == direct.query(statement)


def test_a_plain_kill_of_a_connection_beside_the_proxy_goes_to_the_backend(open_session, mariadb):
    beside = connect(mariadb.port)
    query(open_session(), f"KILL {cs_id(beside)}")
    assert not is_alive(beside)
