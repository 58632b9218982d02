"""DRAIN PROXYSESSION, SHOW PROXYSESSION DRAINS, CANCEL PROXYSESSION DRAIN, over HTTP and with ctl too."""

import json
import threading

import pytest

import raw_client as raw
from clients import (Admin, LOST, connect, connection_id, cs_id, disconnect, error_of, exists_on_backend, is_alive, query,
                     rows, runs_on_backend, value)
from raw_client import RawClient, error_of_payload
from relays import Relay
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import seconds, wait_until


@pytest.fixture
def gate(start_gate, secrets):
    return start_gate(control_user="control", control_password_file=secrets["control_password_file"])


@pytest.fixture
def proxysys(gate):
    session = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    yield session
    disconnect(session)


@pytest.fixture
def app(gate):
    """app(): a session of app in its database."""
    opened = []

    def open_one(**given):
        opened.append(connect(gate.port, database="app", **given))
        return opened[-1]

    yield open_one
    for each in opened:
        disconnect(each)


def begin(session, account=1):
    query(session, "BEGIN")
    query(session, f"UPDATE accounts SET balance = balance WHERE id = {account}")


def only(session, statement):
    found = rows(session, statement)
    assert len(found) == 1, found
    return found[0]


def drain(session, number):
    return only(session, f"SHOW PROXYSESSION DRAINS WHERE number = {number}")


def counts(row):
    return {name: row[name] for name in ("total", "ended", "killed", "ended_otherwise", "released", "waiting")}


NONE = {"total": 0, "ended": 0, "killed": 0, "ended_otherwise": 0, "released": 0, "waiting": 0}


def test_idle_sessions_end_at_once_and_others_when_their_transaction_does(proxysys, app, database):
    idle, busy, other = app(), app(), app(user="other", password="other_password")
    identifiers = [connection_id(idle), connection_id(busy)]
    begin(busy)
    begun = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'app' TIMEOUT 60 COMMENT 'failover'")
    assert begun["total"] == 2 and begun["reason"] == "failover" and begun["what"] == "`User` = 'app'"
    number = begun["number"]
    wait_until(lambda: drain(proxysys, number)["ended"] == 1, "the idle one has ended")
    assert (drain(proxysys, number)["state"], drain(proxysys, number)["waiting"]) == ("running", 1)
    assert error_of(query, idle, "SELECT 1")[0] in (1053, *LOST)
    assert value(busy, "SELECT 1") == 1
    query(busy, "COMMIT")
    wait_until(lambda: drain(proxysys, number)["state"] == "done", "it is done")
    assert counts(drain(proxysys, number)) == {**NONE, "total": 2, "ended": 2}
    assert error_of(query, busy, "SELECT 1")[0] in (1053, *LOST)
    assert is_alive(other)
    for each in identifiers:
        wait_until(lambda: not exists_on_backend(database, each), "its thread is gone")


def test_clients_are_told_1053(gate, proxysys):
    with RawClient(gate.port).login() as client:
        query(proxysys, "DRAIN PROXYSESSION")
        assert error_of_payload(client.read_packet())[:2] == (1053, "08S01")
        assert client.is_closed()
    assert value(proxysys, "SELECT PROXY_VERSION()")  # who gives it is left out


def test_new_sessions_are_not_concerned(proxysys, app):
    first = app()
    begin(first)
    number = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'app'")["number"]
    second = app()
    query(first, "COMMIT")
    wait_until(lambda: drain(proxysys, number)["state"] == "done", "it is done")
    assert drain(proxysys, number)["total"] == 1
    assert is_alive(second)


def test_at_the_timeout_who_still_works_is_killed_and_its_locks_are_free(gate, proxysys, app, database):
    with RawClient(gate.port).login(database="app") as busy:
        busy.query("SELECT CONNECTION_ID()")
        identifier = int(busy.rows[0][1:])
        busy.query("BEGIN")
        busy.query("UPDATE accounts SET balance = balance WHERE id = 1")
        busy.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        number = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'app' TIMEOUT 0.5 COMMENT 'now'")["number"]
        wait_until(lambda: drain(proxysys, number)["state"] == "done", "it is done")
        assert counts(drain(proxysys, number)) == {**NONE, "total": 1, "killed": 1}
        query(database, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
        query(database, "UPDATE app.accounts SET balance = balance WHERE id = 1")
        wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")
    kill = only(proxysys, f"SHOW PROXYSESSION KILLS WHERE connection_id = {identifier}")
    assert (kill["outcome"], kill["verb"], kill["interrupt"]) == ("killed", "drain", "interrupted")


def test_a_drain_that_is_cancelled_lets_go_of_who_still_waits(proxysys, app):
    idle, busy = app(), app()
    begin(busy)
    number = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'app' TIMEOUT 60")["number"]
    wait_until(lambda: drain(proxysys, number)["ended"] == 1, "the idle one has ended")
    cancelled = only(proxysys, f"CANCEL PROXYSESSION DRAIN {number}")
    assert cancelled["state"] == "cancelled"
    wait_until(lambda: drain(proxysys, number)["waiting"] == 0, "nobody waits")
    assert counts(drain(proxysys, number)) == {**NONE, "total": 2, "ended": 1, "released": 1}
    query(busy, "COMMIT")
    assert is_alive(busy)
    assert not is_alive(idle)
    assert only(proxysys, f"CANCEL PROXYSESSION DRAIN {number}")["state"] == "cancelled"


def test_a_session_that_quits_has_ended_otherwise(proxysys, app):
    busy = app()
    begin(busy)
    number = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'app' TIMEOUT 60")["number"]
    disconnect(busy)
    wait_until(lambda: drain(proxysys, number)["state"] == "done", "it is done")
    assert counts(drain(proxysys, number)) == {**NONE, "total": 1, "ended_otherwise": 1}


def test_after_statement_does_not_wait_for_transactions(proxysys, app):
    busy = app()
    begin(busy)
    number = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'app' AFTER STATEMENT")["number"]
    wait_until(lambda: drain(proxysys, number)["ended"] == 1, "it has ended")
    assert not is_alive(busy)


def test_a_condition_that_nobody_meets_is_done_at_once(proxysys):
    begun = only(proxysys, "DRAIN PROXYSESSION WHERE User = 'nobody'")
    assert (begun["state"], counts(begun)) == ("done", NONE)


@pytest.mark.parametrize("statement, number", [
    ("DRAIN PROXYSESSION WHERE", 5010), ("DRAIN PROXYSESSION User = 'app'", 5010), ("DRAIN PROXYSESSION TIMEOUT x", 5010),
    ("DRAIN PROXYSESSION WHERE no_such = 1", 1054), ("DRAIN PROXYSESSION COMMENT why", 5010),
    ("CANCEL PROXYSESSION DRAIN", 5010), ("CANCEL PROXYSESSION DRAIN x", 5010), ("CANCEL PROXYSESSION DRAIN 999", 1105),
    ("CANCEL PROXYSESSION 5", 5010)])
def test_what_cannot_be_is_refused(gate, proxysys, app, statement, number):
    session = app()
    assert error_of(query, proxysys, statement)[0] == number
    assert is_alive(session)


def test_only_who_may_drain_does(gate, app):
    session, account = app(), app()
    for statement in ("DRAIN PROXYSESSION", "CANCEL PROXYSESSION DRAIN 1", "SHOW PROXYSESSION DRAINS"):
        assert error_of(query, account, statement)[0] == 1227
    assert is_alive(session)


def test_what_only_looks_like_one_goes_to_the_backend(gate, mariadb):
    with RawClient(gate.port).login() as through, RawClient(mariadb.port).login() as direct:
        for statement in ("DRAIN", "DRAIN 5", "CANCEL", "CANCEL 5", "DRAINPROXYSESSION", "DRAIN PROXYSESSIO", "CREATE_", "DO 1"):
            assert through.query(statement) == direct.query(statement)


def test_drains_work_prepared(gate, app):
    with RawClient(gate.port).login(user="operator", password="operator_password") as operator:
        session = app()
        _, statement = operator.prepare("DRAIN PROXYSESSION WHERE Id = ? TIMEOUT 5")
        operator.execute(statement, (cs_id(session),))
        assert len(operator.rows) == 1
        wait_until(lambda: not is_alive(session), "it is gone")


def test_names_are_parameters_of_prepared_statements(gate, mariadb):
    backend = f"127.0.0.1:{mariadb.port}"
    with RawClient(gate.port).login(user="root@proxysys", password=PROXYSYS_PASSWORD) as proxysys:
        _, drain = proxysys.prepare("DRAIN PROXYCLUSTER ? BACKEND ? TIMEOUT 5")
        _, undrain = proxysys.prepare("UNDRAIN PROXYCLUSTER ? BACKEND ?")
        _, alter = proxysys.prepare("ALTER PROXYCONFIG SET ? = ?")
        for _ in range(2):
            proxysys.execute(drain, ("obdemo", backend))
            assert len(proxysys.rows) == 1
            assert error_of(connect, gate.port)[0] == 2003
            proxysys.execute(undrain, ("obdemo", backend))
            assert proxysys.first[:1] == b"\0"
            disconnect(connect(gate.port))
        proxysys.execute(drain, ("obdemo", "?"))
        assert error_of_payload(proxysys.last) == (1105, "HY000", "There is no backend '?' in a cluster 'obdemo'")
        proxysys.execute(alter, ("login_timeout", "7s"))
        assert proxysys.first[:1] == b"\0"
        proxysys.query("SHOW PROXYCONFIG WHERE name = 'login-timeout' AND value = '7000ms'")
        assert len(proxysys.rows) == 1
        assert proxysys.error("DRAIN PROXYCLUSTER ? BACKEND ?")[0] == 5010


# Backends

class HoldingRelay(Relay):
    """Keeps back the server's greeting, while it is told to."""

    def __init__(self, target):
        super().__init__(target)
        self.passes = threading.Event()
        self.passes.set()
        self.holds = threading.Event()

    def _send(self, sink, chunk):
        if chunk[3:5] == b"\0\x0a" and not self.passes.is_set():
            self.holds.set()
            self.passes.wait(seconds(30))
        super()._send(sink, chunk)


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_login_that_crosses_the_drain_of_its_backend(start_gate, mariadb, withdrawn):
    """It leaves as the others do, behind its transaction; not when the backend is used again before."""
    relay = HoldingRelay(mariadb.port)
    gate = start_gate(backend=f"127.0.0.1:{relay.port}")
    gate.wait_for_log("backend_ready")  # the proxy's own look at it is over
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    backend = f"/v1/clusters/obdemo/backends/127.0.0.1%3A{relay.port}"
    with RawClient(gate.port) as client:
        client.read_greeting()
        relay.passes.clear()
        client.write_packet(client.handshake_response("app", "app_password"), 1)
        assert relay.holds.wait(seconds(30))
        assert admin.post(f"{backend}/drain").json["drains"][0]["total"] == 0
        relay.passes.set()
        _, _, nonce = client.read_packet()[1:].partition(b"\0")
        answer, begin_it = raw.scramble("app_password", nonce.rstrip(b"\0")), bytes([raw.COM_QUERY]) + b"BEGIN"
        client.socket.sendall(b"".join(len(each).to_bytes(3, "little") + bytes([number]) + each for number, each in
                                       ((client.sequence, answer), (0, begin_it))))
        assert client.read_packet()[:1] == b"\0"
        client.read_response()
        assert client.query("SELECT 1")
        assert client.rows == [b"\x011"]
        if withdrawn:
            assert admin.post(f"{backend}/undrain").status == 200
        client.query("COMMIT")
        if withdrawn:
            client.query("SELECT 2")
            assert client.rows == [b"\x012"]
        else:
            assert error_of_payload(client.read_packet())[0] == 1053
            assert client.is_closed()
    relay.close()


def test_a_session_leaves_a_backend_that_is_drained_twice(start_gate, mariadb, tmp_path):
    users = tmp_path / "users.json"
    users.write_text(json.dumps([{"user": "app", "password": "app_password"}]))
    relays = [Relay(mariadb.port) for _ in range(2)]
    gate = start_gate(backend=",".join(f"127.0.0.1:{each.port}" for each in relays), credentials="users", users_file=users)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    session = connect(gate.port, database="app")
    before = value(session, "SELECT CONNECTION_ID()")
    query(session, "SET @kept = 5")
    begin(session)
    for _ in range(2):
        assert admin.post(f"/v1/clusters/obdemo/backends/127.0.0.1%3A{relays[0].port}/drain").status == 200
    query(session, "COMMIT")
    assert value(session, "SELECT @kept") == 5
    assert value(session, "SELECT CONNECTION_ID()") != before
    assert [each["state"] for each in admin.get("/v1/drains").json["drains"]] == ["done", "done"]
    disconnect(session)
    for each in relays:
        each.close()


def test_over_http(gate, app):
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    busy = app()
    begin(busy)
    answer = admin.request("POST", "/v1/drains", body=json.dumps(
        {"filter": "User = 'app'", "timeout": 60, "reason": "upgrade"}).encode())
    assert answer.status == 200, answer.text
    begun = answer.json["drains"][0]
    assert (begun["total"], begun["state"], begun["by"], begun["reason"]) == (1, "running", "token admin", "upgrade")
    listed = admin.get("/v1/drains", state="running").json["drains"]
    assert [each["number"] for each in listed] == [begun["number"]]
    cancelled = admin.delete(f"/v1/drains/{begun['number']}")
    assert cancelled.json["drains"][0]["state"] == "cancelled"
    query(busy, "COMMIT")
    assert is_alive(busy)
    assert admin.delete("/v1/drains/999").status == 404
    assert admin.request("POST", "/v1/drains", body=b'{"filtre": "x"}').status == 400
    assert admin.request("POST", "/v1/drains", body=b"x").status == 400
    everybody = admin.request("POST", "/v1/drains", body=b"").json["drains"][0]
    wait_until(lambda: admin.get("/v1/drains", number=everybody["number"]).json["drains"][0]["state"] == "done", "it is done")
    assert not is_alive(busy)


def test_with_ctl(gate, app):
    session = app()
    done = ctl(gate, "drain", "--where", "User = 'app'", "--timeout", "5", "--reason", "upgrade", "--json")
    assert done.returncode == 0, done.stderr
    number = json.loads(done.stdout)["drains"][0]["number"]
    wait_until(lambda: not is_alive(session), "it is gone")
    wait_until(lambda: '"state":"done"' in ctl(gate, "drains", "--json").stdout, "it is done")
    assert ctl(gate, "cancel-drain", number).returncode == 0


def test_a_bounded_number_is_kept(start_gate):
    gate = start_gate(drains_max=2)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    for _ in range(3):
        admin.post("/v1/drains")
    assert [each["number"] for each in admin.get("/v1/drains").json["drains"]] == [3, 2]
    session = connect(gate.port, database="app")
    begin(session)
    for _ in range(2):
        assert admin.post("/v1/drains").status == 200
    refused = admin.post("/v1/drains")
    assert refused.status == 503
    assert "drains-max" in refused.json["detail"]
    disconnect(session)


def test_a_proxy_that_stops_in_the_middle_of_a_drain_stops(start_gate):
    gate = start_gate(drain_timeout="300ms")
    session = connect(gate.port, database="app")
    begin(session)
    Admin(gate.admin_port, ADMIN_TOKEN).post("/v1/drains")
    gate.terminate()
    assert gate.wait(limit=15) == 0
