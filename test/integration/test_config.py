"""The configuration: where settings come from, what is said about wrong ones, and how the process ends."""

import json
import os
import re
import signal

import pytest

import raw_client as raw
from clients import LOST, Admin, connect, disconnect, error_of, query, runs_on_backend, value
from mariadb_server import MariadbServer
from raw_client import RawClient
from sessiongate_process import PROXYSYS_PASSWORD, run_once
from support import freeze, wait_until


def printed(*words, environment=None):
    done = run_once(*words, "--print-config", environment=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "sessiongate.json"
        path.write_text(text)
        return str(path)

    return write


def test_a_backend_is_all_that_is_needed():
    settings = printed("--backend", "127.0.0.1:3306")
    assert settings["listen"] == "0.0.0.0:2883"
    assert settings["admin_listen"] == "127.0.0.1:2884"
    assert settings["backend"] == "127.0.0.1:3306"


def test_flags_come_before_the_environment_before_the_file_before_defaults(file):
    path = file('{\n  // comments are allowed\n  "backend": "10.0.0.1:1", "workers": 3, "cluster": "file", /* here too */\n'
                '  "operators": ["a", "b"], "log_format": "json"\n}')
    environment = {"SESSIONGATE_CONFIG": path, "SESSIONGATE_WORKERS": "4", "SESSIONGATE_CLUSTER": "environment"}
    assert printed(environment=environment)["cluster"] == "environment"
    settings = printed("--cluster", "flag", environment=environment)
    assert (settings["cluster"], settings["workers"], settings["backend"]) == ("flag", "4", "10.0.0.1:1")
    assert (settings["operators"], settings["log_format"], settings["log_level"]) == ("a,b", "json", "info")


def test_every_flag_has_its_twins_in_the_environment_and_in_the_file():
    settings = printed("--backend", "h:1")
    help_text = run_once("--help").stdout
    for key in settings:
        if key == "secrets":
            continue
        assert f"--{key.replace('_', '-')} " in help_text, key
        assert f"SESSIONGATE_{key.upper()}" in help_text, key
    for needed in ("listen", "backend", "cluster", "workers", "admin_listen", "admin_token_file", "proxysys_password_file",
                   "control_user", "control_password_file", "log_level", "log_format", "drain_timeout"):
        assert needed in settings


def test_all_errors_are_reported_at_once_each_with_its_place(file):
    path = file('{"backend": "nowhere", "no_such_setting": 1, "workers": true}')
    done = run_once("--config", path, "--log-level", "loud", "--listen", "here", "--admin-token-file", "/no/such/file",
                    "--check", environment={"SESSIONGATE_LOGIN_TIMEOUT": "soon"})
    assert done.returncode == 2
    assert done.stdout == ""
    for place in ('"backend"', '"no_such_setting"', '"workers"', "--log-level", "--listen", "--admin-token-file",
                  "SESSIONGATE_LOGIN_TIMEOUT"):
        assert place in done.stderr, done.stderr


@pytest.mark.parametrize("words", [
    [], ["--backend", "x"], ["--backend", "h:0"], ["--backend", "h:1", "--no-such-flag"], ["--backend", "h:1", "--workers", "-1"],
    ["--backend", "h:1", "--config", "/no/such/file"], ["--backend", "h:1", "--drain-timeout", "5 parsecs"],
    ["--backend", "h:1", "--log-format", "xml"]])
def test_wrong_settings_are_refused_before_anything_starts(words):
    done = run_once(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("sessiongate: ")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"backend": {"a": 1}}'])
def test_a_file_that_is_no_object_of_settings_is_refused(file, text):
    done = run_once("--config", file(text), "--check")
    assert done.returncode == 2


def test_check_says_good(file):
    done = run_once("--backend", "127.0.0.1:3306", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "good" in done.stdout


def test_the_version_is_that_of_the_project():
    done = run_once("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"sessiongate \d+\.\d+\.\d+\n", done.stdout)


def test_secrets_are_masked(secrets):
    words = ["--backend", "h:1", "--control-user", "control"]
    for name, path in secrets.items():
        words += ["--" + name.replace("_", "-"), str(path)]
    done = run_once(*words, "--print-config")
    for path in secrets.values():
        assert path.read_text().strip() not in done.stdout
    assert json.loads(done.stdout)["secrets"].keys() == {"admin_token", "proxysys_password", "control_password"}


def test_an_empty_secret_file_is_an_error(tmp_path):
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert run_once("--backend", "h:1", "--admin-token-file", str(empty), "--check").returncode == 2


def test_secrets_do_not_appear_in_the_log(start_gate, secrets):
    gate = start_gate(log_level="trace")
    disconnect(connect(gate.port))
    disconnect(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD))
    gate.stop()
    for secret in ("app_password", *(path.read_text().strip() for path in secrets.values())):
        assert secret not in gate.log()


def test_a_port_in_use_is_told_with_its_address(gate):
    done = run_once("--backend", "127.0.0.1:1", "--listen", f"127.0.0.1:{gate.port}", "--admin-listen", "off")
    assert done.returncode not in (0, 2)
    assert str(gate.port) in done.stderr


def test_the_json_log_is_one_object_a_line_and_tells_the_life_of_a_session(start_gate):
    gate = start_gate(log_format="json")
    session = connect(gate.port, user="app@sys#obdemo")
    disconnect(session)
    gate.wait_for_log("client_quit|client_gone")
    gate.stop()
    lines = [json.loads(line) for line in gate.log().splitlines()]
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    assert any(line.get("cs_id") == session.thread_id() for line in lines)


# The end

@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_idle_sessions_are_closed_at_once_with_an_error_and_the_exit_code_is_0(start_gate, stop):
    gate = start_gate(drain_timeout="30s")
    session = connect(gate.port)
    gate.process.send_signal(stop)
    assert gate.wait(limit=10) == 0
    assert error_of(query, session, "SELECT 1")[0] in (*LOST, 1053)
    assert "drained" in gate.log()


def test_a_statement_in_flight_may_end_and_nobody_new_comes_in(start_gate, database):
    gate = start_gate(drain_timeout="60s")
    query(database, "SELECT GET_LOCK('in flight', 10)")
    with RawClient(gate.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, b"SELECT GET_LOCK('in flight', 600), 'done'")
        wait_until(lambda: runs_on_backend(database, identifier, "in flight"), "it runs")
        gate.terminate()
        wait_until(lambda: error_of_or_none(gate.port), "the door is closed")
        query(database, "SELECT RELEASE_LOCK('in flight')")
        client.read_response()
        assert client.rows == [b"\x011\x04done"]
        assert gate.wait() == 0


def test_a_command_that_the_proxy_answers_may_end_too(start_gate):
    """It waits for a frozen server, which is asked for the caller's rights, when the proxy is told to stop."""
    server = MariadbServer()
    try:
        gate = start_gate(backend=f"127.0.0.1:{server.port}", drain_timeout="60s", kill_timeout="60s")
        with RawClient(gate.port).login() as client:
            freeze(server.process)
            try:
                client.command(raw.COM_QUERY, b"SHOW PROXYSESSION")
                wait_until(lambda: re.search("^sessiongate_admin_commands_total [1-9]",
                                             Admin(gate.admin_port).get("/metrics").text, re.MULTILINE), "it came")
                gate.terminate()
                gate.wait_for_log("draining")
            finally:
                os.kill(server.process.pid, signal.SIGCONT)
            client.read_response()
            assert len(client.rows) == 1
            assert gate.wait() == 0
    finally:
        server.stop()


def error_of_or_none(port):
    try:
        disconnect(connect(port))
        return None
    except Exception as error:  # whatever keeps one out
        return error


def test_a_statement_that_takes_longer_than_the_drain_timeout_is_ended(start_gate):
    gate = start_gate(drain_timeout="500ms")
    with RawClient(gate.port).login() as client:
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: value(connect(gate.port), "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                                                     "WHERE INFO LIKE 'SELECT SLEEP(60)%'"), "it runs")
        gate.terminate()
        assert gate.wait(limit=15) == 0


def test_a_transaction_that_is_open_is_not_waited_for_longer_than_the_drain_timeout(start_gate):
    gate = start_gate(drain_timeout="500ms")
    session = connect(gate.port, database="app")
    query(session, "BEGIN")
    query(session, "UPDATE accounts SET balance = balance WHERE id = 3")
    gate.terminate()
    assert gate.wait(limit=15) == 0
    disconnect(session)
