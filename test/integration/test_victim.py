"""What the client of a killed session is told: 1927 where an error fits between two packets, and in any case the end."""

import contextlib
import struct

import pytest

import raw_client as raw
from clients import (LOST, Admin, InteractiveClient, connect, connection_id, cs_id, end_thread, error_of,
                     exists_on_backend, is_alive, query, runs_on_backend)
from compressed_client import CompressedClient
from raw_client import Closed, RawClient
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD
from support import wait_until
from tls_client import session, trusting

TOLD = (1927, "Connection was killed")
SHUTDOWN = (1053, "08S01", "Server shutdown in progress")


def by_http(gate, client):
    answer = Admin(gate.admin_port, ADMIN_TOKEN).delete(f"/v1/sessions/{client.thread_id}")
    assert answer.status == 200, answer.text


@pytest.fixture
def victim(gate):
    with RawClient(gate.port).login(database="app") as client:
        yield client


def test_an_idle_client_is_told(gate, victim):
    by_http(gate, victim)
    assert victim.was_killed()


def test_an_idle_client_reads_it_as_the_answer_to_its_next_command(gate, victim):
    by_http(gate, victim)
    victim.command(raw.COM_PING)
    assert victim.was_killed()


@pytest.mark.parametrize("user", [{}, {"user": "root@proxysys", "password": PROXYSYS_PASSWORD}], ids=["account", "proxysys"])
def test_an_idle_client_may_be_told_nothing_as_by_servers(start_gate, database, user):
    """Libraries that connect anew by themselves do it then."""
    gate = start_gate(tell_idle_clients="off")
    with RawClient(gate.port).login(**user) as client:
        by_http(gate, client)
        assert client.is_closed()
    with RawClient(gate.port).login() as client:  # one that waits for a response is told all the same
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        by_http(gate, client)
        assert client.was_killed()
        end_thread(database, identifier)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    assert admin.request("PUT", "/v1/config/tell-idle-clients", body=b'{"value": "on"}').status == 200
    with RawClient(gate.port).login(**user) as client:
        by_http(gate, client)
        assert client.was_killed()


def test_the_error_takes_the_place_of_a_response_that_has_not_begun(gate, sleeper, database):
    client, identifier = sleeper
    by_http(gate, client)
    assert client.was_killed()
    assert client.sequence == 2  # its own was 1
    end_thread(database, identifier)  # this sessiongate has no control account


def test_behind_a_response_that_has_ended_the_next_of_a_pipeline_is_the_error(gate, victim):
    victim.query("DO 1")
    victim.command(raw.COM_QUERY, b"SELECT 1")
    victim.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
    victim.read_response()
    by_http(gate, victim)
    assert victim.was_killed()


def test_a_result_set_that_is_under_way_is_cut(gate):
    with RawClient(gate.port, receive_buffer=4096).login(database="app") as client:
        client.command(raw.COM_QUERY, b"SELECT REPEAT('x', 1000) FROM seq_1_to_20000")
        assert client.read_packet() == b"\x01"
        by_http(gate, client)
        client.received.clear()
        with pytest.raises(Closed):
            while True:
                client.read_packet()
        rest = bytes(client.received) + client._unread
        assert b"killed" not in rest
        assert len(rest) < 20_000_000


def test_a_client_that_has_sent_more_than_was_read_is_told_all_the_same(gate, sleeper, database):
    """What lies unread at a close makes the kernel reset the connection."""
    client, identifier = sleeper
    for _ in range(100):
        client.command(raw.COM_QUERY, b"DO '" + b"x" * 10_000 + b"'")
    by_http(gate, client)
    assert client.was_killed()
    end_thread(database, identifier)


def test_half_a_command_is_answered_with_it(gate, victim):
    victim.socket.sendall(struct.pack("<I", 100_000)[:3] + b"\0" + b"\x03SELECT 1, '")
    by_http(gate, victim)
    assert victim.was_killed()


def test_nothing_is_said_into_an_authentication(gate, victim):
    victim.command(raw.COM_CHANGE_USER, b"other\0\0\0\x2d\0mysql_native_password\0")
    assert victim.read_packet()[:1] == b"\xfe"
    by_http(gate, victim)
    assert victim.is_closed()


@pytest.mark.parametrize("running", [False, True], ids=["idle", "running"])
def test_over_tls(tls_gate, tls_server, authority, running):
    gate = tls_gate(backend="required")
    with session(gate, **trusting(authority)) as client:
        if running:
            client._execute_command(raw.COM_QUERY, "SELECT SLEEP(60)")
            admin = Admin(gate.admin_port, ADMIN_TOKEN)
            wait_until(lambda: admin.sessions()[client.thread_id()]["running"], "it sleeps")
        assert Admin(gate.admin_port, ADMIN_TOKEN).delete(f"/v1/sessions/{client.thread_id()}").status == 200
        found = error_of(client._read_query_result) if running else error_of(query, client, "SELECT 1")
        assert found == TOLD


@pytest.mark.parametrize("running", [False, True], ids=["idle", "running"])
def test_compressed(gate, running, database):
    with CompressedClient(gate.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        if running:
            client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
            wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        client.pieces.clear()
        by_http(gate, client)
        assert client.was_killed()
        assert client.pieces == [1]
    if running:
        end_thread(database, identifier)


def test_the_proxys_own_account(gate):
    with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as killer:
        with RawClient(gate.port).login(user="root@proxysys", password=PROXYSYS_PASSWORD) as client:
            query(killer, f"KILL PROXYSESSION {client.thread_id}")
            assert client.was_killed()


def test_a_statement_that_outlives_a_drain_is_told_of_the_shutdown(start_gate, database):
    gate = start_gate(drain_timeout="500ms")
    with RawClient(gate.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        gate.process.terminate()
        assert raw.error_of_payload(client.read_packet()) == SHUTDOWN
        assert client.is_closed()
    end_thread(database, identifier)


# Clients take their connection for lost, and come back.

def test_pymysql_comes_back(gate, open_session, database):
    killer, client = open_session(), open_session()
    before = connection_id(client)
    query(killer, f"KILL PROXYSESSION {cs_id(client)}")
    assert error_of(query, client, "SELECT 1") == TOLD
    assert error_of(query, client, "SELECT 1")[0] in LOST
    client.ping(reconnect=True)
    assert is_alive(client)
    wait_until(lambda: not exists_on_backend(database, before), "its thread is gone")


def test_a_ping_before_the_next_statement_finds_it_lost(open_session):
    """As pools test what they hand out."""
    killer, client = open_session(), open_session()
    query(killer, f"KILL PROXYSESSION {cs_id(client)}")
    assert error_of(client.ping, False) == TOLD
    client.ping(reconnect=True)
    assert is_alive(client)


@pytest.mark.parametrize("options", [[], ["--compress"]], ids=["plain", "compressed"])
def test_the_command_line_client_comes_back(gate, open_session, options):
    with contextlib.closing(InteractiveClient(gate.port, options=[*options, "-A"])) as client:
        def own_id():
            text = client.run("SHOW PROXYSESSION ATTRIBUTE LIKE 'cs_id';")
            return int(next(word for word in text.split() if word.isdigit()))

        before = own_id()
        query(open_session(), f"KILL PROXYSESSION {before}")
        assert "ERROR 1927 (70100)" in client.run("SELECT 1;")
        told = client.run("SELECT 'back';")
        if "ERROR 2013" in told:
            told = client.run("SELECT 'back';")
        assert "Connection id:" in told and "back" in told
        assert own_id() != before


def test_the_command_line_client_in_a_statement_comes_back(gate, open_session, database):
    with contextlib.closing(InteractiveClient(gate.port, options=["-A"])) as client:
        identifier = int(next(word for word in client.run("SELECT CONNECTION_ID();").split() if word.isdigit()))
        client.send("SELECT SLEEP(60);")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        query(open_session(), f"KILL PROXYSESSION {identifier}")
        assert "ERROR 1927 (70100)" in client.answer()
        told = client.run("SELECT 'back';")
        if "ERROR 2013" in told:
            told = client.run("SELECT 'back';")
        assert "back" in told
    wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")
