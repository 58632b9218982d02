"""KILL QUERY and its kin: text, COM_PROCESS_KILL, prepared statements, Ctrl-C and the drivers' cancel()."""

import contextlib
import struct
import time

import pytest

import raw_client as raw
from clients import (LOST, InteractiveClient, connection_id, cs_id, error_of, exists_on_backend, is_alive, query,
                     runs_on_backend)
from raw_client import RawClient, error_of_payload
from support import seconds, wait_until

INTERRUPTED = (1317, "70100", "Query execution was interrupted")


@pytest.mark.parametrize("statement", ["KILL QUERY {}", "kill query {};", "KILL SOFT QUERY {}", "KILL HARD QUERY '{}'",
                                       "/* stop it */ KILL QUERY {}"])
@pytest.mark.parametrize("kind", ["cs_id", "connection_id"])
def test_kill_query_interrupts_the_statement_and_the_session_lives_on(open_session, sleeper, statement, kind):
    client, identifier = sleeper
    query(open_session(), statement.format(client.thread_id if kind == "cs_id" else identifier))
    client.read_response()
    assert error_of_payload(client.last) == INTERRUPTED
    client.query("SELECT CONNECTION_ID()")
    assert client.rows == [bytes([len(str(identifier))]) + str(identifier).encode()]


def test_kill_query_of_an_idle_session_is_ok_and_does_nothing(open_session):
    killer, idle = open_session(), open_session()
    before = connection_id(idle)
    query(killer, f"KILL QUERY {cs_id(idle)}")
    assert connection_id(idle) == before


def test_kill_query_of_ones_own_session_leaves_it_alive(open_session):
    session = open_session()
    with contextlib.suppress(Exception):
        query(session, f"KILL QUERY {cs_id(session)}")
    assert is_alive(session)


def test_kill_query_of_another_account_is_refused(open_session, sleeper, database):
    client, identifier = sleeper
    stranger = open_session(user="other", password="other_password")
    for wanted in (client.thread_id, identifier):
        assert error_of(query, stranger, f"KILL QUERY {wanted}")[0] in (1094, 1095)
    assert runs_on_backend(database, identifier)


@pytest.mark.parametrize("kind", ["cs_id", "connection_id"])
def test_com_process_kill_ends_the_session(gate, open_session, sleeper, database, kind):
    victim, identifier = sleeper
    with RawClient(gate.port).login() as killer:
        killer.command(raw.COM_PROCESS_KILL, struct.pack("<I", victim.thread_id if kind == "cs_id" else identifier))
        killer.read_response()
        assert killer.first[:1] == b"\0"
        assert victim.was_killed()
        wait_until(lambda: not exists_on_backend(database, identifier), "the statement is interrupted", limit=5)
        killer.command(raw.COM_PROCESS_KILL, struct.pack("<I", 999999999))
        killer.read_response()
        assert error_of_payload(killer.first)[0] == 1094


def test_com_process_kill_of_ones_own_session_is_1317(gate):
    with RawClient(gate.port).login() as client:
        client.command(raw.COM_PROCESS_KILL, struct.pack("<I", client.thread_id))
        client.read_response()
        assert error_of_payload(client.first) == INTERRUPTED
        assert client.is_closed()


@pytest.mark.parametrize("statement", ["KILL ?", "KILL CONNECTION ?", "KILL PROXYSESSION ?"])
@pytest.mark.parametrize("as_text", [False, True], ids=["integer", "text"])
def test_a_prepared_kill_kills(gate, open_session, statement, as_text):
    victim = open_session()
    with RawClient(gate.port).login() as killer:
        _, prepared = killer.prepare(statement)
        killer.execute(prepared, [str(cs_id(victim)) if as_text else cs_id(victim)])
        assert killer.first[:1] == b"\0", killer.first
        assert not is_alive(victim)
        killer.execute(prepared, [999999999])
        assert error_of_payload(killer.first)[0] == 1094
        killer.command(raw.COM_STMT_CLOSE, struct.pack("<I", prepared))
        killer.execute(prepared, [1])
        assert error_of_payload(killer.first)[0] == 1243


def test_a_prepared_kill_of_a_server_session_takes_both_ids(gate, open_session, database):
    killer, victim = open_session(), open_session()
    before = connection_id(victim)
    ss_id = next(value for name, value, _ in query(killer, f"SHOW PROXYSESSION ATTRIBUTE {cs_id(victim)}")
                 if name == "ss_id")
    with RawClient(gate.port).login() as client:
        _, prepared = client.prepare("KILL PROXYSESSION ? ?")
        client.execute(prepared, [cs_id(victim), int(ss_id)])
        assert client.first[:1] == b"\0", client.first
    wait_until(lambda: not exists_on_backend(database, before), "the server session is gone")


def test_a_prepared_list_gives_binary_rows(gate, node):
    told = node("prepared.js", gate.port)
    assert told["columns"] == ["proxy_sessid", "Id", "Cluster", "Tenant", "User", "Host", "db", "trans_count",
                               "svr_session_count", "state", "tid", "pid", "using_ssl"]
    assert told["own"]["User"] == "app"
    assert told["own"]["Id"] == told["thread_id"]
    assert told["own"]["pid"] == gate.pid
    assert told["attributes"] == 39


def test_mysql2_kills_by_text_by_prepared_statement_and_cancels_a_query(gate, node):
    told = node("kill.js", gate.port)
    assert told["by_text"] == told["by_prepared_statement"] == 1927
    assert told["idle"] == {"message": "Connection was killed", "fatal": True}
    assert told["cancelled"]["code"] == "ER_QUERY_INTERRUPTED"
    assert told["cancelled"]["milliseconds"] < seconds(30) * 1000
    assert told["alive_after_cancel"] == 1
    assert told["self_kill"] == 1317


def test_ctrl_c_in_the_command_line_client_interrupts_its_statement(gate, database):
    with contextlib.closing(InteractiveClient(gate.port, user="app@sys#obdemo")) as client:
        text = client.run("SELECT CONNECTION_ID();")
        identifier = int(next(word for word in text.split() if word.isdigit()))
        begun = time.monotonic()
        client.send("SELECT SLEEP(60);")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        client.interrupt()
        answer = client.answer()
        assert "ERROR 1317 (70100): Query execution was interrupted" in answer
        assert time.monotonic() - begun < seconds(20)
        assert str(identifier) in client.run("SELECT CONNECTION_ID();")


def test_ctrl_c_interrupts_the_right_one_of_two_statements(gate, database):
    with (contextlib.closing(InteractiveClient(gate.port)) as one, contextlib.closing(InteractiveClient(gate.port)) as other):
        ids = [int(next(word for word in client.run("SELECT CONNECTION_ID();").split() if word.isdigit()))
               for client in (one, other)]
        for client, identifier in zip((one, other), ids):
            client.send("SELECT SLEEP(60);")
            wait_until(lambda each=identifier: runs_on_backend(database, each), "it sleeps")
        other.interrupt()
        assert "ERROR 1317" in other.answer()
        assert runs_on_backend(database, ids[0])
        one.interrupt()
        assert "ERROR 1317" in one.answer()


def test_the_command_line_client_lives_through_the_documented_scenario(gate, mariadb):
    with contextlib.closing(InteractiveClient(gate.port, user="root@sys#obdemo", password="root_password",
                                              options=["-c", "-A"])) as client:
        def own_id():
            text = client.run("SHOW PROXYSESSION ATTRIBUTE LIKE 'cs_id';")
            return int(next(word for word in text.split() if word.isdigit()))

        before = own_id()
        assert "ERROR 1317 (70100): Query execution was interrupted" in client.run(f"KILL PROXYSESSION {before};")
        answer = client.run("SHOW PROXYSESSION;")
        lost = next(number for number in LOST if f"ERROR {number} (HY000)" in answer)
        if lost == 2013:
            answer = client.run("SHOW PROXYSESSION;")
        assert "ERROR 2006 (HY000)" in answer
        assert "Connection id:" in answer
        after = own_id()
        assert after != before
        listed = client.run("SHOW PROXYSESSION;")
        assert str(after) in listed
        assert str(before) not in listed
