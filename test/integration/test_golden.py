"""For each command of the command table, exactly: its columns, their types and a row of it, in SQL as text and prepared,
and its JSON. SHOW PROXY HELP tells which commands there are; one without an entry here fails."""

import json
import re
import struct

import pytest

from clients import connect, cs_id, disconnect, query
from raw_client import COM_QUERY, RawClient
from result_sets import LONGLONG, VAR_STRING, binary_row, definition, split_packets, text_row
from conftest import _settings
from sessiongate_process import PROXYSYS_PASSWORD, SessiongateProcess
from support import wait_until

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ADDRESS = r"127\.0\.0\.1:\d+"
NUMBER = r"\d+"
NOBODY = "127.0.0.1:1"  # a backend that is never there


class Listing:
    """A command that gives rows. A line of `golden` is a column: its name in SQL and in JSON (- where it has none), its kind,
    and what it shows of the session that the tests look at. Kinds: n a number, c one without sign, b a number that JSON shows
    as true or false, u a number without sign that JSON shows as text, t a text."""

    def __init__(self, statement, path, array, golden):
        self.statement, self.path, self.array = statement, path, array
        self.columns = [line.split(maxsplit=3) for line in golden.strip().splitlines()]
        self.shown = [column for column in self.columns if column[0] != "-"]

    def wire_columns(self):
        return [(name, VAR_STRING if kind == "t" else LONGLONG, kind in "cu") for name, _, kind, _ in self.shown]


DETAIL = """
attribute_name - t cs_id
value          - t {id}
info           - t cs common
"""
PROCESS = r"""
Id                cs_id             n {id}
User              user              t app
Host              host              t {address}
db                db                t app
Command           command           t Sleep
Time              time              n {number}
State             state             t client_read
Info              info              t NULL
connection_id     connection_id     n {connection_id}
Tenant            tenant            t sys
Cluster           cluster           t obdemo
backend           backend           t {address}
waits_us          waits_us          n {number}
queued_bytes      queued_bytes      n 0
time_us           time_us           n {number}
transaction_us    transaction_us    n NULL
requests          requests          n {number}
bytes_from_client bytes_from_client n {number}
bytes_from_server bytes_from_server n {number}
program           program           t golden
driver            driver            t pymysql .+
client_pid        client_pid        t {number}
statement_bytes   statement_bytes   n NULL
recoverable_when_ended recoverable_when_ended t no_credentials
recoverable_when_lost recoverable_when_lost t no_credentials
-                 idle              n {number}
-                 age               n {number}
-                 in_transaction    b 0
-                 address           t 127\.0\.0\.1
"""
TARGET = """
Id             cs_id          n {id}
connection_id  connection_id  n {connection_id}
User           user           t app
Tenant         tenant         t sys
Cluster        cluster        t obdemo
Host           host           t {address}
db             db             t app
Command        command        t Sleep
Time           time           n {number}
State          state          t client_read
idle           idle           n {number}
in_transaction in_transaction b 0
Info           info           t NULL
outcome        outcome        t matched
interrupt      interrupt      t NULL
message        message        t NULL
elapsed_us     elapsed_us     n NULL
"""
DRAIN = r"""
number             number             n {number}
at                 at                 t {time}
by                 by                 t root@proxysys \(cs_id \d+\)
what               what               t `User` = \d+
after              after              t transaction
timeout_ms         timeout_ms         n 5000
reason             reason             t golden
state              state              t done
total              total              n 0
ended              ended              n 0
killed             killed             n 0
ended_otherwise    ended_otherwise    n 0
released           released           n 0
waiting            waiting            n 0
elapsed_us         elapsed_us         n {number}
"""
LISTINGS = {
    "SHOW PROXYSESSION [filter]": Listing("SHOW PROXYSESSION WHERE Id = ?", "/v1/sessions?cs_id={id}", "sessions", r"""
proxy_sessid      proxy_sessid      u \d{19}
Id                cs_id             n {id}
Cluster           cluster           t obdemo
Tenant            tenant            t sys
User              user              t app
Host              host              t {address}
db                db                t app
trans_count       trans_count       n 0
svr_session_count svr_session_count n 1
state             state             t MCS_ACTIVE_READER
tid               tid               n {number}
pid               pid               n {pid}
using_ssl         using_ssl         b 0
-                 connection_id     n {connection_id}
-                 backend           t {address}
-                 in_transaction    b 0
-                 running           b 0
-                 connected_at      t {time}
-                 address           t 127\.0\.0\.1
"""),
    "SHOW PROXYSESSION CLOSED [filter]": Listing(
        "SHOW PROXYSESSION CLOSED WHERE Id = ?", "/v1/closed-sessions?cs_id={gone}", "closed_sessions", r"""
proxy_sessid       proxy_sessid       u \d{19}
Id                 cs_id              n {gone}
Cluster            cluster            t obdemo
Tenant             tenant             t sys
User               user               t app
Host               host               t {address}
db                 db                 t NULL
reason             reason             t client_quit
detail             detail             t NULL
closed_at          closed_at          t {time}
connected_at       connected_at       t {time}
lived_ms           lived_ms           n {number}
connection_id      connection_id      n {number}
trans_count        trans_count        n 0
bytes_from_client  bytes_from_client  n {number}
bytes_from_server  bytes_from_server  n {number}
was_running        was_running        b 0
was_in_transaction was_in_transaction b 0
"""),
    "SHOW PROXYSESSION DRAINS [filter]": Listing("SHOW PROXYSESSION DRAINS WHERE number = ?", "/v1/drains?number={drain}", "drains", DRAIN),
    "DRAIN PROXYSESSION [where] [options]": Listing(
        "DRAIN PROXYSESSION WHERE User = ? TIMEOUT 5 COMMENT 'golden'", "/v1/drains?reason=golden&limit=1", "drains", DRAIN),
    "DRAIN PROXYCLUSTER cluster BACKEND backend [options]": Listing(
        f"DRAIN PROXYCLUSTER obdemo BACKEND '{NOBODY}' TIMEOUT 5 COMMENT 'golden backend'",
        "/v1/drains?reason=golden%20backend&limit=1", "drains",
        DRAIN.replace(r"`User` = \d+", f"backend {NOBODY} of cluster obdemo").replace("t golden", "t golden backend")),
    "CANCEL PROXYSESSION DRAIN number": Listing("CANCEL PROXYSESSION DRAIN ?", "/v1/drains?number={drain}", "drains", DRAIN),
    "SHOW PROXYSESSION KILLS [filter]": Listing(
        "SHOW PROXYSESSION KILLS WHERE cs_id = ?", "/v1/kills?cs_id={killed}", "kills", r"""
number             number             n {number}
at                 at                 t {time}
by                 by                 t app@sys#obdemo \(cs_id {id}\)
face               face               t sql
by_address         by_address         t {address}
verb               verb               t kill_session
id                 id                 t {killed}
reason             reason             t NULL
outcome            outcome            t killed
proxy_sessid       proxy_sessid       u \d{19}
cs_id              cs_id              n {killed}
ss_id              ss_id              n NULL
connection_id      connection_id      n {number}
Cluster            cluster            t obdemo
Tenant             tenant             t sys
User               user               t app
Host               host               t {address}
db                 db                 t NULL
backend            backend            t {address}
was_running        was_running        b 0
statement          statement          t NULL
ran_us             ran_us             n NULL
was_in_transaction was_in_transaction b 0
interrupt          interrupt          t not_needed
backend_error      backend_error      n NULL
message            message            t NULL
recoverable        recoverable        b NULL
obstacle           obstacle           t NULL
ending             ending             t at_once
waited_us          waited_us          n 0
elapsed_us         elapsed_us         n {number}
"""),
    "SHOW PROXYEVENTS [filter]": Listing(
        "SHOW PROXYEVENTS WHERE cs_id = ? AND type = 'session_closed'", "/v1/events?cs_id={gone}&type=session_closed", "events", r"""
id            id            n \d{16}
at            at            t {time}
type          type          t session_closed
proxy_sessid  proxy_sessid  u \d{19}
cs_id         cs_id         n {gone}
connection_id connection_id n {number}
Cluster       cluster       t obdemo
Tenant        tenant        t sys
User          user          t app
Host          host          t {address}
db            db            t NULL
backend       backend       t {address}
outcome       outcome       t client_quit
detail        detail        t NULL
statement     statement     t NULL
duration_us   duration_us   n {number}
kill_number   kill_number   n NULL
by            by            t NULL
reason        reason        t NULL
"""),
    "SHOW [FULL] PROXYPROCESSLIST [filter]": Listing(
        "SHOW FULL PROXYPROCESSLIST WHERE Id = ?", "/v1/processes?cs_id={id}", "processes", PROCESS),
    "SHOW PROXYSESSION VARIABLES [ALL] [id] [filter]": Listing(
        "SHOW PROXYSESSION VARIABLES ? WHERE value = '4711'", "/v1/sessions/{id}/variables?value=4711", "variables", r"""
variable_name     variable_name     t max_join_size
value             value             t 4711
info              info              t changed sys var
modified_type     modified_type     t cold modified vars
sys_variable_flag sys_variable_flag t  && global_scope && session_scope
"""),
    "SHOW PROXYSESSION STAT|STATS [id] [filter]": Listing(
        "SHOW PROXYSESSION STAT ? LIKE 'client_requests'", "/v1/sessions/{id}/stats?like=client_requests", "stats", r"""
stat_name stat_name t client_requests
value     value     n [1-9]\d*
"""),
    "SHOW PROXYCONFIG [filter]": Listing("SHOW PROXYCONFIG WHERE name = 'cluster'",
                                         "/v1/config?name=cluster", "settings", r"""
name          name          t cluster
value         value         t obdemo
info          info          t the backends' cluster name; .+
need_reboot   need_reboot   b 1
visible_level visible_level t .+
"""),
    "SHOW PROXYNET CONNECTION [filter]": Listing(
        "SHOW PROXYNET CONNECTION WHERE cs_id = ? AND type = 'accepted'", "/v1/net/connections?cs_id={id}&type=accepted",
        "connections", r"""
thread_id       thread_id     c {number}
cs_id           cs_id         c {id}
ss_id           ss_id         c NULL
type            type          t accepted
src_ip          src_ip        t 127\.0\.0\.1
src_port        src_port      c {number}
dst_ip          dst_ip        t NULL
dst_port        dst_port      c NULL
alive_time(sec) alive_seconds c {number}
state           state         t .+
"""),
    "SHOW PROXYNET THREAD [filter]": Listing("SHOW PROXYNET THREAD LIMIT 1", "/v1/net/threads?limit=1", "threads", r"""
net_thread_id                   net_thread_id                   c {number}
current_client_connection_count current_client_connection_count c {number}
total_client_connection_count   total_client_connection_count   c {number}
total_logins                    total_logins                    c {number}
total_commands                  total_commands                  c {number}
total_admin_commands            total_admin_commands            c {number}
total_client_read_bytes         total_client_read_bytes         c {number}
total_server_read_bytes         total_server_read_bytes         c {number}
"""),
    "SHOW PROXYSTAT [filter]": Listing("SHOW PROXYSTAT LIKE 'draining'", "/v1/stats?like=draining", "stats", r"""
stat_name stat_name t draining
value     value     c 0
"""),
    "SHOW PROXYMEMORY [filter]": Listing("SHOW PROXYMEMORY LIKE 'heap'", "/v1/memory?like=heap", "memory", r"""
mod_name mod_name t heap
mod_type mod_type t heap
hold     hold     c {number}
used     used     c {number}
count    count    c {number}
avg_used avg_used c {number}
"""),
    "SHOW PROXYINFO [BINARY] [filter]": Listing("SHOW PROXYINFO LIKE 'pid'", "/v1/info?like=pid", "info", r"""
name name t pid
info info t {pid}
"""),
    "SHOW PROXYCLUSTER [filter]": Listing("SHOW PROXYCLUSTER WHERE version IS NOT NULL", "/v1/clusters?version_is_null=false", "clusters", r"""
cluster_name      cluster_name      t obdemo
server            server            t {address}
version           version           t .+
state             state             t up
svr_session_count svr_session_count c {number}
health            health            t up
reason            reason            t NULL
since             since             t {time}
retry_ms          retry_ms          c NULL
addresses         addresses         t {address}
backend_order     backend_order     t failover
weight            weight            c 1
credentials       credentials       t none
login_count       login_count       c {number}
failure_count     failure_count     c {number}
connect_us        connect_us        c {number}
check_us          check_us          c NULL
check_problem     check_problem     t NULL
read_only         read_only         b NULL
risky_routines    risky_routines    c NULL
"""),
    "SELECT PROXY_VERSION()": Listing("SELECT PROXY_VERSION()", "/v1/version", "version", r"""
PROXY_VERSION() version t \d+\.\d+\.\d+
"""),
    "SHOW PROXY HELP [filter]": Listing("SHOW PROXY HELP LIKE 'PING PROXY'", "/v1/help?like=PING%20PROXY", "commands", r"""
syntax sql  t PING PROXY
help   help t .+
kind   kind t ask_proxy
http   http t GET /v1/ping
ctl    ctl  t ping
"""),
}
SEVERAL = {"KILL PROXYSESSION [QUERY] WHERE predicate [options]": Listing(
    "KILL PROXYSESSION WHERE cs_id = ? DRY RUN", "/v1/kill", "targets", TARGET)}
DETAILS = {"SHOW PROXYSESSION ATTRIBUTE [id] [filter]": Listing("SHOW PROXYSESSION ATTRIBUTE ? LIKE 'cs_id'", "", "", DETAIL)}
KILLED = {"outcome": "killed", "status": "killed", "cs_id": "{id}", "proxy_sessid": r"\d{{19}}", "ss_id": None, "connection_id": NUMBER, "user": "app",
          "interrupt": "not_needed", "backend_error": None, "backend_sqlstate": None, "backend_answer": None,
          "elapsed_us": NUMBER, "was_running": False, "statement": None, "ran_us": None, "was_in_transaction": False,
          "ending": "at_once", "waited_us": NUMBER, "ended_with": None, "recoverable": None, "obstacle": None}
OK_BODY = {"status": "ok", "message": None}
ACTIONS = {  # statement with ?, its parameters, method, path, body of the request, body of the answer
    "KILL PROXYSESSION id [options]": ("KILL PROXYSESSION ?", ["id"], "DELETE", "/v1/sessions/{id}", None, KILLED),
    "KILL PROXYSESSION id ss_id [options]": ("KILL PROXYSESSION ? ?", ["id", "ss_id"], "DELETE",
                                             "/v1/sessions/{id}/server-sessions/{ss_id}", None, {**KILLED, "ss_id": "{ss_id}", "recoverable": False,
                                                                                                   "obstacle": "no_credentials"}),
    "KILL PROXYSESSION QUERY id [options]": ("KILL PROXYSESSION QUERY ?", ["id"], "POST", "/v1/sessions/{id}/kill-query", None,
                                             {**KILLED, "outcome": "already_idle", "status": "already_idle", "connection_id": None}),
    "ALTER PROXYCONFIG SET name = value": ("ALTER PROXYCONFIG SET drain_timeout = '1000ms'", [], "PUT", "/v1/config/drain-timeout",
                                           b'{"value": "1s"}', {"status": "ok", "message": r"drain-timeout = 1000ms \(was 1000ms\)"}),
    "UNDRAIN PROXYCLUSTER cluster BACKEND backend": (
        f"UNDRAIN PROXYCLUSTER obdemo BACKEND '{NOBODY}'", [], "POST", f"/v1/clusters/obdemo/backends/{NOBODY}/undrain", None,
        {"status": "ok", "message": f"{NOBODY} (takes logins again|was not drained)"}),
    "PING PROXY": ("PING PROXY", [], "GET", "/v1/ping", None, OK_BODY),
}


def check(pattern, shown):
    if pattern in ("NULL", None):
        assert shown is None
    else:
        assert shown is not None and re.fullmatch(pattern, shown), f"{shown!r} is not {pattern!r}"


class Subject:
    """The session that the tests look at, another one that has ended, and what is known of them."""

    def __init__(self, gate):
        self.session = connect(gate.port, user="app@sys#obdemo", database="app", program_name="golden")
        gone = connect(gate.port, user="app@sys#obdemo")
        self.known = {"gone": cs_id(gone), "id": cs_id(self.session), "pid": gate.pid, "address": ADDRESS, "number": NUMBER,
                      "time": TIME, "connection_id": query(self.session, "SELECT CONNECTION_ID()")[0][0]}
        disconnect(gone)
        killed = connect(gate.port, user="app@sys#obdemo")
        self.known["killed"] = cs_id(killed)
        query(self.session, f"KILL PROXYSESSION {cs_id(killed)}")
        disconnect(killed)
        proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        self.known["drain"] = query(proxysys, "DRAIN PROXYSESSION WHERE User = 0 TIMEOUT 5 COMMENT 'golden'")[0][0]
        query(proxysys, f"DRAIN PROXYCLUSTER obdemo BACKEND '{NOBODY}' TIMEOUT 5 COMMENT 'golden backend'")
        disconnect(proxysys)
        query(self.session, "SET SESSION max_join_size = 4711")
        self.known["ss_id"] = dict(row[:2] for row in query(self.session, "SHOW PROXYSESSION ATTRIBUTE"))["ss_id"]

    def fill(self, pattern):
        """Names in braces; the braces of patterns stay."""
        return re.sub(r"\{(\w+)\}", lambda found: str(self.known.get(found[1], found[0])), pattern)

    def parameters(self, statement):
        if "CLOSED" in statement or "EVENTS" in statement:
            return [self.known["gone"]]
        if "DRAIN" in statement and "?" in statement and not statement.startswith("DRAIN"):
            return [self.known["drain"]]
        if "KILLS" in statement:
            return [self.known["killed"]]
        return [self.known["id"]] * statement.count("?")


@pytest.fixture(scope="module")
def gate(mariadb, secrets):
    """As in conftest.py, with one more backend, for tests to drain."""
    process = SessiongateProcess(**_settings(mariadb, secrets, {"backend": f"127.0.0.1:{mariadb.port},{NOBODY}"}))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def subject(gate):
    made = Subject(gate)
    yield made
    disconnect(made.session)


@pytest.fixture
def raw(gate):
    with RawClient(gate.port).login("root@proxysys", PROXYSYS_PASSWORD) as client:
        yield client


def test_every_command_has_its_golden_entry(open_session):
    proxysys = open_session(user="root@proxysys", password=PROXYSYS_PASSWORD)
    known = {row[0] for row in query(proxysys, "SHOW PROXY HELP")}
    assert known == set(LISTINGS) | set(DETAILS) | set(SEVERAL) | set(ACTIONS)


def given_as_text(raw, statement, parameters):
    for one in parameters:
        statement = statement.replace("?", str(one), 1)
    packets = list(split_packets(raw.query(statement)))
    columns = [definition(packet) for packet in packets[1:1 + packets[0][0]]]
    return columns, [text_row(row, columns) for row in raw.rows]


def given_prepared(raw, statement, parameters):
    announced, identifier = raw.prepare(statement)
    assert identifier is not None, announced
    first = next(split_packets(announced))
    assert struct.unpack("<HH", first[5:9])[1] == len(parameters)
    packets = list(split_packets(raw.execute(identifier, parameters)))
    columns = [definition(packet) for packet in packets[1:1 + packets[0][0]]]
    behind_parameters = list(split_packets(announced))[1 + len(parameters) + bool(parameters):]
    assert [definition(packet) for packet in behind_parameters[:len(columns)]] == columns, "what was announced comes"
    return columns, [binary_row(row, columns) for row in raw.rows]


@pytest.mark.parametrize("how", [given_as_text, given_prepared])
@pytest.mark.parametrize("syntax", [*LISTINGS, *DETAILS, *SEVERAL])
def test_columns_types_and_row_in_sql(raw, subject, syntax, how):
    golden = {**LISTINGS, **DETAILS, **SEVERAL}[syntax]
    parameters = subject.parameters(golden.statement)
    if "CLOSED" in syntax or "EVENTS" in syntax:
        wait_until(lambda: given_as_text(raw, golden.statement, parameters)[1], "it is listed")
    columns, rows = how(raw, golden.statement, parameters)
    assert columns == golden.wire_columns()
    assert len(rows) == 1
    for (_, _, _, pattern), shown in zip(golden.shown, rows[0], strict=True):
        check(subject.fill(pattern).lstrip(), shown if shown is None else shown.lstrip())


@pytest.mark.parametrize("syntax", LISTINGS)
def test_names_types_and_row_in_json(admin, subject, syntax):
    golden = LISTINGS[syntax]
    path = subject.fill(golden.path)
    body = wait_until(lambda: admin.get(path).json[golden.array] and admin.get(path).json, "it is listed")
    assert list(body) == [golden.array, "count", "total"]
    assert body["count"] == 1
    (row,) = body[golden.array]
    check_json(golden, subject, row)


def check_json(golden, subject, row):
    assert list(row) == [name for _, name, _, _ in golden.columns if name != "-"]
    types = {"n": int, "c": int, "b": bool, "u": str, "t": str}
    for _, name, kind, pattern in golden.columns:
        assert row[name] is None or type(row[name]) is types[kind], name
        shown = None if row[name] is None else str(int(row[name])) if kind == "b" else str(row[name])
        check(subject.fill(pattern).lstrip(), shown if shown is None else shown.lstrip())


@pytest.mark.parametrize("syntax", SEVERAL)
def test_what_would_be_hit_in_json(admin, subject, syntax):
    golden = SEVERAL[syntax]
    asked = json.dumps({"where": {"cs_id": subject.known["id"]}, "dry_run": True}).encode()
    body = admin.request("POST", golden.path, body=asked).json
    assert list(body) == ["dry_run", "mode", "matched", "killed", "targets"]
    assert (body["dry_run"], body["mode"], body["matched"], body["killed"]) == (True, "session", 1, 0)
    (row,) = body[golden.array]
    check_json(golden, subject, row)


def test_a_session_in_detail_in_json(admin, subject):
    body = admin.get(f"/v1/sessions/{subject.known['id']}").json
    assert list(body) == [
        "proxy_sessid", "cs_id", "cluster", "tenant", "user", "host_ip", "host_port", "db", "total_trans_cnt", "svr_session_cnt",
        "active", "read_state", "tid", "pid", "idc_name", "modified_time", "reported_time", "hot_sys_var_version",
        "sys_var_version", "user_var_version", "last_insert_id_version", "db_name_version", "server_sessions"]
    assert (body["cs_id"], body["user"], body["db"], body["active"]) == (subject.known["id"], "app", "app", False)
    (server,) = body["server_sessions"]
    assert list(server) == [
        "server_ip", "server_port", "server_sessid", "ss_id", "state", "transact_count", "server_trans_stat",
        "hot_sys_var_version", "sys_var_version", "user_var_version", "last_insert_id_version", "db_name_version",
        "is_checksum_supported", "is_safe_read_weak_supported", "is_checksum_switch_supported", "checksum_switch",
        "enable_extra_ok_packet_for_stats", "info"]
    assert (server["server_sessid"], server["info"]) == (subject.known["connection_id"], "last used ss")


@pytest.mark.parametrize("face", ["text", "prepared", "json"])
@pytest.mark.parametrize("syntax", ACTIONS)
def test_what_acts_answers_ok(gate, raw, admin, syntax, face):
    statement, names, method, path, request, body = ACTIONS[syntax]
    victim = Subject(gate)
    parameters = [int(victim.known[name]) for name in names]
    if face == "json":
        answer = admin.request(method, victim.fill(path), body=request)
        assert (answer.status, answer.type) == (200, "application/json"), answer.text
        assert list(answer.json) == list(body)
        for name, pattern in body.items():
            shown = answer.json[name]
            if pattern is None or isinstance(pattern, bool):
                assert shown is pattern
                continue
            filled = victim.fill(pattern.replace("{{", "{").replace("}}", "}"))
            check(filled, None if shown is None else str(shown))
    elif face == "prepared":
        announced, identifier = raw.prepare(statement)
        assert struct.unpack("<IHH", next(split_packets(announced))[1:9]) == (identifier, 0, len(parameters))
        assert raw.execute(identifier, parameters)[4] == 0
    else:
        for one in parameters:
            statement = statement.replace("?", str(one), 1)
        raw.command(COM_QUERY, statement.encode())
        assert raw.read_response()[4] == 0
    ended = "KILL PROXYSESSION id" in syntax
    if ended and "ss_id" not in syntax:
        assert admin.get(f"/v1/sessions/{victim.known['id']}").status == 404
    else:
        left = admin.get(f"/v1/sessions/{victim.known['id']}").json["server_sessions"]
        assert len(left) == (0 if ended else 1)
    disconnect(victim.session)


def test_every_count_of_a_session_is_there(open_session):
    """The names of STAT, in their order."""
    sizes = [f"{name}_size_{size}_count" for name in ("request", "response") for size in ("100", "1K", "3K", "5K", "10K", "1M", "inf")]
    assert [row[0] for row in query(open_session(), "SHOW PROXYSESSION STAT")] == [
        "total_transaction_count", "total_query_count", "client_request_total_size", "client_response_total_size",
        "server_request_total_size", "server_response_total_size", "total_transactions_time", "total_client_response_write_time",
        "total_client_transaction_idle_time", "total_server_process_request_time", "total_server_response_read_time",
        "client_requests", "client_internal_requests", "client_completed_requests", "client_select_requests",
        "client_insert_requests", "client_update_requests", "client_delete_requests", "client_prepared_requests",
        "client_other_requests", *sizes, "server_requests", "server_responses", "server_error_responses",
        "server_resultset_responses", "server_ok_responses", "server_other_responses"]


def test_what_the_proxy_tells_of_itself(open_session):
    proxysys = open_session(user="root@proxysys", password=PROXYSYS_PASSWORD)
    assert [row[0] for row in query(proxysys, "SHOW PROXYINFO")] == [
        "version", "compiler", "pid", "started_at", "uptime_seconds", "workers", "listen", "admin_listen", "config_file", "draining"]
    assert [row[:2] for row in query(proxysys, "SHOW PROXYMEMORY")] == [
        ("resident", "process"), ("heap", "heap"), ("worker_read_buffers", "buffer"), ("logins", "buffer"),
        ("client_sessions", "record")]
