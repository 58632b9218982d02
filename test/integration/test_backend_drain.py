"""Backends that are taken out of use and back: in SQL, over HTTP, with ctl."""

import contextlib
import json
import threading
import urllib.parse

import pytest

from clients import Admin, address, backends, connect, disconnect, error_of, is_alive, port_of, query, rows, value
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import wait_until


@pytest.fixture
def pair(start_gate, mariadb, second):
    """A gate in front of both, the second one first."""
    gate = start_gate(backend=f"{address(second)},{address(mariadb)}")
    wait_until(lambda: all(each["state"] == "up" for each in backends(gate).values()), "both are up")
    return gate


def path_of(server, verb, cluster="obdemo"):
    return f"/v1/clusters/{cluster}/backends/{urllib.parse.quote(address(server), safe='')}/{verb}"


def drain_in_sql(gate, server, session_on):
    proxysys = session_on(gate, user="root@proxysys", password=PROXYSYS_PASSWORD)
    (row,) = rows(proxysys, f"DRAIN PROXYCLUSTER obdemo BACKEND '{address(server)}' TIMEOUT 30 COMMENT 'maintenance'")
    return row["total"], row["reason"]


def undrain_in_sql(gate, server, session_on):
    query(session_on(gate, user="root@proxysys", password=PROXYSYS_PASSWORD), f"UNDRAIN PROXYCLUSTER obdemo BACKEND '{address(server)}'")


def drain_over_http(gate, server, _):
    answer = Admin(gate.admin_port, ADMIN_TOKEN).request(
        "POST", path_of(server, "drain"), body=json.dumps({"timeout": 30, "reason": "maintenance"}).encode())
    assert answer.status == 200, answer.text
    (row,) = answer.json["drains"]
    return row["total"], row["reason"]


def undrain_over_http(gate, server, _):
    answer = Admin(gate.admin_port, ADMIN_TOKEN).post(path_of(server, "undrain"))
    assert (answer.status, answer.json["message"]) == (200, f"{address(server)} takes logins again")


def drain_with_ctl(gate, server, _):
    done = ctl(gate, "drain-backend", "obdemo", address(server), "--timeout", "30", "--reason", "maintenance", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["drains"]
    return row["total"], row["reason"]


def undrain_with_ctl(gate, server, _):
    done = ctl(gate, "undrain-backend", "obdemo", address(server))
    assert (done.returncode, "takes logins again" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize("drain, undrain", [(drain_in_sql, undrain_in_sql), (drain_over_http, undrain_over_http),
                                            (drain_with_ctl, undrain_with_ctl)])
def test_logins_avoid_a_drained_backend_and_its_sessions_end(pair, session_on, mariadb, second, drain, undrain):
    idle, busy = session_on(pair), session_on(pair)
    assert port_of(idle) == port_of(busy) == second.port
    query(busy, "BEGIN")
    query(busy, "SELECT 1")
    total, reason = drain(pair, second, session_on)
    assert (total, reason) == (2, "maintenance")
    shown = backends(pair)[address(second)]
    assert (shown["state"], shown["health"]) == ("draining", "up")
    assert shown["reason"].endswith(": maintenance")
    assert port_of(session_on(pair)) == mariadb.port
    wait_until(lambda: backends(pair)[address(second)]["svr_session_count"] == 1, "the idle session has ended")
    assert error_of(lambda: query(idle, "SELECT 1"))[0] == 1053
    assert value(busy, "SELECT 2") == 2
    query(busy, "COMMIT")
    wait_until(lambda: backends(pair)[address(second)]["state"] == "drained", "the other one has, too")
    undrain(pair, second, session_on)
    assert backends(pair)[address(second)]["state"] == "up"
    assert port_of(session_on(pair)) == second.port
    pair.wait_for_log(f"backend_drained.*{address(second)}.*maintenance")
    pair.wait_for_log(f"backend_undrained.*{address(second)}")
    told = Admin(pair.admin_port, ADMIN_TOKEN).get("/v1/events", type="backend_state", backend=address(second), sort="id").json
    assert [each["outcome"] for each in told["events"]][-2:] == ["drained", "undrained"]


def test_undrain_lets_go_of_the_sessions_that_are_waited_for(pair, session_on, second):
    busy = session_on(pair)
    query(busy, "BEGIN")
    drain_over_http(pair, second, session_on)
    undrain_over_http(pair, second, session_on)
    query(busy, "COMMIT")
    assert is_alive(busy)
    (drain,) = Admin(pair.admin_port, ADMIN_TOKEN).get("/v1/drains").json["drains"]
    assert (drain["state"], drain["released"], drain["what"]) == (
        "cancelled", 1, f"backend {address(second)} of cluster obdemo")
    answer = Admin(pair.admin_port, ADMIN_TOKEN).post(path_of(second, "undrain"))
    assert (answer.status, answer.json["message"]) == (200, f"{address(second)} was not drained")


def test_who_waits_too_long_is_killed(pair, session_on, second):
    busy = session_on(pair)
    query(busy, "BEGIN")
    answer = Admin(pair.admin_port, ADMIN_TOKEN).post(path_of(second, "drain") + "?timeout=0.2")
    assert answer.status == 200, answer.text
    wait_until(lambda: backends(pair)[address(second)]["state"] == "drained", "it was killed")
    (kill,) = wait_until(lambda: Admin(pair.admin_port, ADMIN_TOKEN).get("/v1/kills").json["kills"], "it is recorded")
    assert (kill["verb"], kill["outcome"]) == ("drain", "killed")


def test_when_all_are_drained_nobody_gets_in(pair, mariadb, second, session_on):
    for server in (mariadb, second):
        drain_over_http(pair, server, session_on)
    code, text = error_of(lambda: connect(pair.port))
    assert (code, text) == (2003, "Can't connect to MySQL server: every backend of cluster 'obdemo' is drained")
    assert {each["state"] for each in backends(pair).values()} == {"drained"}
    undrain_over_http(pair, mariadb, session_on)
    assert port_of(session_on(pair)) == mariadb.port


def test_logins_under_way_do_not_stay(pair, session_on, mariadb, second):
    """Logins and the drain cross: whoever gets to the drained backend is told to leave."""
    stop = threading.Event()
    made = []

    def log_in():
        while not stop.is_set():
            with contextlib.suppress(Exception):
                made.append(connect(pair.port))

    threads = [threading.Thread(target=log_in) for _ in range(4)]
    for each in threads:
        each.start()
    wait_until(lambda: len(made) > 20, "logins come in")
    drain_over_http(pair, second, session_on)
    wait_until(lambda: backends(pair)[address(mariadb)]["svr_session_count"] > 5, "they go elsewhere")
    stop.set()
    for each in threads:
        each.join()
    wait_until(lambda: backends(pair)[address(second)]["state"] == "drained", "nobody is left there")
    for each in made:
        disconnect(each)


def test_what_is_not_there_cannot_be_drained(pair, mariadb):
    admin = Admin(pair.admin_port, ADMIN_TOKEN)
    for cluster, backend in (("other", address(mariadb)), ("obdemo", "127.0.0.1:1")):
        answer = admin.post(f"/v1/clusters/{cluster}/backends/{urllib.parse.quote(backend, safe='')}/drain")
        assert (answer.status, answer.json["detail"]) == (404, f"There is no backend '{backend}' in a cluster '{cluster}'")
    with contextlib.closing(connect(pair.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as proxysys:
        assert error_of(lambda: query(proxysys, "UNDRAIN PROXYCLUSTER other BACKEND 'x'")) == (
            1105, "There is no backend 'x' in a cluster 'other'")
        assert error_of(lambda: query(proxysys, "DRAIN PROXYCLUSTER obdemo"))[0] == 5010


def test_who_may(pair, session_on, second):
    statement = f"DRAIN PROXYCLUSTER obdemo BACKEND '{address(second)}'"
    assert error_of(lambda: query(session_on(pair), statement))[0] == 1227
    assert backends(pair)[address(second)]["state"] == "up"
    query(session_on(pair, user="operator", password="operator_password"), statement)
    assert backends(pair)[address(second)]["state"] in ("draining", "drained")


def test_an_operator_of_another_cluster_may_not(start_gate, session_on, mariadb, second):
    clusters = json.dumps([{"name": "a", "backends": [address(mariadb)]}, {"name": "b", "backends": [address(second)]}])
    gate = start_gate(backend=None, cluster=None, clusters=clusters)
    operator = session_on(gate, user="operator#a", password="operator_password")
    app = session_on(gate, user="app#b")
    assert error_of(lambda: query(operator, f"DRAIN PROXYCLUSTER b BACKEND '{address(second)}'"))[0] == 1105
    seen = {row["Cluster"] for row in rows(operator, "SHOW PROXYSESSION")}
    assert seen == {"a"}
    assert error_of(lambda: query(operator, f"KILL PROXYSESSION {app.thread_id()}"))[0] == 1094
    assert is_alive(app)
