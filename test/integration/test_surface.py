"""Every command of the surface in each of its faces: SQL as text and prepared, HTTP as JSON and as a table, ctl."""

import json
import re
import time

import pytest

from clients import Admin, connect, cs_id, disconnect, error_of, query
from raw_client import RawClient
from result_sets import LONGLONG, VAR_STRING, binary_row, definition, split_packets
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import ROOT, wait_until

NUMBER, TEXT = LONGLONG, VAR_STRING
COLUMNS = {
    "SHOW PROXYCONFIG": ("/v1/config", "settings", "name:t value:t info:t need_reboot:n visible_level:t"),
    "SHOW PROXYNET THREAD": (
        "/v1/net/threads", "threads",
        "net_thread_id:n current_client_connection_count:n total_client_connection_count:n total_logins:n "
        "total_commands:n total_admin_commands:n total_client_read_bytes:n total_server_read_bytes:n"),
    "SHOW PROXYNET CONNECTION": (
        "/v1/net/connections", "connections",
        "thread_id:n cs_id:n ss_id:n type:t src_ip:t src_port:n dst_ip:t dst_port:n alive_time(sec):n state:t"),
    "SHOW PROXYSTAT": ("/v1/stats", "stats", "stat_name:t value:n"),
    "SHOW PROXYMEMORY": ("/v1/memory", "memory", "mod_name:t mod_type:t hold:n used:n count:n avg_used:n"),
    "SHOW PROXYINFO": ("/v1/info", "info", "name:t info:t"),
    "SHOW PROXYCLUSTER": ("/v1/clusters", "clusters",
        "cluster_name:t server:t version:t state:t svr_session_count:n health:t reason:t since:t retry_ms:n addresses:t "
        "backend_order:t weight:n credentials:t login_count:n failure_count:n connect_us:n check_us:n check_problem:t "
        "read_only:n risky_routines:n"),
    "SELECT PROXY_VERSION()": ("/v1/version", "version", "PROXY_VERSION():t"),
    "SHOW PROXY HELP": ("/v1/help", "commands", "syntax:t help:t kind:t http:t ctl:t"),
}
JSON_NAMES = {"alive_time(sec)": "alive_seconds", "PROXY_VERSION()": "version", "syntax": "sql"}


@pytest.fixture
def proxysys(open_session):
    session = open_session(user="root@proxysys", password=PROXYSYS_PASSWORD)
    wait_until(lambda: len(query(session, "SHOW PROXYSESSION")) == 1, "sessions of other tests have gone")
    return session


def expected_columns(text):
    return [(name, NUMBER if kind == "n" else TEXT) for name, kind in (one.rsplit(":", 1) for one in text.split())]


def prepared(client, statement, parameters=()):
    """(columns, rows) of a statement over the binary protocol."""
    announced, identifier = client.prepare(statement)
    received = client.execute(identifier, parameters)
    packets = list(split_packets(received))
    count = packets[0][0]
    columns = [definition(packet) for packet in packets[1:count + 1]]
    tail = list(split_packets(announced))[1 + len(parameters) + (1 if parameters else 0):]
    assert [definition(packet) for packet in tail[:count]] == columns, "what was announced is what comes"
    return [column[:2] for column in columns], [binary_row(row, columns) for row in client.rows]


@pytest.mark.parametrize("statement", COLUMNS)
def test_a_listing_has_its_columns_in_every_face(gate, proxysys, admin, statement):
    path, name, text = COLUMNS[statement]
    expected = expected_columns(text)
    with proxysys.cursor() as cursor:
        cursor.execute(statement)
        assert [(column[0], column[1]) for column in cursor.description] == expected
        found = cursor.fetchall()
    assert found
    with RawClient(gate.port).login("root@proxysys", PROXYSYS_PASSWORD) as client:
        columns, binary_rows = prepared(client, statement)
        assert columns == expected
        if "NET" not in statement and "STAT" not in statement and "MEMORY" not in statement and "INFO" not in statement:
            assert binary_rows == [[None if one is None else str(one) for one in row] for row in found]
    body = admin.get(path).json
    assert list(body) == [name, "count", "total"]
    assert body["count"] == body["total"] == len(body[name])
    assert list(body[name][0]) == [JSON_NAMES.get(column, column) for column, _ in expected]
    table = admin.request("GET", path, headers={"Accept": "text/plain"})
    assert table.type == "text/plain"
    assert table.text.split("\n")[0].split() == [column for column, _ in expected]


@pytest.mark.parametrize("statement", [one for one in COLUMNS if one != "SELECT PROXY_VERSION()"])
def test_a_listing_is_filtered_alike_in_sql_and_over_http(proxysys, admin, statement):
    path, name, text = COLUMNS[statement]
    column = expected_columns(text)[0][0]
    everything = query(proxysys, statement)
    wanted = everything[-1][0]
    assert query(proxysys, f"{statement} WHERE `{column}` = '{wanted}'")[0][0] == wanted
    assert query(proxysys, f"{statement} WHERE `{column}` != '{wanted}' LIMIT 1000") == [] or len(everything) > 1
    assert len(query(proxysys, f"{statement} ORDER BY `{column}` DESC LIMIT 1")) == 1
    json_name = JSON_NAMES.get(column, column)
    picked = admin.get(path, **{json_name: wanted, "limit": 1}).json
    assert [str(row[json_name]) for row in picked[name]] == [str(wanted)]
    assert error_of(query, proxysys, f"{statement} WHERE nope = 1") == (1054, "Unknown column 'nope' in 'where clause'")
    assert error_of(query, proxysys, f"{statement} ORDER BY nope")[0] == 1054
    assert admin.get(path, filter="nope = 1").status == 400
    assert admin.get(path, nope="1").status == 400


def test_values_of_filters_are_bound(gate):
    with RawClient(gate.port).login("root@proxysys", PROXYSYS_PASSWORD) as client:
        _, found = prepared(client, "SHOW PROXYCONFIG WHERE name = ?", ("login-timeout",))
        assert [row[0] for row in found] == ["login-timeout"]
        _, found = prepared(client, "SHOW PROXYSESSION WHERE Id > ? AND User LIKE ?", (0, "ro%"))
        assert len(found) >= 1


def test_sessions_are_filtered_sorted_and_paged(open_session, admin):
    mine = [open_session(user="app@sys#obdemo", database="app") for _ in range(3)]
    ids = sorted(cs_id(one) for one in mine)
    first = mine[0]
    listed = [row[1] for row in query(first, "SHOW PROXYSESSION WHERE db = 'app' ORDER BY Id DESC")]
    assert listed == ids[::-1]
    assert [row[1] for row in query(first, "SHOW PROXYSESSION LIMIT 1, 1")] == [ids[1]]
    assert [row[1] for row in query(first, f"SHOW PROXYSESSION WHERE Id IN ({ids[0]}, {ids[2]}) AND connection_id > 0")] == [
        ids[0], ids[2]]
    assert query(first, "SHOW PROXYSESSION LIKE 'nobody'") == []
    assert len(query(first, "SHOW PROXYSESSION WHERE running = 1")) <= 1
    assert list(admin.sessions(db="app", sort="-cs_id", limit=2)) == ids[:0:-1]
    assert list(admin.sessions(db="app", cs_id_gt=ids[0], offset=1)) == ids[2:]


def test_a_detail_is_filtered_and_sorted(open_session):
    session = open_session()
    names = [row[0] for row in query(session, "SHOW PROXYSESSION ATTRIBUTE WHERE info = 'cs stat' ORDER BY attribute_name DESC")]
    assert names == ["reported_time", "modified_time"]
    assert len(query(session, "SHOW PROXYSESSION ATTRIBUTE LIMIT 5 OFFSET 36")) == 3


def test_ping_and_version_are_for_everybody(open_session, admin):
    session = open_session()
    assert query(session, "PING PROXY") in ((), [], None)
    assert len(query(session, "SHOW PROXY HELP LIKE 'KILL%'")) == 4
    version = query(session, "SELECT PROXY_VERSION()")[0][0]
    assert admin.get("/v1/version").json["version"][0]["version"] == version
    assert admin.get("/v1/ping").json == {"status": "ok", "message": None}


def test_what_is_about_the_proxy_is_not_for_ordinary_accounts(open_session, operator):
    session = open_session()
    for statement in ("SHOW PROXYCONFIG", "SHOW PROXYSTAT", "ALTER PROXYCONFIG SET login_timeout = 1s"):
        assert error_of(query, session, statement)[0] == 1227
    assert query(operator, "SHOW PROXYCONFIG LIKE 'listen'")
    assert error_of(query, operator, "ALTER PROXYCONFIG SET login_timeout = 1s")[0] == 1227


# Settings

def setting(connection, name):
    return query(connection, f"SHOW PROXYCONFIG LIKE '{name}'")[0][1]


def test_a_setting_is_changed_live(gate, proxysys, admin):
    before = setting(proxysys, "login-timeout")
    query(proxysys, "ALTER PROXYCONFIG SET login_timeout = 1500ms")
    assert setting(proxysys, "login-timeout") == "1500ms"
    done = admin.request("PUT", "/v1/config/login-timeout", body=json.dumps({"value": before}).encode())
    assert done.json["message"] == f"login-timeout = {before} (was 1500ms)"
    assert setting(proxysys, "login-timeout") == before
    gate.wait_for_log("setting_changed name=login-timeout from=1500ms")


def test_operators_can_be_named_while_the_proxy_runs(start_gate, open_session):
    gate = start_gate(operators="root")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    session = connect(gate.port)
    assert error_of(query, session, "SHOW PROXYINFO")[0] == 1227
    assert admin.request("PUT", "/v1/config/operators", body=b'{"value": "root,app"}').status == 200
    assert query(session, "SHOW PROXYINFO")
    disconnect(session)


def test_settings_that_cannot_be_changed_say_so(proxysys, admin):
    assert error_of(query, proxysys, "ALTER PROXYCONFIG SET nope = 1") == (1193, "Unknown system variable 'nope'")
    assert error_of(query, proxysys, "ALTER PROXYCONFIG SET listen = '127.0.0.1:1'")[0] == 1238
    assert error_of(query, proxysys, "ALTER PROXYCONFIG SET log_level = loud")[0] == 1231
    assert error_of(query, proxysys, "ALTER PROXYCONFIG SET login_timeout")[0] == 5010
    for name, value, status in (("nope", "1", 404), ("listen", "127.0.0.1:1", 409), ("log-level", "loud", 400)):
        answer = admin.request("PUT", f"/v1/config/{name}", body=json.dumps({"value": value}).encode())
        assert (answer.status, answer.type) == (status, "application/problem+json"), answer.text
    for body in (b"", b"x", b"[]", b'{"value": []}', b'{"values": 1}'):
        assert admin.request("PUT", "/v1/config/log-level", body=body).status == 400


def test_secrets_are_masked(proxysys):
    shown = {row[0]: row[1] for row in query(proxysys, "SHOW PROXYCONFIG")}
    assert shown["admin-token"] == shown["proxysys-password"] == "********"
    assert shown["control-password"] == ""
    assert not any(secret in str(shown.values()) for secret in (ADMIN_TOKEN, PROXYSYS_PASSWORD))


# What the proxy tells about itself

def test_statistics_and_metrics_are_the_same(open_session, proxysys, admin):
    query(open_session(), "SELECT 1")
    shown = {row[0]: row[1] for row in query(proxysys, "SHOW PROXYSTAT")}
    page = {line.rsplit(" ", 1)[0] for line in admin.get("/metrics").text.splitlines() if not line.startswith("#")}
    assert {f"sessiongate_{name}".replace("_microseconds_sum", "_seconds_sum") for name in shown} == page
    assert shown["logins_total"] >= 2


def test_times_and_errors_are_counted(open_session, proxysys):
    def counted():
        return dict(query(proxysys, "SHOW PROXYSTAT"))

    begun, before = time.monotonic(), counted()
    session = open_session()
    query(session, "SELECT SLEEP(0.3)")
    assert error_of(query, session, "SELECT nothing")[0] == 1054
    assert error_of(query, session, "SHOW PROXYSESSION ATTRIBUTE 5")[0] == 1094
    took = time.monotonic() - begun
    after = counted()

    def grown(name):
        return after[name] - before[name]

    slow = grown('command_duration_seconds_bucket{command="query",le="+Inf"}') - grown(
        'command_duration_seconds_bucket{command="query",le="0.25"}')
    assert 1 <= slow <= took / 0.25
    assert grown('command_duration_seconds_count{command="query"}') >= 2
    assert 300_000 <= grown('command_duration_microseconds_sum{command="query"}') < took * 1_000_000
    assert grown("login_duration_seconds_count") == 1
    assert grown('errors_total{side="proxy"}') == 1
    assert grown('errors_total{side="backend"}') == 1
    backend = next(name.split("{")[1] for name in after if name.startswith("backend_errors_total"))
    assert grown("backend_errors_total{" + backend) == 1
    assert grown("backend_connections_total{" + backend) == 1
    assert grown("backend_connect_duration_seconds_count{" + backend) == 1


def test_kills_are_counted_by_outcome(gate, open_session, proxysys):
    def killed():
        return dict(query(proxysys, "SHOW PROXYSTAT WHERE stat_name LIKE 'kills_total%'"))

    before = killed()
    victim = open_session()
    query(proxysys, f"KILL PROXYSESSION {cs_id(victim)}")
    error_of(query, proxysys, "KILL PROXYSESSION 999999999")
    after = killed()
    assert after['kills_total{outcome="killed"}'] == before['kills_total{outcome="killed"}'] + 1
    assert after['kills_total{outcome="not_found"}'] == before['kills_total{outcome="not_found"}'] + 1


def test_connections_are_listed_on_both_sides(gate, open_session, proxysys, mariadb):
    session = open_session()
    own = query(proxysys, f"SHOW PROXYNET CONNECTION WHERE cs_id = {cs_id(session)}")
    assert [row[3] for row in own] == ["accepted", "connected"]
    assert own[0][4:6] == ("127.0.0.1", session._sock.getsockname()[1])
    assert own[1][6:8] == ("127.0.0.1", mariadb.port)


def test_the_backend_is_shown_with_its_version(proxysys, mariadb):
    cluster, server, version, state, count = query(proxysys, "SHOW PROXYCLUSTER")[0][:5]
    assert (cluster, server, state) == ("obdemo", f"127.0.0.1:{mariadb.port}", "up")
    assert version and count >= 0


# OpenAPI

def test_the_openapi_document_has_every_command(admin, proxysys):
    answer = admin.get("/openapi.json")
    document = answer.json
    assert document["openapi"] == "3.1.0"
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert operations == {row[3] for row in query(proxysys, "SHOW PROXY HELP")}
    again = admin.request("GET", "/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.text) == (304, "")
    assert admin.request("HEAD", "/openapi.json").headers["ETag"] == answer.headers["ETag"]


# ctl

def test_ctl_lists_shows_and_kills(gate, open_session):
    session = open_session(user="app@sys#obdemo")
    listed = ctl(gate, "sessions", "--where", f"Id = {cs_id(session)}")
    assert listed.returncode == 0, listed.stderr
    header, row = listed.stdout.splitlines()
    assert header.split()[:5] == ["proxy_sessid", "Id", "Cluster", "Tenant", "User"]
    assert row.split()[1:5] == [str(cs_id(session)), "obdemo", "sys", "app"]
    assert len(ctl(gate, "show", cs_id(session), "--like", "server_s%").stdout.splitlines()) == 2
    done = ctl(gate, "kill", cs_id(session), "--json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "killed")
    gone = ctl(gate, "kill", cs_id(session))
    assert (gone.returncode, gone.stdout) == (1, "")
    assert re.fullmatch(rf"sessiongate ctl: Unknown thread id: {cs_id(session)}: that session ended at \S+Z "
                        r"\(killed: by token admin\) \(404\)\n", gone.stderr)


def test_ctl_changes_settings(gate):
    assert ctl(gate, "config", "set", "drain-timeout", "1s").stdout == "drain-timeout = 1000ms (was 1000ms)\n"
    assert ctl(gate, "config", "set", "listen", "x").returncode == 1
    assert ctl(gate, "config", "--like", "drain%", "--json").returncode == 0


def test_ctl_exits_as_it_went(gate, tmp_path):
    assert ctl(gate, "ping").stdout == "OK\n"
    assert ctl(gate, "sessions", token="wrong").returncode == 1
    assert ctl(gate, "nonsense").returncode == 2
    assert ctl(gate, "sessions", "--nonsense").returncode == 2
    assert ctl(gate).returncode == 2
    assert ctl(gate, "ping", "--token-file", str(tmp_path / "none")).returncode == 2
    assert ctl(gate, "ping", "--url", "http://127.0.0.1:1").returncode == 3
    assert ctl(gate, "ping", "--socket", str(tmp_path / "none")).returncode == 3
    token = tmp_path / "token"
    token.write_text(ADMIN_TOKEN + "\n")
    assert ctl(gate, "ping", "--token-file", token, token="").returncode == 0


def test_ctl_help_names_every_command(gate, proxysys):
    text = ctl(gate, "--help").stdout
    for row in query(proxysys, "SHOW PROXY HELP"):
        assert row[4] in text


# Documents

def test_the_documents_have_every_command(proxysys):
    commands = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    http = (ROOT / "docs/http.md").read_text(encoding="utf-8")
    for syntax, _, _, request, words in query(proxysys, "SHOW PROXY HELP"):
        assert f"`{syntax}`" in commands
        assert f"`{request}`" in http
        assert f"`{words}`" in http
