"""Full authentication where the client's connection is encrypted and the backend's is not, or the other way round, or
both: the scripted server of sha2_server.py tells what it got. (Neither: test_authentication.py.)"""

import contextlib
import json
import ssl

import pytest

from clients import connect, disconnect, error_of, run_command_line, value
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sha2_server import Sha2Server
from support import SLOWNESS, wait_until
from test_authentication import ACCOUNTS, PASSWORDS, assert_secrets_are_not_in
from tls_client import trusting

AS_IT_IS, ASKED, KNOWN = "as it is, over TLS", "encrypted, key asked for", "encrypted, key known"


@pytest.fixture
def start(start_gate, certificates, authority):
    """start(client=True, backend=False, …): (sessiongate, server, PyMySQL's arguments)."""
    with contextlib.ExitStack() as started:
        def start_one(client, backend, **given):
            context = None
            if backend:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*certificates["server"])
            server = started.enter_context(contextlib.closing(Sha2Server(ACCOUNTS, context)))
            certificate, key = certificates["proxy"]
            own = {"client_tls_cert": certificate, "client_tls_key": key} if client else {}
            gate = start_gate(backend=f"127.0.0.1:{server.port}", backend_tls="required" if backend else None,
                              **own, **given)
            return gate, server, trusting(authority) if client else {}

        yield start_one


def log_in(port, user, **given):
    session = connect(port, user=user, **{"password": PASSWORDS[user].encode(), **given})
    try:
        return value(session, "SELECT CURRENT_USER()")
    finally:
        disconnect(session)


COMBINATIONS = pytest.mark.parametrize("client, backend, arrives", [
    (True, True, AS_IT_IS), (True, False, ASKED), (False, True, AS_IT_IS), (False, False, ASKED)],
    ids=["tls-tls", "tls-plain", "plain-tls", "plain-plain"])


@COMBINATIONS
def test_pymysql(start, client, backend, arrives):
    gate, server, given = start(client, backend)
    for user in ("sha2", "long", "sha256", "empty", "sha256empty"):
        assert log_in(gate.port, user, **given) == user + "@%"
    assert server.logins == [arrives] * 3
    for user in ("sha2", "sha256", "empty"):
        assert error_of(lambda: log_in(gate.port, user, password="wrong", **given)) == (1045, f"Access denied for user '{user}'")
    assert_secrets_are_not_in(gate.log())


@COMBINATIONS
def test_mysql2_and_change_user(start, node, client, backend, arrives):
    gate, server, _ = start(client, backend)
    settings = {"host": "127.0.0.1", "port": gate.port, **({"ssl": {"rejectUnauthorized": False}} if client else {})}
    for first, other in (("sha2", "other"), ("sha256", "sha2"), ("long", "sha256"), ("sha2", "long")):
        login = json.dumps({**settings, "user": first, "password": PASSWORDS[first]})
        told = node("authenticate.js", login, other, PASSWORDS[other])
        assert told == {"first": first + "@%", "second": other + "@%", "third": first + "@%"}, told
    assert set(server.logins) == {arrives, "fast"}
    login = json.dumps({**settings, "user": "sha2", "password": PASSWORDS["sha2"]})
    assert node("authenticate.js", login, "sha256", "wrong")["refused"]["errno"] == 1045
    assert_secrets_are_not_in(gate.log())


@pytest.mark.parametrize("backend, arrives", [(True, AS_IT_IS), (False, ASKED)], ids=["tls", "plain"])
def test_the_command_line_client_over_tls(start, authority, backend, arrives):
    gate, server, _ = start(True, backend)
    for user in ("sha2", "sha2", "sha256", "clear"):
        printed = run_command_line(gate.port, "SELECT CURRENT_USER();", user=user, password=PASSWORDS[user],
                                   options=["--ssl", f"--ssl-ca={authority.file}"])
        assert f"{user}@%" in printed, printed
    assert server.logins == [arrives, "fast", arrives, "clear"]


@pytest.mark.parametrize("backend", [True, False], ids=["tls", "plain"])
def test_mysql_clear_password_needs_the_clients_side_encrypted(start, backend):
    gate, server, given = start(True, backend)
    # PyMySQL sends it with nothing but TLS under it
    assert log_in(gate.port, "clear", **given) == "clear@%"
    number, text = error_of(lambda: log_in(gate.port, "clear"))  # without TLS, on the same port
    assert number == 1251 and "mysql_clear_password" in text


def test_a_backends_key_that_is_configured_is_not_asked_for(start, start_gate, tmp_path, certificates, authority):
    with contextlib.closing(Sha2Server(ACCOUNTS)) as server:
        known = tmp_path / "backend.pem"
        known.write_bytes(server.public_pem)
        certificate, key = certificates["proxy"]
        gate = start_gate(backend=f"127.0.0.1:{server.port}", client_tls_cert=certificate, client_tls_key=key,
                          backend_public_key_file=known)
        for user in ("sha2", "sha256"):
            assert log_in(gate.port, user, **trusting(authority)) == user + "@%"
        assert server.logins == [KNOWN] * 2
    # Another server has another key: an attacker's would not get the password.
    with contextlib.closing(Sha2Server(ACCOUNTS)) as other:
        gate = start_gate(backend=f"127.0.0.1:{other.port}", client_tls_cert=certificate, client_tls_key=key,
                          backend_public_key_file=known)
        assert error_of(lambda: log_in(gate.port, "sha2", **trusting(authority)))[0] == 1045
        assert other.logins == ["not encrypted for this key"]


def test_a_client_that_knows_a_key_while_the_backend_is_encrypted(start, tmp_path):
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = tmp_path / "own.pem", own.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private.write_bytes(own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
    gate, server, _ = start(False, True, auth_key_file=private)
    for user in ("sha2", "sha256"):
        assert log_in(gate.port, user, server_public_key=public) == user + "@%"
        number, text = error_of(lambda: log_in(gate.port, user, server_public_key=server.public_pem, password="x" * 9))
        assert number == 1251 and "another key" in text
    assert set(server.logins) == {AS_IT_IS}


def test_a_key_file_without_a_key_stops_the_start(start_gate, tmp_path):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no key\n")
    with pytest.raises(AssertionError, match="--auth-key-file: no RSA key in"):
        start_gate(auth_key_file=wrong)
    with pytest.raises(AssertionError, match="--backend-public-key-file: no RSA public key in"):
        start_gate(backend_public_key_file=wrong)


def memory_of(process):
    """What the process has in memory that it can write to."""
    with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps, open(f"/proc/{process.pid}/mem", "rb") as memory:
        for line in maps:
            span, permissions = line.split()[:2]
            if not permissions.startswith("rw"):
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(begin)
                yield memory.read(end - begin)


@COMBINATIONS
def test_no_password_stays_in_memory(start, node, client, backend, arrives):
    if SLOWNESS > 1:
        pytest.skip("sanitizers keep what was freed, and have more memory than can be read")
    gate, server, given = start(client, backend)
    settings = {"host": "127.0.0.1", "port": gate.port, **({"ssl": {"rejectUnauthorized": False}} if client else {})}
    for user in ("sha2", "sha256", "long"):
        assert log_in(gate.port, user, **given) == user + "@%"
    login = json.dumps({**settings, "user": "sha2", "password": PASSWORDS["sha2"]})
    assert "third" in node("authenticate.js", login, "sha256", PASSWORDS["sha256"])

    def found():
        return {name for name, password in PASSWORDS.items() if password
                and any(password.encode() in piece for piece in memory_of(gate))}

    wait_until(lambda: not found(), "none is there", limit=2)  # the last login may be about to forget
    assert arrives in server.logins
