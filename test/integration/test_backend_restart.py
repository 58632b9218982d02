"""The backend goes and comes back under load: idle sessions go on with their state, busy ones are told, nobody hangs, and there is no storm
of logins."""

import concurrent.futures
import contextlib
import json
import signal
import threading
import time

import pymysql
import pytest

import raw_client as raw
from clients import Admin, connect, cs_id, disconnect, query
from forwarder import Forwarder
from mariadb_server import MariadbServer
from raw_client import RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN, write_secret
from support import SESSIONS, duration, freeze, seconds, wait_until

IDLE, IN_TRANSACTION, RUNNING = SESSIONS // 4, SESSIONS // 10, SESSIONS // 10
ANSWER = 30  # seconds in which everybody is answered, whatever it is
RECOVERY_TIMEOUT = 25  # a server may take long to start
SHORT_RECOVERY_TIMEOUT = 8
PATIENT = 10  # clients that ask while the backend is away


class CountingForwarder(Forwarder):
    """Knows when it was dialled, whether its server is there or not."""

    def __init__(self, target):
        super().__init__(target, transparent=False)
        self.dialled = []

    def _serve(self, client, port, target):
        self.dialled.append(time.monotonic())
        super()._serve(client, port, target)


@pytest.fixture
def server():
    process = MariadbServer()
    with contextlib.closing(pymysql.connect(unix_socket=process.socket, user="root")) as root:
        query(root, "GRANT TRIGGER ON *.* TO control@'%'")
        query(root, "GRANT SELECT ON mysql.proc TO control@'%'")
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.process.send_signal(signal.SIGCONT)
    process.stop()


@pytest.fixture
def forwarder(server):
    made = CountingForwarder(server.port)
    yield made
    made.close()


@pytest.fixture
def gate(controlled, forwarder, tmp_path):
    users = write_secret(tmp_path, "users.json", json.dumps([{"user": "app", "password": "app_password"}]))
    made = controlled(backend=f"127.0.0.1:{forwarder.port}", credentials="users", users_file=users, recovery_timeout=duration(RECOVERY_TIMEOUT),
                      health_check_interval="100ms", log_level="info")
    admin = Admin(made.admin_port, ADMIN_TOKEN)
    wait_until(lambda: all(each["state"] == "up" and each["risky_routines"] is not None for each in admin.get("/v1/clusters").json["clusters"]), "the backend has been looked at")
    return made


class Load:
    """Many sessions: idle ones with a state of their own, some in transactions, some in a statement."""

    def __init__(self, gate, server):
        self._gate = gate
        self._server = server
        self.idle = [connect(gate.port, database="app") for _ in range(IDLE)]
        for number, each in enumerate(self.idle):
            query(each, f"SET @number = {number}, lock_wait_timeout = {100 + number}")
        self.in_transaction = [connect(gate.port, database="app") for _ in range(IN_TRANSACTION)]
        for each in self.in_transaction:
            query(each, "BEGIN")
            query(each, "SELECT * FROM accounts")
        self.running = [RawClient(gate.port, limit=ANSWER).login() for _ in range(RUNNING)]
        for each in self.running:
            each.command(raw.COM_QUERY, b"SELECT SLEEP(300)")
        wait_until(lambda: self._count(running=True) >= RUNNING, "they run")
        self._wait_for_checks(3)  # the server's global variables are read once more

    def _count(self, **filters):
        return len(Admin(self._gate.admin_port, ADMIN_TOKEN).sessions(**{name: str(value).lower() for name, value in filters.items()}))

    def _wait_for_checks(self, count):
        before = checks(self._server)
        wait_until(lambda: checks(self._server) >= before + count, "the server is checked")

    def wait_for_loss(self):
        """The proxy knows of all server sessions that they are gone: a statement that comes before counts as one that was running."""
        admin = Admin(self._gate.admin_port, ADMIN_TOKEN)
        wait_until(lambda: not any(each["svr_session_count"] for each in admin.get("/v1/clusters").json["clusters"]), "they are lost")

    def expect_busy_ones_told(self):
        for each in self.running:
            try:
                assert error_of_payload(each.read_packet())[0] in (1053, 1317, 1927, 2013)
            except raw.Closed:
                pass  # in the middle of an answer there is no room for an error

    def expect_transactions_told(self):
        for outcome in ask_all(self.in_transaction, "SELECT 1"):
            assert isinstance(outcome, tuple) and outcome[0] == 1927 and outcome[1].endswith("(open_transaction)"), outcome

    def expect_idle_ones_as_before(self):
        expected = [[(number, 100 + number, "app")] for number in range(len(self.idle))]
        assert ask_all(self.idle, "SELECT @number, @@lock_wait_timeout, DATABASE()") == expected

    def close(self):
        for each in self.idle + self.in_transaction:
            disconnect(each)
        for each in self.running:
            each.close()


def ask_all(sessions, statement):
    """All at once: rows, or (number, text) of the error. Nobody waits longer than ANSWER."""
    def ask(session):
        begun = time.monotonic()
        try:
            return query(session, statement)
        except pymysql.err.MySQLError as error:
            return error.args
        finally:
            assert time.monotonic() - begun < seconds(ANSWER)

    with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(ask, sessions))


@pytest.fixture
def load(gate, server):
    made = Load(gate, server)
    yield made
    made.close()


def few(took):
    """Dials in so many seconds: each client that waits tries some times a second, and so does the health check."""
    return 4 * PATIENT * (1 + took) + 10 * took


def checks(server):
    """How often somebody has asked for the server's variables, as each health check does."""
    with contextlib.closing(pymysql.connect(unix_socket=server.socket, user="root")) as root:
        ((_, count),) = query(root, "SHOW GLOBAL STATUS LIKE 'Com_show_variables'")
    return int(count)


def logins(server):
    with contextlib.closing(pymysql.connect(unix_socket=server.socket, user="root")) as root:
        found = dict(query(root, "SHOW GLOBAL STATUS WHERE Variable_name IN ('Connections', 'Aborted_connects')"))
    return int(found["Connections"]), int(found["Aborted_connects"])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "crashed"])
def test_a_restarted_backend(server, load, how):
    server.halt(how)
    load.expect_busy_ones_told()
    load.wait_for_loss()
    server.start()
    before, _ = logins(server)
    load.expect_transactions_told()
    load.expect_idle_ones_as_before()
    made, aborted = logins(server)
    assert made - before <= IDLE + IN_TRANSACTION + 20, "each session logs in once"
    assert aborted == 0
    load.expect_idle_ones_as_before()


def test_while_it_is_away_it_is_not_stormed(server, forwarder, load):
    """Clients that ask meanwhile wait together, and dial now and then."""
    server.halt(signal.SIGTERM)
    load.expect_busy_ones_told()
    load.wait_for_loss()
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        patient = pool.submit(ask_all, load.idle[:PATIENT], "SELECT @number")
        time.sleep(3)
        away = time.monotonic() - begun
        dialled = sum(when > begun for when in forwarder.dialled)
        server.start()
        assert patient.result() == [[(number,)] for number in range(PATIENT)]
    assert dialled <= few(away), f"dialled {dialled} times in {away:.1f} s"
    load.expect_idle_ones_as_before()


def test_one_that_stays_away_longer_than_clients_wait(gate, server, forwarder, load):
    answer = Admin(gate.admin_port, ADMIN_TOKEN).request(
        "PUT", "/v1/config/recovery-timeout", body=f'{{"value": "{SHORT_RECOVERY_TIMEOUT}s"}}'.encode())
    assert answer.status == 200, answer.text
    server.halt(signal.SIGKILL)
    load.wait_for_loss()
    begun = time.monotonic()
    outcomes = ask_all(load.idle[:PATIENT], "SELECT @number")
    took = time.monotonic() - begun
    assert all(number == 1927 and text.endswith("(backend_unreachable)") for number, text in outcomes), outcomes
    assert took < SHORT_RECOVERY_TIMEOUT + seconds(12)
    dialled = sum(when > begun for when in forwarder.dialled)
    assert dialled <= few(took), f"dialled {dialled} times in {took:.1f} s"
    server.start()
    answer = Admin(gate.admin_port, ADMIN_TOKEN).request(
        "PUT", "/v1/config/recovery-timeout", body=f'{{"value": "{duration(RECOVERY_TIMEOUT)}"}}'.encode())
    assert answer.status == 200, answer.text
    del load.idle[:PATIENT]
    for number, rows in enumerate(ask_all(load.idle, "SELECT @number"), PATIENT):
        assert rows == [(number,)]


def test_one_that_stands_still_for_a_while(server, load):
    """Nothing is lost, so nothing is opened anew: statements are answered when it goes on."""
    before, _ = logins(server)
    freeze(server.process)
    resume = threading.Timer(3, server.process.send_signal, (signal.SIGCONT,))
    resume.start()
    load.expect_idle_ones_as_before()
    resume.join()
    for outcome in ask_all(load.in_transaction, "SELECT @@in_transaction"):
        assert outcome == [(1,)]
    made, _ = logins(server)
    assert made - before <= 20, "only the control account logs in"
    assert {cs_id(each) for each in load.idle} <= set(Admin(load._gate.admin_port, ADMIN_TOKEN).sessions())
