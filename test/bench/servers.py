"""The processes that a benchmark needs, all on 127.0.0.1. Whoever starts one stops it: each is a context manager."""

import contextlib
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def raise_descriptor_limit():
    """For this process and all that it starts. Gives the limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_program(name):
    """As `which`, also where Debian puts servers."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"bench: there is no {name}: scripts/install-packages.sh build bench")
    return found


def pinned(cpus, command):
    return ["taskset", "-c", cpus, *map(str, command)] if cpus else list(map(str, command))


class Server:
    """One process that listens. Its output goes to a file that is shown when it does not start."""

    def __init__(self, name, command, port, cpus=None, environment=None, limit=30):
        self.name = name
        self.port = port
        self._log = tempfile.TemporaryFile("w+")
        # A session of its own: Ctrl-C reaches the benchmark, which then stops its servers in order.
        self.process = subprocess.Popen(pinned(cpus, command), stdin=subprocess.DEVNULL, stdout=self._log,
                                        stderr=self._log, env={**os.environ, **(environment or {})},
                                        start_new_session=True)
        try:
            self._wait(limit)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _wait(self, limit):
        end = time.monotonic() + limit
        while True:
            if self.process.poll() is not None or time.monotonic() > end:
                self._log.seek(0)
                raise SystemExit(f"bench: {self.name} did not start:\n{self._log.read()[-2000:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)

    def stop(self):
        """Ends it with SIGTERM; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def canned_backend(programs, cpus=None):
    port = free_port()
    return Server("bench_backend", [programs / "bench_backend", f"127.0.0.1:{port}"], port, cpus)


def floor(programs, backend, cpus=None):
    port = free_port()
    return Server("bench_floor", [programs / "bench_floor", f"127.0.0.1:{port}", backend.address], port, cpus)


def haproxy(backend, cpus=None, threads=1):
    port = free_port()
    connections = min(20000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)
    return Server("HAProxy", [find_program("haproxy"), "-db", "-f", HERE / "haproxy.cfg"], port, cpus,
                  {"BENCH_PORT": str(port), "BENCH_BACKEND": backend.address, "BENCH_MAXCONN": str(connections),
                   "BENCH_THREADS": str(threads)})


def make_certificate(path):
    """With its key in the same file."""
    subprocess.run([find_program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=bench", "-keyout", path, "-out", path], stderr=subprocess.DEVNULL, check=True, timeout=60)


@contextlib.contextmanager
def haproxy_with_tls(backend, cpus=None):
    with tempfile.TemporaryDirectory(prefix="sessiongate-bench-") as directory:
        certificate = f"{directory}/certificate.pem"
        make_certificate(certificate)
        port = free_port()
        command = [find_program("haproxy"), "-db", "-f", HERE / "haproxy.cfg", "-f", HERE / "haproxy_tls.cfg"]
        with Server("HAProxy with TLS", command, port, cpus,
                    {"BENCH_PORT": str(free_port()), "BENCH_TLS_PORT": str(port), "BENCH_BACKEND": backend.address,
                     "BENCH_CERTIFICATE": certificate, "BENCH_MAXCONN": "1000", "BENCH_THREADS": "1"}) as server:
            yield server


def sessiongate_command(binary, backend, port, workers=1, *more, admin="off"):
    return [str(binary), "--backend", backend.address, "--listen", f"127.0.0.1:{port}", "--admin-listen", admin,
            "--workers", str(workers), "--log-level", "error", "--drain-timeout", "100ms", *more]


def sessiongate(binary, backend, cpus=None, workers=1, more=(), wrapper=(), limit=30, admin="off"):
    """`wrapper` goes before the command: valgrind, strace."""
    port = free_port()
    command = [*wrapper, *sessiongate_command(binary, backend, port, workers, *more, admin=admin)]
    return Server("sessiongate", command, port, cpus, limit=limit)


class Mariadb(Server):
    """A throwaway server, with sysbench's table unless that is not wanted."""

    ROWS = 10000

    def __init__(self, cpus=None, with_table=True):
        memory = pathlib.Path("/dev/shm")
        base = memory if memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30 else None
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sessiongate-bench-", dir=base))
        user = ["--user=root"] if os.geteuid() == 0 else []
        try:
            subprocess.run(["mariadb-install-db", "--no-defaults", *user, f"--datadir={self.directory}/data",
                            "--auth-root-authentication-method=normal", "--skip-test-db"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=120)
            port = free_port()
            super().__init__("MariaDB", [
                find_program("mariadbd"), "--no-defaults", *user, f"--datadir={self.directory}/data",
                f"--socket={self.directory}/socket", f"--pid-file={self.directory}/pid", f"--port={port}",
                "--bind-address=127.0.0.1", "--skip-networking=0", "--skip-name-resolve", "--skip-log-bin",
                "--max-connections=1000", "--max-connect-errors=1000000", "--thread-cache-size=256",
                "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-ssl"], port, cpus, limit=60)
            if with_table:
                self._prepare()
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def _prepare(self):
        try:
            subprocess.run(["mariadb", "--no-defaults", f"--socket={self.directory}/socket", "-uroot", "-e",
                            "CREATE DATABASE sbtest; CREATE USER sbtest@'%' IDENTIFIED BY 'sbtest'; "
                            "GRANT ALL ON sbtest.* TO sbtest@'%';"], check=True, timeout=30)
            subprocess.run(self.sysbench(self.port, 1) + ["prepare"], stdout=subprocess.DEVNULL, check=True, timeout=60)
        except BaseException:
            super().stop()
            raise

    @classmethod
    def sysbench(cls, port, threads):
        return ["sysbench", "oltp_point_select", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={port}",
                "--mysql-user=sbtest", "--mysql-password=sbtest", "--mysql-db=sbtest", "--tables=1",
                f"--table-size={cls.ROWS}", f"--threads={threads}", "--db-ps-mode=disable", "--rand-type=uniform"]

    def stop(self):
        super().stop()
        shutil.rmtree(self.directory, ignore_errors=True)
