"""TLS between clients and the proxy, and between the proxy and its backend, each for itself."""

import hashlib
import os
import ssl

import pytest

from clients import Admin, connect, cs_id, error_of, query, run_command_line, show, value
from raw_client import RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, run_once
from tls_client import cipher_to_backend, session, trusting


@pytest.mark.parametrize("client", [False, True])
@pytest.mark.parametrize("backend", [None, "required"])
def test_each_side_is_encrypted_or_not_by_itself(tls_gate, authority, client, backend):
    gate = tls_gate(client, backend)
    with session(gate, **(trusting(authority) if client else {})) as one:
        assert value(one, "SELECT CURRENT_USER()") == "app@%"
        assert bool(cipher_to_backend(one)) == (backend is not None)
        row = show(one)[cs_id(one)]
        assert row["using_ssl"] == (1 if client else 0)
        assert Admin(gate.admin_port, ADMIN_TOKEN).sessions()[cs_id(one)]["using_ssl"] == client


def test_large_values_pass_both_ways_in_pieces_of_any_size(tls_gate, authority):
    gate = tls_gate(backend="required")
    with session(gate, **trusting(authority)) as one:
        for size in (1, 16383, 16384, 16385, 65536, 200_001, 17 << 20):
            text = os.urandom(size // 2 + 1).hex()[:size]
            assert query(one, "SELECT MD5(%s), LENGTH(%s)", text, text) == [
                (hashlib.md5(text.encode()).hexdigest(), size)]
            assert value(one, f"SELECT REPEAT('x', {size})") == "x" * size
        rows = query(one, "SELECT seq, REPEAT(CHAR(65 + seq % 26 USING utf8mb4), 1000) FROM app.seq_1_to_20000")
        assert len(rows) == 20000 and all(text == chr(65 + seq % 26) * 1000 for seq, text in rows)


def test_the_command_line_client_verifies_the_proxy(tls_gate, authority, stranger):
    gate = tls_gate(backend="preferred")
    script = "STATUS; SELECT 'it works';"
    options = ["--ssl", f"--ssl-ca={authority.file}", "--ssl-verify-server-cert"]
    said = run_command_line(gate.port, script, options=options)
    assert "it works" in said and "Cipher in use is TLS" in said, said
    refused = run_command_line(gate.port, script, options=["--ssl", f"--ssl-ca={stranger.file}", "--ssl-verify-server-cert"])
    assert "ERROR 2026" in refused and "it works" not in refused
    gate.wait_for_log("session_closed.*reason=protocol_error.*TLS handshake")


def test_a_certificate_is_made_at_start(tls_gate):
    gate = tls_gate(client=False, client_tls_cert="auto")
    with session(gate, ssl={"verify_mode": False}) as one:
        assert show(one)[cs_id(one)]["using_ssl"] == 1
    with session(gate) as plain:  # preferred: clients may
        assert show(plain)[cs_id(plain)]["using_ssl"] == 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_work(tls_gate, authority, version):
    gate = tls_gate()
    with session(gate, **trusting(authority, maximum_version=version, minimum_version=version)) as one:
        assert value(one, "SELECT REPEAT('y', 100000)") == "y" * 100000


def test_an_old_version_and_weak_ciphers_are_refused_as_configured(tls_gate, authority):
    gate = tls_gate(tls_min_version="1.3")
    old = trusting(authority, maximum_version=ssl.TLSVersion.TLSv1_2)
    assert error_of(lambda: connect(gate.port, **old))[0] in (2003, 2013)
    gate.wait_for_log("session_closed.*protocol_error.*TLS handshake: .*protocol")
    gate = tls_gate(tls_ciphers="ECDHE-ECDSA-AES256-GCM-SHA384")
    context = trusting(authority, maximum_version=ssl.TLSVersion.TLSv1_2)["ssl"]
    with session(gate, ssl=context) as one:
        assert one._sock.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"


def test_a_client_without_tls_is_refused_where_it_is_required(tls_gate, authority):
    gate = tls_gate(client_tls="required")
    for given in ({}, {"user": "root@proxysys", "password": PROXYSYS_PASSWORD}):
        number, text = error_of(lambda: connect(gate.port, **given))
        assert number == 3159 and "insecure transport" in text
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(client.handshake_response("app", "app_password"), 1)
        assert error_of_payload(client.read_packet())[:2] == (3159, "HY000")
    with session(gate, **trusting(authority)) as one:
        assert value(one, "SELECT 1") == 1


def test_the_proxys_own_account_and_kills_work_over_tls(tls_gate, authority):
    gate = tls_gate(backend="required")
    root = {"user": "root@proxysys", "password": PROXYSYS_PASSWORD}
    with session(gate, **trusting(authority)) as victim, session(gate, **root, **trusting(authority)) as killer:
        rows = show(killer)
        assert rows[cs_id(victim)]["using_ssl"] == 1 and rows[cs_id(killer)]["using_ssl"] == 1
        query(killer, f"KILL PROXYSESSION {cs_id(victim)}")
        assert error_of(query, victim, "SELECT 1") == (1927, "Connection was killed")
        assert cs_id(victim) not in show(killer)


# Clients' certificates.

@pytest.mark.parametrize("verify", ["required", "optional"])
def test_clients_show_their_certificates(tls_gate, authority, certificates, stranger, verify):
    gate = tls_gate(client_tls_ca=authority.file, client_tls_verify=verify)
    known = trusting(authority)
    known["ssl"].load_cert_chain(*certificates["client"])
    with session(gate, **known) as one:
        assert value(one, "SELECT 1") == 1
    unknown = trusting(authority)
    unknown["ssl"].load_cert_chain(*stranger.sign("unknown"))
    assert error_of(lambda: connect(gate.port, **unknown))[0] in (2003, 2013)
    gate.wait_for_log("session_closed.*protocol_error.*certificate verify failed: ")
    if verify == "optional":
        with session(gate, **trusting(authority)) as one:
            assert value(one, "SELECT 1") == 1
    else:
        assert error_of(lambda: connect(gate.port, **trusting(authority)))[0] in (2003, 2013)
        gate.wait_for_log("session_closed.*protocol_error.*peer did not return a certificate")


@pytest.mark.parametrize("settings, said", [
    ({"client_tls": "required"}, "--client-tls: needs --client-tls-cert"),
    ({"client_tls_cert": "/nowhere.pem"}, "--client-tls-cert: /nowhere.pem: "),
    ({"client_tls_cert": "auto", "client_tls_ca": "/nowhere.pem"}, "--client-tls-ca: /nowhere.pem: "),
    ({"client_tls": "verify_ca", "client_tls_cert": "auto"}, "must be one of disabled, preferred, required"),
    ({"backend_tls": "verify_ca", "backend_tls_ca": "/nowhere.pem"}, "--backend-tls-ca: /nowhere.pem: "),
    ({"backend_tls": "always"}, "must be one of"),
    ({"client_tls_cert": "auto", "tls_ciphers": "NONSENSE"}, "--tls-ciphers: NONSENSE: "),
    ({"tls_min_version": "1.1"}, "must be 1.2 or 1.3")])
def test_settings_that_cannot_be_are_told_at_start(settings, said):
    words = [word for name, setting in settings.items() for word in ("--" + name.replace("_", "-"), setting)]
    done = run_once("--backend", "127.0.0.1:3306", *words, "--check")
    assert done.returncode == 2
    assert said in done.stderr


def test_mysql2_works_over_tls(tls_gate, authority, node):
    gate = tls_gate(backend="required")
    told = node("tls.js", gate.port, authority.file)
    assert told["big"] == 3_000_000
    assert told["prepared"] == 42
    assert told["cipher"]
    assert told["wrong_authority"]
