"""What the client of a lost server session sends next: statements that it has prepared, any command, several at once, over any transport."""

import struct

import pytest

import raw_client as raw
from clients import Admin, connect, cs_id, disconnect, knows_backends, query, value
from compressed_client import CompressedClient
from raw_client import RawClient, error_of_payload
from recoverable import (CHECKED, LOOKING, LOSSES, as_root, end_server_session, gate, lose, recovering, servers, users_file,  # noqa: F401 (fixtures)
                         word_of)
from sessiongate_process import ADMIN_TOKEN
from support import wait_until
from tls_client import trusting

LARGE = 20 << 20  # bytes: more than one packet takes


# Prepared statements

@pytest.mark.parametrize("loss", LOSSES)
def test_ids_of_prepared_statements_stay_and_new_ones_are_others(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        known = {}
        for turn in range(3):
            for each in range(4):
                number = turn * 10 + each
                _, identifier = client.prepare(f"SELECT ? + {number}, DATABASE()")
                assert identifier not in known
                known[identifier] = number
            lose(loss, gate, client.thread_id, servers[0])
            for identifier, number in known.items():
                client.execute(identifier, (1000,))
                text = str(1000 + number).encode()
                assert client.rows[0][2:].endswith(b"\x03app") and client.rows[0][2:10] == struct.pack("<q", 1000 + number), text
        closed = next(iter(known))
        client.command(raw.COM_STMT_CLOSE, struct.pack("<I", closed))
        lose(loss, gate, client.thread_id, servers[0])
        client.execute(closed, (1,))
        assert error_of_payload(client.first)[0] == 1243


@pytest.mark.parametrize("loss", LOSSES)
def test_an_execution_need_not_name_its_types_again(gate, servers, loss):
    """As libmysqlclient and Connector/J send it from the second time on: the fresh server session has not seen the types."""
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT ?, ?")
        first = client.execute(identifier, (7, "text"))
        lose(loss, gate, client.thread_id, servers[0])
        client.command(raw.COM_STMT_EXECUTE, struct.pack("<IBI", identifier, 0, 1) + b"\0\0" + struct.pack("<q", 7) + b"\x04text")
        assert client.read_response() == first


def test_a_statement_that_was_prepared_for_another_database_is_not_prepared_for_this_one(gate, servers):
    """Or it is refused: but it never reads the other table."""
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT COUNT(*) FROM accounts")
        client.query("USE relay")
        before = client.execute(identifier)
        lose("planned", gate, client.thread_id, servers[0])
        after = client.execute(identifier)
        assert after == before or word_of(error_of_payload(client.first)[::2]) == "prepared_elsewhere"


@pytest.mark.parametrize("loss", LOSSES)
def test_an_open_cursor_does_not_survive(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT seq FROM seq_1_to_100")
        client.execute(identifier, cursor=True)
        client.fetch(identifier, 1)
        lose(loss, gate, client.thread_id, servers[0])
        assert word_of(client.error("SELECT 1")[::2]) == "open_cursor"


@pytest.mark.parametrize("loss", LOSSES)
def test_long_data_does_not_survive(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT LENGTH(?)")
        client.command(raw.COM_STMT_SEND_LONG_DATA, struct.pack("<IH", identifier, 0) + b"piece")
        client.query("SELECT 1")
        lose(loss, gate, client.thread_id, servers[0])
        assert word_of(client.error("SELECT 1")[::2]) == "long_data"


# A setting that was changed unseen behind a prepare

def test_a_statement_is_not_prepared_again_when_its_settings_may_be_others(gate, servers):
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT 'a' || 'b'")
        assert client.query("/*M!100100 SET sql_mode = 'ANSI' */")
        told = end_server_session(gate, client.thread_id)
        assert (told["recoverable"], told["obstacle"]) == (False, "prepared_elsewhere")
        client.execute(identifier, ())
        assert word_of(error_of_payload(client.first)[::2]) == "prepared_elsewhere"


# What the client says first

@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("code, body", [
    (raw.COM_PING, b""), (raw.COM_INIT_DB, b"relay"), (raw.COM_RESET_CONNECTION, b""), (raw.COM_STATISTICS, b""), (raw.COM_SET_OPTION, b"\0\0"),
    (raw.COM_STMT_PREPARE, b"SELECT 5"), (raw.COM_QUERY, b"SELECT 5"), (raw.COM_FIELD_LIST, b"accounts\0%")])
def test_any_command_may_come_first(gate, servers, loss, code, body):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SET @a = 5")
        lose(loss, gate, client.thread_id, servers[0])
        if code in (raw.COM_STATISTICS, raw.COM_FIELD_LIST):
            client.command(code, body)
            client.read_packet() if code == raw.COM_STATISTICS else client._read_rows()
        else:
            client.carry_out(bytes([code]) + body)
        assert client.last[:1] != b"\xff"
        client.query("SELECT @a, DATABASE()")
        kept = b"\xfb" if code == raw.COM_RESET_CONNECTION else b"\x015"
        assert client.rows == [kept + (b"\x05relay" if code == raw.COM_INIT_DB else b"\x03app")]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_large_statement_may_come_first(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SET @a = 5")
        lose(loss, gate, client.thread_id, servers[0])
        client.query(b"SELECT @a, LENGTH('" + b"x" * LARGE + b"')")
        assert client.rows == [b"\x015\x08" + str(LARGE).encode()]


@pytest.mark.parametrize("loss", LOSSES)
def test_pipelined_commands_are_answered_in_their_order(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SET @a = 0")
        lose(loss, gate, client.thread_id, servers[0])
        for number in range(10):
            client.command(raw.COM_QUERY, f"SELECT @a := @a + 1, '{number}'".encode())
        for number in range(10):
            client.read_response()
            assert client.rows == [b"\x01%d\x01%d" % (number + 1, number)] or client.rows == [b"\x0210\x019"]


@pytest.mark.parametrize("loss", LOSSES)
def test_of_pipelined_commands_the_first_is_refused(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("CREATE TEMPORARY TABLE t (a INT)")
        lose(loss, gate, client.thread_id, servers[0])
        client.socket.sendall(b"\x09\0\0\0\x03SELECT 1" * 3)
        assert word_of(error_of_payload(client.read_packet())[::2]) == "temporary_tables"
        assert client.is_closed()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_client_that_leaves_needs_no_server_session(gate, servers, loss):
    session = connect(gate.port, database="app")
    with as_root(servers[0]) as root:
        lose(loss, gate, cs_id(session), servers[0])
        logins = "SELECT TOTAL_CONNECTIONS FROM performance_schema.users WHERE USER = 'app'"
        before = value(root, logins)
        identifier = cs_id(session)
        session.close()
        wait_until(lambda: Admin(gate.admin_port, ADMIN_TOKEN).get(f"/v1/sessions/cs_id:{identifier}").status == 404, "it has left")
        assert value(root, logins) == before


# Transports

@pytest.mark.parametrize("loss", LOSSES)
def test_a_compressed_client_goes_on(gate, servers, loss):
    with CompressedClient(gate.port).login(database="app") as client:
        client.query("SET @a = 'compressed'")
        lose(loss, gate, client.thread_id, servers[0])
        client.query("SELECT @a, REPEAT('x', 100000)")
        assert client.rows[0].startswith(b"\x0acompressed") and len(client.rows[0]) > 100000


@pytest.mark.parametrize("loss", LOSSES)
def test_over_tls_on_both_sides(controlled, tls_server, certificates, authority, users_file, loss):
    with as_root(tls_server) as root:
        for statement in LOOKING:
            query(root, statement)
    certificate, key = certificates["proxy"]
    gate = controlled(backend=f"127.0.0.1:{tls_server.port}", backend_tls="required", client_tls_cert=certificate, client_tls_key=key,
                      credentials="users", users_file=users_file, health_check_interval=CHECKED)
    wait_until(lambda: knows_backends(gate), "the backends have been looked at")
    session = connect(gate.port, database="app", **trusting(authority, check_hostname=False))
    query(session, "SET @a = 'encrypted'")
    lose(loss, gate, cs_id(session), tls_server)
    assert value(session, "SELECT @a") == "encrypted"
    assert query(session, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1] != ""
    disconnect(session)
