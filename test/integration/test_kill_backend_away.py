"""Kills while the backend is frozen, restarted or cannot be reached: each ends within its bound, and says what is true."""

import contextlib
import json
import signal
import threading
import time

import pytest

import raw_client as raw
from clients import LOST, Admin, connect, disconnect, error_of, exists_on_backend, is_alive, query, runs_on_backend
from mariadb_server import MariadbServer
from raw_client import RawClient
from relays import CuttingRelay, Relay
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import duration, freeze, seconds, wait_until
from victim import Victim

KILL_TIMEOUT = 2  # seconds
CROWD = 24
# MariaDB does not look meanwhile whether the client is there, as it does in SLEEP.
WAITS = "SET STATEMENT innodb_lock_wait_timeout = 600 FOR SELECT * FROM accounts WHERE id = 3 FOR UPDATE"


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
    assert time.monotonic() - begun < KILL_TIMEOUT + seconds(8)


def test_a_frozen_backend_is_a_timeout_on_every_face(own_server, asleep):
    gate, admin, victim, second = asleep
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    freeze(own_server.process)
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
    assert victim.client.was_killed()
    assert second.was_killed()
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


def info_of(connection, statement):
    """The text in the OK of a statement. PyMySQL leaves its length, one byte, in front of it."""
    query(connection, statement)
    return connection._result.message[1:].decode()  # pylint: disable=protected-access


class Killer(threading.Thread):
    """Sends one kill, and keeps what it was told and when."""

    def __init__(self, kill):
        super().__init__(daemon=True)
        self._kill = kill
        self.told = None
        self.seconds = None
        self.start()

    def run(self):
        begun = time.monotonic()
        self.told = self._kill()
        self.seconds = time.monotonic() - begun

    def wait(self, limit):
        self.join(limit)
        assert not self.is_alive(), "a kill is not answered"
        return self.told


def test_many_kills_of_a_frozen_backend_at_once_are_all_answered_in_time(own_server, controlled):
    gate = controlled(backend=f"127.0.0.1:{own_server.port}", kill_timeout=f"{KILL_TIMEOUT}s")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    crowd = [RawClient(gate.port).login() for _ in range(CROWD)]
    for client in crowd:
        client.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
    wait_until(lambda: sum(session["running"] for session in admin.sessions().values()) == CROWD, "they run")
    proxysys = [connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD) for _ in range(CROWD // 2)]
    freeze(own_server.process)
    over_sql = [Killer(lambda by=by, at=at: info_of(by, f"KILL PROXYSESSION {at.thread_id}"))
                for by, at in zip(proxysys, crowd)]
    over_http = [Killer(lambda at=at: admin.delete(f"/v1/sessions/{at.thread_id}").json) for at in crowd[CROWD // 2:]]
    for killer in over_sql:
        assert killer.wait(seconds(30)).startswith("Closed, but its statement was not interrupted: timeout")
    for killer in over_http:
        told = killer.wait(seconds(30))
        assert (told["status"], told["outcome"], told["was_running"]) == ("killed", "timeout", True)
    assert max(killer.seconds for killer in over_sql + over_http) < KILL_TIMEOUT + seconds(7)  # one after the other they take longer
    assert all(client.was_killed() for client in crowd)
    assert [kill["outcome"] for kill in admin.get("/v1/kills").json["kills"]] == ["timeout"] * CROWD
    own_server.process.send_signal(signal.SIGCONT)
    after = connect(gate.port)
    assert is_alive(after)
    query(proxysys[0], f"KILL PROXYSESSION {after.thread_id()}")  # the control account is well again
    for connection in (after, *proxysys):
        disconnect(connection)


def test_a_kill_in_flight_when_the_backend_restarts_is_told_truly_and_hits_nobody_there(own_server, controlled):
    gate = controlled(backend=f"127.0.0.1:{own_server.port}", kill_timeout=duration(60))
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    for _ in range(40):
        disconnect(connect(own_server.port))  # a new server counts up to the victim's number, not past it
    root = connect(own_server.port, user="root", password="root_password")
    victim = Victim(gate, root)
    freeze(own_server.process)
    killer = Killer(lambda: admin.delete(f"/v1/sessions/{victim.cs_id}").json)
    assert victim.client.was_killed()  # it has begun
    own_server.restart()
    strangers = []
    while not strangers or strangers[-1].thread_id() < victim.connection_id:
        strangers.append(connect(own_server.port))
    assert strangers[-1].thread_id() == victim.connection_id
    told = killer.wait(seconds(60))
    assert (told["status"], told["was_running"]) == ("killed", True)
    assert told["outcome"] in ("killed", "backend_unreachable"), told  # its thread has ended with the server
    assert killer.seconds < seconds(50), "it did not wait for its timeout"
    for identifier, answer in ((victim.cs_id, 404), (victim.connection_id, 404)):
        assert admin.delete(f"/v1/sessions/{identifier}").status == answer
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    for statement in ("KILL PROXYSESSION", "KILL", "KILL QUERY"):
        assert error_of(query, proxysys, f"{statement} {victim.connection_id}")[0] == 1094
    assert all(map(is_alive, strangers))
    for connection in (proxysys, *strangers):
        disconnect(connection)


def test_after_a_restart_an_old_id_names_nobody_and_new_sessions_are_killed(own_server, controlled):
    gate = controlled(backend=f"127.0.0.1:{own_server.port}")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    old = connect(gate.port)
    own_server.restart()
    wait_until(lambda: not admin.sessions(), "the old session has ended with its server")
    assert admin.delete(f"/v1/sessions/{old.thread_id()}").json["outcome"] == "not_found"
    root = connect(own_server.port, user="root", password="root_password")
    victim = Victim(gate, root)
    assert admin.delete(f"/v1/sessions/{victim.connection_id}").json["outcome"] == "killed"
    wait_until(lambda: not exists_on_backend(root, victim.connection_id), "its thread is gone")
    disconnect(root)


@pytest.fixture
def cut_off(mariadb, controlled, database):
    """sessiongate whose backend takes no connections any more, and a session that waits for a row there."""
    with contextlib.closing(Relay(mariadb.port)) as relay:
        gate = controlled(backend=f"127.0.0.1:{relay.port}", kill_timeout=duration(5))
        query(database, "BEGIN")
        query(database, "SELECT * FROM app.accounts WHERE id = 3 FOR UPDATE")
        victim = Victim(gate, database, statement=WAITS)
        owner = connect(gate.port)
        proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        relay.close()
        relay.drop(b"control\0")
        yield gate, victim, owner, proxysys
        relay.drop()
        query(database, "ROLLBACK")
        wait_until(lambda: not exists_on_backend(database, victim.connection_id), "its thread is gone")
        for connection in (owner, proxysys):
            disconnect(connection)


def test_an_unreachable_backend_is_told_on_both_faces_and_the_session_stays_for_kill_query(cut_off, database):
    gate, victim, _, proxysys = cut_off
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    refused = admin.post(f"/v1/sessions/{victim.cs_id}/kill-query")
    assert (refused.status, refused.json["outcome"], refused.json["target"]["cs_id"]) == (502, "backend_unreachable", victim.cs_id)
    number, text = error_of(query, proxysys, f"KILL QUERY {victim.cs_id}")
    assert number == 1105
    assert text.startswith("The statement could not be interrupted: its backend cannot be reached")
    assert admin.sessions()[victim.cs_id]["running"]
    told = admin.delete(f"/v1/sessions/{victim.cs_id}").json
    assert (told["status"], told["outcome"], told["interrupt"]) == ("killed", "backend_unreachable", "backend_unreachable")
    assert victim.client.was_killed()
    assert runs_on_backend(database, victim.connection_id, "FOR UPDATE")  # as it was told


def test_an_unreachable_backend_is_told_in_the_ok_of_a_kill(cut_off):
    _, victim, _, proxysys = cut_off
    told = info_of(proxysys, f"KILL PROXYSESSION {victim.cs_id}")
    assert told.startswith("Closed, but its statement was not interrupted: backend_unreachable")
    assert victim.client.was_killed()


def test_a_killer_with_a_session_of_its_own_needs_no_new_connection_to_the_backend(cut_off, database):
    _, victim, owner, _ = cut_off
    assert info_of(owner, f"KILL PROXYSESSION {victim.cs_id}") == ""
    wait_until(lambda: not exists_on_backend(database, victim.connection_id), "its thread is gone")


def connect_stranger(gate):
    """A session of another account, whose rights the proxy knows already."""
    killer = connect(gate.port, user="other", password="other_password")
    assert error_of(query, killer, "KILL PROXYSESSION 4294967295")[0] == 1094
    return killer


def test_a_plain_kill_that_a_frozen_backend_does_not_answer_is_a_timeout(own_server, asleep):
    gate, admin, victim, second = asleep
    killer = connect_stranger(gate)
    freeze(own_server.process)
    begun = time.monotonic()
    assert error_of(query, killer, f"KILL {victim.cs_id}") == (1105, "The backend did not answer the KILL in time")
    check_bounded(begun)
    (told,) = wait_until(lambda: admin.get("/v1/kills", cs_id=victim.cs_id).json["kills"], "it is recorded")
    assert (told["outcome"], told["interrupt"], told["connection_id"]) == ("timeout", "timeout", victim.connection_id)
    assert {victim.cs_id, second.thread_id} <= set(admin.sessions())
    own_server.process.send_signal(signal.SIGCONT)
    disconnect(killer)


def test_a_plain_kill_whose_connection_is_lost_is_no_refusal(mariadb, controlled):
    with contextlib.closing(CuttingRelay(mariadb.port, b"KILL ")) as relay:
        gate = controlled(backend=f"127.0.0.1:{relay.port}")
        admin = Admin(gate.admin_port, ADMIN_TOKEN)
        victim, killer = connect(gate.port), connect_stranger(gate)
        assert error_of(query, killer, f"KILL {victim.thread_id()}")[0] in LOST  # its session goes with its server session
        (kill,) = wait_until(lambda: admin.get("/v1/kills", cs_id=victim.thread_id()).json["kills"], "it is recorded")
        assert (kill["outcome"], kill["interrupt"], kill["backend_error"]) == ("backend_unreachable", "backend_unreachable", 2003)
        assert is_alive(victim)
        for connection in (victim, killer):
            disconnect(connection)
