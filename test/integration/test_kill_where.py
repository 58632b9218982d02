"""KILL PROXYSESSION WHERE, POST /v1/kill and ctl kill-where: what a dry run lists is what is hit, and nobody else."""

import contextlib
import json
import re
import time

import pytest

import raw_client as raw
from clients import (Admin, connect, connection_id, cs_id, disconnect, error_of, exists_on_backend, is_alive, query, rows,
                     runs_on_backend, value)
from raw_client import RawClient
from result_sets import binary_row, definition, split_packets
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, SessiongateProcess, ctl, write_secret
from support import seconds, wait_until

TOKENS = """
grafana viewer viewer-token-of-grafana
ops operator operator-token-of-ops
"""
PROXYSYS = {"user": "root@proxysys", "password": PROXYSYS_PASSWORD}
COLUMNS = ["Id", "connection_id", "User", "Tenant", "Cluster", "Host", "db", "Command", "Time", "State", "idle",
           "in_transaction", "Info", "outcome", "interrupt", "message", "elapsed_us"]


@pytest.fixture(scope="module")
def gate(mariadb, secrets, tmp_path_factory):
    from conftest import _settings
    tokens = write_secret(tmp_path_factory.mktemp("tokens"), "tokens", TOKENS)
    process = SessiongateProcess(**_settings(mariadb, secrets, {
        "operators": "operator", "admin_tokens_file": tokens, "rights_cache_time": "0ms", "control_user": "control",
        "control_password_file": secrets["control_password_file"], "kill_where_max": 8}))
    yield process
    process.stop()


@pytest.fixture(scope="module", autouse=True)
def accounts(mariadb):
    with contextlib.closing(connect(mariadb.port, user="root", password="root_password")) as root:
        for name, right in (("where_sees", "PROCESS"), ("where_ends", "SUPER")):
            query(root, f"CREATE USER {name}@'%' IDENTIFIED BY '{name}_password'")
            query(root, f"GRANT {right} ON *.* TO {name}@'%'")
        yield
        for name in ("where_sees", "where_ends"):
            query(root, f"DROP USER {name}@'%'")


@pytest.fixture(autouse=True)
def alone(gate):
    """The sessions of the test before are gone: predicates are about everybody."""
    wait_until(lambda: not listed(gate, "User != 'root'"), "nobody is left")


class Crowd:
    """Sessions that stay as they are: three idle ones, two that hold a row lock in a transaction, one that runs a statement
    in its transaction, and two of another account."""

    def __init__(self, gate, open_session, database):
        self.idle = [open_session(database="app") for _ in range(3)]
        self.open = [open_session(database="app") for _ in range(2)]
        for row, session in enumerate(self.open, 1):
            query(session, "BEGIN")
            query(session, f"UPDATE accounts SET balance = balance WHERE id = {row}")
        self.others = [open_session(user="other", password="other_password") for _ in range(2)]
        self.sleeper = RawClient(gate.port).login(database="app")
        self.sleeper.query("SELECT CONNECTION_ID()")
        self.sleeps_as = int(self.sleeper.rows[0][1:])
        self.sleeper.query("BEGIN")
        self.sleeper.query("UPDATE accounts SET balance = balance WHERE id = 3")
        self.sleeper.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
        wait_until(lambda: runs_on_backend(database, self.sleeps_as), "it sleeps")
        self.in_transaction = {cs_id(one) for one in self.open} | {self.sleeper.thread_id}
        self.threads = [connection_id(one) for one in self.idle + self.others]


@pytest.fixture
def crowd(gate, open_session, database):
    made = Crowd(gate, open_session, database)
    yield made
    made.sleeper.close()


# Each face gives {cs_id: outcome}, or the error's text.

def over_sql(gate, predicate, dry_run=False, query_mode=False, limit=None, reason=None, tail="", **login):
    text = f"KILL PROXYSESSION {'QUERY ' if query_mode else ''}WHERE {predicate} {tail}"
    text += f" LIMIT {limit}" if limit else ""
    text += f" COMMENT '{reason}'" if reason else ""
    text += " DRY RUN" if dry_run else ""
    connection = connect(gate.port, **(login or PROXYSYS))
    try:
        found = rows(connection, text)
        assert not found or list(found[0]) == COLUMNS
        return {row["Id"]: row["outcome"] for row in found}
    except Exception as error:
        return error.args
    finally:
        disconnect(connection)


def over_prepared(gate, predicate, dry_run=False, query_mode=False, limit=None, reason=None):
    """The values of the predicate go as parameters."""
    text, values = predicate, []
    for word in predicate.split():
        if word[0] in "'0123456789":
            text = text.replace(word, "?", 1)
            values.append(int(word) if word.isdigit() else word.strip("'"))
    text = f"KILL PROXYSESSION {'QUERY ' if query_mode else ''}WHERE {text}"
    text += f" LIMIT {limit}" if limit else ""
    text += f" COMMENT '{reason}'" if reason else ""
    text += " DRY RUN" if dry_run else ""
    with RawClient(gate.port).login("root@proxysys", PROXYSYS_PASSWORD) as client:
        announced, identifier = client.prepare(text)
        packets = list(split_packets(client.execute(identifier, values)))
        columns = [definition(packet) for packet in packets[1:1 + packets[0][0]]]
        behind_parameters = list(split_packets(announced))[1 + len(values) + 1:]
        assert [definition(packet) for packet in behind_parameters[:len(columns)]] == columns
        assert [column[0] for column in columns] == COLUMNS
        found = [binary_row(row, columns) for row in client.rows]
        return {int(row[0]): row[COLUMNS.index("outcome")] for row in found}


def over_http(gate, predicate, dry_run=False, query_mode=False, limit=None, reason=None, token=ADMIN_TOKEN, **more):
    body = {"filter": predicate, "dry_run": dry_run, **more}
    body.update({"mode": "query"} if query_mode else {}, **({"limit": limit} if limit else {}),
                **({"reason": reason} if reason else {}))
    told = Admin(gate.admin_port, token).request("POST", "/v1/kill", body=json.dumps(body).encode())
    if told.status != 200:
        return (told.status, told.json["detail"])
    assert told.json["dry_run"] == dry_run
    assert told.json["matched"] >= len(told.json["targets"]) >= told.json["killed"]
    return {row["cs_id"]: row["outcome"] for row in told.json["targets"]}


def over_ctl(gate, predicate, dry_run=False, query_mode=False, limit=None, reason=None):
    words = ["kill-where", predicate, "--json"] + (["--dry-run"] if dry_run else [])
    words += (["--mode", "query"] if query_mode else []) + (["--limit", limit] if limit else [])
    words += ["--reason", reason] if reason else []
    done = ctl(gate, *words)
    told = json.loads(done.stdout)
    assert done.returncode == (0 if "targets" in told else 1), done.stderr
    return {row["cs_id"]: row["outcome"] for row in told["targets"]} if "targets" in told else (told["status"], told["detail"])


FACES = {"sql": over_sql, "prepared": over_prepared, "http": over_http, "ctl": over_ctl}


def listed(gate, predicate):
    """What SHOW FULL PROXYPROCESSLIST shows for the same predicate."""
    proxysys = connect(gate.port, **PROXYSYS)
    found = {row["Id"] for row in rows(proxysys, f"SHOW FULL PROXYPROCESSLIST WHERE {predicate}")}
    disconnect(proxysys)
    return found


@pytest.mark.parametrize("face", FACES)
def test_a_dry_run_is_what_the_kill_hits(gate, crowd, database, face):
    predicate = "User = 'app' AND in_transaction = 1"
    assert listed(gate, predicate) == crowd.in_transaction
    before = len(Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/kills").json["kills"])
    would = FACES[face](gate, predicate, dry_run=True)
    assert would == dict.fromkeys(crowd.in_transaction, "matched")
    assert all(is_alive(one) for one in crowd.idle + crowd.open + crowd.others)
    assert runs_on_backend(database, crowd.sleeps_as)
    assert len(Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/kills").json["kills"]) == before, "a dry run leaves no record"

    done = FACES[face](gate, predicate, reason="holds locks")
    assert done == dict.fromkeys(crowd.in_transaction, "killed")
    assert not any(is_alive(one) for one in crowd.open)
    assert all(is_alive(one) for one in crowd.idle + crowd.others), "nobody else was hit"
    wait_until(lambda: not exists_on_backend(database, crowd.sleeps_as), "the thread of the running one is gone")
    query(database, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
    query(database, "UPDATE app.accounts SET balance = balance WHERE id IN (1, 2, 3)")
    records = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/kills").json["kills"][:3]
    assert {record["cs_id"] for record in records} == crowd.in_transaction
    closed = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/closed-sessions", detail_like="%holds locks").json
    assert crowd.in_transaction <= {session["cs_id"] for session in closed["closed_sessions"]}
    assert FACES[face](gate, predicate) == {}, "nothing matches any more"


@pytest.mark.parametrize("face", FACES)
def test_a_limit_hits_the_first_ones(gate, crowd, face):
    first = min(crowd.in_transaction)
    assert FACES[face](gate, "User = 'app' AND in_transaction = 1", dry_run=True, limit=1) == {first: "matched"}
    assert FACES[face](gate, "User = 'app' AND in_transaction = 1", limit=1) == {first: "killed"}
    assert listed(gate, "User = 'app' AND in_transaction = 1") == crowd.in_transaction - {first}


def test_more_than_the_maximum_is_refused_as_a_whole(gate, crowd, open_session):
    """kill-where-max is 8; here are 9 and more of app."""
    more = [open_session() for _ in range(3)]
    refusal = "9 sessions match, and no more than 8 may be hit: nothing was done"
    for dry_run in (True, False):
        code, text = over_sql(gate, "User = 'app'", dry_run=dry_run)
        assert (code, text[:len(refusal)]) == (1105, refusal)
        status, text = over_http(gate, "User = 'app'", dry_run=dry_run)
        assert (status, text[:len(refusal)]) == (409, refusal)
        status, text = over_ctl(gate, "User = 'app'", dry_run=dry_run)
        assert (status, text[:len(refusal)]) == (409, refusal)
    assert all(is_alive(one) for one in crowd.idle + crowd.open + more)
    assert len(over_http(gate, "User = 'app'", dry_run=True, max=9)) == 9
    assert over_http(gate, "User = 'app'", dry_run=True, max=1)[0] == 409
    assert len(over_sql(gate, "User = 'app'", dry_run=True, limit=20)) == 9, "LIMIT says how many by itself"


def test_queries_are_interrupted_and_sessions_stay(gate, crowd, database):
    done = over_sql(gate, "Info LIKE 'SELECT SLEEP%'", query_mode=True)
    assert done == {crowd.sleeper.thread_id: "query_interrupted"}
    crowd.sleeper.read_response()
    crowd.sleeper.query("SELECT 1")
    assert crowd.sleeper.rows
    assert over_http(gate, f"cs_id = {crowd.sleeper.thread_id}", query_mode=True) == {crowd.sleeper.thread_id: "already_idle"}
    assert exists_on_backend(database, crowd.sleeps_as)


def test_the_caller_is_hit_when_it_says_so(gate, open_session):
    own, sibling = open_session(), open_session()
    assert over_one(own, "User = 'app' DRY RUN") == {cs_id(sibling): "matched"}
    assert over_one(own, "User = 'app'") == {cs_id(sibling): "killed"}
    assert is_alive(own)
    assert over_one(own, "User = 'app' INCLUDE SELF DRY RUN") == {cs_id(own): "matched"}
    assert over_one(own, "User = 'app' INCLUDE SELF") == {cs_id(own): "killed_self"}
    assert not is_alive(own)
    gate.wait_for_log(f"session_closed cs_id={cs_id(own)}")


def over_one(connection, text):
    return {row["Id"]: row["outcome"] for row in rows(connection, f"KILL PROXYSESSION WHERE {text}")}


def test_an_accounts_own_statement_is_interrupted_over_its_connection(start_gate, database):
    """Without a control account: the killer's own server session does it, for one after the other."""
    gate = start_gate(operators="")
    sleepers = []
    for _ in range(3):
        sleeper = RawClient(gate.port).login()
        sleeper.query("SELECT CONNECTION_ID()")
        thread = int(sleeper.rows[0][1:])
        sleeper.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
        wait_until(lambda thread=thread: runs_on_backend(database, thread), "it sleeps")
        sleepers.append((sleeper, thread))
    killer = connect(gate.port)
    told = rows(killer, "KILL PROXYSESSION WHERE Command = 'Query'")
    assert [(row["outcome"], row["interrupt"]) for row in told] == [("killed", "interrupted")] * 3
    for sleeper, thread in sleepers:
        wait_until(lambda thread=thread: not exists_on_backend(database, thread), "its thread is gone")
        sleeper.close()
    assert is_alive(killer)
    disconnect(killer)


def test_who_may_not_kill_a_session_is_not_told_of_it(gate, open_session):
    names = {}
    for login in ("app@sys", "app@t1", "other@sys", "operator@sys", "where_ends@t1"):
        user = login.split("@")[0]
        names[cs_id(open_session(user=login, password=f"{user}_password"))] = login

    def hits(**given):
        found = over_sql(gate, "address = '127.0.0.1' LIMIT 100", dry_run=True, **given)
        return {names.get(each) for each in found} - {None}

    def account(login):
        return {"user": login, "password": login.split("@")[0] + "_password"}

    everybody = set(names.values())
    assert hits(**account("app@sys")) == {"app@sys"}
    assert hits(**account("app@t1")) == {"app@t1"}
    assert hits(**account("where_sees@sys")) == set(), "PROCESS shows others and ends none"
    assert hits(**account("where_ends@sys")) == {"app@sys", "other@sys", "operator@sys"}
    assert hits(**account("where_ends@t1")) == {"app@t1", "where_ends@t1"}
    assert hits(**account("operator")) == hits(**PROXYSYS) == everybody
    for token in (ADMIN_TOKEN, "operator-token-of-ops"):
        found = over_http(gate, "address = '127.0.0.1'", dry_run=True, token=token, limit=100)
        assert {names.get(each) for each in found} - {None} == everybody
    status, text = over_http(gate, "address = '127.0.0.1'", dry_run=True, token="viewer-token-of-grafana")
    assert status == 403 and "may not kill_session" in text
    status, text = over_http(gate, "address = '127.0.0.1'", query_mode=True, token="viewer-token-of-grafana")
    assert status == 403 and "may not kill_query" in text
    assert Admin(gate.admin_port, "nope").request("POST", "/v1/kill", body=b'{"filter": "cs_id > 0"}').status == 401


def test_predicates_that_cannot_be_hit_nobody(gate, crowd):
    assert over_sql(gate, "nope = 1") == (1054, "Unknown column 'nope' in 'where clause'")
    assert over_http(gate, "nope = 1") == (400, "Unknown column 'nope' in 'where clause'")
    assert over_ctl(gate, "nope = 1") == (400, "Unknown column 'nope' in 'where clause'")
    assert over_sql(gate, "idle > 'x'")[0] == 1292
    assert over_sql(gate, "User = 'app' OR 1 = 1")[0] == 5010
    assert over_http(gate, "")[0] == 400
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    for body in (b"", b"{}", b'{"where": {}}', b'{"where": {"user": "app", "user": "other"}}', b'{"filter": "User = 1", "all": true}'):
        assert admin.request("POST", "/v1/kill", body=body).status == 400
    assert admin.get("/v1/kill").status == 405
    proxysys = connect(gate.port, **PROXYSYS)
    assert error_of(query, proxysys, "KILL PROXYSESSION WHERE")[0] == 5010
    disconnect(proxysys)
    assert all(is_alive(one) for one in crowd.idle + crowd.open + crowd.others)


def test_a_where_object_says_the_same(gate, crowd):
    admin = Admin(gate.admin_port, ADMIN_TOKEN)

    def hits(where):
        told = admin.request("POST", "/v1/kill", body=json.dumps({"where": where, "dry_run": True, "max": 50}).encode())
        assert told.status == 200, told.text
        return {row["cs_id"] for row in told.json["targets"]}

    assert hits({"user": "app", "in_transaction": True}) == crowd.in_transaction
    assert hits({"user": {"ne": "other"}, "in_transaction": True, "command": ["Query", "Execute"]}) == {crowd.sleeper.thread_id}
    assert hits({"user": "app", "idle": {"ge": 0}, "db": "app"}) == {cs_id(one) for one in crowd.idle + crowd.open}
    assert hits({"user": "other", "db": None}) == {cs_id(one) for one in crowd.others}
    assert hits({"user": "other", "idle": None}) == set()
    assert hits({"cs_id": {"in": [cs_id(crowd.idle[0]), 5]}}) == {cs_id(crowd.idle[0])}
    assert hits({"user": "app", "age": {"gt": 86400}}) == set()


def test_columns_of_the_predicate_are_listed_in_json(gate, crowd):
    (row,) = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/processes", cs_id=cs_id(crowd.open[0])).json["processes"]
    assert (row["in_transaction"], row["address"]) == (True, "127.0.0.1")
    assert 0 <= row["idle"] <= row["age"] < 600
    (row,) = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/processes", cs_id=crowd.sleeper.thread_id).json["processes"]
    assert (row["in_transaction"], row["idle"]) == (True, None)


def test_ids_that_say_which_they_are(gate, mariadb, open_session):
    session = open_session()
    thread, own = connection_id(session), cs_id(session)
    proxysys = connect(gate.port, **PROXYSYS)
    for text in (f"CS_ID {own}", f"CONNECTION_ID {thread}", f"CONNECTION_ID {thread}@127.0.0.1:{mariadb.port}",
                 f"CONNECTION_ID {thread}@'127.0.0.1'"):
        assert dict(row[:2] for row in query(proxysys, f"SHOW PROXYSESSION ATTRIBUTE {text}"))["cs_id"] == str(own)
        assert query(proxysys, f"SHOW PROXYSESSION STAT {text}")
    for text in (f"CS_ID {thread}", f"CONNECTION_ID {own}", f"CONNECTION_ID {thread}@127.0.0.2", f"CONNECTION_ID {thread}@db:1"):
        assert error_of(query, proxysys, f"KILL PROXYSESSION {text}")[0] == 1094
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    for text in (f"cs_id:{own}", f"connection_id:{thread}", f"connection_id%3A{thread}%40127.0.0.1%3A{mariadb.port}"):
        assert admin.get(f"/v1/sessions/{text}").json["cs_id"] == own
    assert admin.get(f"/v1/sessions/cs_id:{thread}").status == 404
    assert admin.get("/v1/sessions/cs_id:x").status == 400
    assert json.loads(ctl(gate, "show", f"connection_id:{thread}@127.0.0.1:{mariadb.port}", "--json").stdout)["cs_id"] == own
    assert query(proxysys, f"KILL PROXYSESSION CONNECTION_ID {thread}@127.0.0.1:{mariadb.port} COMMENT 'by its backend'") == []
    assert not is_alive(session)
    wait_until(lambda: query(proxysys, f"SHOW PROXYSESSION CLOSED WHERE Id = {own} AND detail LIKE '%: by its backend'"), "it is told")
    assert value(proxysys, f"SHOW PROXYSESSION KILLS WHERE cs_id = {own}") > 0
    disconnect(proxysys)


def test_the_id_of_an_ended_session_says_so_to_who_may_know(gate, mariadb, open_session):
    gone = open_session()
    own, thread, wide = cs_id(gone), connection_id(gone), value(gone, f"SHOW PROXYSESSION WHERE Id = {cs_id(gone)}")
    disconnect(gone)
    gate.wait_for_log(f"session_closed cs_id={own}")
    told = r"Unknown thread id: (\d+): that session ended at \d{4}-\d\d-\d\dT[\d:.]+Z \(client_quit\)"
    callers = {"app": True, "where_sees": True, "operator": True, "other": False, "where_ends": False, "app@t1": False}
    for login, knows in callers.items():
        session = open_session(user=login, password=login.split("@")[0] + "_password")
        for text in (own, thread, wide, f"CS_ID {own}", f"CONNECTION_ID {thread}@127.0.0.1:{mariadb.port}"):
            for command in ("KILL PROXYSESSION", "KILL PROXYSESSION QUERY", "SHOW PROXYSESSION ATTRIBUTE"):
                code, message = error_of(query, session, f"{command} {text}")
                assert code == 1094
                assert bool(re.fullmatch(told, message)) == knows, (login, command, text, message)
                assert knows or re.fullmatch(r"Unknown thread id: \d+", message)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    for text in (own, thread, wide, f"connection_id:{thread}"):
        answer = admin.delete(f"/v1/sessions/{text}")
        assert (answer.status, answer.json["outcome"]) == (404, "not_found")
        ended = answer.json["ended"]
        assert (ended["cs_id"], ended["proxy_sessid"], ended["reason"], ended["detail"]) == (own, str(wide), "client_quit", None)
    assert "ended" not in admin.delete("/v1/sessions/5").json


@pytest.mark.parametrize("face", ["sql", "http"])
def test_all_are_waited_for_at_the_same_time(gate, crowd, face):
    """AFTER TRANSACTION: none of the three ends its transaction, so all are killed at the timeout, and not one timeout later
    each; with a second one the transactions that end by themselves end their sessions."""
    predicate = "User = 'app' AND in_transaction = 1"
    begun = time.monotonic()
    if face == "sql":
        done = over_sql(gate, predicate, tail="AFTER TRANSACTION TIMEOUT 4")
    else:
        done = over_http(gate, predicate, after="transaction", timeout=4)
    assert done == dict.fromkeys(crowd.in_transaction, "killed")
    assert 4 <= time.monotonic() - begun < 3 * 4
    assert not any(is_alive(one) for one in crowd.open)
    assert all(is_alive(one) for one in crowd.idle)
    assert over_http(gate, "User = 'app' AND in_transaction = 0", after="statement") == {
        cs_id(one): "killed" for one in crowd.idle}, "who is idle is ended at once"
