"""Clients that work, kill each other and themselves by every kind of id, and leave without a word: each kill's outcome
fits what its target saw, nobody else is hit, and nothing is left over.

SESSIONGATE_TEST_STORM=300 storms for so many seconds in place of 20; SESSIONGATE_TEST_SEED=n repeats the choices (not the
timing) of a run that failed."""

import collections
import os
import random
import re
import time

import pytest

import storm_client
from clients import Admin, query, value
from sessiongate_process import ADMIN_TOKEN
from storm import Population
from storm_client import Client
from storm_judge import is_commanded, judge_life, judge_records
from storm_sessions import Kinds
from support import seconds, wait_until

CLIENTS = 64
SPARED = 4   # of them that nobody kills
STORM = float(os.environ.get("SESSIONGATE_TEST_STORM", "20"))  # seconds
SEED = int(os.environ.get("SESSIONGATE_TEST_SEED", random.randrange(1 << 30)))
MIB = 1 << 20
RECORD_BYTES = 2000  # that a kill's record takes, its texts included


@pytest.fixture
def gate(controlled, certificates, tmp_path):
    certificate, key = certificates["proxy"]
    return controlled(kills_max=1000000, events_max=100, listen_socket=tmp_path / "clients", client_tls_cert=certificate,
                      client_tls_key=key, kill_timeout=f"{seconds(10):.0f}s", log_level="info")


@pytest.fixture
def table(database):
    with storm_client.prepared(database):
        yield


def run_storm(gate, kinds, database, seconds_long, seed):
    """All lives, after the last one has ended."""
    population = Population()
    clients = [Client(gate, kinds, population, f"{seed} {number}", spared=number < SPARED) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    with storm_client.row_held(database):
        time.sleep(seconds_long)
        for client in clients:
            client.stopping.set()
    for client in clients:
        client.join(seconds(60))
        assert not client.is_alive(), f"a client hangs; the seed is {seed}"
        assert client.failure is None, f"{client.failure!r}; the seed is {seed}"
    return population.lives


def threads_of_clients(database):
    return {row[0] for row in query(database, "SELECT ID FROM information_schema.PROCESSLIST "
                                              "WHERE USER IN ('app', 'other', 'operator')")}


def counted(gate, pattern):
    """{label: value} of a metric; {'': value} of one without."""
    page = Admin(gate.admin_port).get("/metrics").text
    return {label or "": float(number) for label, number in re.findall(rf'^{pattern}(?:{{[^"]*"([^"]*)"}})? (\S+)$', page, re.M)}


def descriptors_of_clients(gate):
    """Without those of the control account, which keeps as many connections as kills at once have needed."""
    return gate.descriptors() - sum(counted(gate, "sessiongate_control_connections").values())


def check_nothing_is_left(gate, database, threads_before):
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    wait_until(lambda: not admin.sessions(), "no session is left in the proxy", limit=20)
    wait_until(lambda: threads_of_clients(database) <= threads_before, "no thread is left on the server", limit=20)
    for name in ("client_sessions", "server_sessions", "abandoned_statements_waiting"):
        wait_until(lambda each=name: sum(counted(gate, "sessiongate_" + each).values()) == 0, f"{name} is 0")
    closed = sum(counted(gate, "sessiongate_sessions_closed_total").values())
    assert closed == counted(gate, "sessiongate_client_connections_total")[""]


@pytest.mark.usefixtures("table")
@pytest.mark.limit(STORM)
def test_in_a_storm_of_kills_each_outcome_is_true_and_nobody_else_is_hit(gate, database, authority, tmp_path):
    print(f"SESSIONGATE_TEST_SEED={SEED}")  # shown when the test fails
    kinds = Kinds(gate, tmp_path / "clients", authority)
    threads_before = threads_of_clients(database)
    run_storm(gate, kinds, database, 3, f"{SEED} first")  # buffers and caches grow to what they need
    check_nothing_is_left(gate, database, threads_before)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    descriptors, heap, earlier = descriptors_of_clients(gate), admin.heap_bytes(), admin.get("/v1/kills").json["count"]

    lives = run_storm(gate, kinds, database, STORM, SEED)

    check_nothing_is_left(gate, database, threads_before)
    records = admin.get("/v1/kills").json["kills"]
    complaints = [complaint for life in lives for complaint in judge_life(life)]
    complaints += judge_records(records, lives, earlier)
    assert not complaints, f"{len(complaints)} complaints, the first of them:\n" + "\n".join(complaints[:10])
    by_outcome = collections.Counter(record["outcome"] for record in records if is_commanded(record))
    assert by_outcome == collections.Counter({k: int(v) for k, v in counted(gate, "sessiongate_kills_total").items() if v})
    assert value(database, "SELECT SUM(balance) FROM storm.balances") == storm_client.ROWS * storm_client.BALANCE
    wait_until(lambda: descriptors_of_clients(gate) <= descriptors + 2, "descriptors are closed")
    assert admin.heap_bytes() < heap + 4 * MIB + RECORD_BYTES * len(records)
    kills = [kill for life in lives for kill in life.kills]
    print(f"{len(lives)} sessions, {len(kills)} kills, recorded {by_outcome}; heap {heap / MIB:.1f} MiB, then "
          f"{admin.heap_bytes() / MIB:.1f}")
    check_it_was_a_storm(kills)


def check_it_was_a_storm(kills):
    """Each face, verb and way of ending has been there, or else the test shows nothing."""
    outcomes = {kill.outcome for kill in kills}
    assert {"done", "killed", "killed_self", "query_interrupted", "already_idle", "not_found", "not_owner"} <= outcomes
    assert {kill.face for kill in kills} == {"sql", "packet", "http", "ctl", "several"}
    assert len({(kill.face, kill.verb) for kill in kills}) >= 10
