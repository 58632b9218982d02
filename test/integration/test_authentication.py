"""caching_sha2_password and sha256_password through the proxy: real clients, a scripted server (sha2_server.py)."""

import contextlib
import json

import pytest

import raw_client as raw
from clients import connect, disconnect, error_of, run_command_line, value
from raw_client import RawClient, error_of_payload
from sessiongate_process import PROXYSYS_PASSWORD
from sha2_server import Sha2Server
from support import wait_until

SHA2 = "caching_sha2_password"
LONG = "a password with ü and € that is longer than the nonce it is mixed with, and not short of a hundred bytes"
ACCOUNTS = {"sha2": (SHA2, "secret of sha2"), "long": (SHA2, LONG), "other": (SHA2, "other_password"), "empty": (SHA2, ""),
            "sha256": ("sha256_password", "secret of sha256"), "sha256empty": ("sha256_password", ""),
            "clear": ("mysql_clear_password", "secret of clear")}
PASSWORDS = {name: password for name, (_, password) in ACCOUNTS.items()}


@pytest.fixture
def sha2_server():
    with contextlib.closing(Sha2Server(ACCOUNTS)) as server:
        yield server


@pytest.fixture
def gate(sha2_server, start_gate):
    return start_gate(backend=f"127.0.0.1:{sha2_server.port}")


def log_in(port, user, **given):
    session = connect(port, user=user, **{"password": PASSWORDS[user].encode(), **given})
    try:
        return value(session, "SELECT CURRENT_USER()")
    finally:
        disconnect(session)


def mysql2_settings(gate, user, **given):
    return json.dumps({"host": "127.0.0.1", "port": gate.port, "user": user, "password": PASSWORDS[user], **given})


def assert_secrets_are_not_in(text):
    for password in filter(None, PASSWORDS.values()):
        assert password not in text


@pytest.mark.parametrize("user", ["sha2", "long"])
def test_the_first_login_is_full_and_the_next_ones_are_fast(gate, sha2_server, node, user):
    for _ in range(3):
        assert node("authenticate.js", mysql2_settings(gate, user)) == {"first": user + "@%"}
    assert sha2_server.logins == ["encrypted, key asked for", "fast", "fast"]
    assert_secrets_are_not_in(gate.log())


@pytest.mark.parametrize("user", ["sha2", "long"])
def test_pymysql(gate, sha2_server, user):
    """It counts the zero behind a switch's nonce in: its fast path fails there, with and without a proxy."""
    for _ in range(2):
        assert log_in(gate.port, user) == user + "@%"
    assert sha2_server.logins == ["encrypted, key asked for"] * 2


def test_sha256_password(gate, sha2_server):
    for _ in range(2):
        assert log_in(gate.port, "sha256") == "sha256@%"
    assert sha2_server.logins == ["encrypted, key asked for"] * 2


def test_a_key_without_a_byte_in_front_as_older_servers_send_it(start_gate):
    with contextlib.closing(Sha2Server(ACCOUNTS, prefix_key=False)) as server:
        gate = start_gate(backend=f"127.0.0.1:{server.port}")
        printed = run_command_line(gate.port, "SELECT CURRENT_USER();", user="sha256", password=PASSWORDS["sha256"])
        assert "sha256@%" in printed, printed
        assert server.logins == ["encrypted, key asked for"]


@pytest.mark.parametrize("user", ["empty", "sha256empty"])
def test_an_empty_password(gate, user):
    assert log_in(gate.port, user) == user + "@%"


@pytest.mark.parametrize("user", ["sha2", "sha256", "empty"])
def test_a_wrong_password_is_refused(gate, sha2_server, user):
    number, text = error_of(lambda: log_in(gate.port, user, password="wrong"))
    assert (number, text) == (1045, f"Access denied for user '{user}'")
    assert error_of(lambda: log_in(gate.port, user, password="wrong"))[0] == 1045
    assert log_in(gate.port, user) == user + "@%"
    assert error_of(lambda: log_in(gate.port, user, password="wrong"))[0] == 1045  # cached: still no way in


def test_a_client_that_knows_the_servers_key_encrypts_at_once(gate, sha2_server):
    for user in ("sha2", "sha256"):
        assert log_in(gate.port, user, server_public_key=sha2_server.public_pem) == user + "@%"
    assert sha2_server.logins == ["encrypted, key known"] * 2


def test_the_command_line_client(gate, sha2_server):
    """Debian's library has no RSA for caching_sha2_password: without TLS it can do the fast path only."""
    log_in(gate.port, "sha2")
    for user in ("sha2", "sha256"):
        printed = run_command_line(gate.port, "SELECT CURRENT_USER();", user=user, password=PASSWORDS[user])
        assert f"{user}@%" in printed, printed
    assert sha2_server.logins == ["encrypted, key asked for", "fast", "encrypted, key asked for"]


@pytest.mark.parametrize("first, other", [("sha2", "other"), ("sha2", "sha256"), ("sha256", "sha2")])
def test_mysql2_logs_in_and_changes_user(gate, node, first, other):
    told = node("authenticate.js", mysql2_settings(gate, first), other, PASSWORDS[other])
    assert told == {"first": first + "@%", "second": other + "@%", "third": first + "@%"}, told
    assert_secrets_are_not_in(gate.log())


def test_change_user_with_a_wrong_password_is_refused(gate, node):
    told = node("authenticate.js", mysql2_settings(gate, "sha2"), "other", "wrong")
    assert told["first"] == "sha2@%"
    assert told["refused"]["errno"] == 1045


def test_mysql_clear_password_without_encryption_is_refused_before_the_password_is_sent(gate, sha2_server):
    number, text = error_of(lambda: log_in(gate.port, "clear"))
    assert number == 1251
    assert "mysql_clear_password" in text and "TLS" in text
    assert sha2_server.logins in ([], ["clear"])  # the proxy takes leave with an empty answer
    gate.wait_for_log("login_failed")


def test_change_user_to_mysql_clear_password_without_encryption_is_refused(gate):
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(client.handshake_response("empty", ""), 1)
        client.finish_authentication("")
        client.command(raw.COM_CHANGE_USER, b"clear\0\0\0\x2d\0mysql_native_password\0")
        assert error_of_payload(client.read_packet())[:2] == (1251, "08004")
        assert client.is_closed()


def test_the_control_account_logs_in_with_caching_sha2(start_gate, tmp_path):
    """Its password is asked for in full the first time."""
    with contextlib.closing(Sha2Server({**ACCOUNTS, "control": (SHA2, "secret of control")})) as server:
        gate = start_gate(backend=f"127.0.0.1:{server.port}", control_user="control",
                          control_password_file=str(_secret(tmp_path)))
        wait_until(lambda: b"control" in server.cache, "the first health check has logged in")
        operator = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        with RawClient(gate.port) as victim:
            victim.read_greeting()
            victim.write_packet(victim.handshake_response("empty", ""), 1)
            victim.finish_authentication("")
            victim.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
            wait_until(lambda: server.sleeping, "it sleeps")
            with operator.cursor() as cursor:
                cursor.execute(f"KILL QUERY {victim.thread_id}")
            assert error_of_payload(victim.read_packet())[0] == 1317
        full, fast = (server.logins.count(how) for how in ("encrypted, key asked for", "fast"))
        assert full in (1, 2), server.logins  # the first look at the backend may log in twice at once
        assert full + fast == len(server.logins)
        assert "control_account_failed" not in gate.log()
        disconnect(operator)


def _secret(directory):
    path = directory / "control"
    path.write_text("secret of control\n")
    path.chmod(0o600)
    return path
