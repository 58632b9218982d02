"""Clients that go away in the middle of a statement: what they leave running on the backend is interrupted."""

import re

import pytest

import raw_client as raw
from clients import Admin, connect, disconnect, exists_on_backend, query, runs_on_backend, value
from raw_client import RawClient
from support import SESSIONS, seconds, wait_until


@pytest.fixture
def start(start_gate, secrets):
    def start_one(**given):
        return start_gate(control_user="control", control_password_file=secrets["control_password_file"], **given)

    return start_one


def counted(gate, outcome):
    page = Admin(gate.admin_port).get("/metrics").text
    return int(re.search(rf'abandoned_statements_total{{outcome="{outcome}"}} (\d+)', page).group(1))


@pytest.fixture
def leave_waiting(database):
    """leave_waiting(port): a client, and its connection_id, whose statement waits for a row: there MariaDB does not look whether the
    client has gone, as it does in SLEEP."""
    query(database, "BEGIN")
    query(database, "SELECT * FROM app.accounts WHERE id = 2 FOR UPDATE")

    def start(port):
        client = RawClient(port).login(database="app")
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, b"SET STATEMENT innodb_lock_wait_timeout = 600 FOR SELECT * FROM accounts WHERE id = 2 FOR UPDATE")
        wait_until(lambda: runs_on_backend(database, identifier, "FOR UPDATE"), "it waits")
        return client, identifier

    yield start
    query(database, "ROLLBACK")


def lock_row(client):
    client.query("BEGIN")
    client.query("UPDATE accounts SET balance = balance WHERE id = 3")


def test_a_client_that_goes_away_leaves_neither_thread_nor_lock(start, mariadb, database):
    gate = start()
    client = RawClient(gate.port).login(database="app")
    client.query("SELECT CONNECTION_ID()")
    identifier = int(client.rows[0][1:])
    lock_row(client)
    client.command(raw.COM_QUERY, b"SELECT SLEEP(600)")
    wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
    client.close()
    wait_until(lambda: not exists_on_backend(database, identifier), "its thread is gone", limit=10)
    other = connect(mariadb.port, database="app")
    query(other, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
    query(other, "UPDATE accounts SET balance = balance WHERE id = 3")
    disconnect(other)
    wait_until(lambda: counted(gate, "interrupted") == 1, "it is counted")
    gate.wait_for_log(rf"statement_abandoned .*connection_id={identifier} .*outcome=killed")


def test_switched_off_it_is_left_running(start, database, leave_waiting):
    gate = start()
    proxysys = Admin(gate.admin_port, "test-admin-token")
    assert proxysys.request("PUT", "/v1/config/interrupt-on-disconnect", body=b'{"value": "off"}').status == 200
    client, identifier = leave_waiting(gate.port)
    client.close()
    gate.wait_for_log(r"session_closed .*reason=client_gone")
    other, second = leave_waiting(gate.port)
    assert runs_on_backend(database, identifier, "FOR UPDATE")
    for each in (identifier, second):
        query(database, f"KILL {each}")
    other.close()
    assert counted(gate, "interrupted") == 0


def test_without_a_control_account_it_is_counted(gate, database, leave_waiting):
    before = counted(gate, "no_route")
    client, identifier = leave_waiting(gate.port)
    client.close()
    wait_until(lambda: counted(gate, "no_route") == before + 1, "it is counted")
    assert runs_on_backend(database, identifier, "FOR UPDATE")
    query(database, f"KILL {identifier}")


def test_a_quit_interrupts_nothing(start, database):
    gate = start()
    query(database, "TRUNCATE TABLE relay.left_behind" if value(
        database, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_NAME = 'left_behind'") else
        "CREATE TABLE relay.left_behind (id INT)")
    idle = RawClient(gate.port).login()
    idle.command(raw.COM_QUIT)
    idle.close()
    client = RawClient(gate.port).login(database="relay")
    client.command(raw.COM_QUERY, b"INSERT INTO left_behind SELECT 1 FROM (SELECT SLEEP(1)) AS nap")
    client.command(raw.COM_QUIT)
    client.close()
    wait_until(lambda: value(database, "SELECT COUNT(*) FROM relay.left_behind") == 1, "its statement was carried out")
    assert counted(gate, "interrupted") == 0


def test_many_that_go_away_at_once_are_all_interrupted(start, database, leave_waiting):
    """They do not SLEEP: while MariaDB kills one that does, others that do stand still."""
    gate = start(disconnect_interrupts_max=2, kill_timeout="60s")
    crowd = [leave_waiting(gate.port) for _ in range(SESSIONS)]
    bystander, alive = leave_waiting(gate.port)
    for client, _ in crowd:
        client.close()
    gone = ", ".join(str(identifier) for _, identifier in crowd)
    wait_until(lambda: not query(database, f"SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN ({gone})"),
               "their threads are gone", limit=30)
    wait_until(lambda: counted(gate, "interrupted") == SESSIONS, "all are counted")
    assert runs_on_backend(database, alive, "FOR UPDATE")
    query(database, f"KILL {alive}")
    bystander.close()


def test_what_is_above_the_queue_is_only_closed(start, database, leave_waiting):
    gate = start(disconnect_queue_max=0)
    client, identifier = leave_waiting(gate.port)
    client.close()
    wait_until(lambda: counted(gate, "dropped") == 1, "it is counted")
    assert runs_on_backend(database, identifier, "FOR UPDATE")
    query(database, f"KILL {identifier}")
