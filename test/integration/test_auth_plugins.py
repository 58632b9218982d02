"""MariaDB's authentication plugins through the proxy: ed25519 and those that ask questions (dialog, as PAM does)."""

import contextlib

import pytest

from clients import connect, disconnect, error_of, query, run_command_line, show, value
from libmariadb import ClientError, Connection
from mariadb_server import MariadbServer
from sessiongate_process import PROXYSYS_PASSWORD, SessiongateProcess, write_secret

ACCOUNTS = ["INSTALL SONAME 'auth_ed25519'", "INSTALL SONAME 'dialog_examples'",
            "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed_password')",
            "CREATE USER either@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed_password') OR mysql_native_password "
            "USING PASSWORD('native_password')",
            "CREATE USER asked@'%' IDENTIFIED VIA two_questions USING 'first answer'",
            "CREATE USER tries@'%' IDENTIFIED VIA three_attempts USING 'third time'",
            "CREATE USER control_ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('password of control_ed')",
            "GRANT CONNECTION ADMIN, PROCESS ON *.* TO control_ed@'%'"]


@pytest.fixture(scope="module")
def mariadb():
    server = MariadbServer("--plugin-maturity=unknown")
    with contextlib.closing(connect(server.port, user="root", password="root_password")) as session:
        for statement in ACCOUNTS:
            query(session, statement)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gate(mariadb, secrets):
    process = SessiongateProcess(backend=f"127.0.0.1:{mariadb.port}", workers=2,
                                 proxysys_password_file=secrets["proxysys_password_file"])
    yield process
    process.stop()


class Answers:
    """What PyMySQL asks a person."""

    def __init__(self, *given):
        self.given = list(given)
        self.asked = []

    def handler(self):
        answers = self

        class Handler:
            def __init__(self, connection):
                pass

            @staticmethod
            def prompt(_echo, question):
                answers.asked.append(question.decode())
                return answers.given.pop(0).encode()

        return {b"dialog": Handler}


@pytest.mark.parametrize("user, password", [("ed", "ed_password"), ("either", "ed_password"), ("either", "native_password")])
def test_ed25519_with_the_c_library_and_the_command_line(gate, user, password):
    with Connection(gate.port, user, password) as session:
        assert session.value("SELECT CURRENT_USER()") == f"{user}@%"
    assert f"{user}@%" in run_command_line(gate.port, "SELECT CURRENT_USER();", user=user, password=password)
    assert password not in gate.log()


def test_ed25519_with_a_wrong_password_is_refused(gate, mariadb):
    with pytest.raises(ClientError) as through:
        Connection(gate.port, "ed", "wrong")
    with pytest.raises(ClientError) as direct:
        Connection(mariadb.port, "ed", "wrong")
    assert through.value.args == direct.value.args
    assert through.value.args[0] == 1045


def test_change_user_from_plugin_to_plugin(gate, mariadb):
    with Connection(gate.port, "app", "app_password") as session:
        for user, password in (("ed", "ed_password"), ("app", "app_password"), ("either", "native_password"),
                               ("either", "ed_password"), ("ed", "ed_password"), ("nopassword", "")):
            session.change_user(user, password)
            assert session.value("SELECT CURRENT_USER()") == f"{user}@%"
        with pytest.raises(ClientError) as refused:
            session.change_user("ed", "wrong")
        assert refused.value.args[0] == 1045


def test_the_list_shows_who_changed(gate):
    with Connection(gate.port, "app", "app_password") as session:
        session.change_user("either", "ed_password")
        with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as watcher:
            assert "either" in [row["User"] for row in show(watcher).values()]


def test_a_dialog_of_two_questions(gate):
    answers = Answers("first answer", "yes, of course")
    session = connect(gate.port, user="asked", password="", auth_plugin_map=answers.handler())
    assert value(session, "SELECT CURRENT_USER()") == "asked@%"
    assert len(answers.asked) == 2
    disconnect(session)


def test_a_dialog_that_asks_again(gate):
    answers = Answers("first time", "second time", "third time")
    session = connect(gate.port, user="tries", password="", auth_plugin_map=answers.handler())
    assert value(session, "SELECT CURRENT_USER()") == "tries@%"
    assert len(answers.asked) == 3
    disconnect(session)


def test_a_dialog_with_wrong_answers_is_refused_as_it_is_without_the_proxy(gate, mariadb):
    for user, given in (("asked", ("first answer", "no")), ("asked", ("wrong", "yes, of course")), ("tries", ("a", "b", "c"))):
        def attempt(port):
            return error_of(lambda: connect(port, user=user, password="", auth_plugin_map=Answers(*given).handler()))
        assert attempt(gate.port) == attempt(mariadb.port)


def test_a_client_that_does_not_know_the_plugin_says_so_and_is_gone(gate):
    """PyMySQL has no question-asker unless it is given one: it leaves in the middle."""
    assert error_of(lambda: connect(gate.port, user="tries", password=""))[0] == 2059
    gate.wait_for_log("client_gone")


@pytest.mark.parametrize("password, event", [("password of control_ed", "control_connected"),
                                             ("wrong", "control_account_failed .*code=1045")])
def test_the_control_account_logs_in_with_ed25519(mariadb, tmp_path, password, event):
    gate = SessiongateProcess(backend=f"127.0.0.1:{mariadb.port}", control_user="control_ed",
                              control_password_file=write_secret(tmp_path, "control", password))
    gate.wait_for_log(event)
    gate.stop()
