"""The PROXY protocol: from load balancers in front, and to the backend."""

import contextlib
import socket
import ssl
import struct
import subprocess

import pymysql
import pytest

from clients import connect, connection_id, cs_id, disconnect, is_alive, query, rows, runs_on_backend, show, value
from mariadb_server import MariadbServer
from raw_client import ORDINARY, Closed, RawClient, error_of_payload
from sessiongate_process import PROXYSYS_PASSWORD
from support import duration, free_ports, scratch_directory, seconds, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 3306\r\n"


def v2(family=0x11, command=1, extensions=b""):
    source, destination = {0x11: ("192.0.2.7", "198.51.100.1"), 0x21: ("2001:db8::7", "2001:db8::1")}.get(family, (None, None))
    kind = socket.AF_INET6 if family == 0x21 else socket.AF_INET
    body = b""
    if source:
        body = socket.inet_pton(kind, source) + socket.inet_pton(kind, destination) + struct.pack(">HH", 56324, 3306)
    body += extensions
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(body)) + body


@contextlib.contextmanager
def behind_header(port, header, cut=0):
    """A RawClient whose connection begins with the header, in two segments when it is cut."""
    with RawClient(port) as client:
        client.socket.sendall(header[:cut] if cut else header)
        if cut:
            client.socket.sendall(header[cut:])
        yield client


def host_of(gate, identifier):
    with connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD) as admin:
        return show(admin)[identifier]["Host"]


@pytest.fixture(scope="module")
def trusting(mariadb, secrets):
    from sessiongate_process import SessiongateProcess
    process = SessiongateProcess(backend=f"127.0.0.1:{mariadb.port}", cluster="obdemo", workers=2,
                                 proxy_protocol_from="10.0.0.0/8,127.0.0.1",
                                 admin_token_file=secrets["admin_token_file"],
                                 proxysys_password_file=secrets["proxysys_password_file"])
    yield process
    process.stop()


@pytest.mark.parametrize("header, host", [
    (V1, "192.0.2.7:56324"), (b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 3306\r\n", "[2001:db8::7]:56324"),
    (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 56324 3306\r\n", "192.0.2.7:56324"),
    (v2(), "192.0.2.7:56324"), (v2(0x21), "[2001:db8::7]:56324"), (v2(extensions=b"\x02\0\x03abc"), "192.0.2.7:56324"),
    (b"PROXY UNKNOWN\r\n", None), (v2(0, 0), None), (v2(0, 1), None)],
    ids=["v1", "v1-ipv6", "v1-mapped", "v2", "v2-ipv6", "v2-extensions", "v1-unknown", "v2-local", "v2-unspecified"])
@pytest.mark.parametrize("cut", [0, 3, 14])
def test_the_address_in_the_header_is_the_sessions_host(trusting, header, host, cut):
    with behind_header(trusting.port, header, cut) as client:
        client.login()
        own = "127.0.0.1:%d" % client.socket.getsockname()[1]
        assert host_of(trusting, client.thread_id) == (host or own)
        client.query("SELECT 1")
        assert client.rows == [b"\x011"]


def test_header_and_login_may_come_in_one_segment(trusting):
    with RawClient(trusting.port) as client:
        client.read_greeting()
        payload = client.handshake_response("app", "app_password", None, ORDINARY)
        client.socket.sendall(V1 + len(payload).to_bytes(3, "little") + b"\x01" + payload)
        assert client.finish_authentication("app_password")[:1] == b"\0"
        assert host_of(trusting, client.thread_id) == "192.0.2.7:56324"


def test_a_trusted_connection_without_a_header_is_served(trusting):
    session = connect(trusting.port)
    assert is_alive(session)
    disconnect(session)


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 99999\r\n", b"PROXY TCP4 localhost 198.51.100.1 1 2\r\n", b"PROXY\r\n",
    b"PROXY UNKNOWN\n", b"PROXY " + b"x" * 200, v2(0x12), v2(command=2), SIGNATURE + b"\x11\x11\0\0", v2(extensions=b"\x02")])
def test_a_malformed_header_is_refused_and_logged_once(trusting, header):
    with behind_header(trusting.port, header) as client:
        client.read_greeting()
        assert error_of_payload(client.read_packet())[:2] == (1043, "08S01")
        assert client.is_closed()
        line = trusting.wait_for_log(rf"session_closed.*cs_id={client.thread_id}\b")
        assert "malformed PROXY header" in line
        assert "reason=protocol_error" in line
    session = connect(trusting.port)
    assert is_alive(session)
    disconnect(session)


@pytest.mark.parametrize("header", [V1, v2(), v2(0, 0)])
def test_a_header_from_elsewhere_is_refused(gate, header):
    with behind_header(gate.port, header) as client:
        client.read_greeting()
        assert error_of_payload(client.read_packet())[0] == 1043
        assert client.is_closed()
        assert "proxy-protocol-from" in gate.wait_for_log(rf"session_closed.*cs_id={client.thread_id}\b")


@pytest.mark.parametrize("required", ["on", "off"])
def test_tls_begins_behind_the_header(start_gate, required):
    gate = start_gate(proxy_protocol_from="127.0.0.1", proxy_protocol_required=required, client_tls="required",
                      client_tls_cert="auto")
    connection = socket.create_connection(("127.0.0.1", gate.port), timeout=seconds(30))
    connection.sendall(V1)
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    session = pymysql.connect(host="127.0.0.1", user="app", password="app_password", ssl=trust, defer_connect=True)
    session.connect(connection)
    row = show(session)[cs_id(session)]
    assert row["Host"] == "192.0.2.7:56324"
    assert row["using_ssl"] in (1, "1", "true")
    disconnect(session)


def test_a_header_that_has_to_come_is_waited_for(start_gate):
    gate = start_gate(proxy_protocol_from="127.0.0.0/8", proxy_protocol_required="on", login_timeout=duration(1))
    with behind_header(gate.port, V1) as client:
        client.login()
    with RawClient(gate.port) as silent:
        with contextlib.suppress(Closed):
            assert error_of_payload(silent.read_packet())[0] == 1159
        assert silent.is_closed()
    gate.wait_for_log("login_timeout")
    with RawClient(gate.port) as bare:
        bare.socket.sendall(b"\x20\0\0\x01" + bytes(32))
        assert error_of_payload(bare.read_packet())[0] == 1043
        assert bare.is_closed()
    gate.wait_for_log("no PROXY header")


def test_the_limit_of_logins_counts_the_address_in_the_header(start_gate):
    gate = start_gate(proxy_protocol_from="127.0.0.1", proxy_protocol_required="on", login_max_per_address=1)
    with behind_header(gate.port, V1) as first:
        assert first.read_greeting()[:1] == b"\x0a"
        with behind_header(gate.port, V1) as second, behind_header(gate.port, V1.replace(b"0.2.7", b"0.2.8")) as other:
            assert error_of_payload(second.read_greeting())[0] == 1040
            assert other.read_greeting()[:1] == b"\x0a"


def test_a_stop_does_not_wait_for_headers(start_gate):
    gate = start_gate(proxy_protocol_from="127.0.0.1", proxy_protocol_required="on", login_timeout="60s")
    with RawClient(gate.port):
        gate.wait_for_log("session_opened")
        gate.terminate()
        assert gate.wait() == 0


@pytest.fixture(scope="module")
def told():
    """A MariaDB server that believes PROXY headers from this host."""
    server = MariadbServer("--proxy-protocol-networks=127.0.0.0/8")
    yield server
    server.stop()


@pytest.mark.parametrize("form", ["v1", "v2"])
def test_the_backend_is_told_the_clients_address(start_gate, told, form):
    gate = start_gate(backend=f"127.0.0.1:{told.port}", backend_proxy_protocol=form, proxy_protocol_from="127.0.0.1")
    with contextlib.closing(connect(told.port, user="root", password="root_password")) as direct:
        def seen(identifier):
            return value(direct, f"SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = {identifier}")

        with behind_header(gate.port, V1) as client:
            client.login()
            client.query("SELECT CONNECTION_ID()")
            assert seen(int(client.rows[0][1:])) == "192.0.2.7:56324"
        with behind_header(gate.port, b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 3306\r\n") as client:
            client.login()
            client.query("SELECT CONNECTION_ID()")
            assert seen(int(client.rows[0][1:])) == "2001:db8::7:4000"
        session = connect(gate.port)
        own = "127.0.0.1:%d" % session._sock.getsockname()[1]
        assert seen(connection_id(session)) == own
        assert show(session)[cs_id(session)]["Host"] == own
        disconnect(session)


def test_an_account_may_be_bound_to_the_clients_address(start_gate, told):
    gate = start_gate(backend=f"127.0.0.1:{told.port}", backend_proxy_protocol="v2", proxy_protocol_from="127.0.0.1")
    with contextlib.closing(connect(told.port, user="root", password="root_password")) as direct:
        query(direct, "CREATE USER bound@'192.0.2.7' IDENTIFIED BY 'bound_password'")
    with behind_header(gate.port, V1) as client:
        client.login("bound", "bound_password")
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(client.handshake_response("bound", "bound_password"), 1)
        assert error_of_payload(client.finish_authentication("bound_password"))[0] == 1045


def test_a_kill_over_the_control_account_tells_the_backend_that_it_is_the_proxys_own(start_gate, told, secrets):
    gate = start_gate(backend=f"127.0.0.1:{told.port}", backend_proxy_protocol="v1", control_user="control",
                      control_password_file=secrets["control_password_file"])
    with RawClient(gate.port).login() as sleeper, connect(told.port, user="root", password="root_password") as direct:
        sleeper.query("SELECT CONNECTION_ID()")
        identifier = int(sleeper.rows[0][1:])
        sleeper.command(3, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(direct, identifier), "it sleeps")
        with connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD) as admin:
            query(admin, f"KILL QUERY {sleeper.thread_id}")
        assert sleeper.read_response()
        assert sleeper.last[:1] in (b"\xff", b"\xfe")


def test_haproxy_in_front(start_gate, told):
    gate = start_gate(backend=f"127.0.0.1:{told.port}", proxy_protocol_from="127.0.0.1", proxy_protocol_required="on")
    directory = scratch_directory("sessiongate-haproxy-")
    ports = free_ports(2)
    (directory / "cfg").write_text(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n" + "".join(
            f"frontend f{form}\n  bind 127.0.0.1:{port}\n  default_backend b{form}\nbackend b{form}\n"
            f"  server s 127.0.0.1:{gate.port} {option}\n"
            for form, port, option in zip("12", ports, ("send-proxy", "send-proxy-v2"))))
    haproxy = subprocess.Popen(["haproxy", "-db", "-f", str(directory / "cfg")], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for port in ports:
            def reached(port=port):
                with contextlib.suppress(Exception):
                    return connect(port)
                return None
            session = wait_until(reached, "haproxy is up")
            host = "127.0.0.1:%d" % session._sock.getsockname()[1]
            assert show(session)[cs_id(session)]["Host"] == host
            assert rows(session, "SELECT 1 AS one") == [{"one": 1}]
            disconnect(session)
    finally:
        haproxy.terminate()
        haproxy.wait(seconds(10))
