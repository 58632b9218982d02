"""Who is let in, for how long he may be silent, and that a slow or silent client holds neither memory nor a worker."""

import contextlib
import re
import select
import socket
import struct
import threading
import time

import pymysql
import pytest

from clients import Admin, connect, disconnect, error_of, is_alive, query, show, value
from raw_client import COM_CHANGE_USER, COM_PING, COM_QUERY, RawClient, error_of_payload, scramble
from relays import Relay
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD
from support import SLOWNESS, duration, seconds, wait_until

MIB = 1 << 20


def closed_sessions(gate, reason):
    """How many sessions the metrics page counts for the reason."""
    page = Admin(gate.admin_port, ADMIN_TOKEN).get("/metrics").text
    return int(re.search(rf'sessions_closed_total{{reason="{reason}"}} (\d+)', page).group(1))


def wait_until_closed(gate, reason, sessions):
    """A client may have read its error, or have left, before its session has ended."""
    wait_until(lambda: closed_sessions(gate, reason) >= sessions, f"{sessions} sessions have ended: {reason}")
    assert closed_sessions(gate, reason) == sessions


def refusal(client, user="app", password="app_password"):
    """(number, SQLSTATE, text) of the ERR that the login ends with."""
    greeting = client.read_greeting()
    if greeting[:1] == b"\xff":
        return error_of_payload(greeting)
    client.write_packet(client.handshake_response(user, password), 1)
    return error_of_payload(client.finish_authentication(password))


def change_user(client, user, password):
    """The payload that answers COM_CHANGE_USER at last."""
    body = user.encode() + b"\0\0\0" + struct.pack("<H", 45) + b"mysql_native_password\0"
    client.command(COM_CHANGE_USER, body)
    return client.finish_authentication(password)


@pytest.fixture
def opened():
    with contextlib.ExitStack() as stack:
        yield stack


def open_session(opened, port, **given):
    session = connect(port, **given)
    opened.callback(disconnect, session)
    return session


def test_one_connection_above_the_limit_is_refused_and_root_of_proxysys_gets_in(start_gate, opened):
    gate = start_gate(max_connections=2, admin_connections=2)
    first = open_session(opened, gate.port)
    open_session(opened, gate.port)
    with RawClient(gate.port) as third:
        assert refusal(third) == (1040, "08004", "Too many connections")
    with open_session(opened, gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD) as admin:
        wait_until(lambda: len(show(admin)) == 3, "the refused session has gone")
    wait_until_closed(gate, "too_many_connections", 1)
    disconnect(first)
    wait_until(lambda: comes_in(opened, gate), "there is room again")


def comes_in(opened, gate):
    with contextlib.suppress(pymysql.err.OperationalError):
        return is_alive(open_session(opened, gate.port))
    return False


def test_beyond_the_reserve_the_error_comes_in_place_of_the_greeting_and_as_the_server_sends_it(
        start_gate, opened, mariadb, database):
    gate = start_gate(max_connections=1, admin_connections=1)
    open_session(opened, gate.port)
    waiting = opened.enter_context(RawClient(gate.port))
    assert waiting.read_greeting()[:1] == b"\x0a"
    through = opened.enter_context(RawClient(gate.port))
    number, _, text = error_of_payload(through.read_greeting())
    assert (number, text) == (1040, "Too many connections")
    assert through.is_closed()
    gate.wait_for_log("connection_refused.*too_many_connections")
    query(database, "SET @usual = @@GLOBAL.max_connections")
    query(database, "SET GLOBAL max_connections = 10")
    try:
        direct = [opened.enter_context(RawClient(mariadb.port)) for _ in range(12)]
        refused = [each.received for each in direct if each.read_greeting()[:1] == b"\xff"]
        assert through.received == refused[0]
    finally:
        query(database, "SET GLOBAL max_connections = @usual")


def test_a_user_has_so_many_sessions_and_no_more(start_gate, opened):
    gate = start_gate(max_user_connections=2)
    with RawClient(gate.port) as half:  # who has not proved who he is does not count
        half.read_greeting()
        half.write_packet(half.handshake_response("app", "app_password"), 1)
        assert half.read_packet()[:1] == b"\xfe"
        first = open_session(opened, gate.port)
        open_session(opened, gate.port, user="app@sys")
    with RawClient(gate.port) as third:
        number, state, text = refusal(third)
        assert (number, state) == (1203, "42000")
        assert "app" in text
    assert is_alive(open_session(opened, gate.port, user="other", password="other_password"))
    for _ in range(3):
        open_session(opened, gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    wait_until_closed(gate, "too_many_user_connections", 1)
    disconnect(first)
    wait_until(lambda: comes_in(opened, gate), "there is room again")


def test_logins_at_the_same_moment_do_not_get_past_the_limit_of_the_user(start_gate, opened):
    gate = start_gate(max_user_connections=1)
    both = [opened.enter_context(RawClient(gate.port)) for _ in range(2)]
    for each in both:
        each.read_greeting()
        each.write_packet(each.handshake_response("app", "app_password"), 1)
        assert each.read_packet()[:1] == b"\xfe"
    answers = []
    for each in both:
        nonce = each.last[1:].partition(b"\0")[2].rstrip(b"\0")
        each.write_packet(scramble("app_password", nonce), each.sequence)
        answers.append(each.read_packet())
    assert answers[0][:1] == b"\0"
    assert error_of_payload(answers[1])[0] == 1203


def test_changing_the_user_counts_for_the_new_one(start_gate, opened):
    gate = start_gate(max_user_connections=1)
    other = opened.enter_context(RawClient(gate.port)).login("other", "other_password")
    session = opened.enter_context(RawClient(gate.port)).login()
    assert change_user(session, "app", "app_password")[:1] == b"\0"  # to himself: it is the same session
    assert error_of_payload(change_user(session, "other", "other_password"))[0] == 1203
    assert session.is_closed()
    again = opened.enter_context(RawClient(gate.port)).login()
    disconnect_raw(other)
    wait_until(lambda: changes_to_other(again, opened, gate), "other has room")
    opened.enter_context(RawClient(gate.port)).login()  # the place of app is free


def disconnect_raw(client):
    client.command(1)
    assert client.is_closed()


def changes_to_other(client, opened, gate):
    payload = change_user(client, "other", "other_password")
    if payload[:1] == b"\0":
        return True
    assert client.is_closed()
    client.close()
    client.__init__(gate.port)
    client.login()
    return False


def test_logins_in_progress_from_one_address_are_limited(start_gate, opened):
    gate = start_gate(login_max_per_address=2, listen="0.0.0.0:0")
    waiting = [opened.enter_context(RawClient(gate.port)) for _ in range(2)]
    for each in waiting:
        each.read_greeting()
    with RawClient(gate.port) as third:
        assert error_of_payload(third.read_greeting())[0] == 1040
        assert third.is_closed()
    with socket.create_connection(("127.0.0.1", gate.port), source_address=("127.0.0.2", 0)) as elsewhere:
        assert elsewhere.recv(5)[4:] == b"\x0a"
    waiting[0].write_packet(waiting[0].handshake_response("app", "app_password"), 1)
    assert waiting[0].finish_authentication("app_password")[:1] == b"\0"
    sessions = [open_session(opened, gate.port) for _ in range(5)]  # who has logged in does not count
    assert all(map(is_alive, sessions))
    wait_until_closed(gate, "too_many_logins", 1)


def test_large_logins_share_a_budget(start_gate, opened):
    gate = start_gate(login_memory_max=4 * MIB, login_timeout="60s")
    usual = gate.resident_bytes()
    sent = []
    for _ in range(60):
        client = opened.enter_context(RawClient(gate.port))
        client.read_greeting()
        with contextlib.suppress(ConnectionError):  # it may be refused before it has sent all of it
            client.socket.sendall((900_000).to_bytes(3, "little") + b"\x01" + b"\x85\xa6\xff\x00" + bytes(700_000))
        sent.append(client)
    gate.wait_for_log("login-memory-max")
    assert is_alive(open_session(opened, gate.port))  # an ordinary login is small
    wait_until(lambda: closed_sessions(gate, "too_many_logins") >= 50, "what is above the budget is refused")
    assert gate.resident_bytes() - usual < 40 * MIB
    told, _, _ = select.select([client.socket for client in sent], [], [], seconds(10))
    first = next(client for client in sent if client.socket in told)  # the workers say which ones are above the budget
    assert error_of_payload(first.read_packet())[0] == 1041
    opened.pop_all().close()
    wait_until(lambda: not Admin(gate.admin_port, ADMIN_TOKEN).sessions(), "they have gone")
    with RawClient(gate.port) as client:  # the budget is given back
        client.read_greeting()
        client.write_packet(client.handshake_response("app" * 300_000, "x"), 1)
        assert error_of_payload(client.finish_authentication("x"))[0] == 1045


def test_an_idle_session_is_ended_and_told_why(start_gate, opened):
    gate = start_gate()
    session = open_session(opened, gate.port)
    query(session, "BEGIN")
    watcher = open_session(opened, gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    query(watcher, "ALTER PROXYCONFIG SET idle_timeout = 1s")
    gate.wait_for_log("session_closed.*idle_timeout")
    wait_until_closed(gate, "idle_timeout", 2)  # root@proxysys, too
    assert error_of(lambda: query(session, "SELECT 1"))[0] == 1927
    assert error_of(lambda: show(watcher))[0] == 1927


def test_who_works_is_not_idle(start_gate, opened):
    gate = start_gate(idle_timeout=duration(2))
    busy, waits, asks = (open_session(opened, gate.port) for _ in range(3))
    end = time.monotonic() + seconds(3.5)
    sleeper = threading.Thread(target=lambda: query(waits, f"SELECT SLEEP({seconds(4)})"))
    sleeper.start()
    while time.monotonic() < end:
        assert value(busy, "SELECT 1") == 1
        assert len(show(asks)) == 3
        time.sleep(seconds(0.1))
    sleeper.join()
    assert is_alive(waits)


def test_half_a_command_head_does_not_keep_a_session_alive(start_gate, opened):
    gate = start_gate(idle_timeout="1s")
    client = opened.enter_context(RawClient(gate.port)).login()
    client.socket.sendall(b"\x02\0")
    assert error_of_payload(client.read_packet())[:2] == (1927, "70100")
    assert client.is_closed()


class RenamingRelay(Relay):
    """The server's greeting names another version."""

    def _send(self, sink, chunk):
        sink.sendall(chunk.replace(b"5.5.5-10.", b"8.0.0-10.").replace(b"-MariaDB", b"-SevenCh"))


def test_an_idle_session_on_mysql_reads_4031(start_gate, opened, mariadb):
    relay = opened.enter_context(contextlib.closing(RenamingRelay(mariadb.port)))
    gate = start_gate(idle_timeout="500ms", backend=f"127.0.0.1:{relay.port}")
    client = opened.enter_context(RawClient(gate.port)).login()
    number, state, text = error_of_payload(client.read_packet())
    assert (number, state) == (4031, "HY000")
    assert "inactivity" in text
    assert client.is_closed()


def test_a_client_that_takes_nothing_is_ended_and_holds_little_memory(start_gate, opened):
    gate = start_gate(write_timeout="1s")
    neighbour = open_session(opened, gate.port)
    usual = gate.resident_bytes()
    clients = [opened.enter_context(RawClient(gate.port, receive_buffer=4096)).login() for _ in range(20)]
    for each in clients:
        each.command(COM_QUERY, b"SELECT REPEAT('x', 10000000) FROM app.seq_1_to_20")
    wait_until(lambda: closed_sessions(gate, "client_stalled") == 20, "they are ended")
    assert gate.resident_bytes() - usual < 20 * MIB * SLOWNESS  # sanitizers keep freed memory for a while
    assert is_alive(neighbour)


def test_a_client_that_reads_slowly_is_served_to_the_end(start_gate, opened):
    limit = duration(1)
    gate = start_gate(write_timeout=limit, idle_timeout=limit)
    client = opened.enter_context(RawClient(gate.port, receive_buffer=4096)).login()
    client.command(COM_QUERY, b"SELECT REPEAT('x', 10000000)")
    taken = 0
    end = time.monotonic() + seconds(3)
    while time.monotonic() < end:
        taken += len(client.socket.recv(100_000))
        time.sleep(seconds(0.2))
    while taken < 10_000_000:
        chunk = client.socket.recv(1 << 18)
        assert chunk
        taken += len(chunk)
    wait_until(lambda: closed_sessions(gate, "idle_timeout") == 1, "then it is idle")
    assert closed_sessions(gate, "client_stalled") == 0


def test_a_login_of_one_byte_at_a_time_ends_with_the_login_timeout(start_gate, opened):
    gate = start_gate(login_timeout=duration(1))
    client = opened.enter_context(RawClient(gate.port))
    client.read_greeting()
    payload = client.handshake_response("app", "app_password")
    with pytest.raises(ConnectionError):  # for all of it takes much longer
        for byte in len(payload).to_bytes(3, "little") + b"\x01" + payload:
            client.socket.sendall(bytes([byte]))
            time.sleep(seconds(0.2))
    wait_until_closed(gate, "login_timeout", 1)


def test_a_thousand_silent_clients_leave_room_for_one_who_works(start_gate, opened):
    gate = start_gate(login_timeout="600s")
    worker = open_session(opened, gate.port)

    def time_of_work():
        begun = time.monotonic()
        for _ in range(200):
            assert value(worker, "SELECT 1") == 1
        return time.monotonic() - begun

    alone = time_of_work()
    silent = [opened.enter_context(socket.create_connection(("127.0.0.1", gate.port))) for _ in range(500)]
    for each in silent[::2]:
        each.sendall(b"\x50\0")
    disconnect(open_session(opened, gate.port))
    assert time_of_work() < seconds(5) + 10 * alone


def test_a_backend_that_does_not_greet_is_given_up(start_gate, opened):
    silent = opened.enter_context(contextlib.closing(socket.create_server(("127.0.0.1", 0))))
    gate = start_gate(backend=f"127.0.0.1:{silent.getsockname()[1]}", connect_timeout="500ms")
    begin = time.monotonic()
    number, text = error_of(lambda: connect(gate.port))
    assert (number, "timed out" in text) == (2003, True)
    assert time.monotonic() - begin < seconds(5)


def test_a_command_that_comes_byte_by_byte_is_answered(start_gate, opened):
    gate = start_gate(idle_timeout=duration(2))
    client = opened.enter_context(RawClient(gate.port)).login()
    for byte in b"\x01\0\0\0" + bytes([COM_PING]):
        client.socket.sendall(bytes([byte]))
        time.sleep(seconds(0.1))
    assert client.read_packet()[:1] == b"\0"
