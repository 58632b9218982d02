"""A crowd of clients that vanishes at once, statements of many of them under way: nothing hangs, the limits hold, each
statement is interrupted or counted as dropped, others do not notice, and what the crowd took is given back.

SESSIONGATE_TEST_CROWD=9000 takes so many clients; each is two descriptors of the proxy, of which a process has 20,000 here
and there."""

import os
import re
import threading
import time

import pytest

from clients import Admin, connect, disconnect, end_thread, query, value
from crowd import AWAITED_ROW, STATEMENT, Crowd
from mariadb_server import MariadbServer
from sessiongate_process import ADMIN_TOKEN
from support import SESSIONS, seconds, wait_until

CROWD = int(os.environ.get("SESSIONGATE_TEST_CROWD", SESSIONS))
RUNNING = CROWD * 3 // 4
QUEUE_MAX = CROWD // 4
GOES_ON_WITHIN = 2  # seconds that others wait at most, while the machine tears down a crowd; and
MORE_THAN_BEFORE = 10  # times as long as while the crowd came in, on a machine that has more to do
MIB = 1 << 20


@pytest.fixture
def server(mariadb):
    """One that takes the crowd."""
    if CROWD < 900:
        yield mariadb
        return
    own = MariadbServer(f"--max-connections={CROWD + 100}", "--performance-schema=OFF")
    yield own
    own.stop()


class Bystander(threading.Thread):
    """Works in one session all the while, and comes in with another now and then."""

    def __init__(self, gate):
        super().__init__(daemon=True)
        self._gate = gate
        self._session = connect(gate.port)
        self._stopping = threading.Event()
        self.answers = 0
        self.worst = 0.0
        self.complaint = None
        self.start()

    def run(self):
        try:
            while not self._stopping.is_set():
                begun = time.monotonic()
                assert value(self._session, "SELECT %s", self.answers) == self.answers
                if self.answers % 20 == 0:
                    disconnect(connect(self._gate.port))
                self.worst = max(self.worst, time.monotonic() - begun)
                self.answers += 1
                time.sleep(0.005)
        except Exception as error:  # told by the main thread
            self.complaint = repr(error)

    def stop(self):
        self._stopping.set()
        self.join(seconds(30))
        disconnect(self._session)
        assert self.complaint is None and not self.is_alive(), self.complaint or "a bystander hangs"


def abandoned(gate):
    """{outcome: statements}, and `waiting`."""
    page = Admin(gate.admin_port).get("/metrics").text
    found = {outcome: int(number) for outcome, number in
             re.findall(r'^sessiongate_abandoned_statements_total{outcome="([^"]*)"} (\d+)$', page, re.M)}
    waiting = int(re.search(r"^sessiongate_abandoned_statements_waiting (\d+)$", page, re.M).group(1))
    return {outcome: number for outcome, number in found.items() if number}, waiting


def live_sessions(gate):
    return int(re.search(r"^sessiongate_client_sessions (\d+)$", Admin(gate.admin_port).get("/metrics").text, re.M).group(1))


def threads_of(database, user):
    return value(database, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = %s", user)


def running_of_crowd(database):
    return [row[0] for row in query(database, "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = %s", STATEMENT)]


@pytest.mark.limit(CROWD / 20)
def test_a_crowd_that_vanishes_leaves_nothing_and_disturbs_nobody(controlled, server):
    gate = controlled(backend=f"127.0.0.1:{server.port}", log_level="info", disconnect_queue_max=QUEUE_MAX,
                      kills_max=100, events_max=100)
    database = connect(server.port, user="root", password="root_password")
    with Crowd(gate.port, CROWD // 10, 0):  # buffers and caches grow to what they need
        pass
    wait_until(lambda: live_sessions(gate) == 0, "the first have left")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    descriptors, heap = gate.descriptors(), admin.heap_bytes()

    query(database, "BEGIN")
    query(database, f"SELECT * FROM app.accounts WHERE id = {AWAITED_ROW} FOR UPDATE")
    bystander = Bystander(gate)
    most_waiting = 0
    with Crowd(gate.port, CROWD, RUNNING) as crowd:
        wait_until(lambda: len(running_of_crowd(database)) == RUNNING, "their statements run", limit=60)
        heap_with_crowd, worst_before, bystander.worst = admin.heap_bytes(), bystander.worst, 0.0
        begun = time.monotonic()
        crowd.vanish()
        while True:
            told, waiting = abandoned(gate)
            most_waiting = max(most_waiting, waiting)
            if sum(told.values()) == RUNNING and waiting == 0:
                break
            assert time.monotonic() - begun < seconds(30) + CROWD / 100, (told, waiting)
    ended = time.monotonic() - begun
    assert set(told) <= {"interrupted", "dropped"}
    assert most_waiting <= QUEUE_MAX
    left = told.get("dropped", 0)
    wait_until(lambda: len(running_of_crowd(database)) == left, "what runs on was counted as dropped")
    wait_until(lambda: live_sessions(gate) == 1, "only the bystander is left")
    for identifier in running_of_crowd(database):
        end_thread(database, identifier)
    query(database, "ROLLBACK")
    answers = bystander.answers
    wait_until(lambda: bystander.answers > answers + 10, "the bystander goes on")
    bystander.stop()
    assert bystander.worst < max(seconds(GOES_ON_WITHIN), MORE_THAN_BEFORE * worst_before)

    wait_until(lambda: threads_of(database, "app") == 0, "threads are gone", limit=30)
    wait_until(lambda: gate.descriptors() <= descriptors + 2 + threads_of(database, "control"), "descriptors are closed")
    print(f"{CROWD} clients, {RUNNING} statements: {told} in {ended:.2f} s, at most {most_waiting} waited; a bystander waited "
          f"{bystander.worst * 1000:.0f} ms at worst, before {worst_before * 1000:.0f} ms; heap {heap / MIB:.1f} MiB, with the "
          f"crowd {heap_with_crowd / MIB:.1f}, then {admin.heap_bytes() / MIB:.1f}; resident {gate.resident_bytes() / MIB:.1f}")
    # The last closed sessions are kept, and tables keep the room that they have grown to.
    assert admin.heap_bytes() < heap + 2 * MIB + (heap_with_crowd - heap) / 4
    disconnect(database)
