"""The audit file: every kill leaves its line, and no disk keeps a kill from being done."""

import json
import os
import pathlib
import signal
import stat
import threading
import time

import pytest

from clients import Admin, connect, cs_id, disconnect, error_of, query, runs_on_backend
from raw_client import COM_QUERY, RawClient
from sessiongate_process import ADMIN_TOKEN, ctl
from support import freeze, seconds, wait_until

CONTROL = {"control_user": "control"}


def lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


def kills(path):
    return [line for line in lines(path) if line["event"] == "kill"]


def metric(gate, name):
    page = Admin(gate.admin_port).get("/metrics").text
    return int(next(line.rsplit(" ", 1)[1] for line in page.splitlines() if line.startswith(f"sessiongate_{name} ")))


def kill_one(gate, killer, **login):
    victim = connect(gate.port, **login)
    query(killer, f"KILL PROXYSESSION {cs_id(victim)}")
    disconnect(victim)
    return cs_id(victim)


@pytest.fixture
def audit(tmp_path):
    return tmp_path / "audit.jsonl"


def test_every_kill_has_a_line_with_who_whom_and_what_came_of_it(start_gate, audit):
    gate = start_gate(audit_file=audit)
    killer = connect(gate.port, user="app@sys#obdemo", database="app")
    in_sql = kill_one(gate, killer, user="app@sys#obdemo")
    other = connect(gate.port, user="app@sys#obdemo", database="app")
    assert ctl(gate, "kill", cs_id(other)).returncode == 0
    refused = Admin(gate.admin_port, ADMIN_TOKEN).delete("/v1/sessions/4711")
    assert refused.status == 404
    found = wait_until(lambda: len(kills(audit)) == 3 and kills(audit), "the lines are there")
    assert [line["number"] for line in found] == [1, 2, 3]
    assert found[0]["by"] == f"app@sys#obdemo (cs_id {cs_id(killer)})"
    assert (found[0]["cs_id"], found[0]["face"], found[0]["outcome"]) == (in_sql, "sql", "killed")
    assert found[0]["by_address"] == f"127.0.0.1:{killer._sock.getsockname()[1]}"
    assert (found[1]["by"], found[1]["face"], found[1]["verb"]) == ("token admin", "ctl", "kill_session")
    assert found[1]["host"] == f"127.0.0.1:{other._sock.getsockname()[1]}"
    assert (found[1]["user"], found[1]["tenant"], found[1]["db"]) == ("app", "sys", "app")
    assert (found[2]["face"], found[2]["outcome"], found[2]["cs_id"]) == ("http", "not_found", None)
    listed = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/kills", sort="number").json["kills"]
    assert [{"event": "kill", **row} for row in listed] == found
    wait_until(lambda: metric(gate, "audit_lines_written_total") == 3, "they are counted")  # behind their writing
    assert stat.S_IMODE(audit.stat().st_mode) & 0o137 == 0
    disconnect(killer)
    disconnect(other)


def test_the_file_is_rotated_by_size(start_gate, audit):
    gate = start_gate(audit_file=audit, audit_file_max=2000, audit_files_max=2)
    killer = connect(gate.port)
    for _ in range(12):
        kill_one(gate, killer)
    wait_until(lambda: metric(gate, "audit_lines_written_total") == 12, "all are written")
    names = sorted(path.name for path in audit.parent.iterdir())
    assert names == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]
    assert all(path.stat().st_size <= 2000 for path in audit.parent.iterdir())
    numbers = [line["number"] for name in reversed(names) for line in kills(audit.parent / name)]
    assert numbers == list(range(numbers[0], 13)) and len(numbers) > 3
    disconnect(killer)


def test_a_file_that_others_rotate_is_opened_anew(start_gate, audit):
    gate = start_gate(audit_file=audit)
    killer = connect(gate.port)
    kill_one(gate, killer)
    wait_until(lambda: kills(audit), "the first line is there")
    audit.rename(audit.with_suffix(".old"))
    gate.process.send_signal(signal.SIGHUP)
    kill_one(gate, killer)
    wait_until(lambda: audit.exists() and kills(audit), "the second line is there")
    audit.unlink()
    kill_one(gate, killer)
    wait_until(lambda: audit.exists() and kills(audit), "the third line is there")
    assert [line["number"] for line in kills(audit)] == [3]
    assert metric(gate, "audit_lines_lost_total") == 0
    disconnect(killer)


def test_a_missing_directory_fails_no_kill_and_is_made_up_for(start_gate, tmp_path):
    file = tmp_path / "missing" / "audit.jsonl"
    gate = start_gate(audit_file=file, audit_queue_max=2)
    gate.wait_for_log("audit_not_written file=.*missing")
    killer = connect(gate.port)
    for _ in range(5):
        kill_one(gate, killer)
    assert metric(gate, "audit_lines_lost_total") == 3
    assert metric(gate, "audit_lines_waiting") == 2
    assert metric(gate, "audit_write_errors_total") > 0
    gate.wait_for_log("audit_queue_full")
    file.parent.mkdir()
    wait_until(lambda: metric(gate, "audit_lines_written_total") == 2, "what waited is written")
    kill_one(gate, killer)
    gate.wait_for_log("audit_written_again file=.* lost=3")
    wait_until(lambda: len(kills(file)) == 3, "and what came behind")
    assert [(line["event"], line.get("number", line.get("count"))) for line in lines(file)] == [
        ("started", None), ("kill", 1), ("kill", 2), ("lines_lost", 3), ("kill", 6)]
    assert gate.log().count("audit_not_written") == 1
    disconnect(killer)


def test_a_full_disk_holds_up_no_kill(start_gate):
    gate = start_gate(audit_file="/dev/full")
    killer = connect(gate.port)
    begun = time.monotonic()
    for _ in range(20):
        kill_one(gate, killer)
    assert time.monotonic() - begun < 15  # each would wait for the next try to write, which comes in a second
    assert metric(gate, "audit_lines_written_total") == 0
    assert metric(gate, "audit_lines_waiting") == 20
    disconnect(killer)
    gate.terminate()
    assert gate.wait() == 0
    assert "audit_incomplete file=/dev/full missing=20" in gate.log()


def test_what_a_client_leaves_running_is_in_the_audit(start_gate, database, secrets, audit):
    gate = start_gate(audit_file=audit, **CONTROL, control_password_file=secrets["control_password_file"])
    with RawClient(gate.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
    found = wait_until(lambda: audit.exists() and kills(audit), "it is recorded")
    assert [(line["by"], line["face"], line["outcome"], line["interrupt"], line["connection_id"]) for line in found] == [
        ("sessiongate (disconnect)", "disconnect", "killed", "interrupted", identifier)]
    assert found[0]["statement"] == "SELECT SLEEP(?)"


def test_a_drain_is_in_the_audit(start_gate, database, secrets, audit):
    gate = start_gate(audit_file=audit, drain_timeout="300ms", **CONTROL,
                      control_password_file=secrets["control_password_file"])
    idle = connect(gate.port)
    with RawClient(gate.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        gate.terminate()
        assert gate.wait() == 0
    found = kills(audit)
    assert [(line["face"], line["cs_id"], line["outcome"], line["was_running"]) for line in found][:1] == [
        ("drain", cs_id(idle), "killed", False)]
    assert [(line["face"], line["connection_id"], line["interrupt"], line["was_running"]) for line in found][1:] == [
        ("drain", identifier, "interrupted", True)]
    wait_until(lambda: not runs_on_backend(database, identifier), "it is interrupted")
    assert lines(audit)[-1]["event"] == "stopped"
    disconnect(idle)


class Killer(threading.Thread):
    """Makes sessions and kills them until the proxy is gone; remembers which of its kills were answered."""

    def __init__(self, gate):
        super().__init__()
        self.gate, self.answered, self.begun = gate, [], threading.Event()

    def run(self):
        try:
            killer = connect(self.gate.port)
            while True:
                victim = connect(self.gate.port)
                query(killer, f"KILL PROXYSESSION {cs_id(victim)}")
                self.answered.append(cs_id(victim))
                self.begun.set()
                disconnect(victim)
        except Exception:  # however it noticed: the proxy is gone
            self.begun.set()


@pytest.mark.parametrize("signals", [1, 2])
def test_sigterm_in_the_middle_of_kills_leaves_no_gap(start_gate, audit, signals):
    gate = start_gate(audit_file=audit, drain_timeout="500ms")
    killers = [Killer(gate) for _ in range(8)]
    for each in killers:
        each.start()
    for each in killers:
        assert each.begun.wait(seconds(20))
    time.sleep(0.3)
    for _ in range(signals):
        gate.terminate()
        time.sleep(0.02)
    assert gate.wait() == 0
    for each in killers:
        each.join()
    found = lines(audit)
    assert (found[0]["event"], found[-1]["event"]) == ("started", "stopped")
    numbers = [line["number"] for line in found if line["event"] == "kill"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert found[-1]["last_number"] == len(numbers)
    killed = {line["cs_id"] for line in found if line["event"] == "kill" and line["outcome"] == "killed"}
    answered = {identifier for each in killers for identifier in each.answered}
    assert len(answered) >= 8
    assert answered <= killed


@pytest.mark.parametrize("signals", [1, 2])
def test_a_kill_that_the_end_cuts_off_is_recorded(start_gate, mariadb, database, secrets, audit, signals):
    """The backend is frozen, so the kill waits for its answer when the proxy is told to stop."""
    gate = start_gate(audit_file=audit, drain_timeout="200ms", kill_timeout="2s", **CONTROL,
                      control_password_file=secrets["control_password_file"])
    killer = connect(gate.port)
    with RawClient(gate.port).login() as victim:
        victim.query("SELECT CONNECTION_ID()")
        identifier = int(victim.rows[0][1:])
        victim.command(COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        freeze(mariadb.process)
        try:
            waiting = threading.Thread(target=lambda: error_of(query, killer, f"KILL PROXYSESSION {victim.thread_id}"))
            waiting.start()
            gate.wait_for_log("session_closed .*reason=killed")
            for _ in range(signals):
                gate.terminate()
                time.sleep(0.1)
            assert gate.wait() == 0
            waiting.join()
        finally:
            os.kill(mariadb.process.pid, signal.SIGCONT)
    found = [line for line in kills(audit) if line["verb"] == "kill_session" and line["face"] == "sql"]
    assert [line["cs_id"] for line in found] == [victim.thread_id]
    assert found[0]["outcome"] in ("timeout", "backend_unreachable", "unfinished")
    assert found[0]["connection_id"] == identifier
    assert [line["number"] for line in kills(audit)] == list(range(1, len(kills(audit)) + 1))
    disconnect(killer)
