"""Runs the main suite of MariaDB's own test package (mariadb-test) on a running server: directly, and through sessiongate.

    mariadb_tests.py record LIST    all tests, directly; those that pass twice are written to LIST
    mariadb_tests.py direct LIST    the listed tests, directly
    mariadb_tests.py proxy LIST     the listed tests, through sessiongate; those that fail once more, each on new data

mysql-test-run starts no server here (--extern), so tests that need options of their own are skipped. The server gets the
options and the data that mysql-test-run would give it. All connections are TCP: the socket's name is not told. A test that
fails may leave anything behind, so after each of them the server starts again with new data; sessiongate stays.
"""

import argparse
import configparser
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from mariadb_server import MariadbServer  # noqa: E402
from sessiongate_process import SessiongateProcess  # noqa: E402
from support import scratch_directory  # noqa: E402

PACKAGE = pathlib.Path("/usr/share/mysql/mysql-test")
SYSTEM_SQL = pathlib.Path("/usr/share/mysql")
EXPECTED = pathlib.Path(__file__).parent / "mariadb_tests_expected.txt"
RESULT = re.compile(r"^(main\.\S+)(?: '[^']*')?\s+(?:w\d+ )?\[ (\S+) \]")
NEEDS_OWN_SERVER = re.compile(
    "restart_mysqld|start_mysqld|shutdown_mysqld|kill_mysqld|shutdown_server|MYSQLD_BOOTSTRAP|MYSQLD_LAST_CMD|MYSQLD_CMD|MYSQL_UPGRADE"
    "|MYSQLD_ERROR_LOG|MYSQL_INSTALL|have_debug|big_test|have_log_bin|have_binlog|windows.inc|is_embedded|have_example_plugin"
    "|have_archive|have_metadata_lock|exec \\$MYSQLD")
# The tests ask the server what a connection has, so both sides of the proxy have TLS and compression, with the server's certificate.
LIKE_THE_SERVER = {"client_tls_cert": PACKAGE / "std_data/server-cert.pem", "client_tls_key": PACKAGE / "std_data/server-key.pem",
                   "backend_tls": "preferred", "backend_compression": "zlib"}
UNPRIVILEGED = "nobody"  # some tests fail when root runs them, or the server

BEFORE_TESTS = """
DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
CREATE DATABASE IF NOT EXISTS test CHARACTER SET latin1 COLLATE latin1_swedish_ci;
CREATE DATABASE mtr CHARACTER SET latin1 COLLATE latin1_swedish_ci;
USE mysql;
ALTER TABLE gtid_slave_pos ENGINE=Aria transactional=0;
CREATE PROCEDURE mtr.add_suppression(pattern VARCHAR(255)) DO pattern;
"""


def as_unprivileged(words):
    if os.geteuid() != 0:
        return words
    user = pwd.getpwnam(UNPRIVILEGED)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *words]


def give_away(path):
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


class TestedServer(MariadbServer):
    """A server as mysql-test-run starts one: its options and its tables, no account but root, which has no password."""

    def __init__(self, files):
        super().__init__(*self._packaged_options(files), "--skip-name-resolve=0", "--max-allowed-packet=16M",
                         "--max-connections=151", "--innodb-buffer-pool-size=8M")

    def _create_accounts(self):
        self._feed((SYSTEM_SQL / "mysql_test_data_timezone.sql").read_text() + BEFORE_TESTS)
        self._end()
        subprocess.run(["cp", "-a", self.directory / "data", self.directory / "new"], check=True)
        self.restart()

    def restart(self):
        """With the data of the beginning."""
        self._end()
        shutil.rmtree(self.directory / "data")
        subprocess.run(["cp", "-a", self.directory / "new", self.directory / "data"], check=True)
        self.start()

    def _end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    @staticmethod
    def _packaged_options(files):
        parser = configparser.RawConfigParser(allow_no_value=True, strict=False)
        parser.read(PACKAGE / "include/default_mysqld.cnf")
        options = []
        for name, value in parser["mysqld"].items():
            word = "--" + name.replace("_", "-")
            if value is not None:
                value = value.strip("'").replace("@ENV.MYSQLTEST_VARDIR", str(files)).replace("@ENV.MYSQL_TEST_DIR", str(PACKAGE))
                word += f"={value}"
            if name not in ("disable-getopt-prefix-matching", "log-basename"):
                options.append(word)
        return options

    def _user(self):
        give_away(self.directory)
        return [f"--user={UNPRIVILEGED}"] if os.geteuid() == 0 else []

    def _feed(self, script):
        subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "-uroot", "mysql"], input=script.encode(),
                       check=True, timeout=60)


class Bench:
    """A directory for mysql-test-run, a server, and sessiongate in front of it."""

    def __init__(self, through):
        self.directory = scratch_directory("sessiongate-mariadb-test-")
        give_away(self.directory)
        self.directory.chmod(0o755)
        self.vardir = self.directory / "var"
        self.server = TestedServer(self.directory)
        self.server.directory.chmod(0o755)
        self.gate = None
        if through:
            self.gate = SessiongateProcess(backend=f"127.0.0.1:{self.server.port}", workers=2, log_level="info", **LIKE_THE_SERVER)

    def run(self, tests, options, limit):
        """Result by test name: pass, fail, skipped."""
        end = time.monotonic() + limit
        results = {}
        while tests and time.monotonic() < end:
            found = self._run_until_failure(tests, options, end)
            results.update(found)
            tests = [name for name in tests if name not in results]
            if not found:
                results[tests.pop(0)] = "nothing"
            self.server.restart()
        return results

    def _run_until_failure(self, tests, options, end):
        port = self.gate.port if self.gate else self.server.port
        words = ["perl", "./mysql-test-run.pl", f"--vardir={self.vardir}", "--extern", "host=127.0.0.1", "--extern", f"port={port}",
                 "--extern", "user=root", "--extern", "protocol=tcp", "--noreorder", "--retry=0", "--nowarnings",
                 "--nocheck-testcases", "--testcase-timeout=1", f"--suite-timeout={int(end - time.monotonic()) // 60 + 1}",
                 *options, *tests]
        return self._read(subprocess.Popen(as_unprivileged(words), cwd=PACKAGE, stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                           env={**os.environ, "HOME": str(self.directory)}))

    @staticmethod
    def _read(process):
        results = {}
        with process:
            for line in process.stdout:
                found = RESULT.match(line)
                if found and results.get(found.group(1)) != "fail":
                    results[found.group(1)] = found.group(2)
                sys.stdout.write(line)
                sys.stdout.flush()
        return results

    def close(self):
        if self.gate:
            self.gate.stop()
        self.server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def run(through, tests, options, limit):
    bench = Bench(through)
    try:
        return bench.run(tests, options, limit)
    finally:
        bench.close()


def passed(results):
    return [name for name, result in results.items() if result == "pass"]


def read_list(path):
    """Names, one a line; what follows # is a remark."""
    lines = (line.split("#")[0].strip() for line in pathlib.Path(path).read_text().splitlines())
    return [line for line in lines if line]


def candidates():
    """All tests of the suite but those that cannot work on a server which mysql-test-run does not start."""
    def needs_own_server(path):
        settings = [path.with_suffix(suffix) for suffix in (".opt", ".cnf", ".combinations")] + [path.with_name(f"{path.stem}-master.opt")]
        return any(each.is_file() for each in settings) or NEEDS_OWN_SERVER.search(path.read_text(errors="replace"))

    return [f"main.{path.stem}" for path in sorted((PACKAGE / "main").glob("*.test")) if not needs_own_server(path)]


def record(arguments):
    first = passed(run(False, candidates(), arguments.options, arguments.limit))
    again = passed(run(False, first, arguments.options, arguments.limit))
    pathlib.Path(arguments.list).write_text("\n".join(again) + "\n")
    print(f"{len(first)} passed, {len(again)} of them twice")
    return 0


def direct(arguments):
    tests = read_list(arguments.list)
    results = run(False, tests, arguments.options, arguments.limit)
    return conclude(tests, results, set())


def proxy(arguments):
    tests = read_list(arguments.list)
    expected = set(read_list(EXPECTED))
    results = run(True, tests, arguments.options, arguments.limit)
    for name in tests:
        if results.get(name) != "pass" and name not in expected:
            results.update(run(True, [name], arguments.options, 300))
    return conclude(tests, results, expected)


def conclude(tests, results, expected):
    failed = [name for name in tests if results.get(name) != "pass"]
    for name in failed:
        print(f"{name}: {results.get(name, 'did not run')}{' (explained)' if name in expected else ''}")
    unexplained = [name for name in failed if name not in expected]
    print(f"mariadb-test: {len(tests) - len(failed)} of {len(tests)} passed, {len(failed) - len(unexplained)} explained, "
          f"{len(unexplained)} failed")
    return 1 if unexplained else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "direct", "proxy"))
    parser.add_argument("list")
    parser.add_argument("--limit", type=int, default=3600, help="seconds for each run of the suite")
    parser.add_argument("options", nargs="*", help="for mysql-test-run, after --")
    arguments = parser.parse_args()
    return {"record": record, "direct": direct, "proxy": proxy}[arguments.what](arguments)


if __name__ == "__main__":
    sys.exit(main())
