"""Peers of the admin port that mean no good, or know no better: each is bounded, and told what is wrong where it can be."""

import contextlib
import re
import socket
import time

import pytest

from clients import Admin, connect, is_alive
from sessiongate_process import ADMIN_TOKEN
from support import SLOWNESS, seconds, wait_until

AUTHORIZED = f"Authorization: Bearer {ADMIN_TOKEN}\r\n".encode()


class Peer:
    """A TCP connection to the admin port."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds(10))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def read_to_end(self):
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while part := self.socket.recv(65536):
                received += part
        return received

    def statuses(self):
        """Of all answers until the other side closes."""
        return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3}) ", self.read_to_end(), re.MULTILINE)]


def ask(port, data):
    with Peer(port) as peer:
        peer.send(data)
        peer.socket.shutdown(socket.SHUT_WR)
        return peer.statuses()


@pytest.fixture
def small(start_gate):
    """Limits that can be reached in a test."""
    return start_gate(admin_request_timeout="1s", admin_connections_max=20, admin_header_max=4096, admin_body_max=4096)


def is_well(gate):
    """Others are served meanwhile: the API, and the clients of the proxy."""
    assert Admin(gate.admin_port).get("/healthz").status == 200
    with contextlib.closing(connect(gate.port)) as session:
        assert is_alive(session)
    return True


def test_a_request_that_never_ends_is_cut_off(small):
    with Peer(small.admin_port) as slow, Peer(small.admin_port) as silent:
        begun = time.monotonic()
        slow.send(b"GET /v1/sessions HTTP/1.1\r\nX: ")
        while time.monotonic() - begun < seconds(20):
            try:
                slow.socket.sendall(b"x")
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("each byte must not give it more time")
        assert silent.read_to_end() == b""
    assert is_well(small)


def test_a_body_that_never_ends_is_cut_off(small):
    with Peer(small.admin_port) as slow:
        slow.send(b"POST /v1/sessions/5/kill-query HTTP/1.1\r\nContent-Length: 1000\r\n" + AUTHORIZED + b"\r\nx")
        slow.read_to_end()  # which has a limit
    assert is_well(small)


def test_an_answer_that_nobody_takes_holds_nothing(small):
    with Peer(small.admin_port) as deaf:
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.socket.settimeout(seconds(20))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # a TimeoutError: it would be kept
            while True:
                deaf.socket.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 100)
        assert is_well(small)


@pytest.mark.parametrize("count", [20, 200])
def test_too_many_connections_are_told_so(start_gate, count):
    small = start_gate(admin_request_timeout="60s", admin_connections_max=20)
    with contextlib.ExitStack() as opened:
        peers = [opened.enter_context(Peer(small.admin_port)) for _ in range(count)]
        with Peer(small.admin_port) as one_more:
            assert one_more.statuses() == [503]
        del peers
        with contextlib.closing(connect(small.port)) as session:
            assert is_alive(session)
    wait_until(lambda: Admin(small.admin_port).get("/healthz").status == 200, "there is room again")


@pytest.mark.parametrize("data, expected", [
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 10000 + b"\r\n\r\n", [431]),
    (b"GET /" + b"x" * 10000 + b" HTTP/1.1\r\n\r\n", [431]),
    (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", [431]),
    (b"POST /v1/x HTTP/1.1\r\nContent-Length: 10000\r\n\r\n" + b"x" * 10000, [413]),
    (b"POST /v1/x HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", [400]),
    (b"POST /v1/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n", [400]),
    (b"POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n" + b"x" * 10000 + b"\r\n0\r\n\r\n", [413]),
    (b"POST /v1/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", [400]),
    (b"POST /v1/x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    (b"POST /v1/x HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", [400]),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, [400]),
    (b"GET /\0 HTTP/1.1\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", [400]),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    (b"\r\n" * 10000, [400]),
])
def test_what_is_no_request_is_refused(small, data, expected):
    statuses = ask(small.admin_port, data)
    assert statuses == expected
    assert is_well(small)


@pytest.mark.parametrize("target, expected", [
    (b"/v1/sessions/../../etc/passwd", 404), (b"/../../../../etc/passwd", 404), (b"/v1/../healthz", 404),
    (b"/v1/sessions/%2e%2e/%2e%2e/healthz", 404), (b"//healthz", 404), (b"/healthz/", 404), (b"/healthz/../metrics", 404),
    (b"/v1/sessions/%00", 400), (b"/v1/sessions/\xff\xfe", 400), (b"/v1/sessions?user=%ff%fe", 200),
    (b"/v1/sessions?user=%", 400), (b"/v1/sessions?user=\xc3\x28", 200), (b"/v1/sessions/" + b"9" * 3000, 400),
    (b"http://elsewhere/healthz", 404), (b"*", 404), (b"/v1/sessions?limit=99999999999999999999999", 400),
])
def test_strange_paths_lead_nowhere(small, target, expected):
    status = ask(small.admin_port, b"GET " + target + b" HTTP/1.1\r\nConnection: close\r\n" + AUTHORIZED + b"\r\n")
    assert status == [expected]


def test_without_a_token_strange_paths_tell_nothing(small):
    for target in (b"/v1", b"/v1/", b"/v1/../healthz", b"/v1/sessions/%00", b"/v1/nothing", b"/v1?x"):
        status = ask(small.admin_port, b"GET " + target + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert status == [401], target


def test_a_pipeline_is_answered_in_order_and_to_its_end(small):
    requests = b"".join(b"GET " + target + b" HTTP/1.1\r\n" + AUTHORIZED + b"\r\n"
                        for target in (b"/healthz", b"/v1/sessions", b"/nothing") * 100)
    assert ask(small.admin_port, requests + b"garbage\r\n\r\n") == [200, 200, 404] * 100 + [400]


def test_what_a_peer_writes_does_not_make_lines_in_the_log(small):
    ask(small.admin_port, b"GET /x%0aforged\x1b[31m HTTP/1.1\r\nConnection: close\r\n\r\n")
    ask(small.admin_port, b"GET /v1/sessions HTTP/1.1\r\nAuthorization: Bearer guessed-token\r\nConnection: close\r\n\r\n")
    small.wait_for_log(r"GET /v1/sessions 401")
    log = small.log()
    assert "\x1b" not in log and "guessed-token" not in log and ADMIN_TOKEN not in log
    assert not any(line.startswith("forged") for line in log.splitlines())


def test_nothing_is_kept_of_those_who_left(small):
    def come_and_go(times):
        for count in range(times):
            with Peer(small.admin_port) as peer:
                peer.send((b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /v1", b"\xff" * 5000, b"")[count % 4])
        wait_until(lambda: Admin(small.admin_port).get("/healthz").status == 200, "it answers")

    come_and_go(100)
    wait_until(lambda: small.descriptors() < 60, "descriptors are closed")
    descriptors, memory = small.descriptors(), small.resident_bytes()
    come_and_go(1000)
    wait_until(lambda: small.descriptors() <= descriptors + 3, "descriptors are closed")
    if SLOWNESS == 1:  # sanitizers keep freed memory for a while
        assert small.resident_bytes() < memory + (8 << 20)
