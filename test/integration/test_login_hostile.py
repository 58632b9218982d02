"""Clients and backends that do in a login what none does: each is refused in its own connection, at once, in little
memory, and nobody else notices."""

import contextlib
import socket
import struct
import threading

import pytest

import raw_client as raw
from clients import connect, disconnect, error_of, value
from raw_client import ORDINARY, Closed, RawClient, error_of_payload
from support import SLOWNESS, duration, seconds, wait_until

MIB = 1 << 20
NONCE = b"01234567890123456789"
OK = b"\0\0\0\2\0\0\0"


def packet(sequence, payload):
    return len(payload).to_bytes(3, "little") + bytes([sequence]) + payload


def greeting(version=b"8.0.36", flags=0x807FF7DF, plugin=b"caching_sha2_password", auth_size=21, collation=255):
    payload = b"\x0a" + version + b"\0" + struct.pack("<I", 7) + NONCE[:8] + b"\0"
    payload += struct.pack("<HBHHB", flags & 0xFFFF & ~0x820, collation, 2, flags >> 16 & ~0x400, auth_size) + bytes(10)
    return payload + NONCE[8:] + b"\0" + (plugin + b"\0" if plugin is not None else b"")


class HostileServer:
    """Greets, reads the login, and then sends what it was made with; answers a probe with an ordinary refusal. `then`
    are whole packets, or bytes, or functions of the connection."""

    def __init__(self, *then, hello=None):
        self._then = then
        self._hello = packet(0, greeting()) if hello is None else hello
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            connection.settimeout(seconds(30))
            connection.sendall(self._hello)
            login = connection.recv(65536)
            if b"sessiongate_probe" in login:
                connection.sendall(packet(2, b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied"))
                return
            for one in self._then:
                connection.sendall(one)
            while connection.recv(65536):
                pass

    def close(self):
        self._listener.close()


@contextlib.contextmanager
def hostile(start_gate, *then, **given):
    """sessiongate in front of it."""
    with contextlib.closing(HostileServer(*then, **given)) as server:
        yield start_gate(backend=f"127.0.0.1:{server.port}", login_timeout=duration(3), connect_timeout="2s")


def log_in(client, user="app", capabilities=ORDINARY):
    hello = client.read_greeting()
    assert hello[:1] != b"\xff", error_of_payload(hello)
    client.write_packet(client.handshake_response(user, "app_password", capabilities=capabilities), 1)


def last_error(client):
    """The error that the client is told, if there is room for one, and then the end."""
    error = None
    with contextlib.suppress(Closed, ConnectionError):
        while True:
            payload = client.read_packet()
            if payload[:1] == b"\xff":
                error = error_of_payload(payload)
            else:
                client.write_packet(b"an answer of 20 byte", client.sequence)
    return error


@pytest.fixture
def neighbour(gate):
    """A session on the same proxy that has to stay alive, and its memory not to grow."""
    session = connect(gate.port)
    before = gate.resident_bytes()
    yield session
    assert value(session, "SELECT 1") == 1
    assert gate.resident_bytes() - before < 24 * MIB * SLOWNESS
    disconnect(session)


LOGIN = struct.pack("<IIB23x", ORDINARY, 1 << 24, 45)
LENENC = struct.pack("<IIB23x", ORDINARY | 0x200000, 1 << 24, 45)
ATTRIBUTES = struct.pack("<IIB23x", ORDINARY | 0x100000, 1 << 24, 45)


@pytest.mark.parametrize("payload, code", [
    (b"", 1043), (b"\x00", 1043), (LOGIN[:31], 1043), (LOGIN, 1043), (LOGIN + b"user without an end", 1043),
    (LOGIN + b"app\0\xff", 1043), (LOGIN + b"app\0\xfexxxx", 1043), (LENENC + b"app\0\xfe" + b"\xff" * 8, 1043),
    (LENENC + b"app\0\xfb", 1043), (ATTRIBUTES + b"app\0\0plugin\0\xfc\xff\xff", 1043),
    (struct.pack("<HBBB", 0x0085, 0, 0, 1) + b"old_client\0password\0", 1251)],
    ids=["empty", "one-byte", "half-head", "head-only", "no-end-of-user", "answer-too-long", "answer-cut",
         "answer-of-2^64", "answer-null", "attributes-cut", "client-of-4.0"])
@pytest.mark.usefixtures("neighbour")
def test_a_login_that_cannot_be_is_refused(gate, payload, code):
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(payload, 1)
        number, sqlstate, text = last_error(client)
        assert number == code, text
        assert len(sqlstate) == 5


@pytest.mark.usefixtures("neighbour")
def test_a_login_packet_of_16_mib_is_refused_by_its_head(gate):
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.socket.sendall(b"\xfe\xff\xff\x01" + bytes(100))
        assert last_error(client)[0] == 1043


@pytest.mark.parametrize("sequence", [0, 2, 255])
@pytest.mark.usefixtures("neighbour")
def test_a_login_with_a_wrong_sequence_id_is_refused(gate, sequence):
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(client.handshake_response("app", "app_password"), sequence)
        assert last_error(client)[:2] == (1156, "08S01")


@pytest.mark.usefixtures("neighbour")
def test_an_answer_with_a_wrong_sequence_id_is_refused(gate, mariadb):
    aborted = _aborted(mariadb)
    with RawClient(gate.port) as client:
        log_in(client)
        assert client.read_packet()[:1] == b"\xfe"
        client.write_packet(b"x" * 20, 7)
        assert last_error(client)[:2] == (1156, "08S01")
    gate.wait_for_log("protocol_error")
    assert _aborted(mariadb) == aborted  # left politely: it does not count against the proxy's host


def _aborted(mariadb):
    with contextlib.closing(connect(mariadb.port, user="root", password="root_password")) as session:
        with session.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Aborted_connects_preauth'")
            return cursor.fetchall()


@pytest.mark.usefixtures("neighbour")
def test_half_an_answer_and_then_the_end(gate):
    with RawClient(gate.port) as client:
        log_in(client)
        client.read_packet()
        client.socket.sendall(b"\x14\0\0\x03half")
    gate.wait_for_log("client_gone")


@pytest.mark.usefixtures("neighbour")
def test_an_answer_of_many_bytes_is_the_backends_to_refuse(gate):
    with RawClient(gate.port) as client:
        log_in(client)
        client.read_packet()
        client.write_packet(b"x" * 500_000, 3)
        assert last_error(client)[0] in (1045, 1043, 1153)


@pytest.mark.usefixtures("neighbour")
def test_large_attributes_and_long_answers_are_understood(gate):
    """Lengths of more than one byte, and a collation above 255's room."""
    flags = ORDINARY | 0x200000 | 0x100000
    pair = b"\x04name" + b"\xfc" + struct.pack("<H", 60000) + b"v" * 60000
    answer = b"\xfc" + struct.pack("<H", 300) + b"a" * 300
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.capabilities = flags
        payload = struct.pack("<IIB23x", flags, 1 << 24, 255) + b"app\0" + answer + b"any_plugin\0"
        client.write_packet(payload + b"\xfd" + len(pair).to_bytes(3, "little") + pair, 1)
        assert client.finish_authentication("app_password")[:1] == b"\0"
        client.query("SELECT CURRENT_USER()")
        assert client.rows == [b"\x05app@%"]


def test_a_client_without_plugins_is_told_so(gate):
    for flags in (ORDINARY & ~raw.PLUGIN_AUTH, ORDINARY & ~raw.PLUGIN_AUTH & ~raw.SECURE_CONNECTION):
        with RawClient(gate.port) as client:
            client.read_greeting()
            client.write_packet(struct.pack("<IIB23x", flags, 1 << 24, 45) + b"app\0\0", 1)
            assert last_error(client)[:2] == (1251, "08004")


SWITCH = packet(2, b"\xfemysql_native_password\0" + NONCE + b"\0")


@pytest.mark.parametrize("then, code", [
    ([packet(2, b"")], 1835),
    ([packet(2, b"\xfeno end of the name")], 1835),
    ([packet(2, b"\xfe")], 1251),
    ([packet(9, OK)], 1156),
    ([packet(0, b"\xfemysql_native_password\0" + NONCE + b"\0")], 1156),
    ([SWITCH, packet(3, b"\x01unasked")], 1156),
    ([b"\xff\xff\xff\x02" + b"x" * 100], 2013),
    ([packet(2, b"\x00")], 2013),
    ([b"\x07\0\0\x02half"], None)],
    ids=["empty", "name-without-end", "old-switch", "ok-out-of-order", "switch-out-of-order", "speaks-twice", "16-mib",
         "ok-cut", "half-a-packet"])
def test_a_backend_that_breaks_the_protocol_in_a_login(start_gate, then, code):
    with hostile(start_gate, *then) as gate, RawClient(gate.port) as client:
        log_in(client)
        error = last_error(client)
        if code is None:
            assert error is not None and error[0] in (1159, 2013)
        else:
            assert error is not None and error[0] == code, error
        with RawClient(gate.port) as next_one:  # it still serves
            next_one.read_greeting()


def test_a_backend_that_asks_without_end_is_left(start_gate):
    def ask(sequence):
        return packet(sequence, b"\xfedialog\0\x02And your name?")

    with contextlib.closing(_asking_server(ask)) as server:
        gate = start_gate(backend=f"127.0.0.1:{server.port}", login_rounds_max=5)
        with RawClient(gate.port) as client:
            log_in(client)
            rounds = 0
            while client.read_packet()[:1] == b"\xfe":
                rounds += 1
                client.write_packet(b"Arthur\0", client.sequence)
            assert rounds == 5
            assert error_of_payload(client.last)[:2] == (1043, "08S01")


class _asking_server(HostileServer):
    def __init__(self, ask):
        self._ask = ask
        super().__init__()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            connection.sendall(self._hello)
            login = connection.recv(65536)
            if b"sessiongate_probe" in login:
                return
            sequence = 2
            while True:
                connection.sendall(self._ask(sequence))
                head = connection.recv(4)
                if not head:
                    return
                connection.recv(int.from_bytes(head[:3], "little"))
                sequence = (sequence + 2) & 0xFF


@pytest.mark.parametrize("hello, code", [
    (packet(0, b"\xff" + struct.pack("<H", 1040) + b"Too many connections"), 1040),
    (packet(0, b"\xff" + struct.pack("<H", 1129) + b"#HY000Host is blocked"), 1129),
    (packet(0, b"\xff\x10"), 2003),
    (packet(0, b"\x09old protocol\0"), 2003),
    (packet(0, b"\x0a8.0.36"), 2003),
    (packet(0, greeting()[:30]), 2003),
    (packet(0, b""), 2003),
    (packet(5, greeting()), 2003),
    (b"\xff\xff\xff\0" + b"x" * 100, 2003),
    (b"SSH-2.0-OpenSSH_9.2\r\n", 2003),
    (b"", 2003)],
    ids=["full-without-sqlstate", "blocked", "cut-error", "protocol-9", "version-without-end", "cut", "empty",
         "out-of-order", "16-mib", "ssh", "silent"])
def test_a_backend_that_does_not_greet(start_gate, hello, code):
    with hostile(start_gate, hello=hello) as gate, RawClient(gate.port) as client:
        log_in(client)
        number, _, text = last_error(client)
        assert number == code, text


GREETINGS = {
    "mysql-5.5": greeting(b"5.5.62", 0x800FF7FF, b"mysql_native_password", 21, 8),
    "mysql-5.6": greeting(b"5.6.51", 0x807FF7FF, b"mysql_native_password", 21, 8),
    "mysql-5.7": greeting(b"5.7.44", 0x81FFF7FF, b"mysql_native_password", 21, 8),
    "mysql-8.0": greeting(b"8.0.36", 0xDFFFFFFF, b"caching_sha2_password", 21, 255),
    "mysql-9": greeting(b"9.1.0", 0xDFFFFFFF, b"caching_sha2_password", 21, 255),
    "mariadb-10.3": greeting(b"5.5.5-10.3.39-MariaDB", 0x81BFF7FE, b"mysql_native_password", 21, 8),
    "mariadb-11.8": greeting(b"11.8.2-MariaDB", 0x81BFF7FE, b"mysql_native_password", 21, 45),
    "unknown-plugin": greeting(b"8.0.36", 0xDFFFFFFF, b"sha256_password", 21, 255),
}


@pytest.mark.parametrize("hello", GREETINGS.values(), ids=GREETINGS.keys())
def test_every_servers_greeting_is_passed_on_with_what_the_proxy_can_carry(start_gate, hello):
    with hostile(start_gate, packet(2, OK), hello=packet(0, hello)) as gate, RawClient(gate.port) as client:
        payload = client.read_greeting()
        assert client.version.encode() == hello[1:hello.index(b"\0", 1)]
        assert client.server_capabilities & 0x4000820 == 0x4000020  # both compressions are the proxy's; TLS only with a certificate
        assert client.server_capabilities & 1 == hello[hello.index(b"\0", 1) + 14] & 1  # MariaDB leaves it off
        assert payload.rstrip(b"\0").rpartition(b"\0")[2] in (b"mysql_native_password", b"caching_sha2_password")
        client.write_packet(client.handshake_response("app", "app_password",
                                                      capabilities=ORDINARY & client.server_capabilities), 1)
        assert client.read_packet()[:1] == b"\0"


def test_clients_that_stop_in_each_phase_disturb_nobody(gate, neighbour):
    held = []
    for phase in range(3):
        for _ in range(30):
            client = RawClient(gate.port)
            held.append(client)
            client.read_greeting()
            if phase == 1:
                client.socket.sendall(b"\xff\xff\x0f\x01" + bytes(5000))
            if phase == 2:
                client.write_packet(client.handshake_response("app", "app_password"), 1)
                client.read_packet()
    assert value(neighbour, "SELECT 1") == 1
    assert error_of(lambda: connect(gate.port, password="wrong"))[0] == 1045
    disconnect(connect(gate.port))
    for client in held:
        client.close()
    wait_until(lambda: gate.log().count("session_closed") >= len(held), "they are gone")
