"""MariaDB's own tools through the proxy: what they print is what they print without it."""

import hashlib
import re
import shutil
import subprocess

import pytest

from clients import connect, query, value
from support import seconds

FILL = """
CREATE TABLE plain (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(100), n DECIMAL(20,5), at DATETIME(6), KEY (word))
  STATS_AUTO_RECALC = 0;
INSERT INTO plain (word, n, at) SELECT CONCAT('wörd ', seq, CHAR(10 USING utf8mb4), '€😀'), seq / 7, FROM_UNIXTIME(seq)
  FROM seq_1_to_20000;
CREATE TABLE blobs (id INT PRIMARY KEY, b LONGBLOB, j JSON, g GEOMETRY, x BIT(10));
INSERT INTO blobs VALUES (1, REPEAT(X'00FF27', 1000000), '{"a": [1, null]}', POINT(1, 2), b'1010101010'), (2, '', NULL, NULL, NULL),
  (3, REPEAT('z', 20000000), NULL, NULL, NULL);
CREATE VIEW words AS SELECT word FROM plain WHERE id < 10;
CREATE TRIGGER counted BEFORE INSERT ON plain FOR EACH ROW SET NEW.n = COALESCE(NEW.n, 1);
CREATE PROCEDURE several() BEGIN SELECT 1; SELECT 2; END;
CREATE TABLE loaded (id INT PRIMARY KEY, word TEXT)
"""


@pytest.fixture(scope="module")
def ports(gate, mariadb):
    """Through the proxy and direct."""
    with connect(mariadb.port, user="root", password="root_password", charset="utf8mb4") as session:
        for name in ("tools", "tools_copy"):
            query(session, f"DROP DATABASE IF EXISTS {name}")
            query(session, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        session.select_db("tools")
        for statement in re.split(r";\n", FILL):
            query(session, statement)
    yield gate.port, mariadb.port
    with connect(mariadb.port, user="root", password="root_password") as session:
        query(session, "DROP DATABASE tools")
        query(session, "DROP DATABASE tools_copy")


def tool(name, port, *words, text=True, source=None, limit=100):
    """(exit code, output, errors) of a tool."""
    done = subprocess.run([shutil.which(name), "--no-defaults", "-h127.0.0.1", f"-P{port}", "-uroot", "-proot_password",
                           *map(str, words)], stdin=source or subprocess.DEVNULL, capture_output=True, text=text,
                          timeout=seconds(limit), check=False)
    return done.returncode, done.stdout, done.stderr


def same(name, ports, *words, text=True):
    """What the tool gives through the proxy, which is what it gives without."""
    through, direct = (tool(name, port, *words, text=text) for port in ports)
    assert through == direct
    return through


def checksums(port, database):
    with connect(port, user="root", password="root_password", database=database) as session:
        return [value(session, f"SELECT CONCAT(COUNT(*), MD5(GROUP_CONCAT(MD5(CONCAT_WS('|', {columns})) ORDER BY id))) "
                               f"FROM {table}")
                for table, columns in (("blobs", "id, b, j, HEX(x), ST_AsText(g)"), ("plain", "id, word, n, at"))]


def test_a_dump_is_the_same_and_restores_what_was_dumped(ports, tmp_path):
    through, direct = ports
    dumps = []
    for port in ports:
        path = tmp_path / f"dump-{port}"
        code, _, errors = tool("mariadb-dump", port, "--skip-dump-date", "--routines", "--triggers", "--hex-blob",
                               "--single-transaction", "--max-allowed-packet=128M", f"--result-file={path}", "tools")
        assert code == 0, errors
        dumps.append(path)
    digests = [hashlib.sha256(re.sub(rb"-- Host:.*", b"", path.read_bytes())).hexdigest() for path in dumps]
    assert digests[0] == digests[1]
    with dumps[0].open() as source:
        code, _, errors = tool("mariadb", through, "--max-allowed-packet=128M", "tools_copy", source=source)
    assert code == 0, errors
    assert checksums(direct, "tools_copy") == checksums(direct, "tools")


def test_a_dump_without_hex_carries_every_byte(ports):
    words = ("--skip-dump-date", "--skip-comments", "--max-allowed-packet=128M", "tools", "blobs")
    code, output, errors = same("mariadb-dump", ports, *words, text=False)
    assert (code, len(output) > 20_000_000) == (0, True), errors


def load(port, path, *options, database="tools", then="SELECT COUNT(*), SUM(LENGTH(word)) FROM loaded"):
    statement = f"TRUNCATE loaded; LOAD DATA LOCAL INFILE '{path}' INTO TABLE loaded; SHOW WARNINGS; {then}"
    return tool("mariadb", port, "--local-infile=1", "--force", "-vvv", "--skip-column-names", *options, database, "-e",
                statement)


def without_time(done):
    return done[0], re.sub(r"\(\d+\.\d+ sec\)", "", done[1]), done[2]


@pytest.mark.parametrize("kind", ["big", "empty", "missing", "directory", "duplicates", "cut-short", "one-long-line"])
def test_load_data_local(ports, tmp_path, kind):
    path = tmp_path / "data"
    if kind == "big":
        path.write_text("".join(f"{number}\t{'x' * 200}\n" for number in range(150_000)))
    elif kind == "empty":
        path.write_text("")
    elif kind == "directory":
        path.mkdir()
    elif kind == "duplicates":
        path.write_text("".join(f"{number % 10}\tsame\n" for number in range(1000)))
    elif kind == "cut-short":
        path.write_text("1\tone\n2")
    elif kind == "one-long-line":
        path.write_text("1\t" + "y" * 20_000_000 + "\n")
    through, direct = (without_time(load(port, path)) for port in ports)
    assert through == direct
    assert "loaded" in through[1] or through[2]


def test_load_data_local_that_the_server_refuses(ports, tmp_path):
    path = tmp_path / "data"
    path.write_text("1\tone\n")
    with connect(ports[1], user="root", password="root_password") as session:
        query(session, "SET GLOBAL local_infile = OFF")
        try:
            through, direct = (without_time(load(port, path)) for port in ports)
        finally:
            query(session, "SET GLOBAL local_infile = ON")
    assert through == direct
    assert "ERROR" in through[2]
    no_table = [without_time(tool("mariadb", port, "--local-infile=1", "--force", "tools", "-e",
                                  f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE nowhere; SELECT 'goes on'")) for port in ports]
    assert no_table[0] == no_table[1]
    assert "1146" in no_table[0][2]


def test_import(ports, tmp_path):
    (tmp_path / "loaded.txt").write_text("".join(f"{number}\tline {number}\n" for number in range(1000)))
    for words in (("--delete",), ("--replace",), ("--ignore", "--use-threads=2")):
        code, output, errors = same("mariadb-import", ports, "--local", *words, "tools", tmp_path / "loaded.txt")
        assert code == 0, errors
        assert "Records: 1000" in output


def test_check_optimize_and_analyze(ports):
    for words in (("--check",), ("--analyze",), ("--optimize",), ("--check", "--extended", "--databases", "tools", "app")):
        names = () if "--databases" in words else ("tools",)
        code, output, _ = same("mariadb-check", ports, *words, *names)
        assert code == 0
        assert "tools.plain" in output


def test_admin_commands(ports):
    through, _ = ports
    for words, expected in ((("ping",), "alive"), (("status",), "Uptime"), (("version",), "MariaDB"),
                            (("extended-status",), "Threads_connected"), (("variables",), "max_connections"),
                            (("processlist",), "Query"), (("flush-tables",), ""), (("refresh",), ""), (("debug",), "")):
        code, output, errors = tool("mariadb-admin", through, *words)
        assert code == 0, errors
        assert expected in output
    assert tool("mariadb-admin", through, "create", "made_by_admin")[0] == 0
    assert tool("mariadb-admin", through, "-f", "drop", "made_by_admin")[0] == 0
    assert same("mariadb-admin", ports, "kill", "999999999")[0] != 0


def test_admin_kills_a_session_of_the_proxy(ports):
    with connect(ports[0]) as victim:
        assert tool("mariadb-admin", ports[0], "kill", victim.thread_id())[0] == 0
        with pytest.raises(Exception, match="20|19"):
            query(victim, "SELECT 1")
        victim._force_close()


def test_show(ports):
    for words in ((), ("tools",), ("tools", "plain"), ("-k", "tools", "plain"), ("--count", "tools")):
        assert same("mariadb-show", ports, *words)[0] == 0


def test_slap(ports):
    code, output, errors = tool("mariadb-slap", ports[0], "--concurrency=8", "--iterations=2", "--auto-generate-sql",
                                "--auto-generate-sql-load-type=mixed", "--number-of-queries=800", "--create-schema=slapped")
    assert code == 0, errors
    assert "Benchmark" in output
    code, _, errors = tool("mariadb-slap", ports[0], "--concurrency=4", "--number-of-queries=400", "--detach=10",
                           "--query=SELECT 1; SELECT COUNT(*) FROM tools.plain", "--delimiter=;", "--create-schema=tools",
                           "--no-drop")
    assert code == 0, errors
