"""The control account: its connections are kept and limited, and what it kills is the thread that is meant or nothing."""

import concurrent.futures
import contextlib
import re
import signal
import time

import pytest

import raw_client as raw
from clients import (Admin, connect, connection_id, cs_id, end_thread, error_of, exists_on_backend, query,
                     runs_on_backend, value)
from forwarder import PROXY_NETWORKS, Forwarder
from mariadb_server import CONTROL_PASSWORD, MariadbServer
from raw_client import RawClient
from sessiongate_process import ADMIN_TOKEN
from support import SESSIONS, freeze, seconds, wait_until

KILL_TIMEOUT = 2  # seconds
FIRST_PAUSE = 0.1  # seconds after the first login that failed; longer after more


@pytest.fixture
def controlled(start_gate, secrets):
    """controlled(…): sessiongate with a control account, whose first connection has been made."""
    def start(**given):
        gate = start_gate(**{"control_user": "control", "control_password_file": secrets["control_password_file"],
                             "health_check_interval": "0", **given})  # checks have a connection that would count
        gate.wait_for_log("control_connected|control_account_failed")
        return gate

    return start


@pytest.fixture
def own_server():
    """A database server of the test's own, which may be frozen, filled and restarted."""
    server = MariadbServer(PROXY_NETWORKS)
    yield server
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGCONT)
    server.stop()


@pytest.fixture
def clients():
    """Closes what is appended to it."""
    with contextlib.ExitStack() as opened:
        class Opened(list):
            def append(self, client):
                super().append(client)
                opened.callback(client.close)
                return client

        yield Opened()


def root_of(server):
    return connect(server.port, user="root", password="root_password")


def sleepers(gate, root, clients, count, statement="SELECT SLEEP(600)"):
    """Clients that run it: by cs_id, their connection_ids."""
    asleep = {}
    for client in [clients.append(RawClient(gate.port).login()) for _ in range(count)]:
        client.query("SELECT CONNECTION_ID()")
        asleep[client.thread_id] = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, statement.encode())
    numbers = ", ".join(map(str, asleep.values()))
    wait_until(lambda: value(root, "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                             f"WHERE ID IN ({numbers}) AND INFO IS NOT NULL") == count, "they run")
    return asleep


def kill_over_http(gate, identifier):
    return Admin(gate.admin_port, ADMIN_TOKEN).delete(f"/v1/sessions/{identifier}").json


def kill_all(gate, identifiers):
    with concurrent.futures.ThreadPoolExecutor(len(identifiers)) as pool:
        return list(pool.map(lambda each: kill_over_http(gate, each), identifiers))


def control_threads(root, user="control"):
    return [row[0] for row in query(root, "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s", user)]


def bystander_numbered(port, number, clients):
    """A client of the server itself that has this connection_id, and runs SLEEP."""
    while True:
        client = RawClient(port).login(user="other", password="other_password")
        if client.thread_id == number:
            client.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
            return clients.append(client)
        assert client.thread_id < number, "the number was used already"
        client.close()


# Kept, and limited.

def test_one_connection_is_made_at_start_and_used_for_one_kill_after_the_other(controlled, database, clients):
    gate = controlled()
    before = wait_until(lambda: len(threads := control_threads(database)) == 1 and threads, "those of earlier tests have ended")
    for identifier in sleepers(gate, database, clients, 3):
        assert kill_over_http(gate, identifier)["outcome"] == "killed"
    assert control_threads(database) == before
    assert "control_connections 1\n" in Admin(gate.admin_port).get("/metrics").text


def test_many_kills_at_once_wait_for_few_connections(controlled, database, clients):
    """They do not SLEEP: while MariaDB kills one that does, others that do stand still."""
    gate = controlled(control_connections_max=3, kill_timeout="60s")
    wait_until(lambda: len(control_threads(database)) == 1, "those of earlier tests have ended")
    query(database, "BEGIN")
    query(database, "SELECT * FROM app.accounts WHERE id = 3 FOR UPDATE")
    asleep = sleepers(gate, database, clients, SESSIONS,
                      "SET STATEMENT innodb_lock_wait_timeout = 600 FOR SELECT * FROM app.accounts WHERE id = 3 FOR UPDATE")
    assert {told["outcome"] for told in kill_all(gate, asleep)} == {"killed"}
    query(database, "ROLLBACK")
    gone = ", ".join(map(str, asleep.values()))
    wait_until(lambda: not query(database, f"SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN ({gone})"),
               "their threads are gone")
    assert 1 <= len(control_threads(database)) <= 3
    assert gate.log().count("control_connected") <= 3


def test_an_unused_connection_is_closed_in_time(controlled, database, clients):
    gate = controlled(control_idle_timeout="500ms")
    wait_until(lambda: not control_threads(database), "it is closed")
    (victim,) = sleepers(gate, database, clients, 1)
    assert kill_over_http(gate, victim)["outcome"] == "killed"
    wait_until(lambda: gate.log().count("control_connected") == 2, "another one was made")
    wait_until(lambda: not control_threads(database), "it is closed, too")


@pytest.mark.parametrize("how", ["wait_timeout", "killed"])
def test_a_connection_that_the_backend_has_closed_is_made_anew(controlled, own_server, clients, how):
    root = root_of(own_server)
    if how == "wait_timeout":
        query(root, f"SET GLOBAL wait_timeout = {int(seconds(3))}")
    gate = controlled(backend=f"127.0.0.1:{own_server.port}")
    (before,) = control_threads(root)
    victims = [clients.append(connect(gate.port, init_command="SET SESSION wait_timeout = 600")) for _ in range(2)]
    for each in victims:
        each._execute_command(raw.COM_QUERY, "SELECT SLEEP(600)")
    if how == "killed":
        query(root, f"KILL {before}")
    wait_until(lambda: not control_threads(root), "it is closed")
    for each in victims:
        assert kill_over_http(gate, cs_id(each))["outcome"] == "killed"
    assert before not in control_threads(root)


def test_a_server_that_was_restarted_is_logged_in_to_again(controlled, own_server, clients):
    gate = controlled(backend=f"127.0.0.1:{own_server.port}")
    own_server.restart()
    root = root_of(own_server)
    (victim,) = sleepers(gate, root, clients, 1)
    assert kill_over_http(gate, victim)["outcome"] == "killed"


def logins_failed(gate):
    return gate.log().count("control_account_failed")


def test_a_login_that_fails_is_not_tried_again_for_each_kill(start_gate, database, clients):
    gate = start_gate(control_user="control", environment={"SESSIONGATE_CONTROL_PASSWORD": "wrong"}, health_check_interval="0")
    gate.wait_for_log("control_account_failed .*1045")
    asleep = sleepers(gate, database, clients, 30)
    before, begun = logins_failed(gate), time.monotonic()
    told = kill_all(gate, asleep)
    took = time.monotonic() - begun
    assert {(each["outcome"], each["backend_error"]) for each in told} == {("backend_refused", 1045)}
    assert logins_failed(gate) - before <= 1 + took / FIRST_PAUSE
    for identifier in asleep.values():
        end_thread(database, identifier)


def test_a_backend_that_is_full_has_a_place_for_it(controlled, own_server, clients):
    root = root_of(own_server)
    gate = controlled(backend=f"127.0.0.1:{own_server.port}", control_connections_max=4)
    asleep = sleepers(gate, root, clients, 8)
    query(root, f"KILL {control_threads(root)[0]}")
    wait_until(lambda: not control_threads(root), "its connection is closed")
    connections = value(root, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Daemon'")
    query(root, f"SET GLOBAL max_connections = {max(connections, 10)}")
    with contextlib.suppress(Exception):
        while True:
            clients.append(connect(own_server.port))
    assert error_of(connect, own_server.port)[0] == 1040
    assert {told["outcome"] for told in kill_all(gate, asleep)} == {"killed"}
    query(root, "SET GLOBAL max_connections = 1000")


def test_kills_that_wait_for_a_frozen_backend_end_in_time(controlled, own_server, clients):
    root = root_of(own_server)
    gate = controlled(backend=f"127.0.0.1:{own_server.port}", kill_timeout=f"{KILL_TIMEOUT}s",
                      control_connections_max=2)
    asleep = sleepers(gate, root, clients, 20)
    freeze(own_server.process)
    begun = time.monotonic()
    assert {told["outcome"] for told in kill_all(gate, asleep)} == {"timeout"}
    assert time.monotonic() - begun < 8 * KILL_TIMEOUT  # ten times as long on two connections, one after the other
    own_server.process.send_signal(signal.SIGCONT)
    (victim,) = sleepers(gate, root, clients, 1)
    assert kill_over_http(gate, victim)["outcome"] == "killed"


def test_over_tls(tls_gate, tls_server, secrets, clients):
    root = root_of(tls_server)
    query(root, f"CREATE USER control_tls@'%' IDENTIFIED BY '{CONTROL_PASSWORD}' REQUIRE SSL")
    query(root, "GRANT CONNECTION ADMIN, PROCESS ON *.* TO control_tls@'%'")
    gate = tls_gate(backend="required", control_user="control_tls", health_check_interval="0",
                    control_password_file=secrets["control_password_file"])
    gate.wait_for_log("control_connected")
    for victim in sleepers(gate, root, clients, 3):
        assert kill_over_http(gate, victim)["outcome"] == "killed"
    assert len(control_threads(root, "control_tls")) == 1
    query(root, "DROP USER control_tls@'%'")
    query(root, f"KILL {control_threads(root, 'control_tls')[0]}")


def test_nothing_of_it_is_left_when_the_proxy_ends(controlled, database):
    gate = controlled()
    gate.stop()
    wait_until(lambda: not control_threads(database), "its connections are closed")


# The thread that is meant, or nothing.

BLIND = {"control_user": "control_blind"}  # without PROCESS


def check_refused(told):
    assert (told["outcome"], told["status"]) == ("backend_unreachable", "killed")
    assert "another server" in told["backend_answer"]


@pytest.mark.parametrize("given, transparent", [({}, True), (BLIND, True), ({}, False)],
                         ids=["sees", "blind", "translated"])
def test_a_restarted_server_loses_no_other_thread_of_the_same_number(controlled, own_server, clients, given, transparent):
    """The victim's connection stays open, as when a host goes without a word: only who answers now can tell."""
    forwarder = clients.append(Forwarder(own_server.port, transparent))
    gate = controlled(backend=f"127.0.0.1:{forwarder.port}", **given)
    for _ in range(40):
        connect(own_server.port).close()  # a new server counts up to the victim's number, not past it
    root = root_of(own_server)
    victims = sleepers(gate, root, clients, 2)
    forwarder.keep_open = True
    time.sleep(3)  # uptime is told in whole seconds
    own_server.restart()
    root = root_of(own_server)
    (first, number), (second, _) = victims.items()
    bystander_numbered(own_server.port, number, clients)
    answer = Admin(gate.admin_port, ADMIN_TOKEN).post(f"/v1/sessions/{first}/kill-query")
    assert (answer.status, answer.json["outcome"]) == (502, "backend_unreachable"), answer.text
    check_refused(kill_over_http(gate, first))
    assert runs_on_backend(root, number)
    check_refused(kill_over_http(gate, second))


@pytest.mark.parametrize("given", [{}, BLIND], ids=["sees", "blind"])
def test_another_server_at_the_address_loses_no_thread(controlled, clients, given):
    with contextlib.ExitStack() as servers:
        one, two = MariadbServer(PROXY_NETWORKS), MariadbServer(PROXY_NETWORKS)
        servers.callback(one.stop)
        servers.callback(two.stop)
        for _ in range(60):
            connect(one.port).close()
        forwarder = clients.append(Forwarder(one.port))
        gate = controlled(backend=f"127.0.0.1:{forwarder.port}", **given)
        root = root_of(one)
        ((victim, number),) = sleepers(gate, root, clients, 1).items()
        forwarder.target = two.port
        bystander_numbered(two.port, number, clients)
        with contextlib.closing(root_of(two)) as other_root:
            query(root, f"KILL {control_threads(root, given.get('control_user', 'control'))[0]}")
            answer = Admin(gate.admin_port, ADMIN_TOKEN).post(f"/v1/sessions/{victim}/kill-query")
            assert (answer.status, answer.json["outcome"]) == (502, "backend_unreachable"), answer.text
            check_refused(kill_over_http(gate, victim))
            assert runs_on_backend(other_root, number)
            assert runs_on_backend(root, number)


def test_the_killers_own_connection_may_be_to_another_server(start_gate, clients):
    with contextlib.ExitStack() as servers:
        one, two = MariadbServer(PROXY_NETWORKS), MariadbServer(PROXY_NETWORKS)
        servers.callback(one.stop)
        servers.callback(two.stop)
        for _ in range(60):
            connect(one.port).close()
        forwarder = clients.append(Forwarder(one.port))
        gate = start_gate(backend=f"127.0.0.1:{forwarder.port}")
        root, other_root = root_of(one), root_of(two)
        ((victim, number),) = sleepers(gate, root, clients, 1).items()
        forwarder.target = two.port
        bystander_numbered(two.port, number, clients)
        killer = clients.append(connect(gate.port, user="root", password="root_password"))
        assert connection_id(killer) > number  # so the numbers tell nothing
        number_of_error, text = error_of(query, killer, f"KILL QUERY {victim}")
        assert number_of_error == 1105 and "another server" in text
        with killer.cursor() as cursor:
            cursor.execute(f"KILL PROXYSESSION {victim}")
        ((level, _, text),) = query(killer, "SHOW WARNINGS")
        assert level == "Warning" and "backend_unreachable: another server" in text
        assert runs_on_backend(other_root, number)
        assert runs_on_backend(root, number)


def test_a_thread_that_has_ended_meanwhile_is_no_error(controlled, database, clients):
    gate = controlled()
    ((victim, identifier),) = sleepers(gate, database, clients, 1).items()
    query(database, f"KILL {identifier}")
    wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")
    told = kill_over_http(gate, victim)
    assert told.get("status") in ("killed", 404)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_backend_that_is_told_the_clients_address_shows_that_one(controlled, clients, version):
    with contextlib.ExitStack() as servers:
        server = MariadbServer(PROXY_NETWORKS)
        servers.callback(server.stop)
        gate = controlled(backend=f"127.0.0.1:{server.port}", backend_proxy_protocol=version)
        for victim in sleepers(gate, root_of(server), clients, 2):
            assert kill_over_http(gate, victim)["outcome"] == "killed"
        assert re.search("control_connected .*sees_threads=yes", gate.log())


def test_over_a_unix_socket_there_are_no_ports(controlled, own_server, clients):
    gate = controlled(backend=f"unix:{own_server.socket}")
    for victim in sleepers(gate, root_of(own_server), clients, 2):
        assert kill_over_http(gate, victim)["outcome"] == "killed"
    assert re.search("control_connected .*sees_threads=no", gate.log())
