"""Binary logs and a replica through the proxy, with the real mariadb-binlog and a second server."""

import contextlib
import json
import shutil
import subprocess
import time

import pytest

from clients import connect, query, rows, value
from mariadb_server import MariadbServer
from sessiongate_process import PROXYSYS_PASSWORD, SessiongateProcess
from support import duration, seconds, wait_until

ROOT = {"user": "root", "password": "root_password"}


@pytest.fixture(scope="module")
def primary():
    server = MariadbServer("--log-bin=primary", "--server-id=1", "--binlog-format=ROW", "--gtid-domain-id=1",
                           "--rpl-semi-sync-master-timeout=60000")
    with connect(server.port, **ROOT) as session:
        query(session, "CREATE USER copier@'%' IDENTIFIED BY 'copier_password'")
        query(session, "GRANT REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO copier@'%'")
        query(session, "CREATE TABLE app.big (id INT PRIMARY KEY, v LONGBLOB)")
        for number in range(20):
            query(session, "INSERT INTO app.big VALUES (%s, REPEAT(%s, 300000))", number, chr(97 + number))
        query(session, "INSERT INTO app.big VALUES (99, REPEAT('z', 20000000))")  # an event above 16 MiB
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gate(primary, secrets):
    short = duration(2)
    process = SessiongateProcess(backend=f"127.0.0.1:{primary.port}", workers=2, idle_timeout=short, write_timeout="30s",
                                 proxysys_password_file=secrets["proxysys_password_file"], control_user="control",
                                 control_password_file=secrets["control_password_file"],
                                 guards=json.dumps([{"user": "copier", "max_statement_time": short, "max_session_age": short}]))
    yield process
    process.stop()


@pytest.fixture
def writer(primary):
    with contextlib.closing(connect(primary.port, **ROOT)) as session:
        yield session


class Proxysys:
    """root@proxysys, who logs in for each of his commands: the idle timeout is short."""

    def __init__(self, port):
        self._port = port

    def rows(self, statement):
        with contextlib.closing(connect(self._port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as session:
            return rows(session, statement)


@pytest.fixture
def admin(gate):
    return Proxysys(gate.port)


def binlog(port, *options):
    return [shutil.which("mariadb-binlog"), "--no-defaults", "--read-from-remote-server", "-h127.0.0.1", f"-P{port}",
            "-ucopier", "-pcopier_password", *options]


def dump_threads(session):
    return value(session, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'")


def sessions_of(admin, user):
    return [row["Id"] for row in admin.rows("SHOW PROXYSESSION") if row["User"] == user]


def test_a_binary_log_is_read_as_without_the_proxy(gate, primary):
    def read(port):
        done = subprocess.run(binlog(port, "--to-last-log", "--verbose", "primary.000001"), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds(60), check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    through = read(gate.port)
    assert len(through) > 20_000_000
    assert through == read(primary.port)


def test_a_log_that_is_not_there_is_told_as_without_the_proxy(gate, primary):
    def read(port):
        done = subprocess.run(binlog(port, "nothing.000009"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds(60), check=False)
        return done.returncode, done.stderr

    code, text = read(gate.port)
    assert code != 0
    assert (code, text) == read(primary.port)


def test_a_log_that_is_followed_goes_on_until_it_is_killed(gate, writer, admin, tmp_path):
    follower = subprocess.Popen(binlog(gate.port, "--stop-never", "--raw", f"--result-file={tmp_path}/", "primary.000001"),
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        copy = tmp_path / "primary.000001"
        wait_until(copy.exists, "the log arrives")
        time.sleep(seconds(3))  # longer than idle-timeout and the guards' limits: a stream is not idle, and no statement
        query(writer, "CREATE OR REPLACE TABLE app.marked AS SELECT 'a mark in the log' AS v")
        wait_until(lambda: b"a mark in the log" in copy.read_bytes(), "the stream goes on")
        assert follower.poll() is None
        (identifier,) = sessions_of(admin, "copier")
        admin.rows(f"KILL PROXYSESSION {identifier}")
        assert follower.wait(seconds(10)) != 0
        wait_until(lambda: dump_threads(writer) == 0, "the dump thread has ended")
        assert sessions_of(admin, "copier") == []
    finally:
        follower.kill()
        follower.communicate()


def test_a_follower_that_goes_away_is_noticed(gate, writer, admin, tmp_path):
    follower = subprocess.Popen(binlog(gate.port, "--stop-never", "--raw", f"--result-file={tmp_path}/", "primary.000001"),
                                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: sessions_of(admin, "copier"), "it follows")
    wait_until(lambda: dump_threads(writer) == 1, "it follows there")
    follower.kill()
    follower.wait(seconds(10))
    wait_until(lambda: not sessions_of(admin, "copier"), "its session has ended")

    def dump_has_ended():
        # The server notices a closed connection when it writes to it, and no earlier than at its second write.
        query(writer, "CREATE OR REPLACE TABLE app.marked AS SELECT 1 AS v")
        return dump_threads(writer) == 0

    wait_until(dump_has_ended, "the dump thread has ended", pause=0.1)


@pytest.fixture(scope="module")
def replica(primary, gate):
    server = MariadbServer("--server-id=2", "--rpl-semi-sync-slave-enabled=ON", "--gtid-domain-id=1")
    with connect(server.port, **ROOT) as session, connect(primary.port, **ROOT) as source:
        position = value(source, "SELECT @@gtid_current_pos")
        query(session, f"SET GLOBAL gtid_slave_pos = '{position}'")
        query(session, f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {gate.port}, MASTER_USER = 'copier', "
                       "MASTER_PASSWORD = 'copier_password', MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, "
                       "MASTER_HEARTBEAT_PERIOD = 1")
        query(session, "START SLAVE")
        wait_until(lambda: state(session)["Slave_IO_Running"] == "Yes", "the replica is connected", limit=20)
    yield server
    server.stop()


def state(session):
    return rows(session, "SHOW SLAVE STATUS")[0]


@pytest.fixture
def reader(replica):
    with contextlib.closing(connect(replica.port, **ROOT)) as session:
        yield session


def arrives(reader, statement, expected):
    def look():
        with contextlib.suppress(Exception):
            return value(reader, statement) == expected
        return False

    wait_until(look, f"{statement} gives {expected}; {state(reader)['Last_Error']}", limit=30)


def test_a_replica_follows_through_the_proxy(writer, reader, admin):
    query(writer, "CREATE TABLE app.copied (id INT PRIMARY KEY, v LONGBLOB)")
    for number in range(200):
        query(writer, "INSERT INTO app.copied VALUES (%s, REPEAT('x', 5000))", number)
    query(writer, "INSERT INTO app.copied VALUES (1000, REPEAT('y', 20000000))")
    arrives(reader, "SELECT COUNT(*), SUM(LENGTH(v)) FROM app.copied", 201)
    assert value(reader, "SELECT SUM(LENGTH(v)) FROM app.copied") == 21_000_000
    assert len(sessions_of(admin, "copier")) == 1
    time.sleep(seconds(3))  # longer than idle-timeout: only heartbeats
    assert state(reader)["Slave_IO_Running"] == "Yes"


def test_semi_synchronous_commits_are_acknowledged_through_the_proxy(writer, reader):
    def status(name):
        return query(writer, f"SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_{name}'")[0][1]

    query(writer, "CREATE OR REPLACE TABLE app.acknowledged (id INT PRIMARY KEY)")
    arrives(reader, "SELECT COUNT(*) FROM app.acknowledged", 0)
    query(writer, "SET GLOBAL rpl_semi_sync_master_enabled = ON")
    try:
        query(reader, "STOP SLAVE IO_THREAD")
        # While the dump thread before is still among the clients, a commit would wait for it, and the server keeps the next one waiting meanwhile.
        wait_until(lambda: dump_threads(writer) == 0 and status("clients") == "0", "the dump thread has ended")
        query(reader, "START SLAVE IO_THREAD")
        wait_until(lambda: status("clients") == "1", "the replica is one of the semi-synchronous")
        for number in range(50):
            query(writer, "INSERT INTO app.acknowledged VALUES (%s)", number)
        assert status("status") == "ON"
        assert int(status("yes_tx")) >= 50
        assert int(status("no_tx")) == 0
        arrives(reader, "SELECT COUNT(*) FROM app.acknowledged", 50)
    finally:
        query(writer, "SET GLOBAL rpl_semi_sync_master_enabled = OFF")


def test_a_replica_whose_session_is_killed_comes_back_and_has_lost_nothing(writer, reader, admin):
    query(writer, "CREATE OR REPLACE TABLE app.through_kills (id INT PRIMARY KEY)")
    arrives(reader, "SELECT COUNT(*) FROM app.through_kills", 0)
    identifier = None
    for turn in range(3):
        # Killed before it follows, a replica reconnects by itself in the middle of its preparations, misses the variables
        # that it has set, and stops for good.
        wait_until(lambda: set(sessions_of(admin, "copier")) - {identifier}, "the replica is connected")
        wait_until(lambda: state(reader)["Slave_IO_State"] == "Waiting for master to send event", "it follows")
        (identifier,) = sessions_of(admin, "copier")
        admin.rows(f"KILL PROXYSESSION {identifier}")
        for number in range(20):
            query(writer, "INSERT INTO app.through_kills VALUES (%s)", 20 * turn + number)
        wait_until(lambda: set(sessions_of(admin, "copier")) - {identifier}, "it is connected again")
    arrives(reader, "SELECT COUNT(*) FROM app.through_kills", 60)
    assert state(reader)["Last_SQL_Error"] == ""


def test_ending_only_the_server_session_of_the_replica_has_it_come_back_as_well(writer, reader, admin):
    query(writer, "CREATE OR REPLACE TABLE app.server_ends (id INT PRIMARY KEY)")
    arrives(reader, "SELECT COUNT(*) FROM app.server_ends", 0)
    (identifier,) = sessions_of(admin, "copier")
    details = admin.rows(f"SHOW PROXYSESSION ATTRIBUTE {identifier}")
    (ss_id,) = [row["value"] for row in details if row["attribute_name"] == "ss_id"]
    admin.rows(f"KILL PROXYSESSION {identifier} {ss_id}")
    query(writer, "INSERT INTO app.server_ends VALUES (1)")
    arrives(reader, "SELECT COUNT(*) FROM app.server_ends", 1)
    assert set(wait_until(lambda: sessions_of(admin, "copier"), "it is back")) != {identifier}
