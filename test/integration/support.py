"""What every helper needs: waiting for conditions, free ports, time limits that grow with slow binaries."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Sanitizer builds are several times slower: scripts/test.sh sets these for them.
SLOWNESS = float(os.environ.get("SESSIONGATE_TEST_SLOWNESS", "1"))
SESSIONS = int(os.environ.get("SESSIONGATE_TEST_SESSIONS", "200"))
LOWEST_PORT = 20000
_given_ports = set()


def seconds(limit):
    """A time limit for a build that is SLOWNESS times slower than the ordinary one."""
    return limit * SLOWNESS


def duration(limit):
    """The same as a setting's value."""
    return f"{seconds(limit) * 1000:.0f}ms"


def wait_until(condition, what, limit=10.0, pause=0.02):
    """Calls condition() until it gives something true, and returns that."""
    end = time.monotonic() + seconds(limit)
    while True:
        is_last = time.monotonic() > end  # looked at before: the condition may take long
        found = condition()
        if found:
            return found
        if is_last:
            raise AssertionError(f"waited {seconds(limit):.0f} s in vain: {what}")
        time.sleep(pause)


def freeze(process):
    """Stops it with SIGSTOP. A signal to a process reaches its threads one by one: on a busy machine some still answer for a moment."""
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: all(state_of(thread) == "T" for thread in pathlib.Path(f"/proc/{process.pid}/task").iterdir()), "it has stopped")


def state_of(thread):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    return "T"


def free_port():
    """None of those that the system gives to who asks for any, or connects: it would get a free one again before its use here."""
    given_by_system = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        wanted = random.randrange(LOWEST_PORT, given_by_system) if given_by_system > LOWEST_PORT + 1000 else 0
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", wanted))
            port = probe.getsockname()[1]
            if port not in _given_ports:
                _given_ports.add(port)
                return port


def free_ports(count):
    """All of them different."""
    return [free_port() for _ in range(count)]


def scratch_directory(prefix):
    """A new directory, in memory when there is room for it. The caller removes it."""
    memory = pathlib.Path("/dev/shm")
    base = None
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30:
        base = memory
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=base))
