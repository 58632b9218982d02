"""Fixtures: one database server for the whole run, one sessiongate for each module, more of either on demand."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from certificates import Authority  # noqa: E402
from clients import Admin, connect, disconnect, runs_on_backend  # noqa: E402
from mariadb_server import CONTROL_PASSWORD, MariadbServer  # noqa: E402
from raw_client import COM_QUERY, RawClient  # noqa: E402
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, SessiongateProcess, write_secret  # noqa: E402
from support import ROOT, seconds, wait_until  # noqa: E402

TEST_LIMIT = 120


def pytest_configure(config):
    config.addinivalue_line("markers", "limit(seconds): of a test that takes so much longer than others may")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """No test hangs the run: a traceback of where it stood, and on."""
    marker = item.get_closest_marker("limit")
    limit = seconds(TEST_LIMIT) if marker is None else seconds(TEST_LIMIT) + marker.args[0]

    def give_up(*_):
        raise TimeoutError(f"{item.name} ran for more than {limit:.0f} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def mariadb():
    server = MariadbServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def second():
    """One more server; its connections are numbered as those of the first."""
    server = MariadbServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def secrets(tmp_path_factory):
    """Setting name -> file, for the settings that name a file with a secret."""
    directory = tmp_path_factory.mktemp("secrets")
    return {"admin_token_file": write_secret(directory, "token", ADMIN_TOKEN),
            "proxysys_password_file": write_secret(directory, "proxysys", PROXYSYS_PASSWORD),
            "control_password_file": write_secret(directory, "control", CONTROL_PASSWORD)}


def _settings(mariadb, secrets, given):
    ordinary = {"backend": f"127.0.0.1:{mariadb.port}", "cluster": "obdemo", "operators": "operator,root",
                "workers": 2, "admin_token_file": secrets["admin_token_file"],
                "proxysys_password_file": secrets["proxysys_password_file"], "login_delay_max": "0ms"}
    return {**ordinary, **given}


@pytest.fixture(scope="module")
def gate(mariadb, secrets):
    """sessiongate as most tests want it. It has no control account: kills go over the killer's own server session."""
    process = SessiongateProcess(**_settings(mariadb, secrets, {}))
    yield process
    process.stop()


@pytest.fixture
def start_gate(mariadb, secrets):
    """start_gate(login_timeout='1s'): one more sessiongate, with other settings, for one test."""
    with contextlib.ExitStack() as started:
        def start(environment=None, **given):
            process = SessiongateProcess(environment, **_settings(mariadb, secrets, given))
            started.callback(process.stop)
            return process

        yield start


@pytest.fixture
def controlled(start_gate, secrets):
    """controlled(…): start_gate() with a control account, which makes no health checks: their connection would count."""
    def start(**given):
        return start_gate(control_user="control", control_password_file=secrets["control_password_file"],
                          **{"health_check_interval": "0", **given})

    return start


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Signs the certificates of the tests for TLS."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that nobody knows."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="session")
def certificates(authority):
    """Name -> (certificate, key): files."""
    return {name: authority.sign(name) for name in ("proxy", "server", "client")}


@pytest.fixture(scope="session")
def tls_server(certificates, authority):
    """A database server that does TLS."""
    certificate, key = certificates["server"]
    server = MariadbServer(f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--ssl-ca={authority.file}")
    yield server
    server.stop()


@pytest.fixture
def tls_gate(start_gate, tls_server, certificates):
    """tls_gate(client=True, backend='required', …): sessiongate in front of tls_server."""
    def start(client=True, backend=None, host="127.0.0.1", backend_port=None, **given):
        certificate, key = certificates["proxy"]
        own = {"client_tls_cert": certificate, "client_tls_key": key} if client else {}
        return start_gate(backend=f"{host}:{backend_port or tls_server.port}", backend_tls=backend, **{**own, **given})

    return start


@pytest.fixture
def dead_port():
    """Nobody listens there, and nobody else can have it as long as the test runs."""
    with contextlib.closing(socket.socket()) as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def open_session(gate):
    """open_session(user='other', …): a PyMySQL connection through `gate`, closed after the test."""
    with contextlib.ExitStack() as opened:
        def open_one(**given):
            connection = connect(gate.port, **given)
            opened.callback(disconnect, connection)
            return connection

        yield open_one


@pytest.fixture
def session_on():
    """session_on(gate, user='other', …): the same, through any gate."""
    with contextlib.ExitStack() as opened:
        def open_one(gate, **given):
            connection = connect(gate.port, **given)
            opened.callback(disconnect, connection)
            return connection

        yield open_one


@pytest.fixture
def database(mariadb):
    """A direct connection as root, which sees and sets anything."""
    with contextlib.closing(connect(mariadb.port, user="root", password="root_password")) as connection:
        yield connection


@pytest.fixture
def operator(open_session):
    return open_session(user="operator", password="operator_password")


@pytest.fixture
def sleeper(gate, database):
    """A session of app that runs SELECT SLEEP(60): (its RawClient, its connection_id)."""
    with RawClient(gate.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        yield client, identifier


@pytest.fixture
def admin(gate):
    return Admin(gate.admin_port, ADMIN_TOKEN)


@pytest.fixture(scope="session")
def node_modules():
    """The npm packages of node/package.json, installed from the lock file when that is not done yet."""
    sources = ROOT / "test/integration/node"
    installed = ROOT / "build/test-clients"
    installed.mkdir(parents=True, exist_ok=True)
    lock = (sources / "package-lock.json").read_bytes()
    if not (installed / "installed").is_file() or (installed / "installed").read_bytes() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(sources / name, installed)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=installed, stdin=subprocess.DEVNULL, check=True,
                       timeout=300)
        (installed / "installed").write_bytes(lock)
    return installed / "node_modules"


@pytest.fixture(scope="session")
def node(node_modules):
    """node('kill.js', port, …): what the script in node/ prints, from JSON."""
    sources = ROOT / "test/integration/node"

    def run(script, *arguments, limit=60):
        done = subprocess.run(["node", str(sources / script), *map(str, arguments)], stdin=subprocess.DEVNULL,
                              env={**os.environ, "NODE_PATH": str(node_modules)}, capture_output=True,
                              text=True, timeout=seconds(limit), check=False)
        assert done.returncode == 0, f"{script}:\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    return run
