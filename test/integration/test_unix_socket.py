"""Unix sockets: to clients, to the backend, and for the HTTP API."""

import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile

import pymysql
import pytest

from clients import connection_id, disconnect, is_alive, query, rows, value
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, run_once
from support import seconds, wait_until


@pytest.fixture
def directory():
    """A short one: the path of a socket has 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="sg-") as path:
        yield pathlib.Path(path)


@pytest.fixture
def connect_at():
    with contextlib.ExitStack() as opened:
        def connect(path, user="app", password="app_password"):
            session = pymysql.connect(unix_socket=str(path), user=user, password=password, autocommit=True,
                                      read_timeout=seconds(30))
            opened.callback(disconnect, session)
            return session

        yield connect


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_clients_connect_on_a_socket_beside_tcp(start_gate, directory, connect_at):
    path = directory / "clients"
    gate = start_gate(listen_socket=path)
    session = connect_at(path)
    assert value(session, "SELECT CURRENT_USER()") == "app@%"
    listed = {row["Id"]: row for row in rows(session, "SHOW PROXYSESSION")}
    assert listed[session.thread_id()]["Host"] == "localhost"
    assert mode_of(path) == 0o666
    gate.terminate()
    assert gate.wait() == 0
    assert not path.exists()


def test_a_socket_may_be_all_that_is_listened_on(start_gate, directory, connect_at):
    path = directory / "only"
    start_gate(listen=f"unix:{path}", listen_socket_mode="600")
    assert mode_of(path) == 0o600
    assert is_alive(connect_at(path))
    assert is_alive_as_proxysys(connect_at(path, "root@proxysys", PROXYSYS_PASSWORD))


def is_alive_as_proxysys(session):
    return bool(rows(session, "SHOW PROXYSESSION"))


def test_a_socket_that_a_dead_process_left_is_replaced(start_gate, directory, connect_at):
    path = directory / "left"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()
    start_gate(listen_socket=path)
    assert is_alive(connect_at(path))


@pytest.mark.parametrize("kind", ["live", "file"])
def test_what_is_in_use_at_the_path_stays_and_is_named(start_gate, mariadb, directory, kind):
    path = directory / "taken"
    with contextlib.ExitStack() as opened:
        if kind == "live":
            other = opened.enter_context(socket.socket(socket.AF_UNIX))
            other.bind(str(path))
            other.listen()
        else:
            path.write_text("precious")
        done = run_once("--backend", f"127.0.0.1:{mariadb.port}", "--listen", f"unix:{path}", "--admin-listen", "off")
        assert done.returncode == 1
        assert str(path) in done.stderr
        assert path.exists()


def test_a_socket_that_another_process_has_put_in_its_place_is_not_removed(start_gate, directory):
    path = directory / "mine"
    gate = start_gate(listen_socket=path)
    path.unlink()
    path.write_text("another's")
    gate.terminate()
    assert gate.wait() == 0
    assert path.read_text() == "another's"


def test_the_backend_is_reached_on_its_socket(start_gate, mariadb, directory, connect_at, database):
    path = directory / "clients"
    start_gate(backend=f"unix:{mariadb.socket}", listen_socket=path)
    session = connect_at(path)
    host = value(database, f"SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = {connection_id(session)}")
    assert host == "localhost"
    admin = connect_at(path, "root@proxysys", PROXYSYS_PASSWORD)
    listed = rows(admin, f"SHOW PROXYSESSION ATTRIBUTE {session.thread_id()}")
    assert any(mariadb.socket in str(row["value"]) for row in listed)


def test_many_log_in_at_once_over_the_socket_of_the_backend(start_gate, mariadb, directory):
    path = directory / "clients"
    start_gate(backend=f"unix:{mariadb.socket}", listen_socket=path)
    client = shutil.which("mariadb")
    running = [subprocess.Popen([client, "--no-defaults", f"-S{path}", "-uapp", "-papp_password", "-NBe", "SELECT 1"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(40)]
    assert [each.communicate(timeout=seconds(60))[0] for each in running] == [b"1\n"] * 40


def test_a_dead_backend_socket_is_told(start_gate, directory, connect_at):
    gate = start_gate(backend=f"unix:{directory}/nobody", listen_socket=directory / "clients", connect_timeout="2s")
    with pytest.raises(pymysql.err.OperationalError) as told:
        connect_at(directory / "clients")
    assert told.value.args[0] == 2003
    assert f"unix:{directory}/nobody" in told.value.args[1]
    gate.wait_for_log("backend_unreachable")


class UnixHttp(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=seconds(20))
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def test_the_http_api_on_a_socket(start_gate, directory, connect_at):
    path = directory / "admin"
    gate = start_gate(admin_listen=f"unix:{path}", listen_socket=directory / "clients")
    assert mode_of(path) == 0o600
    session = connect_at(directory / "clients")
    with contextlib.closing(UnixHttp(path)) as api:
        api.request("GET", "/v1/sessions", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
        answer = api.getresponse()
        assert answer.status == 200
        assert str(session.thread_id()) in answer.read().decode()
    gate.wait_for_log("http .*localhost GET /v1/sessions")
    gate.terminate()
    assert gate.wait() == 0
    assert not path.exists()


def test_ctl_over_the_socket(start_gate, directory, connect_at):
    start_gate(admin_listen=f"unix:{directory}/admin", listen_socket=directory / "clients")
    session = connect_at(directory / "clients")
    done = run_once("ctl", "--socket", str(directory / "admin"), "sessions",
                    environment={"SESSIONGATE_ADMIN_TOKEN": ADMIN_TOKEN})
    assert done.returncode == 0, done.stderr
    assert str(session.thread_id()) in done.stdout
    assert "localhost" in done.stdout


def test_sockets_of_clients_count_as_one_address(start_gate, directory):
    path = directory / "clients"
    start_gate(listen_socket=path, login_max_per_address=1)
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
        first.connect(str(path))
        assert first.recv(5)[4:] == b"\x0a"
        second.connect(str(path))
        assert second.recv(5)[4:] == b"\xff"


def test_killing_over_the_socket(start_gate, mariadb, directory, connect_at):
    path = directory / "clients"
    start_gate(backend=f"unix:{mariadb.socket}", listen_socket=path)
    victim = connect_at(path)
    killer = connect_at(path)
    query(killer, f"KILL {victim.thread_id()}")
    wait_until(lambda: not is_alive(victim), "it is dead")
