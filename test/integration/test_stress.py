"""Many sessions at work, killed at random: every kill ends exactly its target, and nothing is left over."""

import random
import threading

import pymysql
import pytest

from clients import Admin, LOST, connect, cs_id, disconnect, query, show, value
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD
from support import SESSIONS, seconds, wait_until

STATEMENTS = ["SELECT {mark}", "SELECT SLEEP(0.01), {mark}", "SELECT REPEAT('x', 20000), {mark}",
              "SELECT COUNT(*), {mark} FROM seq_1_to_2000"]


class Worker(threading.Thread):
    """One session that works until it is lost or told to stop. `doomed` is set before a kill is sent to it."""

    def __init__(self, port, mark):
        super().__init__(daemon=True)
        self.mark = mark
        self.connection = connect(port, user=f"app@t{mark % 5}", database="app")
        self.ids = {"cs_id": cs_id(self.connection), "connection_id": value(self.connection, "SELECT CONNECTION_ID()")}
        self.doomed = False
        self.stopping = False
        self.answers = 0
        self.complaint = None
        self.ended_by = None

    def run(self):
        chance = random.Random(self.mark)
        while not self.stopping:
            statement = chance.choice(STATEMENTS).format(mark=self.mark)
            try:
                found = query(self.connection, statement)
            except pymysql.err.MySQLError as error:
                self.ended_by = error.args[0]
                if not self.doomed:
                    self.complaint = f"{self.ids} was ended by {error} though nobody killed it"
                break
            if found[0][-1] != self.mark:
                self.complaint = f"{self.ids} asked for {self.mark} and got {found[0][-1]}"
                break
            self.answers += 1
        disconnect(self.connection)


@pytest.fixture
def workers(gate):
    crew = [Worker(gate.port, mark) for mark in range(SESSIONS)]
    for worker in crew:
        worker.start()
    yield crew
    for worker in crew:
        worker.stopping = True
    for worker in crew:
        worker.join(seconds(30))
        assert not worker.is_alive(), f"{worker.ids} hangs"


def kill(gate, killer, worker, how, kind, proxy_sessids):
    identifier = proxy_sessids[worker.ids["cs_id"]] if kind == "proxy_sessid" else worker.ids[kind]
    worker.doomed = True
    if how == "http":
        answer = Admin(gate.admin_port, ADMIN_TOKEN).delete(f"/v1/sessions/{identifier}")
        assert answer.status == 200, answer.text
        assert answer.json["cs_id"] == worker.ids["cs_id"]
    else:
        query(killer, f"{how} {identifier}")


def test_kills_at_random_hit_exactly_their_targets(gate, database, workers):
    chance = random.Random(20)
    killer = connect(gate.port, user="operator", password="operator_password")
    proxy_sessids = {identifier: row["proxy_sessid"] for identifier, row in show(killer).items()}
    assert {worker.ids["cs_id"] for worker in workers} < set(proxy_sessids)
    targets = chance.sample(workers, SESSIONS // 2)
    for target in targets:
        kill(gate, killer, target, chance.choice(("KILL PROXYSESSION", "KILL", "KILL CONNECTION", "http")),
             chance.choice(("cs_id", "connection_id", "proxy_sessid")), proxy_sessids)
    for target in targets:
        target.join(seconds(30))
        assert not target.is_alive(), f"{target.ids} was killed and goes on"
        assert target.ended_by in (*LOST, 1927)
    survivors = [worker for worker in workers if worker not in targets]
    before = {worker.mark: worker.answers for worker in survivors}
    wait_until(lambda: all(worker.answers > before[worker.mark] for worker in survivors), "the others go on", limit=30)
    assert [worker.complaint for worker in workers if worker.complaint] == []
    left = set(show(killer)) - {cs_id(killer)}
    assert left == {worker.ids["cs_id"] for worker in survivors}
    gone = ", ".join(str(target.ids["connection_id"]) for target in targets)
    wait_until(lambda: not query(database, f"SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN ({gone})"),
               "the killed are gone from the backend", limit=30)
    disconnect(killer)


def test_several_killers_and_new_sessions_at_once_never_hit_a_stranger(gate):
    rounds, killers = 20, 4
    complaints = []

    def play(number):
        chance = random.Random(number)
        try:
            killer = connect(gate.port)
            bystander = connect(gate.port)
            for _ in range(rounds):
                victim = connect(gate.port)
                kind = chance.choice(("cs_id", "connection_id"))
                identifier = cs_id(victim) if kind == "cs_id" else value(victim, "SELECT CONNECTION_ID()")
                query(killer, f"KILL PROXYSESSION {identifier}")
                try:
                    query(victim, "SELECT 1")
                    complaints.append(f"{kind} {identifier} outlived its kill")
                except pymysql.err.MySQLError:
                    pass
                disconnect(victim)
                if value(bystander, "SELECT %s", number) != number:
                    complaints.append("a bystander got another's answer")
            disconnect(killer)
            disconnect(bystander)
        except Exception as error:  # told by the main thread
            complaints.append(repr(error))

    threads = [threading.Thread(target=play, args=(number,)) for number in range(killers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert complaints == []


def test_sessions_that_come_and_go_leave_no_descriptor_behind(gate):
    disconnect(connect(gate.port))
    watcher = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    wait_until(lambda: len(query(watcher, "SHOW PROXYSESSION")) == 1, "the others have left")
    before = gate.descriptors()
    for _ in range(3):
        crowd = [connect(gate.port) for _ in range(SESSIONS // 4)]
        for session in crowd:
            disconnect(session)
    wait_until(lambda: len(query(watcher, "SHOW PROXYSESSION")) == 1, "the crowd has left")
    wait_until(lambda: gate.descriptors() <= before + 2, "their descriptors are closed")
    disconnect(watcher)
