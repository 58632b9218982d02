"""Runs each client program directly on a MariaDB server and through sessiongate, and compares what they print.

    run.py [--client NAME]… [--mode NAME]… [--show]

A program prints one line for each case, `case: result`. The lines of both runs must be equal, but for the differences
that differences.py lists, each with its reason. Ends with a table, and with 1 when there is a difference without one.
"""

import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

import pymysql  # noqa: E402

from differences import END, MODES, compare  # noqa: E402
from mariadb_server import MariadbServer  # noqa: E402
from programs import PROGRAMS, prepare  # noqa: E402
from sessiongate_process import SessiongateProcess  # noqa: E402
from support import scratch_directory  # noqa: E402

PROGRAM_LIMIT = 120  # seconds


class Bench:
    """MariaDB, a sessiongate in front of it for each mode, which has the mode on both sides, and the files of a run."""

    def __init__(self):
        self.directory = scratch_directory("sessiongate-clients-")
        self._closers = contextlib.ExitStack()
        self._closers.callback(shutil.rmtree, self.directory, ignore_errors=True)
        certificate = self._certificate()
        self.server = MariadbServer(*(f"--ssl-{name}={path}" for name, path in certificate.items()))
        self._closers.callback(self.server.stop)
        self._create_account()
        tls = {"client_tls_cert": certificate["cert"], "client_tls_key": certificate["key"], "backend_tls": "required"}
        compressed = {"backend_compression": "zlib"}
        self._gates = {"plain": self._start_gate(), "tls": self._start_gate(**tls), "compressed": self._start_gate(**compressed),
                       "tls+compressed": self._start_gate(**tls, **compressed)}
        (self.directory / "rows.csv").write_text("".join(f"{n},row {n}\n" for n in range(1, 1001)))

    def _start_gate(self, **settings):
        gate = SessiongateProcess(backend=f"127.0.0.1:{self.server.port}", workers=2, log_level="info", **settings)
        self._closers.callback(gate.stop)
        return gate

    def gate(self, mode):
        return self._gates[mode]

    def _certificate(self):
        files = {name: self.directory / f"{name}.pem" for name in ("cert", "key")}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", files["key"], "-out", files["cert"]], check=True, capture_output=True, timeout=60)
        return files

    def _create_account(self):
        with self.as_root() as cursor:
            cursor.execute("CREATE USER client@'%' IDENTIFIED BY 'client_password'")
            cursor.execute("GRANT ALL PRIVILEGES ON `client_%`.* TO client@'%'")
            cursor.execute("GRANT ALL PRIVILEGES ON `client_%`.* TO other@'%'")
            cursor.execute("GRANT SELECT ON performance_schema.* TO client@'%'")

    @contextlib.contextmanager
    def as_root(self):
        with pymysql.connect(unix_socket=self.server.socket, user="root", autocommit=True) as connection, connection.cursor() as cursor:
            yield cursor

    def fill(self, database):
        script = f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}; USE {database};\n" + (HERE / "setup.sql").read_text()
        subprocess.run(["mariadb", "--no-defaults", f"--socket={self.server.socket}", "-uroot"], input=script.encode(), check=True,
                       timeout=60)

    def run(self, program, mode, port):
        """Result by case."""
        database = "client_" + program.name.replace("-", "_")
        self.fill(database)
        words = [*program.command, str(port), "client", "client_password", database, str(self.directory / "rows.csv"), mode]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROGRAM_LIMIT, check=False,
                                  env={**os.environ, **program.environment})
            output, code, errors = done.stdout, done.returncode, done.stderr
        except subprocess.TimeoutExpired as ended:
            output, code, errors = ended.stdout or b"", "timeout", ended.stderr or b""
        results = dict(line.split(": ", 1) for line in output.decode(errors="replace").splitlines() if ": " in line)
        if code != 0:
            results[END] = f"{code} {errors.decode(errors='replace')[-2000:]}"
        return results

    def close(self):
        self._closers.close()


def run_client(bench, program, modes, show):
    """What compare() says for each mode that the client knows."""
    comparisons = []
    for mode in modes:
        if mode in program.modes:
            direct = bench.run(program, mode, bench.server.port)
            through = bench.run(program, mode, bench.gate(mode).port)
            if show:
                print("".join(f"{program.name} {mode} direct {case}: {result}\n{program.name} {mode} through {case}: {through.get(case)}\n"
                              for case, result in direct.items()))
            comparisons.append(compare(program.name, mode, direct, through))
    return comparisons


def print_table(comparisons):
    print(f"\n{'client':<14} {'mode':<15} {'cases':>5} {'passed directly':>16} {'passed through':>15} {'explained':>10} {'unexplained':>12}")
    for each in comparisons:
        print(f"{each.client:<14} {each.mode:<15} {each.cases:>5} {each.passed_directly:>16} {each.passed_through:>15} "
              f"{len(each.explained):>10} {len(each.unexplained):>12}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", action="append", choices=[program.name for program in PROGRAMS])
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--show", action="store_true", help="print every result")
    arguments = parser.parse_args()
    chosen = [program for program in PROGRAMS if not arguments.client or program.name in arguments.client]
    prepare(chosen)
    bench = Bench()
    try:
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            jobs = [pool.submit(run_client, bench, program, arguments.mode or MODES, arguments.show) for program in chosen]
            comparisons = [comparison for job in jobs for comparison in job.result()]
    finally:
        bench.close()
    for each in comparisons:
        for text in each.remarks:
            print(f"{each.client} {each.mode}: {text}")
    print_table(comparisons)
    wrong = sum(len(each.unexplained) for each in comparisons)
    print(f"clients: {sum(each.passed_through for each in comparisons)} passed, {wrong} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
