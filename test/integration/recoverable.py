"""What the tests of recovery share: two servers, a sessiongate whose clients can lose their server session, and the ways in which one loses
it. A test module that imports the fixtures has them."""

import contextlib
import json

import pymysql
import pytest

from clients import Admin, connect, disconnect, knows_backends, let_backends_be_looked_at, query
from mariadb_server import MariadbServer
from sessiongate_process import ADMIN_TOKEN, write_secret
from support import wait_until

LOSSES = ("planned", "unplanned")
CHECKED = "100ms"  # how often the server's global variables are read
SCHEMA = [
    "CREATE TABLE app.numbered (id INT PRIMARY KEY AUTO_INCREMENT, value INT) ENGINE=InnoDB", "CREATE SEQUENCE app.seq",
    "CREATE TABLE relay.accounts (id INT PRIMARY KEY, balance INT)", "CREATE ROLE auditor", "GRANT auditor TO app@'%'",
    "GRANT ALL ON `own\\_%`.* TO app@'%'"]
# That the control account can see that there are no stored programs.
LOOKING = ["GRANT TRIGGER ON *.* TO control@'%'", "GRANT SELECT ON mysql.proc TO control@'%'"]


@contextlib.contextmanager
def as_root(server):
    with contextlib.closing(pymysql.connect(unix_socket=server.socket, user="root", autocommit=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def servers():
    """Two of the same, with nothing stored that could change a session unseen."""
    with contextlib.ExitStack() as started:
        made = []
        for _ in range(2):
            made.append(MariadbServer())
            started.callback(made[-1].stop)
            with as_root(made[-1]) as root:
                for statement in SCHEMA + LOOKING:
                    query(root, statement)
        yield made


@pytest.fixture(scope="module")
def users_file(tmp_path_factory):
    accounts = [{"user": name, "password": f"{name}_password"} for name in ("app", "other")]
    return write_secret(tmp_path_factory.mktemp("users"), "users.json", json.dumps(accounts))


@pytest.fixture
def recovering(controlled, servers, users_file):
    """recovering(…): sessiongate that can open server sessions by itself, and knows its backends."""
    def start(**given):
        backend = f"127.0.0.1:{servers[0].port}"
        gate = controlled(**{"backend": backend, "credentials": "users", "users_file": users_file, "health_check_interval": CHECKED, **given})
        wait_until(lambda: knows_backends(gate), "the backends have been looked at")
        return gate

    return start


@pytest.fixture
def gate(recovering):
    return recovering()


def end_server_session(gate, session_id):
    """What the kill told."""
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    server_session = admin.get(f"/v1/sessions/cs_id:{session_id}").json["server_sessions"][0]["ss_id"]
    answer = admin.delete(f"/v1/sessions/cs_id:{session_id}/server-sessions/{server_session}")
    assert answer.status == 200, answer.text
    return answer.json


def lose(loss, gate, session_id, server):
    """Takes the server session of an idle client session away; what was told of it beforehand, none when nothing was."""
    if loss == "planned":
        return end_server_session(gate, session_id)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    let_backends_be_looked_at(gate)  # what the server's variables were at the login is known when they were read behind it, too
    identifier = admin.get(f"/v1/sessions/cs_id:{session_id}").json["server_sessions"][0]["server_sessid"]
    with as_root(server) as root:
        query(root, f"KILL CONNECTION {identifier}")
    wait_until(lambda: has_lost_server_session(admin, session_id), "the proxy sees that it has gone")
    return None


def has_lost_server_session(admin, session_id):
    answer = admin.get(f"/v1/sessions/cs_id:{session_id}")
    return answer.status != 200 or answer.json["svr_session_cnt"] == 0


def word_of(error):
    """The obstacle that an error names."""
    number, text = error
    assert number == 1927 and text.endswith(")"), error
    return text[text.rindex("(") + 1:-1]


@pytest.fixture
def session(gate):
    connection = connect(gate.port, database="app")
    yield connection
    disconnect(connection)
