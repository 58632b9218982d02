"""Who may do what, as docs/privileges.md has it, on a real server: every kind of caller in SQL, every role over HTTP."""

import contextlib
import os
import signal
import struct

import pymysql
import pytest

import raw_client as raw
from clients import (Admin, connect, connection_id, cs_id, disconnect, error_of, is_alive, query, show, value)
from raw_client import RawClient, error_of_payload
from sessiongate_process import PROXYSYS_PASSWORD, write_secret
from support import duration, freeze, wait_until

TOKENS = """
# who may look, who may act
grafana viewer viewer-token-of-grafana
ops operator operator-token-of-ops
boss admin admin-token-of-boss
"""


@pytest.fixture(scope="module", autouse=True)
def accounts(mariadb):
    """Accounts with rights of each kind, one with a role that it may take up, and one that stands for nobody."""
    names = ("watcher", "ender", "climber")
    with contextlib.closing(connect(mariadb.port, user="root", password="root_password")) as root:
        for name in names:
            query(root, f"CREATE USER {name}@'%' IDENTIFIED BY '{name}_password'")
        query(root, "GRANT PROCESS ON *.* TO watcher@'%'")
        query(root, "GRANT SUPER ON *.* TO ender@'%'")
        query(root, "CREATE ROLE chief")
        query(root, "GRANT CONNECTION ADMIN, PROCESS ON *.* TO chief")
        query(root, "GRANT chief TO climber@'%'")
        yield
        for name in names:
            query(root, f"DROP USER {name}@'%'")
        query(root, "DROP ROLE chief")


@pytest.fixture(scope="module")
def gate(mariadb, secrets, tmp_path_factory):
    from conftest import _settings
    from sessiongate_process import SessiongateProcess
    tokens = write_secret(tmp_path_factory.mktemp("tokens"), "tokens", TOKENS)
    process = SessiongateProcess(**_settings(mariadb, secrets, {
        "operators": "operator,root@10.0.0.0/8,other@127.0.0.1,ghost", "admin_tokens_file": tokens,
        "rights_cache_time": "0ms"}))
    yield process
    process.stop()


@pytest.fixture
def log_in(open_session):
    """log_in('watcher@t1'): the account's password is its name's."""
    def open_one(name):
        return open_session(user=name, password=name.split("@")[0] + "_password")

    return open_one


def outcomes(caller, target):
    """What the caller gets: whether it is listed, and the numbers for reading, ending its server session, ending it."""
    identifier = cs_id(target)

    def number(statement):
        try:
            query(caller, statement)
            return 0
        except Exception as error:  # noqa: BLE001
            return error.args[0]

    listed = identifier in show(caller)
    read = number(f"SHOW PROXYSESSION ATTRIBUTE {identifier}")
    unknown_ss = number(f"KILL PROXYSESSION {identifier} 999999999")  # 1094 by its ss_id when the caller may
    ended = number(f"KILL PROXYSESSION {connection_id(target)}")
    return listed, read, unknown_ss, ended


MINE, PEER, FOREIGN = "app@t1", "nopassword@t1", "app@t2"

@pytest.mark.parametrize("caller, target, expected", [
    # (caller, target): listed, ATTRIBUTE, KILL with an unknown ss_id, KILL
    ("app@t1", MINE, (True, 0, 1094, 0)),
    ("app@t1", PEER, (False, 1095, 1095, 1095)),
    ("app@t1", FOREIGN, (False, 1094, 1094, 1094)),
    ("watcher@t1", MINE, (True, 0, 1095, 1095)),
    ("watcher@t1", FOREIGN, (False, 1094, 1094, 1094)),
    ("ender@t1", MINE, (False, 1095, 1094, 0)),
    ("ender@t1", PEER, (False, 1095, 1094, 0)),
    ("ender@t1", FOREIGN, (False, 1094, 1094, 1094)),
    ("app@sys", MINE, (False, 1094, 1094, 1094)),
    ("root@sys", MINE, (False, 1094, 1094, 1094)),  # an operator from elsewhere only, so its tenant is all it could have
    ("root@t1", MINE, (True, 0, 1094, 0)),  # the backend's root, in the same tenant: its privileges there count
    ("operator", MINE, (True, 0, 1094, 0)),
    ("operator@t2", PEER, (True, 0, 1094, 0)),
    ("other@any#obdemo", FOREIGN, (True, 0, 1094, 0)),  # an operator from this address
])
def test_sql(log_in, open_session, caller, target, expected):
    victim = open_session(user=target, password="" if "nopassword" in target else "app_password")
    assert outcomes(log_in(caller), victim) == expected
    assert is_alive(victim) == (expected[3] != 0)


def test_root_of_proxysys_may_do_everything(gate, open_session):
    victim = open_session(user="app@t2")
    with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as root:
        assert outcomes(root, victim) == (True, 0, 1094, 0)


@pytest.mark.parametrize("caller", ["ender@proxysys", "root@t1"])
def test_the_session_of_root_of_proxysys_is_out_of_reach_for_accounts(gate, log_in, caller):
    with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as root:
        assert error_of(query, log_in(caller), f"KILL PROXYSESSION {cs_id(root)}")[0] == 1094
        assert value(root, "SELECT 1") == "1"


def test_a_plain_kill_of_a_peer_is_decided_by_the_backend(log_in, open_session):
    victim = open_session(user="app@t1")
    number, text = error_of(query, log_in("watcher@t1"), f"KILL {cs_id(victim)}")
    assert (number, text) == (1095, f"You are not owner of thread {cs_id(victim)}")
    assert is_alive(victim)
    query(log_in("ender@t1"), f"KILL {cs_id(victim)}")
    assert not is_alive(victim)


def test_a_role_counts_while_it_is_active(log_in, open_session):
    victim, climber = open_session(user="app@t1"), log_in("climber@t1")
    assert error_of(query, climber, f"KILL PROXYSESSION {cs_id(victim)}")[0] == 1095
    assert cs_id(victim) not in show(climber)
    query(climber, "SET ROLE chief")
    assert cs_id(victim) in show(climber)
    query(climber, "SET ROLE NONE")
    assert error_of(query, climber, f"KILL PROXYSESSION {cs_id(victim)}")[0] == 1095
    query(climber, "SET ROLE chief")
    query(climber, f"KILL PROXYSESSION {cs_id(victim)}")
    assert not is_alive(victim)


def test_who_is_let_in_as_nobody_is_no_operator(gate, database, open_session):
    """`ghost` is in --operators and not in the backend: an anonymous account there lets in whoever takes the name."""
    query(database, "CREATE USER ''@'%'")
    try:
        victim = open_session(user="app@t1")
        with contextlib.closing(connect(gate.port, user="ghost@t1", password="")) as ghost:
            assert value(ghost, "SELECT CURRENT_USER()") == "@%"
            assert outcomes(ghost, victim) == (False, 1095, 1095, 1095)
        assert is_alive(victim)
    finally:
        query(database, "DROP USER ''@'%'")


def test_rights_are_asked_again_after_their_time_and_not_before(start_gate, database):
    gate = start_gate(rights_cache_time=duration(2))
    with contextlib.closing(connect(gate.port, user="climber@t1", password="climber_password")) as caller, \
            contextlib.closing(connect(gate.port, user="app@t1")) as other:
        query(caller, "SET ROLE chief")
        assert cs_id(other) in show(caller)
        query(caller, "SET ROLE NONE")
        assert cs_id(other) in show(caller)
        wait_until(lambda: cs_id(other) not in show(caller), "the rights are asked again")


def change_user(client, user, password):
    body = user.encode() + b"\0"
    answer = raw.scramble(password, client.nonce)
    body += bytes([len(answer)]) + answer + b"\0" + struct.pack("<H", 45) + b"mysql_native_password\0"
    client.command(raw.COM_CHANGE_USER, body)
    payload = client.finish_authentication(password)
    assert payload[:1] == b"\0", error_of_payload(payload)


def test_a_changed_user_has_its_own_rights(start_gate):
    gate = start_gate(rights_cache_time="60m")
    with contextlib.closing(connect(gate.port, user="app@t1")) as other, RawClient(gate.port).login("watcher@t1", "watcher_password") as client:
        client.query(f"SHOW PROXYSESSION ATTRIBUTE {cs_id(other)}")
        assert len(client.rows) == 39
        change_user(client, "nopassword@t1", "")
        assert client.error(f"SHOW PROXYSESSION ATTRIBUTE {cs_id(other)}")[0] == 1095
        change_user(client, "watcher@t1", "watcher_password")
        client.query(f"SHOW PROXYSESSION ATTRIBUTE {cs_id(other)}")
        assert len(client.rows) == 39


def test_the_question_leaves_the_session_as_it_was(log_in):
    session = log_in("root@t1")
    query(session, "CREATE TEMPORARY TABLE app.numbers (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
    query(session, "SET @mine = 5")
    query(session, "BEGIN")
    query(session, "INSERT INTO app.numbers (n) VALUES (1), (2)")
    query(session, "SELECT SQL_CALC_FOUND_ROWS * FROM app.numbers LIMIT 1")
    assert show(session)
    assert query(session, "SELECT FOUND_ROWS(), LAST_INSERT_ID(), @mine") == [(2, 1, 5)]
    assert query(session, "SHOW WARNINGS") == []
    query(session, "SELECT 1 / 0")
    query(session, "ROLLBACK")
    assert value(session, "SELECT COUNT(*) FROM app.numbers") in (0, 2)  # MariaDB's temporary tables may roll back or not


def test_in_a_pipeline_the_answers_keep_their_order(gate):
    with RawClient(gate.port).login("watcher@t1", "watcher_password") as client:
        packets = b""
        for statement in (b"SELECT 'first'", b"SHOW PROXYSESSION", b"SELECT 'second'", b"SHOW PROXYSESSION ATTRIBUTE",
                          b"SELECT 'third'"):
            packets += (len(statement) + 1).to_bytes(3, "little") + b"\0\x03" + statement
        client.socket.sendall(packets)
        sizes, texts = [], []
        for _ in range(5):
            client.read_response()
            sizes.append(len(client.rows))
            texts.append(client.rows[0][1:])
        assert [texts[at] for at in (0, 2, 4)] == [b"first", b"second", b"third"]
        assert sizes[1] >= 1 and sizes[3] == 39


def test_a_backend_that_does_not_answer_does_not_keep_commands_from_being_answered(start_gate):
    """Rights that cannot be asked are rights that one has not; the list of one's own sessions is there all the same."""
    from mariadb_server import MariadbServer
    server = MariadbServer("--max-connections=50")
    try:
        gate = start_gate(backend=f"127.0.0.1:{server.port}", kill_timeout="500ms", rights_cache_time="0ms")
        with contextlib.closing(connect(gate.port)) as session:
            freeze(server.process)
            try:
                for _ in range(3):
                    assert list(show(session)) == [cs_id(session)]
                gate.wait_for_log("rights_unknown .*timeout")
            finally:
                os.kill(server.process.pid, signal.SIGCONT)
            assert value(session, "SELECT 1") == 1
            assert list(show(session)) == [cs_id(session)]
    finally:
        server.stop()


# HTTP

@pytest.mark.parametrize("token, may_end", [
    ("viewer-token-of-grafana", False), ("operator-token-of-ops", True), ("admin-token-of-boss", True)])
def test_http_roles(gate, open_session, token, may_end):
    victim = open_session(user="app@t1")
    api = Admin(gate.admin_port, token)
    assert cs_id(victim) in api.sessions()
    assert api.get(f"/v1/sessions/{cs_id(victim)}").status == 200
    answer = api.delete(f"/v1/sessions/{cs_id(victim)}")
    assert answer.status == (200 if may_end else 403)
    assert is_alive(victim) != may_end
    if not may_end:
        assert answer.type == "application/problem+json"
        assert answer.json["status"] == 403 and "grafana" in answer.json["detail"]
        for path in (f"/v1/sessions/{cs_id(victim)}/kill-query", "/v1/sessions/999999999/kill-query"):
            assert api.post(path).status == 403
    gate.wait_for_log(r"token (grafana|ops|boss) ")


def test_the_name_of_the_token_is_the_reason_for_the_end(gate, open_session):
    victim = open_session(user="app@t1")
    Admin(gate.admin_port, "operator-token-of-ops").delete(f"/v1/sessions/{cs_id(victim)}")
    gate.wait_for_log(f"session_closed .*cs_id={cs_id(victim)} .*reason=killed .*by token ops")


def test_a_file_of_tokens_is_read_again_when_it_changes(start_gate, tmp_path):
    file = write_secret(tmp_path, "tokens", "one viewer first")
    gate = start_gate(admin_token_file=None, admin_tokens_file=file)

    def status(token):
        return Admin(gate.admin_port, token).get("/v1/sessions").status

    assert (status("first"), status("second")) == (200, 401)
    file.write_text("one viewer second\n")
    wait_until(lambda: status("second") == 200, "the change is seen")
    assert status("first") == 401
    file.write_text("one chief third\n")
    gate.process.send_signal(signal.SIGHUP)
    line = gate.wait_for_log("tokens_not_reloaded.*line 1: the role must be viewer, operator or admin")
    assert "third" not in line
    assert (status("second"), status("third")) == (200, 401)


# Where from, and how often

def test_root_of_proxysys_comes_from_where_it_may(start_gate):
    gate = start_gate(proxysys_from="10.0.0.0/8,127.0.0.2")
    number, text = error_of(lambda: connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD))
    assert (number, text) == (1130, "Host '127.0.0.1' is not allowed to log in as root@proxysys (--proxysys-from)")
    disconnect(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD, bind_address="127.0.0.2"))


def test_who_guesses_is_slowed_down_and_nobody_else(start_gate):
    gate = start_gate(login_delay_max="400ms", proxysys_from="127.0.0.0/8")

    def log_in(password, address="127.0.0.1"):
        disconnect(connect(gate.port, user="root@proxysys", password=password, bind_address=address))

    for _ in range(4):
        assert error_of(lambda: log_in("guess"))[0] == 1045
    api = Admin(gate.admin_port, "guess")
    assert api.get("/v1/sessions").status == 401  # waited: tokens and passwords are counted together
    with contextlib.ExitStack() as waiting:
        guessers = [waiting.enter_context(RawClient(gate.port)) for _ in range(4)]
        for each in guessers:
            each.read_greeting()
        for each in guessers:
            each.write_packet(each.handshake_response("root@proxysys", "guess"), 1)
        numbers = sorted(error_of_payload(each.read_packet())[0] for each in guessers)
        assert numbers[0] == 1045 and numbers[-1] == 1129
    log_in(PROXYSYS_PASSWORD, "127.0.0.2")  # from another address: at once
    disconnect(connect(gate.port))  # a backend account is the backend's matter

    def succeeds():
        with contextlib.suppress(Exception):
            log_in(PROXYSYS_PASSWORD)
            return True

    wait_until(succeeds, "the right password is taken")
    assert Admin(gate.admin_port, "guess").get("/v1/sessions").status == 401


# The proxy's own settings

@pytest.mark.parametrize("caller, reads, changes", [
    ("app@t1", 1227, 1227), ("app@sys", 1227, 1227), ("root@sys", 1227, 1227), ("operator", 0, 1227)])
def test_settings_in_sql(log_in, caller, reads, changes):
    session = log_in(caller)

    def number(statement):
        try:
            query(session, statement)
            return 0
        except pymysql.err.MySQLError as error:
            return error.args[0]

    assert number("SHOW PROXYCONFIG") == reads
    assert number("ALTER PROXYCONFIG SET rights_cache_time = 0s") == changes


@pytest.mark.parametrize("token, status", [
    ("viewer-token-of-grafana", 403), ("operator-token-of-ops", 403), ("admin-token-of-boss", 200)])
def test_settings_over_http(gate, token, status):
    api = Admin(gate.admin_port, token)
    assert api.get("/v1/config").status == 200
    changed = api.request("PUT", "/v1/config/rights_cache_time", body=b'{"value": "0s"}',
                          headers={"Content-Type": "application/json"})
    assert changed.status == status, changed.text
