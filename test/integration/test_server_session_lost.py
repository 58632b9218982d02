"""A client session whose server session was killed: each of its next commands is answered at once, whatever it is."""

import struct

import pytest

import raw_client as raw
from clients import attributes, is_alive, listed_ids, query, show
from raw_client import RawClient, error_of_payload
from support import wait_until

OWN_PREPARED_LIMIT = 64 * 1024  # admin-statement-max


def lose_server_session(killer, victim_cs_id):
    found = next(int(value) for name, value, _ in attributes(killer, victim_cs_id) if name == "ss_id")
    query(killer, f"KILL PROXYSESSION {victim_cs_id} {found}")
    wait_until(lambda: show(killer)[victim_cs_id]["svr_session_count"] == 0, "the server session is gone")


@pytest.mark.parametrize("code, body", [
    (raw.COM_QUERY, b"SELECT 1"), (raw.COM_PING, b""), (raw.COM_INIT_DB, b"app"), (raw.COM_RESET_CONNECTION, b""),
    (raw.COM_CHANGE_USER, b"app\0\0app\0\x2d\0mysql_native_password\0"), (raw.COM_STMT_PREPARE, b"SELECT ?"),
    (raw.COM_STATISTICS, b""), (200, b"")])
def test_every_command_is_1927_and_then_the_end(gate, open_session, code, body):
    killer = open_session()
    with RawClient(gate.port).login() as victim:
        lose_server_session(killer, victim.thread_id)
        victim.command(code, body)
        assert error_of_payload(victim.read_packet())[:2] == (1927, "70100")
        assert victim.is_closed()
    assert is_alive(killer)


def test_an_idle_connection_that_the_server_ends_looks_the_same_through_the_proxy(gate, mariadb):
    """MariaDB resets it at its wait_timeout, and client libraries tell 2006 from 2013 by that."""
    def ending(port):
        with RawClient(port).login() as client:
            client.query("SET SESSION wait_timeout = 1")
            return client.ending()

    assert ending(gate.port) == ending(mariadb.port)


def test_commands_of_the_proxy_are_still_answered(open_session):
    killer, victim = open_session(), open_session()
    identifier = listed_ids(victim)["cs_id"]
    lose_server_session(killer, identifier)
    assert show(victim)[identifier]["svr_session_count"] == 0
    assert is_alive(killer)


def test_an_execution_of_the_proxys_own_statement_has_a_limit(gate):
    with RawClient(gate.port).login() as client:
        _, identifier = client.prepare("KILL QUERY ?")
        body = struct.pack("<IBI", identifier, 0, 1) + b"x" * OWN_PREPARED_LIMIT
        client.command(raw.COM_STMT_EXECUTE, body)
        assert error_of_payload(client.read_packet())[0] == 1835
        assert client.is_closed()
