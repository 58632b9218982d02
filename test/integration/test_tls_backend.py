"""TLS between the proxy and its backend: what is verified, and what is said."""

import contextlib

import pytest

import raw_client as raw
from clients import Admin, connect, error_of, query, runs_on_backend, value
from mariadb_server import MariadbServer
from raw_client import RawClient
from sessiongate_process import ADMIN_TOKEN
from support import wait_until
from tls_client import cipher_to_backend, session


def test_a_backend_without_tls_is_refused_only_where_tls_is_required(start_gate):
    with session(start_gate(backend_tls="preferred")) as one:
        assert cipher_to_backend(one) == ""
    gate = start_gate(backend_tls="required")
    number, text = error_of(lambda: connect(gate.port))
    assert number == 2026 and "the server does not support it" in text
    gate.wait_for_log("backend_unreachable.*2026")


@pytest.mark.parametrize("mode", ["verify_ca", "verify_identity"])
def test_the_backends_certificate_is_verified(tls_gate, authority, stranger, mode):
    with session(tls_gate(backend=mode, backend_tls_ca=authority.file)) as one:
        assert cipher_to_backend(one)
    gate = tls_gate(backend=mode, backend_tls_ca=stranger.file)
    number, text = error_of(lambda: connect(gate.port))
    assert number == 2026 and "certificate verify failed: " in text
    gate.wait_for_log("backend_unreachable.*2026.*certificate verify failed")


def test_the_backends_certificate_must_name_it_where_identity_is_verified(start_gate, authority):
    certificate, key = authority.sign("elsewhere", "DNS:elsewhere.example")
    server = MariadbServer(f"--ssl-cert={certificate}", f"--ssl-key={key}")
    try:
        address = {"backend": f"127.0.0.1:{server.port}", "backend_tls_ca": authority.file}
        with session(start_gate(backend_tls="verify_ca", **address)) as one:
            assert cipher_to_backend(one)
        for name in ("127.0.0.1", "localhost"):
            address["backend"] = f"{name}:{server.port}"
            gate = start_gate(backend_tls="verify_identity", **address)
            number, text = error_of(lambda: connect(gate.port))
            assert number == 2026 and "mismatch" in text, text
    finally:
        server.stop()


def test_a_backend_by_name_is_verified_by_its_name(tls_gate, tls_server, authority):
    gate = tls_gate(client=False, backend="verify_identity", backend_tls_ca=authority.file, host="localhost")
    with session(gate) as one:
        assert cipher_to_backend(one)


def test_an_account_that_needs_a_certificate_gets_the_proxys(tls_gate, tls_server, certificates, authority):
    with contextlib.closing(connect(tls_server.port, user="root", password="root_password")) as root:
        query(root, "CREATE OR REPLACE USER certified@'%' IDENTIFIED BY 'c' REQUIRE X509")
    certificate, key = certificates["client"]
    with_it = tls_gate(backend="required", backend_tls_cert=certificate, backend_tls_key=key)
    with session(with_it, user="certified", password="c") as one:
        assert value(one, "SELECT CURRENT_USER()") == "certified@%"
    without = tls_gate(backend="required")
    assert error_of(lambda: connect(without.port, user="certified", password="c"))[0] == 1045


def test_a_client_that_leaves_takes_its_statement_along(tls_gate, tls_server):
    """The server looks whether there is something to read from the connection: not even TLS may leave anything there."""
    gate = tls_gate(client=False, backend="required")
    with RawClient(gate.port) as leaver, connect(tls_server.port, user="root", password="root_password") as root:
        leaver.login()
        leaver.query("SELECT CONNECTION_ID()")
        identifier = int(leaver.rows[0][1:])
        leaver.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
        wait_until(lambda: runs_on_backend(root, identifier), "it runs")
        leaver.close()
        wait_until(lambda: not runs_on_backend(root, identifier), "it has ended", limit=30.0)


def test_the_control_account_reaches_a_backend_over_tls(tls_gate, tls_server, secrets):
    gate = tls_gate(client=False, backend="required", control_user="control",
                    control_password_file=secrets["control_password_file"])
    with RawClient(gate.port) as sleeper, connect(tls_server.port, user="root", password="root_password") as root:
        sleeper.login()
        sleeper.query("SELECT CONNECTION_ID()")
        identifier = int(sleeper.rows[0][1:])
        sleeper.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(root, identifier), "it sleeps")
        answer = Admin(gate.admin_port, ADMIN_TOKEN).post(f"/v1/sessions/{sleeper.thread_id}/kill-query")
        assert (answer.status, answer.json["status"]) == (200, "query_interrupted"), answer.text
        sleeper.read_response()
        assert sleeper.last[1:3] == b"\x25\x05" or sleeper.rows == [b"\x011"]
