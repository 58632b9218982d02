"""Several clusters, each of one or more real servers: which one a login reaches, and what is ended where."""

import collections
import contextlib
import json
import socket

import pymysql
import pytest

from chances import fewest
from clients import (Admin, address, backends, connect, connection_id, cs_id, disconnect, error_of, is_alive, port_of, query,
                     runs_on_backend, value)
from libmariadb import ClientError, Connection
from raw_client import COM_QUERY, RawClient
from sessiongate_process import ADMIN_TOKEN, run_once
from support import duration, free_port, wait_until


def cluster(name, *servers, **given):
    return {"name": name, "backends": [each if isinstance(each, (str, dict)) else address(each) for each in servers], **given}


@pytest.fixture
def start(start_gate):
    """start(cluster('a', …), …): a gate with these clusters."""
    def run(*clusters, **given):
        return start_gate(backend=None, cluster=None, clusters=json.dumps(clusters), **given)

    return run


def wait_for_greetings(gate, count):
    wait_until(lambda: sum(each["version"] is not None for each in backends(gate).values()) == count, "all have greeted")


def test_a_login_reaches_the_cluster_that_it_names(start, session_on, mariadb, second):
    gate = start(cluster("orders", mariadb, tenants=["acme"]), cluster("reports", second, tenants=["globex"]))
    for user, server in (("app", mariadb), ("app#reports", second), ("app@x#orders", mariadb), ("app@globex", second),
                         ("reports:acme:app", second), ("app@nobody", mariadb)):
        assert port_of(session_on(gate, user=user)) == server.port, user
    listed = Admin(gate.admin_port, ADMIN_TOKEN).sessions()
    assert collections.Counter(each["cluster"] for each in listed.values()) == {"orders": 3, "reports": 3}


def test_a_cluster_that_is_not_there_is_refused_by_its_name(start, mariadb, second):
    gate = start(cluster("orders", mariadb), cluster("reports", second))
    code, text = error_of(lambda: connect(gate.port, user="app#nowhere"))
    assert (code, text) == (1045, "Access denied for user 'app': cluster 'nowhere' is not served here")


def test_the_default_cluster_can_be_another_than_the_first(start, session_on, mariadb, second):
    gate = start(cluster("orders", mariadb), cluster("reports", second), default_cluster="reports")
    assert port_of(session_on(gate)) == second.port


def test_com_change_user_stays_in_its_cluster(start, mariadb, second):
    gate = start(cluster("orders", mariadb, tenants=["acme"]), cluster("reports", second))
    for user in ("other", "other#reports", "other@nobody"):
        with Connection(gate.port, "app#reports", "app_password") as one:
            one.change_user(user, "other_password")
            assert one.value("SELECT @@port") == str(second.port)
            assert one.value("SELECT CURRENT_USER()") == "other@%"
    for user in ("other#orders", "other@acme", "other#nowhere"):
        with Connection(gate.port, "app#reports", "app_password") as one:
            with pytest.raises(ClientError) as refused:
                one.change_user(user, "other_password")
            assert refused.value.args == (1045, f"Access denied for user '{user}': it is of another cluster than this "
                                                "connection, log in anew for it")


def test_numbers_that_two_servers_give_are_not_mistaken(start, session_on, secrets, mariadb, second):
    """Both servers count their connections from one: sooner or later a number is there twice."""
    gate = start(cluster("a", mariadb), cluster("b", second), control_user="control",
                 control_password_file=secrets["control_password_file"])
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    servers = {"a": mariadb, "b": second}

    def next_id(name):
        with contextlib.closing(connect(servers[name].port)) as probe:
            return connection_id(probe)

    while (apart := next_id("a") - next_id("b")) != 0:
        for _ in range(min(abs(apart), 50)):
            next_id("b" if apart > 0 else "a")
    held = {name: {} for name in servers}
    for _ in range(10):  # the proxy's own connections may take some numbers
        for name, found in held.items():
            made = session_on(gate, user=f"app#{name}")
            found[connection_id(made)] = made
    number = (set(held["a"]) & set(held["b"])).pop()

    answer = admin.delete(f"/v1/sessions/connection_id:{number}")
    assert answer.status == 409, answer.text
    candidates = {(each["backend"], each["cs_id"]) for each in answer.json["candidates"]}
    assert candidates == {(address(servers[name]), cs_id(held[name][number])) for name in held}
    assert is_alive(held["a"][number]) and is_alive(held["b"][number])
    assert admin.delete(f"/v1/sessions/connection_id:{number}@{address(second)}").status == 200
    assert not is_alive(held["b"][number])
    assert is_alive(held["a"][number])
    assert admin.delete(f"/v1/sessions/connection_id:{number}").status == 200
    assert not is_alive(held["a"][number])


def test_a_statement_is_interrupted_on_the_server_that_runs_it(start, secrets, mariadb, second):
    """Over the control account of the session's own backend."""
    gate = start(cluster("a", mariadb), cluster("b", second), control_user="control",
                 control_password_file=secrets["control_password_file"])
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    for name, server in (("a", mariadb), ("b", second)):
        with contextlib.closing(connect(server.port, user="root", password="root_password")) as database, \
                RawClient(gate.port).login(user=f"app#{name}") as client:
            client.query("SELECT CONNECTION_ID()")
            identifier = int(client.rows[0][1:])
            client.command(COM_QUERY, b"SELECT SLEEP(60)")
            wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
            answer = admin.delete(f"/v1/sessions/{client.thread_id}")
            assert (answer.status, answer.json["outcome"], answer.json["interrupt"]) == (200, "killed", "interrupted")
            wait_until(lambda: not runs_on_backend(database, identifier), "it is interrupted")


def test_a_login_goes_on_to_the_next_backend(start, session_on, mariadb, second):
    """In their order: nobody listens at the first, and the second does not speak MySQL."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        mute = f"127.0.0.1:{silent.getsockname()[1]}"
        gate = start(cluster("a", f"127.0.0.1:{free_port()}", mute, second, mariadb), connect_timeout=duration(2), login_timeout="60s")
        wait_until(lambda: backends(gate)[address(second)]["version"], "it has greeted")
        assert [port_of(session_on(gate)) for _ in range(3)] == [second.port] * 3
        for each in (mariadb, second):
            assert backends(gate)[address(each)]["state"] == "up"
        gate.wait_for_log(f"backend_state.*{mute}.*suspect")


def test_a_backend_that_is_silent_leaves_time_for_the_others(start, session_on, mariadb):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        gate = start(cluster("a", f"127.0.0.1:{silent.getsockname()[1]}", mariadb), connect_timeout="60s",
                     login_timeout=duration(6))
        wait_until(lambda: backends(gate)[address(mariadb)]["version"], "it has greeted")
        assert port_of(session_on(gate)) == mariadb.port


def test_a_full_backend_is_passed_over_and_a_wrong_password_is_not(start, session_on, mariadb, second):
    gate = start(cluster("a", second, mariadb))
    wait_for_greetings(gate, 2)
    assert error_of(lambda: connect(gate.port, password="wrong"))[0] == 1045
    with contextlib.closing(connect(second.port, user="root", password="root_password")) as database:
        usual = value(database, "SELECT @@max_connections")
        with contextlib.ExitStack() as opened:
            opened.callback(query, database, f"SET GLOBAL max_connections = {usual}")
            query(database, "SET GLOBAL max_connections = 10")
            with contextlib.suppress(pymysql.err.OperationalError):
                while True:
                    opened.callback(disconnect, connect(second.port))

            def takes_the_last_one():  # the one that is kept for administrators
                with contextlib.suppress(pymysql.err.OperationalError):
                    opened.callback(disconnect, connect(second.port, user="root", password="root_password"))
                    return True

            wait_until(takes_the_last_one, "the last refused one has gone")
            # Whoever else leaves makes room for one of these.
            wait_until(lambda: port_of(session_on(gate)) == mariadb.port, "the full one is passed over")
    wait_until(lambda: port_of(session_on(gate)) == second.port, "it is spared for a moment only")


def test_when_no_backend_is_left_the_client_reads_why(start):
    one, other = free_port(), free_port()
    gate = start(cluster("a", f"127.0.0.1:{one}", f"127.0.0.1:{other}"))
    code, text = error_of(lambda: connect(gate.port))
    assert code == 2003
    assert text.startswith("Can't connect to MySQL server on any of '127.0.0.1:")
    assert all(f"'127.0.0.1:{port}' (2003: " in text for port in (one, other)), text
    assert Admin(gate.admin_port).get("/readyz").status == 503


def test_another_cluster_works_while_the_default_one_is_down(start, session_on, mariadb):
    gate = start(cluster("a", f"127.0.0.1:{free_port()}"), cluster("b", mariadb))
    assert error_of(lambda: connect(gate.port))[0] == 2003
    assert port_of(session_on(gate, user="app#b")) == mariadb.port
    assert Admin(gate.admin_port).get("/readyz").status == 503


def test_weights_are_kept_to(start, mariadb, second):
    gate = start(cluster("a", {"address": address(mariadb), "weight": 4}, second, order="weight"))
    wait_for_greetings(gate, 2)
    reached = collections.Counter()
    for _ in range(100):
        with contextlib.closing(connect(gate.port)) as one:
            reached[port_of(one)] += 1
    assert reached[mariadb.port] >= fewest(100, 4 / 5) and reached[second.port] >= fewest(100, 1 / 5), reached


def test_a_plain_list_of_backends_is_one_cluster(start_gate, session_on, mariadb, second):
    gate = start_gate(backend=f"127.0.0.1:{free_port()},{address(second)},unix:{mariadb.socket}", cluster="only")
    wait_until(lambda: backends(gate)[address(second)]["version"], "it has greeted")
    assert port_of(session_on(gate)) == second.port
    assert list(backends(gate))[1:] == [address(second), f"unix:{mariadb.socket}"]


def test_what_is_wrong_with_clusters_is_said_at_start():
    wrong = json.dumps([cluster("a", "127.0.0.1:1"), cluster("a", "127.0.0.1:2")])
    refused = run_once("--clusters", wrong, "--check")
    assert (refused.returncode, "--clusters: there are two clusters \"a\"" in refused.stderr) == (2, True), refused.stderr
    good = run_once("--clusters", json.dumps([cluster("a", "127.0.0.1:1")]), "--check")
    assert good.returncode == 0, good.stderr
