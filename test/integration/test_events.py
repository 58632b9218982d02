"""Live events: followed with curl and with ctl, resumed, filtered; who does not read is dropped."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from clients import Admin, connect, connection_id, cs_id, disconnect, query
from relays import Relay
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, binary, ctl, write_secret
from support import duration, free_port, seconds, wait_until


class Follower:
    """A program that follows the events of a gate, and the lines that it has printed."""

    def __init__(self, words, environment=None):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**os.environ, **(environment or {})}, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)
        self._text = b""

    def lines(self):
        while piece := self.process.stdout.read(65536):
            self._text += piece
        return self._text.decode().splitlines()

    def wait_for(self, condition, what):
        return wait_until(lambda: condition(self.lines()), what)

    def close(self):
        self.process.kill()
        self.process.communicate()


def curl_words(gate, path="/v1/events", token=ADMIN_TOKEN, last_seen=None):
    words = ["curl", "-sSN", "--fail-with-body", "-H", f"Authorization: Bearer {token}", "-H", "Accept: text/event-stream"]
    if last_seen is not None:
        words += ["-H", f"Last-Event-ID: {last_seen}"]
    return [*words, f"http://127.0.0.1:{gate.admin_port}{path}"]


def data_of(lines):
    return [json.loads(line[len("data: "):]) for line in lines if line.startswith("data: ")]


@pytest.fixture
def follow():
    with contextlib.ExitStack() as opened:
        def start(words, environment=None):
            made = Follower(words, environment)
            opened.callback(made.close)
            return made

        yield start


@pytest.fixture
def curl(follow):
    """curl(gate, '/v1/events?type=kill'): it has begun to read when this returns."""
    def start(gate, *arguments, **given):
        made = follow(curl_words(gate, *arguments, **given))
        made.wait_for(lambda lines: lines, "the stream begins")
        return made

    return start


def test_sessions_and_kills_are_seen_as_they_happen(gate, curl):
    reader = curl(gate)
    session = connect(gate.port, user="app@sys#obdemo", database="app")
    killer = connect(gate.port, user="app@sys#obdemo")
    number = connection_id(session)
    query(killer, f"KILL PROXYSESSION {cs_id(session)}")
    disconnect(killer)

    def events(lines):
        mine = [one for one in data_of(lines) if one["cs_id"] == cs_id(session)]
        return mine if len(mine) == 3 else None

    found = reader.wait_for(events, "three events")
    by_type = {one["type"]: one for one in found}
    assert list(by_type)[0] == "session_opened" and set(by_type) == {"session_opened", "session_closed", "kill"}
    opened = by_type["session_opened"]
    assert (opened["user"], opened["tenant"], opened["cluster"], opened["db"]) == ("app", "sys", "obdemo", "app")
    assert opened["connection_id"] == number
    assert by_type["session_closed"]["outcome"] == "killed"
    assert by_type["session_closed"]["duration_us"] > 0
    kill = by_type["kill"]
    assert (kill["outcome"], kill["by"]) == ("killed", f"app@sys#obdemo (cs_id {cs_id(killer)})")
    listed = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/kills", number=kill["kill_number"]).json["kills"]
    assert [row["cs_id"] for row in listed] == [cs_id(session)]
    ids = [one["id"] for one in data_of(reader.lines())]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    disconnect(session)


def test_events_are_filtered(gate, curl):
    reader = curl(gate, "/v1/events?type=session_closed&filter=User%20%3D%20'other'")
    for user in ("app", "other", "app"):
        disconnect(connect(gate.port, user=user, password=f"{user}_password"))
    disconnect(connect(gate.port, user="other", password="other_password"))
    found = reader.wait_for(lambda lines: len(data_of(lines)) == 2 and data_of(lines), "those of other")
    assert {(one["type"], one["user"]) for one in found} == {("session_closed", "other")}


def test_a_reader_comes_back_where_it_was(start_gate, curl):
    gate = start_gate(events_max=10)
    reader = curl(gate, "/v1/events?type=session_closed")
    for _ in range(2):
        disconnect(connect(gate.port))
    last = reader.wait_for(lambda lines: len(data_of(lines)) == 2 and data_of(lines), "both")[-1]["id"]
    reader.close()
    for _ in range(2):
        disconnect(connect(gate.port))
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    wait_until(lambda: len(admin.get("/v1/events", type="session_closed").json["events"]) == 4, "all have ended")
    again = curl(gate, last_seen=last)
    found = again.wait_for(lambda lines: len(data_of(lines)) == 4 and data_of(lines), "what happened meanwhile")
    assert [one["id"] for one in found] == list(range(last + 1, last + 5))
    for _ in range(6):
        disconnect(connect(gate.port))
    wait_until(lambda: admin.get("/v1/events", limit=1).json["events"][0]["id"] >= last + 16, "the ring has gone on")
    late = curl(gate, last_seen=last)
    found = late.wait_for(lambda lines: len(data_of(lines)) >= 11 and data_of(lines), "the gap and the rest")
    assert "event: gap" in late.lines()
    assert found[0] == {"last_seen": last, "next": found[1]["id"], "missed": found[1]["id"] - last - 1}


def test_ids_of_an_earlier_run_are_known_for_that(start_gate, curl):
    first = start_gate()
    disconnect(connect(first.port))
    before = Admin(first.admin_port, ADMIN_TOKEN).get("/v1/events", limit=1).json["events"][0]["id"]
    first.stop()
    second = start_gate()
    disconnect(connect(second.port))
    reader = curl(second, last_seen=before)
    found = reader.wait_for(lambda lines: len(data_of(lines)) >= 2 and data_of(lines), "a gap and an event")
    assert found[0]["last_seen"] == before and found[0]["missed"] is None
    assert found[1]["id"] > before


def test_ctl_follows_events(gate, follow):
    environment = {"SESSIONGATE_CTL_URL": f"http://127.0.0.1:{gate.admin_port}", "SESSIONGATE_ADMIN_TOKEN": ADMIN_TOKEN}
    words = [binary(), "ctl", "events", "--where", "type = 'session_opened'"]
    metrics = Admin(gate.admin_port)
    wait_until(lambda: "sessiongate_event_readers 0" in metrics.get("/metrics").text, "those of earlier tests have left")
    text = follow(words, environment)
    as_json = follow([*words, "--json"], environment)
    wait_until(lambda: "sessiongate_event_readers 2" in metrics.get("/metrics").text, "both read")
    session = connect(gate.port, user="app@sys#obdemo")
    line = text.wait_for(lambda lines: lines, "a line")[0]
    assert " session_opened id=" in line and f" cs_id={cs_id(session)} " in line and " user=app " in line
    event = json.loads(as_json.wait_for(lambda lines: lines, "a line")[0])
    assert (event["type"], event["cs_id"]) == ("session_opened", cs_id(session))
    listed = ctl(gate, "events", "--where", f"cs_id = {cs_id(session)}", "--limit", "1")
    assert listed.returncode == 0 and listed.stdout.splitlines()[0].split()[:3] == ["id", "at", "type"]
    back = follow([binary(), "ctl", "events", "--last-event-id", str(event["id"] - 1)], environment)
    assert f" cs_id={cs_id(session)} " in back.wait_for(lambda lines: lines, "a line")[0]
    wrong = ctl(gate, "events", "--where", "nope = 1")
    assert (wrong.returncode, "nope" in wrong.stderr) == (1, True)
    disconnect(session)


def test_streams_end_as_a_whole_when_the_proxy_stops(start_gate, curl, follow):
    gate = start_gate()
    session = connect(gate.port)
    reader = curl(gate)
    environment = {"SESSIONGATE_CTL_URL": f"http://127.0.0.1:{gate.admin_port}", "SESSIONGATE_ADMIN_TOKEN": ADMIN_TOKEN}
    words = follow([binary(), "ctl", "events"], environment)
    metrics = Admin(gate.admin_port)
    wait_until(lambda: "sessiongate_event_readers 2" in metrics.get("/metrics").text, "both read")
    gate.terminate()
    assert gate.wait() == 0
    assert reader.process.wait(seconds(5)) == 0
    assert words.process.wait(seconds(5)) == 0
    closed = [one for one in data_of(reader.lines()) if one["type"] == "session_closed"]
    assert [(one["cs_id"], one["outcome"]) for one in closed] == [(cs_id(session), "drained")]
    disconnect(session)


def test_who_may_see_which_events(start_gate, curl, tmp_path):
    tokens = write_secret(tmp_path, "tokens", "look viewer viewer-token")
    gate = start_gate(admin_tokens_file=tokens, operators="operator")
    viewer = curl(gate, "/v1/events?type=session_opened", token="viewer-token")
    app = connect(gate.port, user="app@sys#obdemo")
    other = connect(gate.port, user="other@sys#obdemo", password="other_password")
    viewer.wait_for(lambda lines: len(data_of(lines)) == 2, "a viewer sees all")
    assert {row[8] for row in query(app, "SHOW PROXYEVENTS")} == {"app"}
    assert {row[8] for row in query(other, "SHOW PROXYEVENTS")} == {"other"}
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    types = {row[2] for row in query(proxysys, "SHOW PROXYEVENTS")}
    assert {"backend_state", "session_opened"} <= types
    refused = subprocess.run(curl_words(gate, token="nobody"), capture_output=True, text=True, timeout=seconds(20), check=False)
    assert refused.returncode == 22 and '"status":401' in refused.stdout
    for one in (app, other, proxysys):
        disconnect(one)


def test_slow_statements_are_events(start_gate, curl):
    gate = start_gate()
    session = connect(gate.port)
    slow = seconds(1)
    query(session, f"SELECT SLEEP({slow + 0.1}), 'off'")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    assert admin.request("PUT", "/v1/config/slow-statement-time", body=f'{{"value": "{duration(1)}"}}'.encode()).status == 200
    reader = curl(gate, "/v1/events?type=statement_slow")
    query(session, "SELECT 1")
    begun = time.monotonic()
    query(session, f"SELECT SLEEP({slow + 0.1}), 'secret'")
    took = time.monotonic() - begun
    found = reader.wait_for(data_of, "the slow one")
    assert [(one["statement"], one["outcome"]) for one in found] == [("SELECT SLEEP(?), ?", "query")]
    assert slow * 1_000_000 <= found[0]["duration_us"] <= took * 1_000_000
    assert admin.request("PUT", "/v1/config/slow-statement-time", body=b'{"value": "0"}').status == 200
    query(session, f"SELECT SLEEP({slow + 0.1})")
    time.sleep(0.1)
    assert len(data_of(reader.lines())) == 1
    disconnect(session)


def test_the_backends_state_is_an_event(start_gate, mariadb, curl):
    port = free_port()
    gate = start_gate(backend=f"127.0.0.1:{port}")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)

    def states():
        return [one["outcome"] for one in admin.get("/v1/events", type="backend_state", sort="id").json["events"]]

    wait_until(lambda: states()[:1] == ["suspect"], "it is not there")
    with contextlib.closing(Relay(mariadb.port, port)):
        wait_until(lambda: states()[-1] == "up", "it is there", limit=30)
        assert states() in (["suspect", "up"], ["suspect", "down", "up"])


def test_a_reader_that_does_not_read_is_dropped(start_gate, curl):
    gate = start_gate(events_max=50, admin_request_timeout="2s", workers=1)
    quick = curl(gate, "/v1/events?type=session_closed")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", gate.admin_port))
    slow.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n"
                 "Accept: text/event-stream\r\n\r\n".encode())
    metrics = Admin(gate.admin_port)
    wait_until(lambda: "sessiongate_event_readers 2" in metrics.get("/metrics").text, "both read")
    count = 0
    end = time.monotonic() + seconds(60)
    while "sessiongate_event_readers_dropped_total 1" not in metrics.get("/metrics").text:
        assert time.monotonic() < end
        for _ in range(20):
            disconnect(connect(gate.port))
            quick.lines()
        count += 20
    quick.wait_for(lambda lines: len(data_of(lines)) == count, "the other one got all of them")
    wait_until(lambda: "sessiongate_event_readers 1" in metrics.get("/metrics").text, "the slow one has left")
    gate.wait_for_log("follows events no more: (too slow|closed, or took nothing)")
    slow.close()


def test_many_read_at_a_time_and_one_more_is_refused(start_gate, curl):
    gate = start_gate(events_readers_max=12, admin_connections_max=2)
    readers = [curl(gate, "/v1/events?type=session_opened") for _ in range(12)]
    refused = subprocess.run(curl_words(gate), capture_output=True, text=True, timeout=seconds(20), check=False)
    assert refused.returncode == 22 and '"status":503' in refused.stdout
    session = connect(gate.port)
    for each in readers:
        found = each.wait_for(data_of, "all get it")
        assert [one["cs_id"] for one in found] == [cs_id(session)]
    disconnect(session)


def test_streams_outlive_the_request_timeout_and_end_with_their_tokens(start_gate, curl, tmp_path):
    tokens = write_secret(tmp_path, "tokens", "look viewer viewer-token")
    gate = start_gate(admin_tokens_file=tokens, admin_request_timeout=duration(1), events_heartbeat="100ms")
    reader = curl(gate, token="viewer-token")
    reader.wait_for(lambda lines: lines.count(": heartbeat") >= seconds(15), "it goes on")
    tokens.write_text("look viewer another-token\n")
    gate.process.send_signal(signal.SIGHUP)
    assert reader.process.wait(seconds(5)) == 0
    refused = subprocess.run(curl_words(gate, token="viewer-token"), capture_output=True, text=True, timeout=seconds(20), check=False)
    assert refused.returncode == 22


def test_what_cannot_be_followed_is_refused(gate, admin):
    stream = {"Accept": "text/event-stream"}
    for path in ("/v1/events?limit=5", "/v1/events?nope=1", "/v1/events?filter=nope%20%3D%201"):
        answer = admin.request("GET", path, headers=stream)
        assert (answer.status, answer.type) == (400, "application/problem+json")
    assert admin.request("GET", "/v1/events", headers={**stream, "Last-Event-ID": "x"}).status == 400
    assert admin.request("GET", "/v1/events?limit=1", headers={"Accept": "text/plain"}).text.split()[:2] == ["id", "at"]
