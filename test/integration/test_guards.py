"""Guards: limits for statements, transactions, idleness and age, for all and by rules, on a real server."""

import json
import re
import time

import pytest

import raw_client as raw
from clients import (Admin, LOST, connect, cs_id, disconnect, error_of, exists_on_backend, is_alive, query, value)
from raw_client import RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, run_once
from support import duration, seconds, wait_until


@pytest.fixture
def guarded(start_gate, secrets):
    """guarded(max_statement_time='1s'): a gate with a control account and that limit."""
    def start(**given):
        return start_gate(control_user="control", control_password_file=secrets["control_password_file"], **given)

    return start


@pytest.fixture
def lock(database):
    """An update of account 1 beside the proxy; how many seconds it may wait for the row is given."""
    def update(limit):
        query(database, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(limit))}")
        query(database, "UPDATE app.accounts SET balance = balance WHERE id = 1")

    return update


def begin(session):
    query(session, "BEGIN")
    query(session, "UPDATE accounts SET balance = balance WHERE id = 1")


def count(gate, guard):
    page = Admin(gate.admin_port).get("/metrics").text
    return int(re.search(rf'^sessiongate_guard_kills_total{{guard="{guard}"}} (\d+)$', page, re.MULTILINE).group(1))


def kills(gate):
    return Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/kills").json["kills"]


def closed(gate, session):
    """Why a session ended."""
    def look():
        listed = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/closed-sessions", cs_id=cs_id(session)).json["closed_sessions"]
        return listed and listed[0]["reason"]

    return wait_until(look, "it is listed as closed")


def test_a_statement_that_runs_too_long_is_interrupted_and_the_session_stays(guarded, database):
    gate = guarded(max_statement_time="1s")
    session = connect(gate.port, database="app")
    # MariaDB's SLEEP() gives 1 in place of an error when it is interrupted alone in a SELECT.
    number, _ = error_of(query, session, "SELECT COUNT(*) FROM seq_1_to_1000000000 a WHERE SLEEP(0.01) = 5")
    assert number == 1317
    assert value(session, "SELECT 1") == 1
    record = wait_until(lambda: kills(gate), "it is recorded")[0]
    assert count(gate, "max-statement-time") == 1
    assert (record["outcome"], record["cs_id"], record["verb"]) == ("query_interrupted", cs_id(session), "kill_query")
    assert "guard" in json.dumps(record) and "max-statement-time" in json.dumps(record)
    disconnect(session)


def test_statements_that_are_short_enough_are_left_alone(guarded):
    gate = guarded(max_statement_time="4s")
    session = connect(gate.port)
    for _ in range(5):
        assert value(session, "SELECT SLEEP(0.9)") == 0
    assert count(gate, "max-statement-time") == 0
    disconnect(session)


def test_a_pipeline_of_short_statements_is_no_long_one(guarded):
    gate = guarded(max_statement_time="4s")
    with RawClient(gate.port).login() as client:
        payload = bytes([raw.COM_QUERY]) + b"SELECT SLEEP(0.8)"
        client.socket.sendall((len(payload).to_bytes(3, "little") + b"\0" + payload) * 6)
        for _ in range(6):
            client.read_response()
            assert client.rows == [b"\x010"]
    assert count(gate, "max-statement-time") == 0


def test_without_a_control_account_the_session_is_ended_with_a_clear_error(start_gate, database):
    gate = start_gate(max_statement_time="1s")
    with RawClient(gate.port).login() as client:
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        assert error_of_payload(client.read_packet())[:2] == (1969, "70100")
        assert client.is_closed()
    record = wait_until(lambda: kills(gate), "it is recorded")[0]
    assert record["outcome"] == "no_route"


def test_a_session_that_is_idle_in_a_transaction_is_ended_and_its_locks_are_free(guarded, lock):
    gate = guarded(idle_in_transaction_timeout=duration(2))
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("BEGIN")
        victim.query("UPDATE accounts SET balance = balance WHERE id = 1")
        lock(10)
        number, state, text = error_of_payload(victim.read_packet())
        assert (number, state) == (1927, "70100") and "idle-in-transaction-timeout" in text
        assert victim.is_closed()
    assert wait_until(lambda: kills(gate), "it is recorded")[0]["outcome"] == "killed"
    assert count(gate, "idle-in-transaction-timeout") == 1


def test_idle_outside_a_transaction_is_not_idle_in_one(guarded):
    gate = guarded(idle_in_transaction_timeout="3s")
    session = connect(gate.port, database="app")
    time.sleep(3.5)
    assert is_alive(session)
    begin(session)
    for _ in range(5):  # it works
        time.sleep(0.8)
        assert is_alive(session)
    query(session, "COMMIT")
    time.sleep(3.5)
    assert is_alive(session)
    disconnect(session)


def test_a_transaction_that_is_open_for_too_long_is_ended_in_its_statement(guarded, lock, database):
    gate = guarded(max_transaction_time=duration(2))
    with RawClient(gate.port).login(database="app") as victim:
        victim.query("SELECT CONNECTION_ID()")
        identifier = int(victim.rows[0][1:])
        victim.query("BEGIN")
        victim.query("UPDATE accounts SET balance = balance WHERE id = 1")
        victim.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        lock(10)
        wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone")
        number, _, text = error_of_payload(victim.read_packet())
        assert number == 1927 and "max-transaction-time" in text
        assert victim.is_closed()
    record = wait_until(lambda: kills(gate), "it is recorded")[0]
    assert (record["outcome"], record["interrupt"], record["was_running"]) == ("killed", "interrupted", True)


def test_an_old_session_is_ended_behind_its_transaction(guarded):
    gate = guarded(max_session_age=duration(2))
    session = connect(gate.port, database="app")
    begin(session)
    time.sleep(seconds(2) + 1)
    assert is_alive(session)
    query(session, "COMMIT")
    assert error_of(query, session, "SELECT 1")[0] in (1927, *LOST)
    assert closed(gate, session) == "max_session_age"
    wait_until(lambda: count(gate, "max-session-age") == 1, "it is counted")


def test_an_old_session_does_not_hold_out_for_ever(guarded):
    gate = guarded(max_session_age=duration(1), gentle_kill_timeout="500ms")
    session = connect(gate.port, database="app")
    begin(session)
    assert closed(gate, session) == "max_session_age"
    assert not is_alive(session)
    assert len(wait_until(lambda: kills(gate), "it is recorded")) == 1
    assert count(gate, "max-session-age") == 1


def test_idle_timeout_is_a_guard_like_the_others(guarded):
    gate = guarded(idle_timeout="500ms")
    session = connect(gate.port)
    assert closed(gate, session) == "idle_timeout"
    wait_until(lambda: count(gate, "idle-timeout") == 1, "it is counted")
    assert error_of(query, session, "SELECT 1")[0] in (1927, *LOST)


def test_the_first_rule_that_matches_gives_the_limits(guarded):
    rules = [{"user": "oth%", "idle_timeout": "0s"}, {"tenant": "t1", "idle_timeout": "60s"}, {"idle_timeout": "500ms"}]
    gate = guarded(idle_timeout="60s", guards=json.dumps(rules))
    other = connect(gate.port, user="other", password="other_password")
    tenant = connect(gate.port, user="app@t1")
    app = connect(gate.port)
    assert closed(gate, app) == "idle_timeout"
    time.sleep(1)
    assert is_alive(other) and is_alive(tenant)
    disconnect(other)
    disconnect(tenant)


def test_rules_stand_as_a_list_in_the_configuration_file(start_gate, tmp_path):
    file = tmp_path / "gate.json"
    file.write_text('{"guards": [{"user": "app", "idle_timeout": "500ms"}]}')
    gate = start_gate(config=str(file))
    app, other = connect(gate.port), connect(gate.port, user="other", password="other_password")
    assert closed(gate, app) == "idle_timeout"
    assert is_alive(other)
    disconnect(other)


def test_a_rule_that_is_none_is_refused(tmp_path):
    file = tmp_path / "gate.json"
    file.write_text('{"backend": "127.0.0.1:3306", "guards": [{"user": "app", "max_statement_tme": "1s"}]}')
    done = run_once("--config", str(file), "--check")
    assert done.returncode == 2
    assert 'rule 1: there is no "max_statement_tme" in a rule' in done.stderr


def test_limits_change_live_and_hold_for_sessions_that_are_there(guarded, database):
    gate = guarded(write_timeout="0s")
    session = connect(gate.port)
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    time.sleep(0.3)
    assert is_alive(session)
    query(proxysys, "ALTER PROXYCONFIG SET guards = '[{\"user\": \"app\", \"idle_timeout\": \"300ms\"}]'")
    assert closed(gate, session) == "idle_timeout"
    query(proxysys, "ALTER PROXYCONFIG SET guards = ''")
    again = connect(gate.port)
    time.sleep(1)
    assert is_alive(again)
    query(proxysys, "ALTER PROXYCONFIG SET idle_timeout = '300ms'")
    assert closed(gate, again) == "idle_timeout"


def test_root_at_proxysys_is_not_held_to_the_limits_of_statements_and_age(guarded):
    gate = guarded(max_statement_time="200ms", max_session_age="200ms", idle_in_transaction_timeout="200ms",
                   max_transaction_time="200ms")
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    time.sleep(1)
    assert value(proxysys, "SELECT PROXY_VERSION()")
    disconnect(proxysys)


def test_a_session_that_waits_in_the_proxy_is_not_idle(guarded):
    """It waits for a gentle kill to come to its end."""
    gate = guarded(idle_timeout=duration(1.5), guards='[{"user": "other", "idle_timeout": "0s"}]')
    victim = connect(gate.port, user="other", password="other_password", database="app")
    begin(victim)
    killer = connect(gate.port, user="root", password="root_password")
    query(killer, f"KILL PROXYSESSION {cs_id(victim)} AFTER TRANSACTION TIMEOUT {2 * seconds(1.5)}")
    assert not is_alive(victim)
    disconnect(killer)
