"""What is measured. A scenario is a function that measures one target once; the runner interleaves the targets."""

import contextlib
import dataclasses
import re
import typing
import urllib.request

import measure
import report
import servers

IDLE_SESSIONS = 2000
MANY_SESSIONS = 9000
LISTINGS = 20
ROUND_MEMORY_SECONDS = 11  # after that, a worker has forgotten its longest round


@dataclasses.dataclass
class Scenario:
    key: str
    title: str
    targets: tuple
    measure: typing.Callable  # (bench, target name) -> {"metric": number}
    rounds: typing.Optional[int] = None  # else as many as the run has


def _loaded(mode, **options):
    def run(bench, target):
        server = bench.server(target)
        return measure.measure_load(bench, server, mode, None if target == "direct" else server.pid,
                                    **({"seconds": bench.seconds} | options))
    return run


def _tls_of(bench, target):
    """What the load has to do for a target's TLS: HAProxy's begins with the connection."""
    if target in bench.proxies:
        return {}
    return {"tls": "from_start" if target.startswith("HAProxy") else "asked_for"}


def _idle_memory(bench, target):
    with bench.start_proxy(target) as fresh, bench.using(fresh):
        return measure.measure_idle(bench, fresh, IDLE_SESSIONS, **_tls_of(bench, target))


def many_sessions(bench):
    """As many of the 9,000 as the descriptor limit allows: a proxied session takes two."""
    return min(MANY_SESSIONS, (bench.descriptors - 400) // 2)


@contextlib.contextmanager
def _idle_sessions(bench, server, count):
    with measure.Load(bench.programs, bench.cpus.load, "idle", server, clients=count) as idle, bench.using(idle):
        idle.run()
        yield


def _busy_among_idle(bench, target):
    server = bench.server(target)

    def busy():
        return measure.measure_load(bench, server, "query", server.pid, clients=64, seconds=bench.seconds)

    alone = busy()
    with _idle_sessions(bench, server, many_sessions(bench)):
        among = busy()
    return {"throughput_ratio": among["per_s"] / alone["per_s"], "cpu_ratio": among["cpu_us"] / alone["cpu_us"],
            "per_s_alone": alone["per_s"], "per_s_among": among["per_s"],
            "strangers": max(alone["strangers"], among["strangers"])}


def _longest_round_ms(admin):
    """Of the last 5 to 10 seconds with traffic."""
    with urllib.request.urlopen(f"http://{admin}/metrics", timeout=10) as page:
        found = re.search(r"^sessiongate_worker_longest_round_microseconds\S* (\d+)", page.read().decode(), re.MULTILINE)
    return int(found.group(1)) / 1e3


def _listing(bench, target):
    admin = f"127.0.0.1:{servers.free_port()}"
    with servers.sessiongate(bench.binaries[target], bench.backend, bench.cpus.proxy, admin=admin) as server, \
            bench.using(server), _idle_sessions(bench, server, many_sessions(bench)):
        measure.measure_load(bench, server, "query", clients=1, seconds=ROUND_MEMORY_SECONDS)
        quiet_round_ms = _longest_round_ms(admin)
        with measure.Load(bench.programs, bench.cpus.load, "listing", server, count=LISTINGS,
                          sql="SHOW PROXYSESSION") as load:
            meter = measure.Meter(None, bench.pids() + [load.pid])
            result = load.run()
            _, strangers = meter.end()
        longest_round_ms = _longest_round_ms(admin)
    return {"round_ms": longest_round_ms, "quiet_round_ms": quiet_round_ms, "worst_ms": max(result["worst_us"]) / 1e3, "quiet_worst_ms": max(result["quiet_worst_us"]) / 1e3,
            "typical_worst_ms": sorted(result["worst_us"])[LISTINGS // 2] / 1e3,
            "listing_ms": sorted(result["listing_us"])[LISTINGS // 2] / 1e3, "strangers": strangers}


def _sysbench(bench, target):
    server = bench.server_on_mariadb(target)
    return measure.measure_sysbench(bench, server, 64, bench.sysbench_seconds,
                                    None if target == "direct" else server.pid)


def _tls(bench, target):
    return _loaded("query", clients=64, **_tls_of(bench, target))(bench, target)


def make_all(bench):
    everyone = ("direct", *bench.proxies)
    ours = tuple(name for name in bench.proxies if name not in ("HAProxy", "floor"))
    large = "SELECT c FROM large_"
    with_tls = tuple(name + report.TLS_FLAGS for name in ours)
    return [
        Scenario("idle", f"memory of an idle session ({IDLE_SESSIONS} of them)", (*bench.proxies, *with_tls),
                 _idle_memory, 1),
        Scenario("text-1", "text query, 1 client", (*everyone, *(f"{name} --spin 50" for name in ours)),
                 _loaded("query", clients=1)),
        Scenario("text-64", "text query, 64 clients", everyone, _loaded("query", clients=64)),
        Scenario("text-256", "text query, 256 clients", everyone, _loaded("query", clients=256)),
        Scenario("prepared-64", "prepared query, 64 clients", everyone, _loaded("query", clients=64, prepared=True)),
        Scenario("tls-64", "text query, 64 clients, plain and with TLS on the client's side",
                 ("HAProxy", "HAProxy --tls", *ours, *with_tls), _tls),
        Scenario("result-4096", "256 MB results, rows of 4 KiB", everyone, _loaded("result", sql=large + "4096")),
        Scenario("result-100", "256 MB results, rows of 100 bytes", everyone, _loaded("result", sql=large + "100")),
        Scenario("connect", "connect, SELECT 1, close", everyone, _loaded("connect", clients=8)),
        Scenario("workers", "text query, 64 clients, 1 and 2 workers on the same cores",
                 tuple(f"{name} --workers {count}" for name in ("HAProxy", *ours) for count in (1, 2)),
                 _loaded("query", clients=64)),
        Scenario("many", f"64 busy clients among {many_sessions(bench)} idle ones",
                 tuple(name for name in bench.proxies if name != "floor"), _busy_among_idle,
                 min(bench.rounds, 3)),
        Scenario("listing", f"SHOW PROXYSESSION on {many_sessions(bench)} sessions, {LISTINGS} times", ours, _listing,
                 min(bench.rounds, 3)),
        Scenario("sysbench", "sysbench point select on MariaDB, 64 threads",
                 tuple(name for name in everyone if name != "floor"), _sysbench),
    ]
