"""Client and backend agree on framing whatever a client negotiates: MariaDB's Connector/C with the extended capabilities, and
raw clients with every combination of those that change a response's form."""

import itertools
import shutil
import struct
import subprocess

import pytest

from clients import query
from raw_client import (COM_QUERY, CONNECT_WITH_DB, DEPRECATE_EOF, LONG_PASSWORD, ORDINARY, PLUGIN_AUTH, SESSION_TRACK,
                        RawClient, length_encoded, scramble)
from support import ROOT, seconds

PROGRESS, BULK, EXTENDED_METADATA, CACHE_METADATA = 1, 4, 8, 16  # of MariaDB's own 32 flags
OPTIONAL_METADATA, QUERY_ATTRIBUTES, CONNECT_ATTRIBUTES, LENENC_AUTH = 1 << 25, 1 << 27, 1 << 20, 1 << 21
COM_STMT_BULK_EXECUTE = 0xFA


class ExtendedClient(RawClient):
    """A MariaDB client: its extended flags stand in the reserved bytes of its login."""

    def __init__(self, port, capabilities=0, extended=0):
        super().__init__(port)
        self.wanted = (ORDINARY & ~LONG_PASSWORD) | capabilities
        self.extended = extended

    def read_greeting(self):
        payload = super().read_greeting()
        at = payload.index(b"\0", 1) + 14
        self.server_extended = struct.unpack("<I", payload[at + 14:at + 18])[0]
        return payload

    def handshake_response(self, user, password, database=None, capabilities=ORDINARY):
        self.capabilities = self.wanted | (CONNECT_WITH_DB if database else 0)
        answer = scramble(password, self.nonce)
        payload = struct.pack("<IIB19xI", self.capabilities, 0x40000000, 45, self.extended) + user.encode() + b"\0"
        payload += bytes([len(answer)]) + answer  # one byte of length in either form
        if database:
            payload += database.encode() + b"\0"
        payload += b"mysql_native_password\0"
        if self.capabilities & CONNECT_ATTRIBUTES:
            pair = b"\x04_pid\x0212"
            payload += bytes([len(pair)]) + pair
        return payload

    def _read_result(self, infile, cursor):
        payload = self.read_packet()
        self.first = payload
        if payload[:1] == b"\xff":
            return 0
        if payload[:1] == b"\0":
            return self.ok_status(payload)
        if self._is_end(payload):
            return 0
        if payload[:1] == b"\xfb":
            for part in infile:
                self.write_packet(part, self.sequence)
                self.sequence += 1
            return self._read_result(infile, cursor)
        count = length_encoded(payload)
        if self.extended & CACHE_METADATA and payload[-1] == 0:
            count, omitted = 0, True
        else:
            omitted = False
        for _ in range(count):
            self.read_packet()
        status = 0
        if not self.capabilities & DEPRECATE_EOF and (count or omitted):
            status = struct.unpack("<H", self.read_packet()[3:5])[0]
        elif cursor:
            return self._end_status(self.read_packet())
        return status if cursor and status & 0x40 else self._read_rows()


STATEMENTS = [
    "CREATE OR REPLACE TABLE matrix (id INT PRIMARY KEY, word VARCHAR(50), j JSON, i INET6, g POINT)",
    "INSERT INTO matrix VALUES (1, 'one', '{}', '::1', POINT(1, 2)), (2, NULL, NULL, NULL, NULL)",
    "SELECT * FROM matrix", "SELECT * FROM matrix WHERE id > 5", "SELECT 1; SELECT 2; DO 1; SELECT * FROM matrix",
    "SELECT 1; SELEC 2", "USE relay", "USE app", "SET NAMES latin1", "SET NAMES utf8mb4", "SET @a = 1", "BEGIN", "UPDATE matrix SET word = 'x'",
    "ROLLBACK", "SET autocommit = 0", "SET autocommit = 1", "SHOW WARNINGS", "SELECT REPEAT('x', 300)", "SELECT NULL",
    "CREATE OR REPLACE PROCEDURE twice() BEGIN SELECT * FROM matrix; USE_NOTHING: BEGIN END; SELECT 2; END", "CALL twice()",
    "DROP PROCEDURE twice", "SELECT * FROM nowhere", "ANALYZE TABLE matrix", "CHECK TABLE matrix", "KILL QUERY 999999999",
    "SELECT seq, REPEAT('y', 100) FROM seq_1_to_500"]


def bulk_of(identifier, rows):
    body = struct.pack("<IH", identifier, 128) + b"\x03\0\xfd\0"
    for number, word in rows:
        body += b"\0" + struct.pack("<i", number)
        body += b"\x01" if word is None else b"\0" + bytes([len(word)]) + word
    return body


def play(port, capabilities, extended):
    """Every response, byte for byte, but for the ids of statements."""
    heard = []
    with ExtendedClient(port, capabilities, extended).login(database="app") as client:
        heard += [(statement, client.query(statement)) for statement in STATEMENTS]
        _, select = client.prepare("SELECT * FROM matrix WHERE id < ?")
        for turn, parameter in enumerate((5, 5, 1, 0)):  # from the second on the definitions may be omitted
            heard.append((f"execution {turn}", client.execute(select, [parameter])))
        client.query("ALTER TABLE matrix ADD more INT")
        heard += [(f"after the change {turn}", client.execute(select, [5])) for turn in range(2)]
        heard.append(("with a cursor", client.execute(select, [5], cursor=True)))
        heard.append(("fetched", client.fetch(select, 10)))
        _, insert = client.prepare("INSERT INTO matrix (id, word) VALUES (?, ?)")
        if extended & BULK:
            for start in (100, 100, 200):  # the second fails: the keys are there
                rows = [(start + at, None if at % 2 else b"bulk") for at in range(50)]
                client.command(COM_STMT_BULK_EXECUTE, bulk_of(insert, rows))
                heard.append((f"bulk from {start}", client.read_response()))
        heard.append(("counted", client.query("SELECT COUNT(*), COUNT(word) FROM matrix")))
    return heard


FLAGS = {"eof": (DEPRECATE_EOF, 0), "track": (SESSION_TRACK, 0), "attributes": (CONNECT_ATTRIBUTES | LENENC_AUTH, 0),
         "bulk+extended": (0, BULK | EXTENDED_METADATA), "cache": (0, CACHE_METADATA)}
COMBINATIONS = [chosen for size in range(len(FLAGS) + 1) for chosen in itertools.combinations(FLAGS, size)]


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=lambda chosen: "-".join(chosen) or "none")
def test_every_combination_is_answered_with_the_same_bytes(gate, mariadb, chosen):
    capabilities = extended = 0
    for name in chosen:
        capabilities |= FLAGS[name][0]
        extended |= FLAGS[name][1]
    direct = play(mariadb.port, capabilities, extended)
    through = play(gate.port, capabilities, extended)
    for (what, expected), (_, found) in zip(direct, through, strict=True):
        assert found == expected, what


def test_what_the_backend_does_not_have_is_not_offered_and_not_taken(gate, mariadb):
    with ExtendedClient(gate.port) as through, ExtendedClient(mariadb.port) as direct:
        through.read_greeting()
        direct.read_greeting()
        offered = through.server_capabilities & ~(LONG_PASSWORD | 0x4000820)  # TLS and compression are the proxy's own
        assert offered == direct.server_capabilities & ~(LONG_PASSWORD | 0x4000820)
        assert through.server_extended == direct.server_extended & ~2  # COM_MULTI never became a feature
        assert through.server_extended & (PROGRESS | BULK | EXTENDED_METADATA | CACHE_METADATA) == 29
        for flag in (OPTIONAL_METADATA, QUERY_ATTRIBUTES):
            assert not offered & flag
    # A client that claims them all the same is answered as one that does not.
    with ExtendedClient(gate.port, OPTIONAL_METADATA | QUERY_ATTRIBUTES | PLUGIN_AUTH).login(database="app") as client:
        client.query("SELECT 1, 2")
        assert client.rows == [b"\x011\x012"]


def test_progress_reports_are_carried_and_end_no_response(gate):
    with ExtendedClient(gate.port, DEPRECATE_EOF, PROGRESS).login(database="app") as client:
        client.query("SET SESSION progress_report_time = 1")
        client.query("CREATE OR REPLACE TABLE slow ENGINE=InnoDB AS SELECT seq, REPEAT('x', 50) v FROM seq_1_to_600000")
        reports = 0
        for turn in range(12):
            client.command(COM_QUERY, b"ALTER TABLE slow ADD KEY (v), ALGORITHM=COPY" if turn % 2 == 0 else
                           b"ALTER TABLE slow DROP KEY v, ALGORITHM=COPY")
            while (payload := client.read_packet())[:3] == b"\xff\xff\xff":
                reports += 1
            assert payload[:1] == b"\0"
            if reports:
                break
        assert reports
        client.query("SELECT COUNT(*) FROM slow")
        assert client.rows == [b"\x06600000"]
        client.query("DROP TABLE slow")


@pytest.fixture(scope="module")
def connector_c(tmp_path_factory):
    """The program in c/, built with libmariadb."""
    program = tmp_path_factory.mktemp("c") / "capabilities"
    compiler = shutil.which("cc") or shutil.which("clang-19")
    options = subprocess.run(["mariadb_config", "--cflags", "--libs"], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run([compiler, "-o", program, ROOT / "test/integration/c/capabilities.c", *options], check=True)
    return program


def test_connector_c_gets_the_same_with_all_it_negotiates(connector_c, gate, mariadb, database):
    def heard(port):
        done = subprocess.run([connector_c, str(port)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds(100), check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    through = heard(gate.port)
    assert through == heard(mariadb.port)
    for expected in ("bulk: 2000 rows", "with cached metadata", "type 'uuid'", "format 'json'", "progress: reported",
                     "SET NAMES latin1: 0 character_set_client"):
        assert expected in through, through
    assert not query(database, "SHOW DATABASES LIKE 'capabilities'")
