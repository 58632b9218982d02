"""Real clients that a test drives step by step.

A program in drivers/ reads one JSON list a line, [operation, argument…], and answers each with one JSON object:

    {"rows": [[text or null, …], …]}    what came back; of several results the first that has rows
    {"error": [number, text]}           the server or the proxy answered with an error
    {"lost": text}                      the client found its connection gone

Its first line is {"operations": […]}: those that its library has. The operations:

    connect port user password database mode       mode: plain, tls or compressed
    query text
    prepare name text, execute name value…, close name        prepared statements of the server's; a value is a text, an integer or null
    ping, statistics, init_db name, reset, change_user user password database, quit
    open_cursor name, close_cursor name, long_data name text  execute and fetch one row of several; a piece of a parameter
"""

import codecs
import contextlib
import dataclasses
import json
import os
import re
import select
import shutil
import subprocess
import time

from programs import BUILT, GO, JDBC, NODE, ROOT, WITHOUT_COMPRESSION, install_node_drivers, newer

DRIVERS = ROOT / "test/clients/drivers"
ANSWER_LIMIT = 90  # seconds; clients give up themselves after 60
LOST = (2006, 2013, 2055)


class Refused(Exception):
    """The server or the proxy answered with an error: (number, text) in args."""


class Lost(Exception):
    """The client found its connection gone."""


class Hangs(Exception):
    """No answer in ANSWER_LIMIT."""


class _Lines:
    """Reads what a process prints, line by line, with a limit."""

    def __init__(self, source):
        self._source = source.fileno()
        self._unread = b""

    def next(self):
        end = time.monotonic() + ANSWER_LIMIT
        while b"\n" not in self._unread:
            if not select.select([self._source], [], [], max(0, end - time.monotonic()))[0]:
                raise Hangs
            chunk = os.read(self._source, 1 << 18)
            if not chunk:
                raise EOFError(self._unread.decode(errors="replace"))
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        return line


def end(process):
    """By closing what it reads."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


class ProgramClient:
    """One of the programs, which serves one connection after the other."""

    def __init__(self, command, environment=None):
        self._process = subprocess.Popen([str(word) for word in command], env={**os.environ, **(environment or {})}, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        self._lines = _Lines(self._process.stdout)
        self.operations = frozenset(json.loads(self._lines.next())["operations"])

    def call(self, operation, *arguments):
        """The rows."""
        self._process.stdin.write(json.dumps([operation, *arguments]).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._lines.next())
        if "error" in answer:
            raise Refused(*answer["error"])
        if "lost" in answer:
            raise Lost(answer["lost"])
        return answer["rows"]

    def close(self):
        end(self._process)


class CommandLineClient:
    """The mariadb client, fed through a pipe: one process for each connection."""

    operations = frozenset(("connect", "query", "init_db", "quit"))
    ERROR = re.compile(rb"^ERROR (\d+) \(\w+\)(?: at line \d+)?: (.*)", re.DOTALL)
    MARK = b"the end of an answer"

    def __init__(self):
        self._process = None

    def call(self, operation, *arguments):
        return getattr(self, "_" + operation)(*arguments)

    def _connect(self, port, user, password, database, mode):
        self.close()
        options = {"tls": ["--ssl", "--skip-ssl-verify-server-cert"], "compressed": ["--compress"]}.get(mode, ["--skip-ssl"])
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", "mariadb", "--no-defaults", "--batch", "--skip-column-names", "--force", "--unbuffered", "--skip-reconnect",
             "--default-character-set=utf8mb4", *options, "-h127.0.0.1", f"-P{port}", f"-u{user}", f"-p{password}", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._lines = _Lines(self._process.stdout)
        return self._answer()

    def _send(self, text):
        try:
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said before it ended is still to be read

    def _answer(self):
        """What it printed, up to a text that it prints without the server."""
        self._send(self.MARK + b" \\p\\c\n")
        lines = []
        try:
            while (line := self._lines.next().rstrip()) != self.MARK:
                lines.append(line)
            lines.pop()         # the mark stands between two rulers,
            self._lines.next()  # with an empty line
            self._lines.next()  # behind them
        except EOFError:
            lines.append(b"ERROR 2013 (HY000): the client has ended")
        for line in lines:
            if found := self.ERROR.match(line):
                number, text = int(found.group(1)), found.group(2).decode(errors="replace")
                if number in LOST:
                    raise Lost(text)
                raise Refused(number, text)
        return [[None if value == b"NULL" else codecs.decode(value, "utf-8", "backslashreplace") for value in line.split(b"\t")]
                for line in lines]

    def _query(self, statement):
        self._send(statement.encode() + b"\n;\n")  # it may end with a comment
        return self._answer()

    def _init_db(self, database):
        self._send(f"USE {database}\n".encode())
        return self._answer()

    def _quit(self):
        self.close()
        return []

    def close(self):
        if self._process is not None:
            end(self._process)
        self._process = None


@dataclasses.dataclass
class Kind:
    """One client: how it is started, what has to be built for that, and the program or file without which it is not there."""

    name: str
    start: object
    needs: tuple
    build: object = None
    modes: tuple = ("plain", "tls", "compressed")

    def missing(self):
        """What is not installed; none when all is there."""
        return next((need for need in self.needs if not (os.path.exists(need) or shutil.which(need))), None)


def compile_java_driver():
    source = DRIVERS / "Driver.java"
    if not newer(BUILT / "Driver.class", source):
        subprocess.run(["javac", "-nowarn", "-encoding", "UTF-8", "-cp", JDBC, "-d", BUILT, source], check=True, timeout=300)


def compile_go_driver():
    if not newer(BUILT / "driver-go", DRIVERS / "driver.go"):
        subprocess.run(["go", "build", "-o", BUILT / "driver-go", DRIVERS / "driver.go"], check=True, timeout=600, env={**os.environ, **GO})


KINDS = [
    Kind("mariadb", CommandLineClient, ("mariadb", "stdbuf")),
    Kind("pymysql", lambda: ProgramClient(["/usr/bin/python3", DRIVERS / "pymysql_driver.py"]), ("/usr/bin/python3",),
         modes=WITHOUT_COMPRESSION),
    Kind("mysql2", lambda: ProgramClient(["node", DRIVERS / "mysql2_driver.js"], NODE), ("node", "npm"), install_node_drivers),
    Kind("connector-j", lambda: ProgramClient(["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{BUILT}:{JDBC}",
                                               "Driver"]), ("java", "javac", JDBC), compile_java_driver),
    Kind("go", lambda: ProgramClient([BUILT / "driver-go"]), ("go", "/usr/share/gocode/src/github.com/go-sql-driver"), compile_go_driver,
         WITHOUT_COMPRESSION),
    Kind("mysqli", lambda: ProgramClient(["php", DRIVERS / "mysqli_driver.php"]), ("php",)),
]


def build(kinds):
    BUILT.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        if kind.build:
            kind.build()
