"""KILL PROXYSESSION … AFTER STATEMENT and AFTER TRANSACTION, in SQL and over HTTP, on real transactions and statements."""

import threading
import time

import pytest

import raw_client as raw
from clients import (Admin, LOST, connect, connection_id, cs_id, disconnect, error_of, exists_on_backend, is_alive, query,
                     rows, runs_on_backend, value)
from raw_client import RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN
from support import seconds, wait_until


class Asked(threading.Thread):
    """Somebody who gives a kill and waits for its answer."""

    def __init__(self, ask):
        super().__init__(daemon=True)
        self._ask, self.answer, self.begun = ask, None, time.monotonic()
        self.start()

    def run(self):
        self.answer = self._ask()
        self.took = time.monotonic() - self.begun

    def result(self, limit=20):
        self.join(seconds(limit))
        assert not self.is_alive(), "no answer"
        return self.answer

    def waits_for(self, gate, victim):
        """Whether it is not answered though the victim, a cs_id, knows of it."""
        gate.wait_for_log(f"end_waits cs_id={victim} ")
        return self.is_alive()


def info_of(client, statement):
    """The info text of the OK that answers a statement."""
    client.query(statement)
    assert client.last[:1] == b"\0", error_of_payload(client.last)
    return client.last[8:].decode()


@pytest.fixture
def killer(gate):
    with RawClient(gate.port).login() as client:
        yield client


@pytest.fixture
def ask(killer):
    """ask('KILL …'): given by a session of its own; its answer comes when it comes."""
    return lambda statement: Asked(lambda: info_of(killer, statement))


@pytest.fixture
def lock(open_session):
    """lock(): an update of account 1 by somebody else; how long it may wait for the row is given."""
    session = open_session(database="app")

    def update(limit=1):
        query(session, f"SET SESSION innodb_lock_wait_timeout = {limit}")
        query(session, "UPDATE accounts SET balance = balance WHERE id = 1")

    return update


def begin(session):
    query(session, "BEGIN")
    query(session, "UPDATE accounts SET balance = balance WHERE id = 1")


@pytest.mark.parametrize("moment", ["STATEMENT", "TRANSACTION"])
def test_an_idle_session_is_ended_at_once(open_session, ask, database, moment):
    victim = open_session()
    identifier = connection_id(victim)
    assert ask(f"KILL PROXYSESSION {cs_id(victim)} AFTER {moment}").result().startswith(f"Killed after its {moment.lower()}")
    assert error_of(query, victim, "SELECT 1")[0] in (1927, *LOST)
    wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")


def test_a_transaction_comes_to_its_end_first(gate, open_session, ask, lock, database):
    victim = open_session(database="app")
    identifier = connection_id(victim)
    begin(victim)
    asked = ask(f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 60 COMMENT 'soon'")
    assert asked.waits_for(gate, cs_id(victim))
    assert value(victim, "SELECT 1") == 1  # it works on as before
    assert error_of(lock)[0] == 1205
    query(victim, "COMMIT")
    assert asked.result().startswith("Killed after its transaction, after a wait of ")
    lock(int(seconds(10)))
    assert error_of(query, victim, "SELECT 1")[0] in (1927, *LOST)
    wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")


def test_the_victim_reads_1927(gate, ask, open_session):
    with RawClient(gate.port).login() as victim:
        assert ask(f"KILL PROXYSESSION {victim.thread_id} AFTER TRANSACTION").result().startswith("Killed after")
        assert error_of_payload(victim.read_packet()) == (1927, "70100", "Connection was killed")
        assert victim.is_closed()


def test_after_a_statement_the_open_transaction_is_rolled_back(open_session, ask, lock, database):
    victim = open_session(database="app")
    before = value(database, "SELECT balance FROM app.accounts WHERE id = 1")
    query(victim, "BEGIN")
    query(victim, "UPDATE accounts SET balance = balance + 1 WHERE id = 1")
    assert ask(f"KILL PROXYSESSION {cs_id(victim)} AFTER STATEMENT").result().startswith("Killed after its statement")
    lock(int(seconds(10)))
    assert value(database, "SELECT balance FROM app.accounts WHERE id = 1") == before


def test_a_statement_that_runs_gives_its_whole_response(gate, ask):
    with RawClient(gate.port).login() as victim:
        victim.command(raw.COM_QUERY, b"SELECT SLEEP(1), 'done'")
        asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER STATEMENT TIMEOUT 30")
        victim.read_response()
        assert victim.rows == [b"\x010\x04done"]
        assert asked.result().startswith("Killed after its statement")
        assert error_of_payload(victim.read_packet())[0] == 1927


def test_a_client_that_reads_slowly_loses_nothing(gate, ask):
    with RawClient(gate.port, receive_buffer=8192).login() as victim:
        victim.command(raw.COM_QUERY, b"SELECT REPEAT('x', 8000000)")
        time.sleep(0.5)  # the response is complete, and waits in the proxy to be taken
        asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER STATEMENT TIMEOUT 60")
        assert asked.waits_for(gate, victim.thread_id)
        victim.read_response()
        assert len(victim.rows[0]) == 8000004
        assert asked.result().startswith("Killed after its statement")
        assert error_of_payload(victim.read_packet())[0] == 1927


def packets(*statements):
    out = b""
    for each in statements:
        payload = bytes([raw.COM_QUERY]) + each.encode()
        out += len(payload).to_bytes(3, "little") + b"\0" + payload
    return out


def test_a_pipeline_loses_no_response_and_what_had_not_begun_is_not_carried_out(gate, ask, open_session, database):
    query(database, "SELECT GET_LOCK('pipeline', 10)")
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("SELECT CONNECTION_ID()")
        identifier = int(victim.rows[0][1:])
        victim.socket.sendall(packets("SELECT GET_LOCK('pipeline', 600)", "SELECT 'second'"))
        wait_until(lambda: runs_on_backend(database, identifier, "pipeline"), "the first one runs")
        asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER STATEMENT TIMEOUT 60")
        assert asked.waits_for(gate, victim.thread_id)
        victim.socket.sendall(packets("UPDATE accounts SET balance = 777 WHERE id = 2"))
        query(database, "SELECT RELEASE_LOCK('pipeline')")
        victim.read_response()
        victim.read_response()
        assert victim.rows == [b"\x06second"]
        assert error_of_payload(victim.read_packet())[0] == 1927
        assert asked.result().startswith("Killed after its statement")
    assert value(open_session(database="app"), "SELECT balance FROM accounts WHERE id = 2") != 777


def test_a_pipeline_in_a_transaction_goes_on_to_its_commit_and_no_further(gate, ask, open_session):
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("BEGIN")
        victim.query("UPDATE accounts SET balance = 50 WHERE id = 3")
        asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER TRANSACTION TIMEOUT 60")
        assert asked.waits_for(gate, victim.thread_id)
        victim.socket.sendall(packets("UPDATE accounts SET balance = 51 WHERE id = 3", "SELECT 'third'", "COMMIT", "BEGIN",
                                      "UPDATE accounts SET balance = 52 WHERE id = 3", "COMMIT"))
        for _ in range(3):
            victim.read_response()
            assert victim.last[:1] != b"\xff", error_of_payload(victim.last)
        assert error_of_payload(victim.read_packet())[0] == 1927
        assert asked.result().startswith("Killed after its transaction")
    assert value(open_session(database="app"), "SELECT balance FROM accounts WHERE id = 3") == 51


def test_commands_for_the_proxy_do_not_keep_a_session(gate, ask):
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("BEGIN")
        victim.query("UPDATE accounts SET balance = balance WHERE id = 2")
        asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER TRANSACTION TIMEOUT 60")
        assert asked.waits_for(gate, victim.thread_id)
        victim.query("SHOW PROXYSESSION")
        assert len(victim.rows) >= 1
        victim.query("ROLLBACK")
        assert asked.result().startswith("Killed after its transaction")


def test_an_open_cursor_holds_nothing_up_outside_a_transaction(gate, ask):
    with RawClient(gate.port).login(database="app") as victim:
        _, statement = victim.prepare("SELECT seq FROM seq_1_to_1000")
        victim.execute(statement, cursor=True)
        victim.fetch(statement, 10)
        assert len(victim.rows) == 10
        assert ask(f"KILL PROXYSESSION {victim.thread_id} AFTER STATEMENT").result().startswith("Killed after its statement")
        assert error_of_payload(victim.read_packet())[0] == 1927


def test_a_prepared_statement_gives_its_response(gate, ask):
    with RawClient(gate.port).login() as victim:
        _, statement = victim.prepare("SELECT SLEEP(1), ?")
        asked = None

        def kill():
            nonlocal asked
            time.sleep(0.3)
            asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER STATEMENT TIMEOUT 30")

        killing = threading.Thread(target=kill)
        killing.start()
        victim.execute(statement, (7,))
        killing.join()
        assert len(victim.rows) == 1
        assert asked.result().startswith("Killed after its statement")


def test_at_the_timeout_it_is_killed_and_its_statement_interrupted(gate, ask, database, lock):
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("SELECT CONNECTION_ID()")
        identifier = int(victim.rows[0][1:])
        victim.query("BEGIN")
        victim.query("UPDATE accounts SET balance = balance WHERE id = 1")
        victim.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        asked = ask(f"KILL PROXYSESSION {victim.thread_id} AFTER TRANSACTION TIMEOUT 0.5")
        assert asked.result().startswith("Killed at the timeout, after a wait of 0.5")
        lock(int(seconds(10)))
        wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")


def test_without_a_timeout_the_setting_counts(start_gate):
    gate = start_gate(gentle_kill_timeout="300ms")
    victim = connect(gate.port, database="app")
    begin(victim)
    with RawClient(gate.port).login() as killer:
        assert info_of(killer, f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION").startswith("Killed at the timeout")
    assert not is_alive(victim)


def test_a_hard_kill_of_a_session_that_waits_works_at_once(gate, open_session, ask, operator):
    victim = open_session(database="app")
    begin(victim)
    asked = ask(f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 60")
    assert asked.waits_for(gate, cs_id(victim))
    query(operator, f"KILL PROXYSESSION {cs_id(victim)}")
    assert asked.result().startswith("The session ended otherwise first: killed: by operator")
    assert not is_alive(victim)


def test_a_client_that_quits_first_was_not_killed(gate, open_session, ask):
    victim = open_session(database="app")
    begin(victim)
    asked = ask(f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 60")
    assert asked.waits_for(gate, cs_id(victim))
    disconnect(victim)
    assert asked.result() == "The session ended otherwise first: client_quit"


def test_the_killer_may_go_away_meanwhile(gate, open_session, operator):
    victim = open_session(database="app")
    begin(victim)
    with RawClient(gate.port).login() as killer:
        killer.command(raw.COM_QUERY, f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 60".encode())
        gate.wait_for_log(f"end_waits cs_id={cs_id(victim)} ")
    assert value(victim, "SELECT 1") == 1
    query(victim, "COMMIT")
    assert not is_alive(victim)
    listed = f"SHOW PROXYSESSION KILLS WHERE id = {cs_id(victim)}"
    wait_until(lambda: "killed" in [row["outcome"] for row in rows(operator, listed)], "the kill is recorded")


def test_a_session_cannot_wait_for_its_own_end(gate):
    with RawClient(gate.port).login() as client:
        for identifier in (client.thread_id, "CONNECTION_ID()"):
            assert client.error(f"KILL PROXYSESSION {identifier} AFTER TRANSACTION")[:2] == (1210, "HY000")
        client.query("SELECT 1")
        assert client.rows == [b"\x011"]


def test_two_who_wait_for_one_session_are_both_told(gate, open_session):
    victim = open_session(database="app")
    begin(victim)
    with RawClient(gate.port).login() as one, RawClient(gate.port).login() as other:
        patient = Asked(lambda: info_of(one, f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 60"))
        assert patient.waits_for(gate, cs_id(victim))
        assert info_of(other, f"KILL PROXYSESSION {cs_id(victim)} AFTER STATEMENT").startswith("Killed after its statement")
        assert patient.result().startswith("The session ended otherwise first: killed")


def test_over_http_the_answer_comes_when_it_is_done(gate, admin, open_session):
    victim = open_session(database="app")
    begin(victim)
    asked = Asked(lambda: Admin(gate.admin_port, ADMIN_TOKEN).request(
        "DELETE", f"/v1/sessions/{cs_id(victim)}", after="transaction", timeout="60", reason="upgrade"))
    assert asked.waits_for(gate, cs_id(victim))
    begun = time.monotonic()
    time.sleep(0.3)
    waited = time.monotonic() - begun
    query(victim, "COMMIT")
    answer = asked.result()
    assert answer.status == 200
    assert answer.json["outcome"] == "killed"
    assert answer.json["ending"] == "after_transaction"
    assert answer.json["waited_us"] >= waited * 1_000_000
    assert not is_alive(victim)


def test_over_http_the_timeout_is_told(gate, admin, open_session):
    victim = open_session(database="app")
    begin(victim)
    answer = admin.request("DELETE", f"/v1/sessions/{cs_id(victim)}", after="transaction", timeout="0.3")
    assert (answer.json["outcome"], answer.json["ending"]) == ("killed", "at_timeout")
    assert not is_alive(victim)


def test_a_server_session_is_ended_behind_its_transaction(gate, open_session, ask, operator):
    victim = open_session(database="app")
    begin(victim)
    ss_id = next(int(row[1]) for row in query(operator, f"SHOW PROXYSESSION ATTRIBUTE {cs_id(victim)}") if row[0] == "ss_id")
    asked = ask(f"KILL PROXYSESSION {cs_id(victim)} {ss_id} AFTER TRANSACTION TIMEOUT 60")
    assert asked.waits_for(gate, cs_id(victim))
    query(victim, "COMMIT")
    assert asked.result().startswith("Killed after its transaction")
    assert len(query(victim, "SHOW PROXYSESSION")) >= 1  # the client session stays
    assert error_of(query, victim, "SELECT 1")[0] == 1927


def test_a_proxy_that_stops_ends_the_wait(start_gate):
    gate = start_gate(drain_timeout="300ms")
    victim = connect(gate.port, database="app")
    begin(victim)
    with RawClient(gate.port).login() as killer:
        killer.command(raw.COM_QUERY, f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 600".encode())
        gate.wait_for_log(f"end_waits cs_id={cs_id(victim)} ")
        gate.terminate()
        assert gate.wait(limit=15) == 0


def test_a_killer_that_goes_away_keeps_no_locks_of_its_own(start_gate, database):
    gate = start_gate(write_timeout="1s")
    victim = connect(gate.port, database="app")
    begin(victim)
    with RawClient(gate.port).login(database="app") as killer:
        killer.query("BEGIN")
        killer.query("UPDATE accounts SET balance = balance WHERE id = 2")
        killer.command(raw.COM_QUERY, f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT 60".encode())
        gate.wait_for_log(f"end_waits cs_id={cs_id(victim)} ")
    query(database, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
    query(database, "UPDATE app.accounts SET balance = balance WHERE id = 2")
    query(victim, "COMMIT")
    assert not is_alive(victim)
