"""The compressed protocol: with clients, with the backend, and with both over TLS. zstd, which the server lacks, runs
between two proxies."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import zlib

import pytest

from clients import connect, query, run_command_line, value
from compressed_client import COMPRESS, ZSTD, CompressedClient, ScriptedBackend, compressed, piece
from mariadb_server import MariadbServer
from raw_client import COM_CHANGE_USER, COM_PING, COM_QUERY, FULL, ORDINARY, RawClient, error_of_payload
from sessiongate_process import PROXYSYS_PASSWORD, run_once
from support import duration, seconds
from tls_client import session

SIZES = (1, 49, 50, 65535, 65536, 65537, 300_001, FULL - 30, 17 << 20)


@pytest.fixture(scope="module")
def mariadb_with_log():
    server = MariadbServer("--log-bin=primary", "--server-id=1", "--binlog-format=ROW")
    with contextlib.closing(connect(server.port, user="root", password="root_password")) as one:
        query(one, "CREATE TABLE app.logged (v LONGTEXT)")
        for number in range(20):
            query(one, "INSERT INTO app.logged VALUES (REPEAT(%s, 300000))", f"{number}")
    yield server
    server.stop()


def works(port, options=()):
    """Statements and results of all sizes, through the command-line client."""
    script = "".join(f"SELECT MD5(REPEAT('{size % 10}', {size})), LENGTH('{'q' * size}');\n"
                     for size in SIZES)
    script += "SELECT SUM(LENGTH(v)), COUNT(*) FROM (SELECT REPEAT(seq, 100) v FROM app.seq_1_to_5000) t;\n"
    script += "SELECT REPEAT('abcdef', 500000);\n"
    said = run_command_line(port, script, options=[*options, "--batch", "--skip-column-names", "--max-allowed-packet=64M"])
    lines = said.splitlines()
    for line, size in zip(lines, SIZES):
        assert line.split("\t") == [hashlib.md5((str(size % 10) * size).encode()).hexdigest(), str(size)]
    assert lines[-2].split("\t")[1] == "5000"
    assert lines[-1] == "abcdef" * 500000


def compressed_on_backend(port, options):
    return "Compression\tON" in run_command_line(port, "SHOW STATUS LIKE 'Compression';", options=[*options, "--batch"])


@pytest.mark.parametrize("backend", ["off", "zlib"])
@pytest.mark.parametrize("options", [[], ["--compress"], ["--compress", "--ssl", "--skip-ssl-verify-server-cert"]])
def test_each_side_is_compressed_or_not_by_itself(tls_gate, backend, options):
    gate = tls_gate(backend="required" if options[1:] else None, backend_compression=backend)
    assert compressed_on_backend(gate.port, options) == (backend == "zlib")
    works(gate.port, options)


@pytest.mark.parametrize("level", ["0", "1", "19"])
def test_zstd_between_two_proxies(start_gate, level):
    inner = start_gate(client_compression="zstd")
    outer = start_gate(backend=f"127.0.0.1:{inner.port}", backend_compression="zstd", backend_compression_level=level)
    works(outer.port, ["--compress"])
    with RawClient(inner.port) as client:
        client.read_greeting()
        assert client.server_capabilities & (COMPRESS | ZSTD) == ZSTD
    with session(outer) as one:
        assert value(one, "SELECT REPEAT('x', 1000000)") == "x" * 1000000


def test_compression_that_is_off_is_not_offered(start_gate):
    with RawClient(start_gate(client_compression="off").port) as client:
        client.read_greeting()
        assert client.server_capabilities & (COMPRESS | ZSTD) == 0


def test_the_proxys_own_account_and_its_commands_are_compressed(start_gate):
    gate = start_gate()
    said = run_command_line(gate.port, "SHOW PROXYSESSION;", user="root@proxysys", password=PROXYSYS_PASSWORD,
                            options=["--compress"])
    assert "proxy_sessid" in said and "proxysys" in said
    said = run_command_line(gate.port, "SELECT 1; SHOW PROXYSESSION; SELECT REPEAT('z', 100000);", options=["--compress"])
    assert "proxy_sessid" in said and "z" * 100000 in said


def test_a_killed_session_is_told_in_its_own_compression(start_gate):
    gate = start_gate()
    said = run_command_line(gate.port, "KILL CONNECTION_ID();", options=["--compress"])
    assert "1317" in said


@pytest.mark.parametrize("backend", ["off", "zlib"])
@pytest.mark.parametrize("options", [[], ["--compress"]])
def test_load_data_goes_on_past_255_packets(start_gate, tmp_path, database, backend, options):
    gate = start_gate(backend_compression=backend)
    file = tmp_path / "rows"
    file.write_text("".join(f"{number}\t{os.urandom(40).hex()}\n" for number in range(60_000)))
    said = run_command_line(gate.port, f"CREATE OR REPLACE TABLE app.loaded (a INT, b TEXT);"
                            f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE app.loaded; SELECT COUNT(*), 'rows' FROM app.loaded;",
                            options=[*options, "--local-infile=1"])
    assert "60000\trows" in said.replace(" ", "\t"), said


def test_numbers_of_pieces_are_those_that_strict_clients_expect(start_gate):
    gate = start_gate(backend_compression="zlib")
    with CompressedClient(gate.port) as client:
        client.login()
        for text in ("SELECT 1", "SELECT REPEAT('x', 300000)", f"SELECT LENGTH('{'y' * 250_000}')", "SHOW PROXYSESSION",
                     "SELECT seq, REPEAT('r', 1000) FROM app.seq_1_to_3000", "SELEKT", f"SELECT LENGTH('{'z' * (17 << 20)}')"):
            client.query(text)
            client.expect_numbers_behind(client.sent)
        assert client.query("DO 1") == b"\x07\0\0\x01\0\0\0\x02\0\0\0"


def test_pipelined_commands_are_answered_each_with_its_own_numbers(start_gate):
    with CompressedClient(start_gate(backend_compression="zlib").port) as client:
        client.login()
        for size in (1, 200_000, 2):
            client.command(COM_QUERY, f"SELECT REPEAT('p', {size})".encode())
        client.command(COM_QUERY, b"SHOW PROXYSESSION")
        client.command(COM_PING)
        for size in (1, 200_000, 2):
            client.read_response()
            assert len(client.rows[0].lstrip(b"\xfc\xfd" + bytes(range(4)))) >= size
            assert client.pieces[0] == 1
            client.pieces.clear()
        client.read_response()
        assert len(client.rows) == 1
        client.read_response()
        assert client.last[:1] == b"\0"


def test_several_commands_in_one_piece_and_one_cut_into_many(start_gate):
    with CompressedClient(start_gate().port) as client:
        client.login()
        ping, select = b"\x01\0\0\0\x0e", b"\x09\0\0\0\x03SELECT 1"
        client.socket.sendall(compressed(0, ping + select + ping + select[:7]))
        client.socket.sendall(piece(1, select[7:8]) + piece(2, b"") + compressed(3, select[8:]))
        assert client.read_packet()[:1] == b"\0"
        client.read_response()
        assert client.rows == [b"\x011"]
        assert client.read_packet()[:1] == b"\0"
        client.read_response()
        assert client.rows == [b"\x011"]


def test_an_idle_client_reads_why_it_was_ended_with_the_number_that_it_expects(start_gate):
    gate = start_gate(idle_timeout=duration(2))
    with CompressedClient(gate.port) as client:
        client.login()
        client.query("SELECT REPEAT('x', 300000)")
        client.pieces.clear()
        assert error_of_payload(client.read_packet())[0] == 1927
        client.expect_numbers_behind(1)
        assert client.is_closed()


def test_the_user_is_changed_under_compression(start_gate):
    with CompressedClient(start_gate(backend_compression="zlib").port) as client:
        client.login()
        client.command(COM_CHANGE_USER, b"other\0\0\0\x2d\0mysql_native_password\0")
        assert client.finish_authentication("other_password")[:1] == b"\0"
        client.query("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)")
        assert client.rows == [b"\x05other"]


# Lies: a length that is not that of the data, data that is none, bytes behind its end, a length and no data.
STATEMENT = b"\xe4\x03\0\0\x03SELECT" + b" " * 989
LIES = {
    "too long": compressed(0, STATEMENT)[:4] + (999).to_bytes(3, "little") + compressed(0, STATEMENT)[7:],
    "too short": compressed(0, STATEMENT)[:4] + (1001).to_bytes(3, "little") + compressed(0, STATEMENT)[7:],
    "junk": piece(0, b"junk!", 16),
    "more behind": piece(0, zlib.compress(STATEMENT) + b"!", 1000),
    "nothing": piece(0, b"", 0xFFFFFF),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("user, password", [("app", "app_password"), ("root@proxysys", PROXYSYS_PASSWORD)])
def test_a_client_that_lies_ends_its_own_session_and_is_told(start_gate, lie, user, password):
    gate = start_gate()
    with session(gate) as other, CompressedClient(gate.port) as client:
        client.login(user=user, password=password)
        client.socket.sendall(LIES[lie])
        assert error_of_payload(client.read_packet())[:2] == (1157, "08S01")
        assert client.pieces == [1]
        assert client.is_closed()
        gate.wait_for_log(f"session_closed.*cs_id={client.thread_id} .*reason=protocol_error.*could not be uncompressed")
        assert value(other, "SELECT 1") == 1


def test_zstd_that_wants_too_much_memory_is_refused(start_gate):
    gate = start_gate()
    with RawClient(gate.port) as client:
        client.read_greeting()
        client.write_packet(client.handshake_response("app", "app_password", None, ORDINARY | ZSTD) + b"\x03", 1)
        assert client.finish_authentication("app_password")[:1] == b"\0"
        frame = b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x01\0\0"  # a window of 2 GiB
        client.socket.sendall(piece(0, frame, 100))
        client._take(7)
        assert error_of_payload(client.read_packet())[0] == 1157
    gate.wait_for_log(f"session_closed.*cs_id={client.thread_id} .*reason=protocol_error")


def test_a_bomb_costs_no_memory(start_gate):
    """An empty statement of 64 MiB in 64 KiB: the proxy holds no more than a buffer of it."""
    gate = start_gate()
    with CompressedClient(gate.port) as client:
        client.login()
        client.query("SELECT 1")
        before = gate.resident_bytes()
        client.piece_max = FULL
        client.command(COM_QUERY, b" " * (4 * FULL))
        assert error_of_payload(client.read_packet())[0] == 1065
        assert gate.resident_bytes() - before < 16 << 20


BAD = piece(1, b"junk!", 16)
ROWS = b"\x01\0\0\x01\x01" + b"\x17\0\0\x02\x03def\0\0\0\x01x\0\x0c\x3f\0\x01\0\0\0\xfd\0\0\0\0\0"


@pytest.mark.parametrize("answer, told", [(BAD, 1157), (piece(1, ROWS) + BAD, None)])
def test_a_backend_that_lies_ends_only_the_session_that_it_lied_to(start_gate, answer, told):
    with contextlib.closing(ScriptedBackend(answer)) as backend:
        gate = start_gate(backend=f"127.0.0.1:{backend.port}", backend_compression="zlib")
        with RawClient(gate.port) as client, RawClient(gate.port) as other:
            client.login()
            other.login()
            client.command(COM_QUERY, b"SELECT 1")
            if told:
                assert error_of_payload(client.read_packet())[:2] == (told, "08S01")
            else:
                assert client._take(len(ROWS)) == ROWS
            assert client.is_closed()
            gate.wait_for_log(f"session_closed.*cs_id={client.thread_id} .*reason=protocol_error.*from the backend")
            other.socket.settimeout(0.2)
            with pytest.raises(TimeoutError):
                other.socket.recv(1)


def test_binary_logs_are_read_compressed_on_both_sides(start_gate, mariadb_with_log):
    port = mariadb_with_log.port
    gate = start_gate(backend=f"127.0.0.1:{port}", backend_compression="zlib")

    def read(at, *options):
        done = subprocess.run([shutil.which("mariadb-binlog"), "--no-defaults", "--read-from-remote-server", "-h127.0.0.1",
                               f"-P{at}", "-uroot", "-proot_password", "--to-last-log", *options, "primary.000001"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds(60), check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    direct = read(port)
    assert len(direct) > 5_000_000
    assert read(gate.port) == direct


def test_mysql2_works_compressed(start_gate, node):
    told = node("compress.js", start_gate(backend_compression="zlib").port)
    assert told == {"big": 3_000_000, "sent": 2_000_000, "prepared": 42}


def test_settings_of_compression_that_cannot_be_are_told():
    for words, said in ((["--client-compression", "lzma"], "must be off or a list of zlib and zstd"),
                        (["--backend-compression", "zlib", "--backend-compression-level", "12"], "zlib has levels up to 9"),
                        (["--backend-compression", "lz4"], "must be one of off, zlib, zstd")):
        done = run_once("--backend", "127.0.0.1:3306", *words, "--check")
        assert done.returncode == 2 and said in done.stderr, done.stderr
