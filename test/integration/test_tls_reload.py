"""New certificates while the proxy runs."""

import signal
import ssl

import pytest

from clients import value
from tls_client import TlsRawClient, session, trusting


def certificate_of(gate):
    with TlsRawClient(gate.port) as client:
        client.read_greeting()
        client.socket.sendall(client.request())
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(client.socket) as covered:
            return covered.getpeercert(binary_form=True)


@pytest.mark.parametrize("how", ["signal", "file"])
def test_a_new_certificate_is_taken_and_sessions_stay(tls_gate, authority, tmp_path, how):
    first, first_key = authority.sign("first")
    second, second_key = authority.sign("second")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(first.read_bytes())
    key.write_bytes(first_key.read_bytes())
    gate = tls_gate(client_tls_cert=certificate, client_tls_key=key,
                    tls_reload_interval="200ms" if how == "file" else "0")
    before = certificate_of(gate)
    with session(gate, **trusting(authority)) as one:
        # A key that does not fit is refused, and what was there stays.
        key.write_bytes(second_key.read_bytes())
        if how == "signal":
            gate.process.send_signal(signal.SIGHUP)
        gate.wait_for_log("tls_reload_refused.*client-tls-key")
        assert certificate_of(gate) == before
        certificate.write_bytes(second.read_bytes())
        if how == "signal":
            gate.process.send_signal(signal.SIGHUP)
        gate.wait_for_log("tls_reloaded")
        assert certificate_of(gate) == ssl.PEM_cert_to_DER_cert(second.read_text())
        assert value(one, "SELECT REPEAT('z', 100000)") == "z" * 100000


def test_sighup_without_tls_is_nothing(start_gate):
    gate = start_gate()
    gate.process.send_signal(signal.SIGHUP)
    with session(gate) as one:
        assert value(one, "SELECT 1") == 1
