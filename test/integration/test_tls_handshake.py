"""The bytes of TLS with clients: cut anywhere, junk, stalls, and ends of every kind."""

import contextlib
import os
import signal
import socket
import ssl
import time

import pytest

import raw_client as raw
from clients import connect, cs_id, query, show
from raw_client import ORDINARY, Closed, error_of_payload
from support import SLOWNESS, wait_until
from tls_client import SSL, TlsRawClient, session, trusting


@pytest.mark.parametrize("cut", ["one segment", "byte by byte", "apart"])
def test_the_request_and_the_client_hello_arrive_cut_anywhere(tls_gate, authority, cut):
    gate = tls_gate()
    with TlsRawClient(gate.port) as client:
        client.read_greeting()
        assert client.server_capabilities & SSL
        first = client.request() + client.hello(authority)
        client.cover()
        if cut == "one segment":
            client.plain.sendall(first)
        elif cut == "apart":
            client.plain.sendall(first[:36])
            time.sleep(0.05)
            client.plain.sendall(first[36:])
        else:
            for at in range(len(first)):
                client.plain.sendall(first[at:at + 1])
        client.finish_hello()
        # The login in the same segment as the end of the handshake.
        login = client.handshake_response("app", "app_password", capabilities=ORDINARY | SSL)
        client.tls.write(len(login).to_bytes(3, "little") + b"\x02" + login)
        client.plain.sendall(client.last_flight + client.outgoing.read())
        assert client.finish_authentication("app_password")[:1] == b"\0"
        client.query("SELECT 'through'")
        assert client.rows == [b"\x07through"]


def test_pipelined_statements_in_one_record_and_records_byte_by_byte(tls_gate, authority):
    gate = tls_gate(backend="required")
    with TlsRawClient(gate.port) as client:
        client.begin(authority).login()
        statements = [f"SELECT {number}" for number in range(200)]
        packets = b"".join((len(text) + 1).to_bytes(3, "little") + b"\0\x03" + text.encode() for text in statements)
        client.tls.write(packets)
        record = client.outgoing.read()
        for at in range(0, len(record), 7):
            client.plain.sendall(record[at:at + 7])
        for number in range(200):
            client.read_response()
            assert client.rows == [bytes([len(str(number))]) + str(number).encode()]


def test_junk_in_place_of_a_client_hello_ends_the_session_with_a_reason(tls_gate):
    gate = tls_gate()
    with TlsRawClient(gate.port) as client:
        client.read_greeting()
        client.socket.sendall(client.request() + b"GET / HTTP/1.1\r\n\r\n" * 10)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := client.socket.recv(4096):
                received += chunk
        assert received[:1] in (b"", b"\x15"), "nothing but an alert"
    gate.wait_for_log(r"session_closed.*reason=protocol_error.*TLS handshake: ")


def test_a_request_for_tls_that_was_not_offered_is_refused(tls_gate):
    gate = tls_gate(client=False)
    with TlsRawClient(gate.port) as client:
        client.read_greeting()
        assert not client.server_capabilities & SSL
        client.socket.sendall(client.request())
        assert error_of_payload(client.read_packet())[:2] == (1043, "08S01")


@pytest.mark.parametrize("stage", ["request", "half a hello", "whole hello"])
def test_a_client_that_stalls_in_the_handshake_is_timed_out(tls_gate, authority, stage):
    gate = tls_gate(login_timeout="500ms")
    with TlsRawClient(gate.port) as client:
        client.read_greeting()
        hello = client.hello(authority)
        kept = {"request": b"", "half a hello": hello[:100], "whole hello": hello}[stage]
        client.socket.sendall(client.request() + kept)
        gate.wait_for_log("session_closed.*reason=login_timeout")
        with contextlib.suppress(ConnectionResetError):
            while client.socket.recv(65536):
                pass


def test_a_client_that_leaves_in_the_handshake_is_gone(tls_gate, authority):
    gate = tls_gate()
    with TlsRawClient(gate.port) as client:
        client.read_greeting()
        client.socket.sendall(client.request() + client.hello(authority))
    gate.wait_for_log("session_closed.*reason=client_gone.*TLS handshake")


def test_a_connection_cut_off_without_tls_farewell_ends_the_session(tls_gate, authority):
    gate = tls_gate(backend="required")
    one = connect(gate.port, **trusting(authority))
    identifier = cs_id(one)
    os.close(one._sock.detach())  # FIN, and no close_notify
    gate.wait_for_log(f"session_closed.*cs_id={identifier} .*reason=client_gone")


def test_a_record_that_was_tampered_with_ends_the_session(tls_gate, authority):
    gate = tls_gate()
    with TlsRawClient(gate.port) as client:
        client.begin(authority).login()
        client.tls.write(b"\x09\0\0\0\x03SELECT 1")
        record = bytearray(client.outgoing.read())
        record[-1] ^= 1
        client.plain.sendall(record)
        with pytest.raises((Closed, ssl.SSLError)):
            client.read_packet()
    gate.wait_for_log("session_closed.*reason=client_gone.*bad record mac")


def test_a_killed_session_ends_while_its_client_does_not_read(tls_gate, authority):
    gate = tls_gate(backend="required")
    with TlsRawClient(gate.port, receive_buffer=4096) as client, session(gate, user="operator", password="operator_password") as killer:
        client.begin(authority).login()
        client.command(raw.COM_QUERY, b"SELECT REPEAT('x', 1000) FROM app.seq_1_to_1000000")
        before = gate.resident_bytes()
        wait_until(lambda: client.plain.recv(1, socket.MSG_PEEK), "rows arrive")
        query(killer, f"KILL PROXYSESSION {client.thread_id}")
        assert client.thread_id not in show(killer)
        assert gate.resident_bytes() - before < (16 << 20) * SLOWNESS, "rows are not gathered in the proxy"


def test_a_session_is_resumed_and_not_behind_new_certificates(tls_gate, authority):
    gate = tls_gate()
    with TlsRawClient(gate.port) as client:
        client.begin(authority).login()
        client.query("SELECT 1")  # the ticket comes behind the handshake
        assert not client.tls.session_reused
        ticket, context = client.tls.session, client.context
    for reused in (True, False):
        with TlsRawClient(gate.port) as again:
            again.context = context
            again.begin(authority, ticket).login()
            assert again.tls.session_reused == reused
            again.query("SELECT 'well'")
            assert again.rows == [b"\x04well"]
        gate.process.send_signal(signal.SIGHUP)
        gate.wait_for_log("tls_reloaded")
