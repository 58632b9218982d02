"""What is read while a load runs: processor time and memory of processes, and what else the machine does."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

from servers import Mariadb, pinned

TICKS = os.sysconf("SC_CLK_TCK")
LOAD_SECONDS_MAX = 120  # beyond the time that it was told to run


def cpu_seconds(pid):
    """User and system time of a process, all its threads, in nanosecond steps (its clock is made from its id)."""
    return time.clock_gettime((~pid << 3) | 2)


def pss_kb(pid):
    """Memory in user space; a page that is shared by n processes counts 1/n."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"no Pss for process {pid}")


def machine_busy_seconds():
    with open("/proc/stat") as stat:
        fields = [int(field) for field in stat.readline().split()[1:9]]
    idle, waiting, stolen = fields[3], fields[4], fields[7]
    return (sum(fields) - idle - waiting - stolen) / TICKS


class Load:
    """One run of bench_load, up to where its sessions are open. See measuring.hpp for the conversation."""

    def __init__(self, programs, cpus, mode, server, **options):
        words = [programs / "bench_load", mode, server.address]
        for name, value in options.items():
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
        self._limit = LOAD_SECONDS_MAX + options.get("seconds", 0)
        self.process = subprocess.Popen(pinned(cpus, words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)
        self.pid = self.process.pid
        try:
            self._expect("ready")
        except BaseException:
            self.close()
            raise

    def _expect(self, prefix):
        line = self.process.stdout.readline()
        if not line.startswith(prefix):
            raise RuntimeError(f"bench_load: {line!r} in place of {prefix!r}: it failed")
        return line

    def run(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self._expect("{"))

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(self._limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Meter:
    """Processor time of the measured process and of all others, between begin() and end()."""

    def __init__(self, target, ours):
        self._target = target  # a pid, or None for a direct connection
        self._ours = ours      # pids of everything that belongs to the measurement
        self._begin = self._look()

    def _look(self):
        target = cpu_seconds(self._target) if self._target else 0
        return time.monotonic(), target, sum(map(cpu_seconds, self._ours)), machine_busy_seconds()

    def end(self):
        """(processor seconds of the target, share of a core that went to strangers)"""
        before, now = self._begin, self._look()
        elapsed, target, ours, busy = (after - was for was, after in zip(before, now))
        return target, max(0.0, (busy - ours) / elapsed)


def measure_load(bench, server, mode, target=None, **options):
    """Runs one load through `server`: its result, plus cpu_us for each operation (or MB) of process `target`."""
    with Load(bench.programs, bench.cpus.load, mode, server, **options) as load:
        meter = Meter(target, bench.pids() + [load.pid])
        result = load.run()
        spent, strangers = meter.end()
    result["strangers"] = strangers
    if target:
        result["cpu_us"] = spent * 1e6 / result.get("mb", result["n"])
    return result


def measure_idle(bench, server, sessions, **options):
    """Memory of one session that has run a statement and waits; `server` is fresh."""
    before = pss_kb(server.pid)
    with Load(bench.programs, bench.cpus.load, "idle", server, clients=sessions, **options) as load:
        load.run()
        time.sleep(0.5)  # buffers that are given back a moment later
        return {"kb": (pss_kb(server.pid) - before) / sessions, "strangers": 0.0}


def measure_sysbench(bench, server, threads, seconds, target=None):
    command = pinned(bench.cpus.load, Mariadb.sysbench(server.port, threads) + [f"--time={seconds}", "run"])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True) as process:
        # sysbench's own time cannot be read any more when it has ended, so strangers are not known here.
        before = cpu_seconds(target) if target else 0
        try:
            output = process.communicate(timeout=LOAD_SECONDS_MAX + seconds)[0]
        except BaseException:
            process.kill()
            raise
        spent = cpu_seconds(target) - before if target else 0
    found = re.search(r"queries:\s+(\d+)\s+\(([\d.]+) per sec", output)
    if process.returncode != 0 or not found:
        raise RuntimeError(f"sysbench failed:\n{output[-2000:]}")
    result = {"n": int(found.group(1)), "per_s": float(found.group(2)), "strangers": 0.0}
    if target:
        result["cpu_us"] = spent * 1e6 / result["n"]
    return result
