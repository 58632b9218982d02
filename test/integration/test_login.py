"""Logging in through the proxy: who gets in, what those who do not are told, and what junk on the port does."""

import contextlib
import socket

import pymysql
import pytest

from clients import connect, connection_id, cs_id, disconnect, error_of, query, show, value
from raw_client import ORDINARY, Closed, RawClient, error_of_payload
from sessiongate_process import PROXYSYS_PASSWORD
from support import duration, wait_until


def backend_connections(database, user=None):
    where = f" AND USER = '{user}'" if user else ""
    return value(database, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() "
                           f"AND USER NOT IN ('system user', 'event_scheduler'){where}")


def wait_until_alone(gate, database):
    """The proxy has looked at its backend, and nothing is left there of sessions that have ended."""
    gate.wait_for_log("backend_ready")
    wait_until(lambda: backend_connections(database) == 0, "the backend is left")


@pytest.mark.parametrize("name, tenant, cluster", [
    ("app", "", "obdemo"), ("app@sys#obdemo", "sys", "obdemo"), ("app@sys", "sys", "obdemo"),
    ("obdemo:sys:app", "sys", "obdemo")])
def test_every_form_of_the_login_name_reaches_the_account(open_session, name, tenant, cluster):
    session = open_session(user=name)
    assert value(session, "SELECT CURRENT_USER()") == "app@%"
    row = show(session)[cs_id(session)]
    assert (row["User"], row["Tenant"], row["Cluster"]) == ("app", tenant, cluster)


def test_the_greeting_carries_the_id_in_the_proxy_and_not_the_one_of_the_backend(open_session):
    session = open_session()
    assert 2**30 <= cs_id(session) < 2**31
    assert connection_id(session) < 2**30


def test_the_version_is_that_of_the_backend(gate, mariadb):
    with RawClient(gate.port) as through, RawClient(mariadb.port) as direct:
        through.read_greeting()
        direct.login()
        assert through.version == direct.version
        through.write_packet(through.handshake_response("app", "app_password"), 1)
        assert through.finish_authentication("app_password")[:1] == b"\0"


def test_an_account_without_a_password_logs_in(open_session):
    assert value(open_session(user="nopassword", password=""), "SELECT 1") == 1


def test_the_database_of_the_login_is_the_current_one(open_session):
    session = open_session(database="app")
    assert value(session, "SELECT DATABASE()") == "app"
    assert show(session)[cs_id(session)]["db"] == "app"


@pytest.mark.parametrize("given", [
    {"password": "wrong"}, {"user": "nobody"}, {"password": ""}, {"database": "no_such_database"},
    {"user": "other", "password": "other_password", "database": "relay"}, {"user": ""}])
def test_a_refused_login_says_what_the_backend_says(gate, mariadb, given):
    direct = error_of(lambda: connect(mariadb.port, **given))
    assert error_of(lambda: connect(gate.port, **given)) == direct


def test_a_refused_login_leaves_nothing_behind(gate, database, open_session):
    watcher = open_session(user="operator", password="operator_password")
    before = backend_connections(database)
    for _ in range(20):
        error_of(lambda: connect(gate.port, password="wrong"))
    wait_until(lambda: len(show(watcher)) == 1, "the refused sessions leave the list")
    wait_until(lambda: backend_connections(database) <= before, "the refused sessions leave the backend")


def test_a_client_is_told_when_the_backend_is_down(start_gate, dead_port):
    gate = start_gate(backend=f"127.0.0.1:{dead_port}", connect_timeout="2s")
    assert error_of(lambda: connect(gate.port))[0] == 2003
    gate.wait_for_log("backend_unreachable")


def test_a_client_is_told_when_the_backend_is_full(start_gate, mariadb, database):
    gate = start_gate()
    disconnect(connect(gate.port))  # the greeting is learned: a backend that was never seen has none to copy
    usual = value(database, "SELECT @@max_connections")
    with contextlib.ExitStack() as opened:
        opened.callback(query, database, f"SET GLOBAL max_connections = {usual}")
        query(database, "SET GLOBAL max_connections = 10")

        def refusal(port):
            try:
                opened.callback(disconnect, connect(port))
            except pymysql.err.OperationalError as error:
                return error.args
            return None  # one slot more is kept for administrators; and who is about to leave frees one

        direct = wait_until(lambda: refusal(mariadb.port), "the backend is full")
        assert direct[0] == 1040
        assert wait_until(lambda: refusal(mariadb.port) and refusal(gate.port), "the proxy's client is told, too") == direct
    wait_until(lambda: value(connect(gate.port), "SELECT 1") == 1, "the backend has room again")


def test_a_client_that_stalls_in_its_login_is_timed_out(start_gate, database):
    gate = start_gate(login_timeout=duration(1))
    wait_until_alone(gate, database)
    with RawClient(gate.port) as client:
        client.read_greeting()
        assert backend_connections(database) == 0
        with contextlib.suppress(Closed):
            error_of_payload(client.read_packet())
        assert client.is_closed()
    gate.wait_for_log("login_timeout")


def test_a_client_that_stalls_before_its_password_is_timed_out(start_gate, database):
    gate = start_gate(login_timeout=duration(1))
    wait_until_alone(gate, database)
    aborted = query(database, "SHOW GLOBAL STATUS LIKE 'Aborted_connects_preauth'")
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(client.handshake_response("app", "app_password"), 1)
        assert client.read_packet()[:1] == b"\xfe"
        with contextlib.suppress(Closed):
            error_of_payload(client.read_packet())
        assert client.is_closed()
    gate.wait_for_log("login_timeout")
    wait_until(lambda: backend_connections(database) == 0, "the backend is left")
    assert query(database, "SHOW GLOBAL STATUS LIKE 'Aborted_connects_preauth'") == aborted


def test_a_client_that_leaves_before_its_password_does_not_get_the_proxy_blocked(gate, mariadb, database):
    query(database, "SET @usual = @@GLOBAL.max_connect_errors")
    query(database, "SET GLOBAL max_connect_errors = 3")
    before = gate.log().count("client_gone")
    try:
        for _ in range(10):
            with RawClient(gate.port) as client:
                client.read_greeting()
                client.write_packet(client.handshake_response("app", "app_password"), 1)
                assert client.read_packet()[:1] == b"\xfe"
        wait_until(lambda: gate.log().count("client_gone") >= before + 10, "ten clients have left")
        disconnect(connect(gate.port))
        disconnect(connect(mariadb.port))
    finally:
        query(database, "SET GLOBAL max_connect_errors = @usual")


def test_root_of_proxysys_is_refused_until_it_has_a_password(start_gate):
    gate = start_gate(proxysys_password_file=None)
    for password in ("", "guess"):
        number, text = error_of(lambda: connect(gate.port, user="root@proxysys", password=password))
        assert number == 1045, text
        assert "proxysys" in text


def test_root_of_proxysys_needs_its_own_password(gate):
    for password in ("", "root_password", "wrong"):
        assert error_of(lambda: connect(gate.port, user="root@proxysys", password=password))[0] == 1045


def test_root_of_proxysys_works_while_the_backend_is_down(start_gate, dead_port):
    gate = start_gate(backend=f"127.0.0.1:{dead_port}", connect_timeout="1s")
    session = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    row = show(session)[cs_id(session)]
    assert (row["User"], row["Tenant"], row["svr_session_count"]) == ("root", "proxysys", 0)
    disconnect(session)


def test_root_of_proxysys_may_name_the_cluster(gate):
    for user in ("root@proxysys#obdemo", "obdemo:proxysys:root"):
        disconnect(connect(gate.port, user=user, password=PROXYSYS_PASSWORD))


def test_a_login_to_another_cluster_is_refused(gate):
    number, text = error_of(lambda: connect(gate.port, user="app@sys#elsewhere"))
    assert number not in (2003, 2006, 2013)
    assert "elsewhere" in text


@pytest.mark.parametrize("junk", [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"\xff" * 4096, b"\0" * 4096, b"SSH-2.0-OpenSSH_9.2\r\n", b"\x05\x00\x00\x01abc"],
    ids=["http", "tls", "ones", "zeros", "ssh", "half-a-packet"])
def test_junk_ends_its_own_connection_only(start_gate, database, junk):
    gate = start_gate(login_timeout=duration(1))
    wait_until_alone(gate, database)
    neighbour = connect(gate.port)
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.socket.sendall(junk)
        with contextlib.suppress(ConnectionError):
            while client.socket.recv(4096):
                pass
    assert backend_connections(database) == 1
    assert value(neighbour, "SELECT 1") == 1
    disconnect(neighbour)


def test_a_port_scan_does_not_reach_the_backend(gate, database):
    gate.wait_for_log("backend_ready")
    counted = query(database, "SHOW GLOBAL STATUS LIKE 'Connections'")
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", gate.port)):
            pass
    for _ in range(10):
        with RawClient(gate.port) as client:
            client.read_greeting()
    session = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    wait_until(lambda: len(show(session)) == 1, "the scans are over")
    disconnect(session)
    assert query(database, "SHOW GLOBAL STATUS LIKE 'Connections'") == counted


def test_a_login_that_arrives_byte_by_byte_is_understood(gate):
    with RawClient(gate.port) as client:
        client.read_greeting()
        payload = client.handshake_response("app@sys#obdemo", "app_password", "app", ORDINARY)
        for byte in len(payload).to_bytes(3, "little") + b"\x01" + payload:
            client.socket.sendall(bytes([byte]))
        assert client.finish_authentication("app_password")[:1] == b"\0"
        client.query("SELECT DATABASE()")
        assert client.rows == [b"\x03app"]


def test_the_backend_learns_the_id_in_the_proxy_from_the_connect_attributes(open_session, database):
    session = open_session(program_name="login_test")
    found = dict(query(database, "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs "
                                 f"WHERE PROCESSLIST_ID = {connection_id(session)}"))
    assert found["sessiongate_cs_id"] == str(cs_id(session))
    assert found["program_name"] == "login_test"
    assert found["_client_name"] == "pymysql"


def test_a_client_without_connect_attributes_logs_in(gate, database):
    with RawClient(gate.port) as client:
        client.login()
        assert error_of_payload(client.query("x") and client.first)[0] == 1064
