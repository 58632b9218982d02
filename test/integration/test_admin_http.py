"""The HTTP face: the same commands, the same effects, and answers that a program can act on."""

import http.client
import socket

import pytest

import raw_client as raw
from clients import (Admin, attributes, connect, connection_id, cs_id, disconnect, error_of, exists_on_backend, is_alive,
                     end_thread, query, show)
from raw_client import RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN
from support import free_port, wait_until

PROTECTED = [("GET", "/v1/sessions"), ("GET", "/v1/sessions/1"), ("DELETE", "/v1/sessions/1"),
             ("DELETE", "/v1/sessions/1/server-sessions/1"), ("POST", "/v1/sessions/1/kill-query")]
OPEN = ["/healthz", "/readyz", "/metrics"]


def is_problem(answer, status):
    assert answer.status == status, answer.text
    assert answer.type == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    return True


def ids_of(admin, session):
    listed = admin.sessions()[cs_id(session)]
    return {"cs_id": listed["cs_id"], "connection_id": listed["connection_id"], "proxy_sessid": listed["proxy_sessid"]}


# Who may

@pytest.mark.parametrize("method, path", PROTECTED)
@pytest.mark.parametrize("token", [None, "", "wrong", ADMIN_TOKEN + "x", ADMIN_TOKEN[:-1]])
def test_without_the_token_nothing_is_told(gate, method, path, token):
    answer = Admin(gate.admin_port, token).request(method, path)
    assert is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("method, path", PROTECTED)
def test_without_a_configured_token_nobody_gets_in(start_gate, method, path):
    gate = start_gate(admin_token_file=None)
    for token in (None, "", "anything"):
        assert is_problem(Admin(gate.admin_port, token).request(method, path), 401)
    assert Admin(gate.admin_port).get("/healthz").status == 200


@pytest.mark.parametrize("path", OPEN)
def test_health_and_metrics_need_no_token(gate, path):
    disconnect(connect(gate.port))
    assert Admin(gate.admin_port).get(path).status == 200


# Listing

def test_the_list_shows_every_session_with_its_ids(admin, gate, open_session, mariadb):
    session, other = open_session(user="app@sys#obdemo", database="app"), open_session(user="other", password="other_password")
    wait_until(lambda: {cs_id(session), cs_id(other)} == set(admin.sessions()), "those of earlier tests have left")
    found = admin.sessions()
    one = found[cs_id(session)]
    row = show(session)[cs_id(session)]
    assert one["proxy_sessid"] == str(row["proxy_sessid"])  # text: more than JavaScript's numbers hold
    assert one["connection_id"] == connection_id(session)
    assert (one["user"], one["tenant"], one["cluster"], one["db"]) == ("app", "sys", "obdemo", "app")
    assert (one["host"], one["state"], one["using_ssl"]) == (row["Host"], "MCS_ACTIVE_READER", False)
    assert (one["backend"], one["pid"], one["tid"]) == (f"127.0.0.1:{mariadb.port}", gate.pid, row["tid"])
    assert found[cs_id(other)]["db"] is None


def test_filters_choose(admin, open_session):
    sys_session = open_session(user="app@sys", database="app")
    test_session = open_session(user="app@test")
    other = open_session(user="other", password="other_password")
    mine, tests, others = cs_id(sys_session), cs_id(test_session), cs_id(other)
    wait_until(lambda: set(admin.sessions()) == {mine, tests, others}, "those of earlier tests have left")
    host = admin.sessions()[mine]["host"]
    assert set(admin.sessions(user="app")) == {mine, tests}
    assert set(admin.sessions(tenant="test")) == {tests}
    assert set(admin.sessions(cluster="obdemo")) == {mine, tests, others}
    assert set(admin.sessions(cluster="elsewhere")) == set()
    assert set(admin.sessions(db="app")) == {mine}
    assert set(admin.sessions(host=host)) == {mine}
    assert set(admin.sessions(host="127.0.0.1")) == {mine, tests, others}
    assert set(admin.sessions(state="MCS_ACTIVE_READER")) == {mine, tests, others}
    assert set(admin.sessions(user="app", tenant="sys")) == {mine}
    assert len(admin.sessions(limit=2)) == 2


@pytest.mark.parametrize("path", [
    "/v1/sessions?limit=x", "/v1/sessions?limit=-1", "/v1/sessions?nonsense=1", "/v1/sessions/abc", "/v1/sessions/1.5",
    "/v1/sessions/99999999999999999999999", "/v1/sessions?user=%zz"])
def test_what_cannot_be_meant_is_400(admin, path):
    assert is_problem(admin.get(path), 400)


@pytest.mark.parametrize("kind", ["cs_id", "connection_id", "proxy_sessid"])
def test_one_session_in_detail_by_any_id(admin, open_session, kind):
    session = open_session(user="app@sys", database="app")
    answer = admin.get(f"/v1/sessions/{ids_of(admin, session)[kind]}")
    assert answer.status == 200
    detail = answer.json
    assert (detail["cs_id"], detail["user"], detail["db"]) == (cs_id(session), "app", "app")
    (server,) = detail["server_sessions"]
    assert server["server_sessid"] == connection_id(session)
    sql = {(name, info): value for name, value, info in attributes(session, cs_id(session))}
    assert str(server["ss_id"]) == sql["ss_id", "last used ss"]


# Killing

@pytest.mark.parametrize("kind", ["cs_id", "connection_id", "proxy_sessid"])
def test_delete_ends_the_session(admin, open_session, database, kind):
    victim, bystander = open_session(), open_session()
    ids = ids_of(admin, victim)
    answer = admin.delete(f"/v1/sessions/{ids[kind]}")
    assert answer.status == 200, answer.text
    told = answer.json
    assert (told["status"], told["cs_id"], told["user"]) == ("killed", ids["cs_id"], "app")
    assert (told["connection_id"], told["interrupt"]) == (ids["connection_id"], "not_needed")
    assert not is_alive(victim)
    assert is_alive(bystander)
    assert ids["cs_id"] not in admin.sessions()
    wait_until(lambda: not exists_on_backend(database, ids["connection_id"]), "it leaves the backend")
    assert is_problem(admin.delete(f"/v1/sessions/{ids[kind]}"), 404)


def test_a_kill_without_a_route_says_that_the_statement_was_not_interrupted(admin, sleeper, database):
    client, identifier = sleeper
    told = admin.delete(f"/v1/sessions/{client.thread_id}").json
    assert (told["status"], told["interrupt"], told["connection_id"]) == ("killed", "no_route", identifier)
    assert client.was_killed()
    end_thread(database, identifier)


def test_a_kill_with_a_control_account_interrupts_the_statement(start_gate, secrets, database):
    gate = start_gate(control_user="control", control_password_file=secrets["control_password_file"])
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    with RawClient(gate.port).login() as client:
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        session = wait_until(lambda: next((one for one in admin.sessions().values() if one["running"]), None), "it runs")
        told = admin.delete(f"/v1/sessions/{client.thread_id}").json
        assert (told["status"], told["interrupt"]) == ("killed", "interrupted")
        wait_until(lambda: not exists_on_backend(database, session["connection_id"]), "it is interrupted")
        assert client.was_killed()


def test_kill_query_interrupts_and_the_session_lives_on(start_gate, secrets):
    gate = start_gate(control_user="control", control_password_file=secrets["control_password_file"])
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    with RawClient(gate.port).login() as client:
        path = f"/v1/sessions/{client.thread_id}/kill-query"
        assert admin.post(path).json["status"] == "already_idle"
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: admin.sessions()[client.thread_id]["running"], "it runs")
        told = admin.post(path).json
        assert (told["status"], told["interrupt"]) == ("query_interrupted", "interrupted")
        client.read_response()
        assert error_of_payload(client.last)[0] == 1317
        client.query("SELECT 1")
        assert client.rows == [b"\x011"]


def test_a_control_account_that_is_refused_is_told_about(start_gate, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    gate = start_gate(control_user="control", control_password_file=wrong)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    with RawClient(gate.port).login() as client:
        client.command(raw.COM_QUERY, b"SELECT SLEEP(2)")
        wait_until(lambda: admin.sessions()[client.thread_id]["running"], "it runs")
        answer = admin.post(f"/v1/sessions/{client.thread_id}/kill-query")
        assert is_problem(answer, 502)
        client.read_response()


def test_delete_of_a_server_session_leaves_the_client_session(admin, open_session, database):
    session = open_session()
    before = connection_id(session)
    detail = admin.get(f"/v1/sessions/{cs_id(session)}").json
    ss_id = detail["server_sessions"][0]["ss_id"]
    answer = admin.delete(f"/v1/sessions/{cs_id(session)}/server-sessions/{ss_id}")
    assert answer.status == 200, answer.text
    assert (answer.json["status"], answer.json["ss_id"]) == ("killed", ss_id)
    assert is_problem(admin.delete(f"/v1/sessions/{cs_id(session)}/server-sessions/{ss_id}"), 404)
    assert cs_id(session) in admin.sessions()
    wait_until(lambda: not exists_on_backend(database, before), "the server session is gone")
    assert error_of(query, session, "SELECT 1")[0] == 1927


@pytest.mark.parametrize("method, path", [
    ("GET", "/v1/sessions/999999999"), ("DELETE", "/v1/sessions/999999999"), ("POST", "/v1/sessions/999999999/kill-query"),
    ("DELETE", "/v1/sessions/999999999/server-sessions/1"), ("GET", "/"), ("GET", "/v1"), ("GET", "/v2/sessions")])
def test_what_is_not_there_is_404(admin, method, path):
    assert is_problem(admin.request(method, path), 404)


@pytest.mark.parametrize("method, path, allowed", [
    ("POST", "/v1/sessions", "GET"), ("PUT", "/v1/sessions/1", "DELETE"), ("GET", "/v1/sessions/1/kill-query", "POST"),
    ("DELETE", "/metrics", "GET")])
def test_a_wrong_method_is_405_and_says_which_are_right(admin, method, path, allowed):
    answer = admin.request(method, path)
    assert is_problem(answer, 405)
    assert allowed in answer.headers["Allow"]


# Health and metrics

def test_readiness_follows_the_backend(start_gate):
    gate = start_gate(backend=f"127.0.0.1:{free_port()}", connect_timeout="1s")
    admin = Admin(gate.admin_port)
    assert admin.get("/healthz").status == 200
    assert admin.get("/readyz").status == 503


def test_metrics_count_sessions_and_how_they_ended(gate, admin, open_session):
    def metrics():
        lines = [line for line in Admin(gate.admin_port).get("/metrics").text.splitlines() if not line.startswith("#")]
        return dict(line.rsplit(" ", 1) for line in lines)

    before = metrics()
    assert before and all(name.startswith("sessiongate_") for name in before)
    killed = next(name for name in before if 'reason="killed"' in name)
    victim = open_session()
    admin.delete(f"/v1/sessions/{cs_id(victim)}")
    assert float(metrics()[killed]) == float(before[killed]) + 1


def test_a_keep_alive_connection_serves_several_requests(gate):
    connection = http.client.HTTPConnection("127.0.0.1", gate.admin_port, timeout=20)
    for path in ("/healthz", "/v1/sessions", "/metrics", "/nowhere"):
        connection.request("GET", path, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
        response = connection.getresponse()
        response.read()
        assert response.status in (200, 404)
    connection.close()


@pytest.mark.parametrize("junk", [b"\x00" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100000])
def test_junk_on_the_admin_port_harms_nobody(gate, junk):
    with socket.create_connection(("127.0.0.1", gate.admin_port), timeout=20) as client:
        try:
            client.sendall(junk)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
        except ConnectionError:
            pass
    assert Admin(gate.admin_port).get("/healthz").status == 200
