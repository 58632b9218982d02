"""How long it takes until a session that holds a row lock in the middle of a statement is really gone, by each way to end
it, on a MariaDB of its own; and how long it goes on when HAProxy (TCP mode) closes the connection behind its client.
Measured from the kill on: until it is answered, until another session has the lock, until the thread has left the server's
list. scripts/bench.sh --kills builds what is needed and calls this; docs/performance.md tells what the numbers mean."""

import argparse
import contextlib
import functools
import http.client
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "test/integration"))

import bench  # noqa: E402
import kill_report  # noqa: E402
import servers  # noqa: E402
from raw_client import COM_QUERY, RawClient  # noqa: E402

SECRETS = {"admin-token-file": "bench token", "proxysys-password-file": "bench proxysys",
           "control-password-file": "bench control"}
TOKEN, PROXYSYS_PASSWORD, CONTROL_PASSWORD = SECRETS.values()
PASSWORD = "bench"
STATEMENTS = {"UPDATE of many rows": "UPDATE many SET n = n + 1",
              "wait for another's lock": "SELECT n FROM held WHERE id = 2 FOR UPDATE",
              "SLEEP": "SELECT SLEEP(600)"}
HAPROXY_ROUNDS = 3
GUARDED, GUARD_S = "guarded", 0.3  # a tenant whose transactions may be open for so long
STARTED_S = 0.02    # a statement that is in the server's list has done some work by then, and a waiter waits
PAUSE_S = 0.001     # between two looks at the server's list
LIMIT_S = 120       # that anything may take

SCHEMA = ["CREATE DATABASE kills",
          "CREATE TABLE kills.held (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB",
          "INSERT INTO kills.held VALUES (1, 0), (2, 0)",
          "CREATE TABLE kills.many (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB",
          f"CREATE USER app@'%' IDENTIFIED BY '{PASSWORD}'", "GRANT ALL ON kills.* TO app@'%'",
          f"CREATE USER operator@'%' IDENTIFIED BY '{PASSWORD}'", "GRANT CONNECTION ADMIN ON *.* TO operator@'%'",
          f"CREATE USER control@'%' IDENTIFIED BY '{CONTROL_PASSWORD}'", "GRANT CONNECTION ADMIN ON *.* TO control@'%'"]


class Setup:
    """The servers, and the sessions that kill and watch."""

    def __init__(self, arguments, stack):
        self._stack = stack
        self.binary = arguments.build / "proxy/sessiongate"
        self.mariadb = stack.enter_context(servers.Mariadb(with_table=False))
        self.watcher = self.open(self.mariadb.port, user="root", password="")
        for statement in SCHEMA + [f"INSERT INTO kills.many SELECT seq, 0 FROM kills.seq_1_to_{arguments.rows}"]:
            self.watcher.query(statement)
            assert self.watcher.first[:1] == b"\0", self.watcher.last
        self.keeper = self.open(self.mariadb.port, database="kills")  # of the lock that is waited for
        self.keep_lock()
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sessiongate-bench-")))
        flags = ["--control-user", "control", "--operators", "operator",
                 "--guards", json.dumps([{"tenant": GUARDED, "max_transaction_time": f"{GUARD_S * 1000:.0f}ms"}])]
        for name, secret in SECRETS.items():
            (directory / name).write_text(secret)
            (directory / name).chmod(0o600)
            flags += [f"--{name}", directory / name]
        self.admin_port = servers.free_port()
        self.gate = stack.enter_context(servers.sessiongate(self.binary, self.mariadb, workers=2, more=map(str, flags),
                                                            admin=f"127.0.0.1:{self.admin_port}"))
        self.haproxy = stack.enter_context(servers.haproxy(self.mariadb))
        self.killers = {"no proxy: KILL": self.watcher, "SQL, same user": self.open(self.gate.port),
                        "SQL, operator": self.open(self.gate.port, user="operator"),
                        "SQL, root@proxysys": self.open(self.gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)}

    def open(self, port, user="app", password=PASSWORD, **given):
        client = self._stack.enter_context(contextlib.closing(RawClient(port, limit=LIMIT_S)))
        return client.login(user=user, password=password, **given)

    def keep_lock(self):
        """Lets go of it first, so that whoever waits for it comes to an end."""
        for statement in ("ROLLBACK", "BEGIN", "SELECT n FROM held WHERE id = 2 FOR UPDATE"):
            self.keeper.query(statement)

    def lists(self, identifier, text):
        """Whether the server has that thread in that statement."""
        self.watcher.query(f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {identifier} AND INFO = '{text}'")
        return bool(self.watcher.rows)


def wait_for(condition, limit):
    """Whether it came true within the limit, in seconds."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE_S)
    return True


def wait_until(condition, what):
    if not wait_for(condition, LIMIT_S):
        raise SystemExit(f"bench: waited {LIMIT_S} s in vain: {what}")


class Victim:
    """A session that holds the lock of a row and runs a statement."""

    def __init__(self, setup, port, statement, user="app"):
        self.client = RawClient(port, limit=LIMIT_S).login(user=user, password=PASSWORD, database="kills")
        self.client.query("SELECT CONNECTION_ID()")
        self.connection_id = int(self.client.rows[0][1:])
        self.client.query(f"SET SESSION innodb_lock_wait_timeout = {LIMIT_S}")
        self.client.query("BEGIN")
        self.begun = time.perf_counter()
        self.client.query("UPDATE held SET n = n + 1 WHERE id = 1")
        self.client.command(COM_QUERY, statement.encode())
        wait_until(lambda: setup.lists(self.connection_id, statement), "the victim's statement runs")


# The ways to end it: each returns when the kill is answered, or None when nothing answers

def kill_over_sql(setup, victim, killer):
    setup.killers[killer].query(f"KILL PROXYSESSION {victim.client.thread_id}")
    return setup.killers[killer].first[:1] == b"\0"


def kill_directly(setup, victim):
    setup.watcher.query(f"KILL {victim.connection_id}")
    return setup.watcher.first[:1] == b"\0"


def kill_over_http(setup, victim):
    connection = http.client.HTTPConnection("127.0.0.1", setup.admin_port, timeout=LIMIT_S)
    connection.request("DELETE", f"/v1/sessions/{victim.client.thread_id}", headers={"Authorization": f"Bearer {TOKEN}"})
    outcome = json.load(connection.getresponse())["outcome"]
    connection.close()
    return outcome == "killed"


def kill_over_ctl(setup, victim):
    done = subprocess.run([setup.binary, "ctl", "--url", f"http://127.0.0.1:{setup.admin_port}", "kill",
                           str(victim.client.thread_id)], env={**os.environ, "SESSIONGATE_ADMIN_TOKEN": TOKEN},
                          stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def vanish(_, victim):
    victim.client.close()


def wait_for_guard(_, __):
    pass


def routes():
    by_sql = {name: functools.partial(kill_over_sql, killer=name)
              for name in ("SQL, same user", "SQL, operator", "SQL, root@proxysys")}
    return {"no proxy: KILL": kill_directly, **by_sql, "HTTP": kill_over_http, "ctl": kill_over_ctl,
            "the client's socket is closed": vanish, "a guard (--max-transaction-time)": wait_for_guard}


class Stopwatch:
    """Runs an action on a thread of its own, and notes when it is done."""

    def __init__(self, action):
        self._thread = threading.Thread(target=self._run, args=(action,))
        self._thread.start()

    def _run(self, action):
        action()
        self.stopped = time.perf_counter()

    def milliseconds_since(self, begun):
        self._thread.join()
        return (self.stopped - begun) * 1000


def wait_for_lock(setup, stack):
    """A session beside all proxies that waits for the victim's row."""
    waiter = stack.enter_context(contextlib.closing(RawClient(setup.mariadb.port, limit=LIMIT_S)))
    waiter.login(user="app", password=PASSWORD, database="kills")
    waiter.query("SELECT CONNECTION_ID()")
    identifier = int(waiter.rows[0][1:])
    waiter.query(f"SET SESSION innodb_lock_wait_timeout = {LIMIT_S}")
    statement = "SELECT n FROM held WHERE id = 1 FOR UPDATE"
    waiter.command(COM_QUERY, statement.encode())
    wait_until(lambda: setup.lists(identifier, statement) or select.select([waiter.socket], [], [], 0)[0], "another session waits for the lock")
    time.sleep(STARTED_S)
    return waiter


def measure(setup, port, statement, end, bound=LIMIT_S):
    """Milliseconds from the kill on, or from when a guard is due. What is not over after `bound` seconds counts as `bound`."""
    is_guarded = end is wait_for_guard
    with contextlib.ExitStack() as stack:
        victim = Victim(setup, port, statement, f"app@{GUARDED}" if is_guarded else "app")
        stack.callback(victim.client.close)
        waiter = wait_for_lock(setup, stack)
        watcher = stack.enter_context(contextlib.closing(RawClient(setup.mariadb.port, limit=LIMIT_S)))
        watcher.login(user="root", password="")

        def is_gone():
            watcher.query(f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {victim.connection_id}")
            return not watcher.rows

        begun = victim.begun + GUARD_S if is_guarded else time.perf_counter()
        lock, gone = Stopwatch(waiter.read_response), Stopwatch(lambda: wait_for(is_gone, bound))
        worked = end(setup, victim)
        answered = (time.perf_counter() - begun) * 1000
        if worked is False:
            raise SystemExit(f"bench: a kill failed: {end}")
        gone_after = gone.milliseconds_since(begun)
        if not is_gone():
            setup.keep_lock()
        return {"answered": None if worked is None else answered,
                "lock": min(lock.milliseconds_since(begun), bound * 1000), "gone": min(gone_after, bound * 1000)}


def measure_all(setup, chosen, rounds, results):
    """{(route, statement): [result of each round]}, the routes taking turns."""
    for number in range(rounds):
        for kind, statement in STATEMENTS.items():
            for name, end in chosen.items():
                port = setup.mariadb.port if end is kill_directly else setup.gate.port
                results.setdefault((name, kind), []).append(measure(setup, port, statement, end))
        print(f"  round {number + 1} of {rounds}", file=sys.stderr, flush=True)


def measure_haproxy(setup, bound, results):
    """What happens when HAProxy's client closes its socket."""
    for kind, statement in STATEMENTS.items():
        results[kill_report.HAPROXY, kind] = [measure(setup, setup.haproxy.port, statement, vanish, bound) for _ in range(HAPROXY_ROUNDS)]


def describe_machine(binary):
    found = bench.describe_machine(argparse.Namespace(binaries={"sessiongate": binary}, cpus=bench.Cpus.choose()))
    return {name: found[name] for name in ("processor", "cores", "kernel", "sessiongate", "haproxy", "mariadb")}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh --kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="kills by each route and of each statement (default 200)")
    parser.add_argument("--only", default="", help="only routes with this text in their name")
    parser.add_argument("--rows", type=int, default=500000, help="of the table that the long UPDATE changes (default 500000)")
    parser.add_argument("--bound", type=float, default=30, help="seconds that HAProxy's statements are watched for (default 30)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build directory to measure")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench", help="where kills.json goes")
    parser.add_argument("--markdown", type=pathlib.Path, help="write the table as Markdown here, too")
    return parser.parse_args()


def report(results, arguments):
    rows = kill_report.summarize(results, list(STATEMENTS), arguments.bound)
    machine = describe_machine(arguments.build / "proxy/sessiongate")
    notes = kill_report.make_notes(rows, machine)
    print(kill_report.as_text(rows), *notes, sep="\n")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "kills.json").write_text(json.dumps(
        {"when": time.strftime("%F %T"), "machine": machine, "rows": rows,
         "raw": [{"route": route, "statement": kind, "rounds": rounds} for (route, kind), rounds in results.items()]},
        indent=1) + "\n")
    if arguments.markdown:
        arguments.markdown.write_text(kill_report.as_markdown(rows, notes))


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = {}
    with contextlib.ExitStack() as stack:
        stack.callback(report, results, arguments)  # of what there is, also when it was stopped
        setup = Setup(arguments, stack)
        if arguments.only in kill_report.HAPROXY:
            measure_haproxy(setup, arguments.bound, results)
        chosen = {name: end for name, end in routes().items() if arguments.only in name}
        measure_all(setup, chosen, arguments.rounds, results)


if __name__ == "__main__":
    main()
