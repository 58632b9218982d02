"""What every helper needs: waiting for conditions, free ports, time limits that grow with slow binaries."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Sanitizer builds are several times slower: scripts/test.sh sets these for them.
SLOWNESS = float(os.environ.get("SESSIONGATE_TEST_SLOWNESS", "1"))
SESSIONS = int(os.environ.get("SESSIONGATE_TEST_SESSIONS", "200"))


def seconds(limit):
    """A time limit for a build that is SLOWNESS times slower than the ordinary one."""
    return limit * SLOWNESS


def wait_until(condition, what, limit=10.0, pause=0.02):
    """Calls condition() until it gives something true, and returns that."""
    end = time.monotonic() + seconds(limit)
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
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
    return free_ports(1)[0]


def free_ports(count):
    """All of them different."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in probes:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in probes]


def scratch_directory(prefix):
    """A new directory, in memory when there is room for it. The caller removes it."""
    memory = pathlib.Path("/dev/shm")
    base = None
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30:
        base = memory
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=base))
