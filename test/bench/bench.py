"""Compares sessiongate with HAProxy (TCP mode), with a bare relay and with no proxy at all; see --help and
docs/performance.md. scripts/bench.sh builds what is needed and calls this."""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import plot  # noqa: E402
import report  # noqa: E402
import scenarios  # noqa: E402
import servers  # noqa: E402


@dataclasses.dataclass
class Cpus:
    """taskset lists. What is measured has a core of its own, as far as the machine has cores."""
    load: str
    backend: str
    proxy: str
    workers: str  # for the comparison of one worker with two

    @classmethod
    def choose(cls):
        there = sorted(os.sched_getaffinity(0))
        at = [str(there[index % len(there)]) for index in range(4)]
        if len(there) >= 4:
            return cls(at[0], at[2], at[1], f"{at[1]},{at[3]}")
        return cls(at[0], at[2 if len(there) > 2 else 0], at[1], ",".join(sorted({at[0], at[1]})))


class Bench:
    """The settings of one run, and its servers, each started when it is first asked for."""

    def __init__(self, arguments, stack):
        self.programs = arguments.build / "test/bench"
        self.binaries = {"sessiongate": arguments.build / "proxy/sessiongate"}
        if arguments.other:
            self.binaries["other"] = arguments.other
        self.rounds = arguments.rounds
        self.seconds = arguments.seconds
        self.sysbench_seconds = max(2, round(arguments.seconds))
        self.cpus = Cpus.choose()
        self.descriptors = servers.raise_descriptor_limit()
        self.proxies = ("HAProxy", "floor", *self.binaries)
        self._stack = stack
        self._started = {}
        self._extra = []
        self.backend = self._keep("backend", lambda: servers.canned_backend(self.programs, self.cpus.backend))

    def _keep(self, key, start):
        if key not in self._started:
            self._started[key] = self._stack.enter_context(start())
        return self._started[key]

    def start_proxy(self, target, backend=None):
        """`target` is a proxy's name; sessiongate's can be followed by flags, HAProxy's by --workers or --tls."""
        backend = backend or self.backend
        name, *flags = target.split()
        if name == "floor":
            return servers.floor(self.programs, backend, self.cpus.proxy)
        if flags[:1] == ["--workers"]:
            if name == "HAProxy":
                return servers.haproxy(backend, self.cpus.workers, int(flags[1]))
            return servers.sessiongate(self.binaries[name], backend, self.cpus.workers, int(flags[1]))
        if name == "HAProxy":
            start = servers.haproxy_with_tls if flags else servers.haproxy
            return start(backend, self.cpus.proxy)
        return servers.sessiongate(self.binaries[name], backend, self.cpus.proxy, more=flags)

    def server(self, target):
        if target == "direct":
            return self.backend
        return self._keep(target, lambda: self.start_proxy(target))

    def server_on_mariadb(self, target):
        mariadb = self._keep("MariaDB", lambda: servers.Mariadb(self.cpus.backend))
        if target == "direct":
            return mariadb
        return self._keep(f"{target} on MariaDB", lambda: self.start_proxy(target, mariadb))

    @contextlib.contextmanager
    def using(self, process):
        """A process that belongs to the measurement for a while."""
        self._extra.append(process.pid)
        yield
        self._extra.remove(process.pid)

    def pids(self):
        return [server.pid for server in self._started.values()] + self._extra


def run_rounds(bench, scenario):
    """{target: [result of each round]}, the targets taking turns."""
    results = {target: [] for target in scenario.targets}
    for number in range(scenario.rounds or bench.rounds):
        for target in scenario.targets:
            result = scenario.measure(bench, target)
            results[target].append(result)
            print(f"  {scenario.key} {number + 1} {target}: {report.one_line(result)}", file=sys.stderr, flush=True)
    return results


def first_line(command):
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    return output.splitlines()[0] if output else ""


def describe_machine(bench):
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"processor": model, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "sessiongate": first_line([bench.binaries["sessiongate"], "--version"]),
            "haproxy": first_line([servers.find_program("haproxy"), "-v"]),
            "mariadb": first_line([servers.find_program("mariadbd"), "--version"]),
            "cpus": dataclasses.asdict(bench.cpus)}


def parse_arguments():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about 3 minutes: fewer and shorter rounds")
    parser.add_argument("--rounds", type=int, help="rounds of each scenario (default 5, quick 2)")
    parser.add_argument("--seconds", type=float, help="length of one measurement (default 3, quick 1)")
    parser.add_argument("--scenarios", help="only these, separated by commas, as in: text-64,connect")
    parser.add_argument("--other", type=pathlib.Path, help="one more sessiongate binary, as a column of its own")
    parser.add_argument("--build", type=pathlib.Path, default=root / "build/release", help="build directory to measure")
    parser.add_argument("--out", type=pathlib.Path, default=root / "build/bench",
                        help="where results.json and results.svg go (default build/bench)")
    parser.add_argument("--markdown", type=pathlib.Path, help="write the table as Markdown here, too")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    arguments.seconds = arguments.seconds or (1 if arguments.quick else 3)
    return arguments


def choose_scenarios(bench, wanted):
    every = scenarios.make_all(bench)
    if wanted is None:
        return every
    keys = wanted.split(",")
    unknown = set(keys) - {each.key for each in every}
    if unknown:
        raise SystemExit(f"bench: no such scenario: {', '.join(sorted(unknown))}; "
                         f"there are {', '.join(each.key for each in every)}")
    return [each for each in every if each.key in keys]


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.time()
    raw = {}
    with contextlib.ExitStack() as stack:
        bench = Bench(arguments, stack)
        machine = describe_machine(bench)
        for scenario in choose_scenarios(bench, arguments.scenarios):
            print(f"{scenario.title}", file=sys.stderr, flush=True)
            raw[scenario.key] = run_rounds(bench, scenario)
    titles = {each.key: each.title for each in scenarios.make_all(bench)}
    rows = report.make_rows(raw, titles, bench.proxies)
    notes = report.make_notes(raw, machine, arguments, time.time() - begun)
    print(report.as_text(rows, bench.proxies, notes))
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "results.json").write_text(json.dumps(
        {"when": time.strftime("%F %T"), "machine": machine, "rounds": arguments.rounds, "seconds": arguments.seconds,
         "rows": [dataclasses.asdict(row) for row in rows], "raw": raw}, indent=1) + "\n")
    (arguments.out / "results.svg").write_text(plot.draw(rows, machine))
    print(f"\nAll rounds: {arguments.out}/results.json; plot: {arguments.out}/results.svg")
    if arguments.markdown:
        arguments.markdown.write_text(report.as_markdown(rows, bench.proxies, notes))


if __name__ == "__main__":
    main()
