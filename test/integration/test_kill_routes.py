"""Each way to end a session frees its row lock and takes its thread from the server; and what a backend that does not
answer is told to be."""

import json
import signal
import time

import pytest

import raw_client as raw
from clients import Admin, connect, disconnect, error_of, exists_on_backend, query, runs_on_backend
from mariadb_server import MariadbServer
from raw_client import RawClient
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import seconds, wait_until

KILL_TIMEOUT = 1  # second


@pytest.fixture
def controlled(start_gate, secrets):
    """controlled(…): sessiongate with a control account."""
    def start(**given):
        return start_gate(control_user="control", control_password_file=secrets["control_password_file"], **given)

    return start


class Victim:
    """A session that holds the lock of a row and sleeps in a statement."""

    def __init__(self, gate, database):
        self.client = RawClient(gate.port).login(database="app")
        self.client.query("SELECT CONNECTION_ID()")
        self.connection_id = int(self.client.rows[0][1:])
        self.cs_id = self.client.thread_id
        self.client.query("BEGIN")
        self.client.query("UPDATE accounts SET balance = balance WHERE id = 2")
        self.client.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
        wait_until(lambda: runs_on_backend(database, self.connection_id), "it sleeps")


def over_sql(gate, victim, **account):
    killer = connect(gate.port, **account)
    query(killer, f"KILL PROXYSESSION {victim.cs_id}")
    disconnect(killer)


def over_http(gate, victim):
    told = Admin(gate.admin_port, ADMIN_TOKEN).delete(f"/v1/sessions/{victim.cs_id}").json
    assert (told["outcome"], told["was_running"], told["was_in_transaction"]) == ("killed", True, True)
    assert told["statement"] == "SELECT SLEEP(?)"
    assert told["ran_us"] > 0


def over_ctl(gate, victim):
    done = ctl(gate, "kill", victim.cs_id, "--json")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "killed"), done.stderr


ROUTES = {
    "owner": over_sql,
    "operator": lambda gate, victim: over_sql(gate, victim, user="operator", password="operator_password"),
    "proxysys": lambda gate, victim: over_sql(gate, victim, user="root@proxysys", password=PROXYSYS_PASSWORD),
    "http": over_http,
    "ctl": over_ctl,
    "disconnect": lambda gate, victim: victim.client.close(),
}


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_frees_the_lock_and_ends_the_thread(controlled, mariadb, database, route):
    gate = controlled()
    victim = Victim(gate, database)
    ROUTES[route](gate, victim)
    other = connect(mariadb.port, database="app")
    query(other, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
    query(other, "UPDATE accounts SET balance = balance WHERE id = 2")
    disconnect(other)
    wait_until(lambda: not exists_on_backend(database, victim.connection_id), "its thread is gone")
    victim.client.close()


# A backend that does not answer

@pytest.fixture
def own_server():
    """A database server of the test's own, which may be frozen and ended."""
    server = MariadbServer()
    yield server
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGCONT)
    server.stop()


@pytest.fixture
def asleep(own_server, controlled):
    """sessiongate in front of it, and two sessions that sleep in a statement."""
    gate = controlled(backend=f"127.0.0.1:{own_server.port}", kill_timeout=f"{KILL_TIMEOUT}s")
    root = connect(own_server.port, user="root", password="root_password")
    victim = Victim(gate, root)
    disconnect(root)
    second = RawClient(gate.port).login()
    second.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    wait_until(lambda: admin.sessions()[second.thread_id]["running"], "it runs")
    yield gate, admin, victim, second
    victim.client.close()
    second.close()


def check_bounded(begun):
    assert time.monotonic() - begun < KILL_TIMEOUT + seconds(3)


def test_a_frozen_backend_is_a_timeout_on_every_face(own_server, asleep):
    gate, admin, victim, second = asleep
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    own_server.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    refused = admin.post(f"/v1/sessions/{second.thread_id}/kill-query")
    check_bounded(begun)
    assert (refused.status, refused.json["outcome"], refused.json["target"]["cs_id"]) == (504, "timeout", second.thread_id)
    begun = time.monotonic()
    assert error_of(query, proxysys, f"KILL QUERY {second.thread_id}") == (1105, "The backend did not answer the KILL in time")
    check_bounded(begun)
    begun = time.monotonic()
    done = ctl(gate, "kill", second.thread_id, "--json")
    check_bounded(begun)
    assert (json.loads(done.stdout)["status"], json.loads(done.stdout)["outcome"]) == ("killed", "timeout")
    begun = time.monotonic()
    told = admin.delete(f"/v1/sessions/{victim.cs_id}").json
    check_bounded(begun)
    assert (told["status"], told["outcome"], told["interrupt"]) == ("killed", "timeout", "timeout")
    assert victim.client.is_closed()
    assert second.is_closed()
    own_server.process.send_signal(signal.SIGCONT)
    disconnect(proxysys)


def test_a_session_whose_backend_has_ended_is_told_as_gone(own_server, asleep):
    gate, admin, victim, second = asleep
    own_server.process.kill()
    own_server.process.wait()
    gate.wait_for_log(rf"session_closed cs_id={victim.cs_id} .*reason=backend_gone")
    gone = admin.delete(f"/v1/sessions/{victim.cs_id}")
    assert (gone.status, gone.json["outcome"]) == (404, "not_found")
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    wait_until(lambda: second.thread_id not in admin.sessions(), "the other ends, too")
    assert error_of(query, proxysys, f"KILL PROXYSESSION {second.thread_id}")[0] == 1094
    disconnect(proxysys)
