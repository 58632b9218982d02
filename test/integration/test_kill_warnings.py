"""SHOW WARNINGS after a command that the proxy has answered, until the next command goes to the backend."""

import contextlib
import re
import struct

import pytest

import raw_client as raw
from clients import (InteractiveClient, connect, cs_id, end_thread, error_of, query, rows, run_command_line, value)
from raw_client import ORDINARY, RawClient
from sessiongate_process import PROXYSYS_PASSWORD

NOTE = re.compile(r"killed in [\d.]+ ms: cs_id \d+(, connection_id \d+)?, user app")


def warnings(connection):
    return query(connection, "SHOW WARNINGS")


def warning_count(ok):
    """Of an OK payload."""
    at = 1
    for _ in range(2):  # affected rows and last insert id
        at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(ok[at], 1)
    return struct.unpack("<H", ok[at + 2:at + 4])[0]


def test_a_kill_says_what_it_did(open_session):
    killer, victim = open_session(), open_session()
    query(killer, f"KILL PROXYSESSION {cs_id(victim)}")
    ((level, code, text),) = warnings(killer)
    assert (level, code) == ("Note", 1927) and NOTE.match(text), text
    assert warnings(killer) == [(level, code, text)], "asking does not change it"


def test_with_what_was_interrupted(open_session, sleeper):
    killer = open_session()
    query(killer, f"KILL PROXYSESSION {sleeper[0].thread_id}")
    ((level, code, text),) = warnings(killer)
    assert (level, code) == ("Note", 1927)
    assert re.search(r"connection_id \d+, user app; its statement was interrupted after [\d.]+ ms$", text), text


def test_the_ok_counts_them(gate, open_session):
    victim = open_session()
    with RawClient(gate.port).login() as killer:
        killer.query(f"KILL PROXYSESSION {cs_id(victim)}")
        assert warning_count(killer.first) == 1
        killer.query("PING PROXY")
        assert warning_count(killer.first) == 0


def test_mysqls_own_kill_says_nothing_when_it_is_done(gate, open_session):
    victim = open_session()
    with RawClient(gate.port).login() as killer:
        killer.query(f"KILL {cs_id(victim)}")
        assert warning_count(killer.first) == 0
        killer.query("SHOW WARNINGS")
        assert killer.rows == []


@pytest.mark.parametrize("statement", ["KILL PROXYSESSION {}", "KILL {}"])
def test_what_was_not_done_is_a_warning(gate, open_session, sleeper, database, statement):
    """root@proxysys has no way to interrupt here: there is no control account."""
    client, identifier = sleeper
    with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as killer:
        query(killer, statement.format(client.thread_id))
        assert warnings(killer) == [("Warning", 1105, "Closed, but its statement was not interrupted: no_route")]
        assert query(killer, "SHOW COUNT(*) WARNINGS") == [(1,)]
    end_thread(database, identifier)


def test_an_error_is_shown_as_servers_do(open_session, mariadb):
    through, direct = open_session(), connect(mariadb.port)
    error_of(query, through, "KILL PROXYSESSION 999999999")
    error_of(query, direct, "KILL 999999999")
    for question in ("SHOW WARNINGS", "SHOW ERRORS", "SHOW WARNINGS LIMIT 1", "SHOW WARNINGS LIMIT 1, 1",
                     "SHOW COUNT(*) ERRORS", "SHOW COUNT(*) WARNINGS", "SELECT @@warning_count, @@session.error_count"):
        assert rows(through, question) == rows(direct, question), question
    direct.close()


@pytest.mark.parametrize("statement, code", [
    ("KILL PROXYSESSION x", 5010), ("SHOW PROXYSESSION WHERE nothing = 1", 1054), ("ALTER PROXYCONFIG SET a = 1", 1227)])
def test_every_error_of_the_proxy(open_session, statement, code):
    session = open_session()
    number, text = error_of(query, session, statement)
    assert warnings(session) == [("Error", code, text)] and number == code
    assert value(session, "SELECT @@error_count") == 1


def test_a_listing_has_none_whatever_the_backend_had_before(open_session):
    session = open_session()
    query(session, "SELECT CAST('x' AS SIGNED)")
    assert warnings(session)[0][1] == 1292
    query(session, "SHOW PROXYSESSION")
    assert list(warnings(session)) == []


@pytest.mark.parametrize("statement", ["SELECT CAST('x' AS SIGNED)", "DO 1", "SET @a = 1", "SELECT COUNT(*) FROM app.accounts"])
def test_after_the_next_statement_the_backends_apply(open_session, mariadb, statement):
    through, direct = open_session(), connect(mariadb.port)
    error_of(query, through, "KILL PROXYSESSION 999999999")
    for session in (through, direct):
        query(session, statement)
    assert warnings(through) == warnings(direct)
    direct.close()


def test_a_question_in_the_same_packet_stream(gate):
    with RawClient(gate.port).login() as client:
        for statement in (b"KILL PROXYSESSION 999999999", b"SHOW WARNINGS", b"SELECT 1", b"SHOW COUNT(*) WARNINGS"):
            client.command(raw.COM_QUERY, statement)
        assert raw.error_of_payload(client.read_packet())[0] == 1094
        client.read_response()
        assert client.rows == [b"\x05Error\x041094\x1cUnknown thread id: 999999999"]
        client.read_response()
        client.read_response()
        assert client.rows == [b"\x010"]


@pytest.mark.parametrize("flags", [ORDINARY, ORDINARY | raw.DEPRECATE_EOF], ids=["eof", "deprecate-eof"])
def test_a_text_that_arrives_in_pieces(gate, flags):
    with RawClient(gate.port).login(capabilities=flags) as client:
        client.error("KILL PROXYSESSION 999999999")
        packet = b"\x0e\0\0\0\x03SHOW WARNINGS"
        for at in range(len(packet)):
            client.socket.sendall(packet[at:at + 1])
        client.read_response()
        assert client.rows == [b"\x05Error\x041094\x1cUnknown thread id: 999999999"]


def test_what_the_proxy_does_not_answer_goes_to_the_backend(open_session):
    session = open_session()
    error_of(query, session, "KILL PROXYSESSION 999999999")
    assert error_of(query, session, "SHOW WARNINGS x")[0] == 1064
    assert warnings(session)[0][1] == 1064


def test_a_prepared_question_is_the_backends(gate):
    with RawClient(gate.port).login() as client:
        client.error("KILL PROXYSESSION 999999999")
        _, identifier = client.prepare("SHOW WARNINGS")
        client.execute(identifier)
        assert client.rows == []


def test_the_command_line_client_prints_them(gate, open_session):
    victim = open_session()
    said = run_command_line(gate.port, f"KILL PROXYSESSION {cs_id(victim)};\nKILL PROXYSESSION 999999999;\nSHOW WARNINGS;\n",
                            options=["--show-warnings", "--force", "-vv"])
    assert "Query OK, 0 rows affected, 1 warning" in said
    assert NOTE.search(said) and "Note (Code 1927)" in said
    assert "Error\t1094\tUnknown thread id: 999999999" in said
    with contextlib.closing(InteractiveClient(gate.port)) as client:
        client.run("KILL PROXYSESSION 999999999;")
        assert "Unknown thread id: 999999999" in client.run("SHOW WARNINGS;")


def test_the_proxys_own_account_has_its_own_again_behind_other_statements(gate):
    with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as session:
        error_of(query, session, "KILL PROXYSESSION 999999999")
        assert warnings(session)[0][1] == 1094
        query(session, "SELECT 1")
        assert list(warnings(session)) == []


def test_mysql2_shows_them(node, gate, open_session):
    told = node("warnings.js", gate.port, cs_id(open_session()))
    assert (told["status"], told["level"], told["code"]) == (1, "Note", 1927)
    assert NOTE.match(told["message"])
