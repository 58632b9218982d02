"""Client sessions that lose their server session and go on: each row of docs/recovery.md's tables, and what lies around it."""

import contextlib
import json
import struct

import pymysql
import pytest

import raw_client as raw
from clients import (Admin, attributes, connect, connection_id, cs_id, disconnect, error_of, is_alive, knows_backends,
                     let_backends_be_looked_at, query, value)
from compressed_client import CompressedClient
from mariadb_server import MariadbServer
from raw_client import RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, write_secret
from support import wait_until
from tls_client import trusting

LOSSES = ("planned", "unplanned")
CHECKED = "100ms"  # how often the server's global variables are read
LARGE = 20 << 20  # bytes: more than one packet takes
SCHEMA = [
    "CREATE TABLE app.numbered (id INT PRIMARY KEY AUTO_INCREMENT, value INT) ENGINE=InnoDB", "CREATE SEQUENCE app.seq",
    "CREATE TABLE relay.accounts (id INT PRIMARY KEY, balance INT)", "CREATE ROLE auditor", "GRANT auditor TO app@'%'",
    "GRANT ALL ON `own\\_%`.* TO app@'%'"]
# That the control account can see that there are no stored programs.
LOOKING = ["GRANT TRIGGER ON *.* TO control@'%'", "GRANT SELECT ON mysql.proc TO control@'%'"]


@contextlib.contextmanager
def as_root(server):
    with contextlib.closing(pymysql.connect(unix_socket=server.socket, user="root", autocommit=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def servers():
    """Two of the same, with nothing stored that could change a session unseen."""
    with contextlib.ExitStack() as started:
        made = []
        for _ in range(2):
            made.append(MariadbServer())
            started.callback(made[-1].stop)
            with as_root(made[-1]) as root:
                for statement in SCHEMA + LOOKING:
                    query(root, statement)
        yield made


@pytest.fixture(scope="module")
def users_file(tmp_path_factory):
    accounts = [{"user": name, "password": f"{name}_password"} for name in ("app", "other")]
    return write_secret(tmp_path_factory.mktemp("users"), "users.json", json.dumps(accounts))


@pytest.fixture
def recovering(controlled, servers, users_file):
    """recovering(…): sessiongate that can open server sessions by itself, and knows its backends."""
    def start(**given):
        backend = f"127.0.0.1:{servers[0].port}"
        gate = controlled(**{"backend": backend, "credentials": "users", "users_file": users_file, "health_check_interval": CHECKED, **given})
        wait_until(lambda: knows_backends(gate), "the backends have been looked at")
        return gate

    return start


@pytest.fixture
def gate(recovering):
    return recovering()


def end_server_session(gate, session_id):
    """What the kill told."""
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    server_session = admin.get(f"/v1/sessions/cs_id:{session_id}").json["server_sessions"][0]["ss_id"]
    answer = admin.delete(f"/v1/sessions/cs_id:{session_id}/server-sessions/{server_session}")
    assert answer.status == 200, answer.text
    return answer.json


def lose(loss, gate, session_id, server):
    """Takes the server session of an idle client session away; what was told of it beforehand, none when nothing was."""
    if loss == "planned":
        return end_server_session(gate, session_id)
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    let_backends_be_looked_at(gate)  # what the server's variables were at the login is known when they were read behind it, too
    identifier = admin.get(f"/v1/sessions/cs_id:{session_id}").json["server_sessions"][0]["server_sessid"]
    with as_root(server) as root:
        query(root, f"KILL CONNECTION {identifier}")
    wait_until(lambda: has_lost_server_session(admin, session_id), "the proxy sees that it has gone")
    return None


def has_lost_server_session(admin, session_id):
    answer = admin.get(f"/v1/sessions/cs_id:{session_id}")
    return answer.status != 200 or answer.json["svr_session_cnt"] == 0


def word_of(error):
    """The obstacle that an error names."""
    number, text = error
    assert number == 1927 and text.endswith(")"), error
    return text[text.rindex("(") + 1:-1]


@pytest.fixture
def session(gate):
    connection = connect(gate.port, database="app")
    yield connection
    disconnect(connection)


# What survives

SURVIVES = {
    "the database": (["USE relay"], "SELECT DATABASE(), @@collation_database"),
    "that there is no database": (["CREATE DATABASE own_one CHARACTER SET cp1251", "USE own_one", "DROP DATABASE own_one"],
                                  "SELECT DATABASE(), @@collation_database"),
    "session variables": (["SET sort_buffer_size = 100000, @@session.time_zone = '+05:30', SESSION lock_wait_timeout = 55",
                           "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"],
                          "SELECT @@sort_buffer_size, @@time_zone, @@lock_wait_timeout, @@sql_mode"),
    "a small sql_select_limit": (["SET @a = 1, @b = 2", "SET sql_select_limit = 1"], "SELECT @@sql_select_limit, @a, @b"),
    "character sets": (["SET NAMES latin1 COLLATE latin1_german2_ci", "SET character_set_results = NULL"],
                       "SELECT @@character_set_client, @@collation_connection, @@character_set_results, COLLATION('a')"),
    "the isolation level": (["SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"], "SELECT @@tx_isolation"),
    "that autocommit is off": (["SET autocommit = 0"], "SELECT @@autocommit"),
    "user variables": (["SET @i = -5, @d = 1.50, @e = 1e0, @s = 'it''s', @n = NULL, @u = 18446744073709551615, @`odd name` = 'x'"],
                       "SELECT @i, @d, @e, @s, @n, @u, @`odd name`, @i / 3, @d * 1, CHARSET(@s), COLLATION(@s)"),
    "that there was no LAST_INSERT_ID()": (["DO 1"], "SELECT LAST_INSERT_ID()"),
}
# Only when the server can be asked for it.
SURVIVES_PLANNED = {
    "max_join_size": (["SET sql_big_selects = 0, max_join_size = 1"], "SELECT @@sql_big_selects, @@max_join_size"),
    "LAST_INSERT_ID()": (["INSERT INTO numbered (value) VALUES (1)"], "SELECT LAST_INSERT_ID(), @@last_insert_id"),
    "calculated user variables": (["SET @c = CONCAT('a', 1 + 1), @t = NOW(6)", "SELECT 0.1 + 0.2, UUID() INTO @f, @uuid"], "SELECT @c, @t, @f, @uuid"),
    "bytes, and text in any character set": (
        ["SET @x = X'00FF275C', @l = _latin1 X'E9', @w = _ucs2 X'0041', @g = _utf8mb4 X'F09F9880' COLLATE utf8mb4_bin"],
        "SELECT HEX(@x), CHARSET(@x), HEX(@l), CHARSET(@l), HEX(@w), CHARSET(@w), HEX(@g), COLLATION(@g)"),
    "LAST_INSERT_ID(x)": (["SELECT LAST_INSERT_ID(77)"], "SELECT LAST_INSERT_ID()"),
    "the role": (["SET ROLE auditor"], "SELECT CURRENT_ROLE()"),
    "a fixed clock": (["SET timestamp = 1700000000"], "SELECT NOW(), @@timestamp, UNIX_TIMESTAMP()"),
}


@pytest.mark.parametrize("loss, row", [(loss, row) for row in SURVIVES for loss in LOSSES] + [("planned", row) for row in SURVIVES_PLANNED])
def test_survives(gate, servers, session, loss, row):
    statements, asked = {**SURVIVES, **SURVIVES_PLANNED}[row]
    for statement in statements:
        query(session, statement)
    before, identifier = query(session, asked), connection_id(session)
    told = lose(loss, gate, cs_id(session), servers[0])
    assert query(session, asked) == before
    assert connection_id(session) != identifier
    if told:
        assert (told["recoverable"], told["obstacle"]) == (True, None)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_the_client_never_set_stays_as_it_was_at_its_login(gate, servers, session, loss):
    """The fresh server session begins with other values than the old one did."""
    before = query(session, "SELECT @@sort_buffer_size, @@sql_mode, @@lc_time_names")
    let_backends_be_looked_at(gate)  # they are read once behind the login
    with as_root(servers[0]) as root:
        query(root, "SET GLOBAL sort_buffer_size = 77777, sql_mode = 'ANSI', lc_time_names = 'de_DE'")
        try:
            lose(loss, gate, cs_id(session), servers[0])
            assert query(session, "SELECT @@sort_buffer_size, @@sql_mode, @@lc_time_names") == before
        finally:
            query(root, "SET GLOBAL sort_buffer_size = DEFAULT, sql_mode = DEFAULT, lc_time_names = DEFAULT")


@pytest.mark.parametrize("loss", LOSSES)
def test_what_a_reset_gave_stays_as_it_was_then(gate, servers, loss):
    """The login, before that, had given other values."""
    asked = "SELECT @@sort_buffer_size, @@sql_mode, @@lc_time_names"
    with RawClient(gate.port).login(database="app") as client, as_root(servers[0]) as root:
        client.query(asked)
        at_login = client.rows
        let_backends_be_looked_at(gate)
        query(root, "SET GLOBAL sort_buffer_size = 77777, sql_mode = 'ANSI', lc_time_names = 'de_DE'")
        try:
            let_backends_be_looked_at(gate)
            client.command(raw.COM_RESET_CONNECTION)
            client.read_response()
            client.query(asked)
            before = client.rows
            assert before != at_login
            lose(loss, gate, client.thread_id, servers[0])
            client.query(asked)
            assert client.rows == before
        finally:
            query(root, "SET GLOBAL sort_buffer_size = DEFAULT, sql_mode = DEFAULT, lc_time_names = DEFAULT")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("entered", [False, True])
def test_the_variables_of_the_database_behind_a_reset(gate, servers, loss, entered):
    """It takes them away, and the database stays; who enters it anew has them again."""
    with RawClient(gate.port).login(database="app") as client:
        client.query("CREATE OR REPLACE DATABASE own_set CHARACTER SET cp1251")
        client.query("USE own_set")
        client.command(raw.COM_RESET_CONNECTION)
        client.read_response()
        if entered:
            client.query("USE own_set")
        asked = "SELECT DATABASE(), @@character_set_database, @@collation_database"
        client.query(asked)
        before = client.rows
        assert (b"cp1251" in before[0]) == entered
        lose(loss, gate, client.thread_id, servers[0])
        client.query(asked)
        assert client.rows == before, client.last
        client.query("DROP DATABASE own_set")


@pytest.mark.parametrize("loss", LOSSES)
def test_it_goes_on_as_often_as_it_loses_its_server_session(gate, servers, session, loss):
    for turn in range(5):
        query(session, f"SET @turn = {turn}, SESSION lock_wait_timeout = {100 + turn}")
        lose(loss, gate, cs_id(session), servers[0])
        assert query(session, "SELECT @turn, @@lock_wait_timeout") == [(turn, 100 + turn)]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_client_may_wait_and_lose_nothing_meanwhile(gate, servers, session, loss):
    """No server session is opened before it is needed, and a second kill finds none."""
    query(session, "SET @kept = 'yes'")
    lose(loss, gate, cs_id(session), servers[0])
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    assert admin.get(f"/v1/sessions/cs_id:{cs_id(session)}").json["svr_session_cnt"] == 0
    assert value(session, "SELECT @kept") == "yes"
    assert admin.get(f"/v1/sessions/cs_id:{cs_id(session)}").json["svr_session_cnt"] == 1


# What does not

# statements, the word when it was planned, when it was not
LOST_FOR_GOOD = {
    "BEGIN": (["BEGIN", "UPDATE accounts SET balance = balance WHERE id = 1"], "open_transaction", "open_transaction"),
    "autocommit off": (["SET autocommit = 0", "SELECT * FROM accounts"], "open_transaction", "open_transaction"),
    "CREATE TEMPORARY TABLE": (["CREATE TEMPORARY TABLE t (a INT)"], "temporary_tables", "temporary_tables"),
    "LOCK TABLES": (["LOCK TABLES accounts READ"], "table_locks", "table_locks"),
    "GET_LOCK": (["SELECT GET_LOCK('one', 0)"], "named_locks", "named_locks"),
    "HANDLER": (["HANDLER accounts OPEN"], "open_handler", "open_handler"),
    "PREPARE": (["PREPARE p FROM 'SELECT 1'"], "text_prepared", "text_prepared"),
    "SET TRANSACTION": (["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"], "next_transaction", "next_transaction"),
    "a calculated user variable": (["SET @a = CONCAT('a', 'b')"], None, "unknown_user_variable"),
    "LAST_INSERT_ID(x)": (["SELECT LAST_INSERT_ID(77)"], None, "last_insert_id"),
    "SET ROLE": (["SET ROLE auditor"], None, "unknown_system_variable"),
    "a fixed clock": (["SET timestamp = 1700000000"], None, "unknown_system_variable"),
    "EXECUTE IMMEDIATE": (["EXECUTE IMMEDIATE 'SET @a = 1'"], None, ("hidden_changes", "text_prepared")),
}


@pytest.mark.parametrize("loss, row", [(loss, row) for row, (_, *words) in LOST_FOR_GOOD.items() for loss, word in zip(LOSSES, words) if word])
def test_does_not_survive(gate, servers, session, loss, row):
    statements, *words = LOST_FOR_GOOD[row]
    word = words[LOSSES.index(loss)]
    for statement in statements:
        query(session, statement)
    told = lose(loss, gate, cs_id(session), servers[0])
    found = word_of(error_of(query, session, "SELECT 1"))
    assert found in (word if isinstance(word, tuple) else (word,))
    if told:
        assert (told["recoverable"], told["obstacle"]) == (False, found)
    assert not is_alive(session)
    wait_until(lambda: Admin(gate.admin_port, ADMIN_TOKEN).get(f"/v1/sessions/cs_id:{cs_id(session)}").status == 404, "it has ended")


@pytest.mark.parametrize("statements", [
    ["BEGIN", "UPDATE accounts SET balance = balance WHERE id = 1", "COMMIT"], ["SET autocommit = 0", "SELECT * FROM accounts", "ROLLBACK"],
    ["LOCK TABLES accounts READ", "UNLOCK TABLES"], ["SELECT GET_LOCK('one', 0)", "SELECT RELEASE_LOCK('one')"]])
def test_what_it_has_let_go_of_is_no_obstacle(gate, servers, session, statements):
    for statement in statements:
        query(session, statement)
    assert lose("planned", gate, cs_id(session), servers[0])["obstacle"] is None
    assert value(session, "SELECT 1") == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_a_reset_lets_go_of_everything(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        for statement in ("BEGIN", "CREATE TEMPORARY TABLE t (a INT)", "SELECT GET_LOCK('one', 0)", "SET @a = UUID()", "SET time_zone = '+01:00'"):
            client.query(statement)
        client.command(raw.COM_RESET_CONNECTION)
        client.read_response()
        client.query("SET @b = 5")
        lose(loss, gate, client.thread_id, servers[0])
        client.query("SELECT @a, @b, @@time_zone = @@global.time_zone, DATABASE()")
        assert client.rows == [b"\xfb\x015\x011\x03app"]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_change_of_user_lets_go_of_everything_and_is_what_is_rebuilt(gate, servers, loss):
    with as_root(servers[0]) as root:
        query(root, "CREATE DATABASE IF NOT EXISTS collated COLLATE utf8mb4_bin")
        query(root, "GRANT ALL ON collated.* TO other@'%'")
    session = connect(gate.port, database="app")
    query(session, "CREATE TEMPORARY TABLE t (a INT)")
    query(session, "SET @a = 1, time_zone = '+01:00'")
    with RawClient(gate.port).login(database="app") as client:
        client.query("CREATE TEMPORARY TABLE t (a INT)")
        client.query("SET @a = 1")
        client.command(raw.COM_CHANGE_USER, b"other\0\0collated\0\x2d\0mysql_native_password\0")
        assert client.finish_authentication("other_password")[:1] == b"\0"
        client.query("SET @b = 5")
        client.query("SELECT @@collation_database, @@wait_timeout")
        before = client.rows
        lose(loss, gate, client.thread_id, servers[0])
        client.query("SELECT CURRENT_USER(), @a, @b")
        assert client.rows == [b"\x07other@%\xfb\x015"]
        client.query("SELECT @@collation_database, @@wait_timeout")
        assert client.rows == before
    disconnect(session)


@pytest.mark.parametrize("statement", ["SHOW WARNINGS", "SELECT ROW_COUNT()", "SELECT FOUND_ROWS()", "SHOW COUNT(*) WARNINGS"])
@pytest.mark.parametrize("loss", LOSSES)
def test_only_a_statement_that_asks_for_what_the_one_before_left_is_refused(gate, servers, loss, statement):
    for first in (statement, "SELECT 5"):
        session = connect(gate.port, database="app")
        query(session, "SELECT CAST('x' AS SIGNED) UNION SELECT 2")  # two rows and a warning
        query(session, "UPDATE accounts SET balance = balance + 1 WHERE id <= 2") if "ROW_COUNT" in statement else None
        lose(loss, gate, cs_id(session), servers[0])
        if first == statement:
            assert word_of(error_of(query, session, first)) == "diagnostics"
        else:
            assert value(session, first) == 5
        disconnect(session)


def test_a_running_statement_ends_with_its_server_session(gate, servers):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        with as_root(servers[0]) as root:
            wait_until(lambda: query(root, f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {identifier} AND INFO LIKE '%SLEEP%'"), "it runs")
            query(root, f"KILL CONNECTION {identifier}")
        assert error_of_payload(client.read_packet())[0] in (1317, 1927)
        assert client.is_closed()


# Prepared statements

@pytest.mark.parametrize("loss", LOSSES)
def test_ids_of_prepared_statements_stay_and_new_ones_are_others(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        known = {}
        for turn in range(3):
            for each in range(4):
                number = turn * 10 + each
                _, identifier = client.prepare(f"SELECT ? + {number}, DATABASE()")
                assert identifier not in known
                known[identifier] = number
            lose(loss, gate, client.thread_id, servers[0])
            for identifier, number in known.items():
                client.execute(identifier, (1000,))
                text = str(1000 + number).encode()
                assert client.rows[0][2:].endswith(b"\x03app") and client.rows[0][2:10] == struct.pack("<q", 1000 + number), text
        closed = next(iter(known))
        client.command(raw.COM_STMT_CLOSE, struct.pack("<I", closed))
        lose(loss, gate, client.thread_id, servers[0])
        client.execute(closed, (1,))
        assert error_of_payload(client.first)[0] == 1243


@pytest.mark.parametrize("loss", LOSSES)
def test_an_execution_need_not_name_its_types_again(gate, servers, loss):
    """As libmysqlclient and Connector/J send it from the second time on: the fresh server session has not seen the types."""
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT ?, ?")
        first = client.execute(identifier, (7, "text"))
        lose(loss, gate, client.thread_id, servers[0])
        client.command(raw.COM_STMT_EXECUTE, struct.pack("<IBI", identifier, 0, 1) + b"\0\0" + struct.pack("<q", 7) + b"\x04text")
        assert client.read_response() == first


def test_a_statement_that_was_prepared_for_another_database_is_not_prepared_for_this_one(gate, servers):
    """Or it is refused: but it never reads the other table."""
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT COUNT(*) FROM accounts")
        client.query("USE relay")
        before = client.execute(identifier)
        lose("planned", gate, client.thread_id, servers[0])
        after = client.execute(identifier)
        assert after == before or word_of(error_of_payload(client.first)[::2]) == "prepared_elsewhere"


@pytest.mark.parametrize("loss", LOSSES)
def test_an_open_cursor_does_not_survive(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT seq FROM seq_1_to_100")
        client.execute(identifier, cursor=True)
        client.fetch(identifier, 1)
        lose(loss, gate, client.thread_id, servers[0])
        assert word_of(client.error("SELECT 1")[::2]) == "open_cursor"


@pytest.mark.parametrize("loss", LOSSES)
def test_long_data_does_not_survive(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT LENGTH(?)")
        client.command(raw.COM_STMT_SEND_LONG_DATA, struct.pack("<IH", identifier, 0) + b"piece")
        client.query("SELECT 1")
        lose(loss, gate, client.thread_id, servers[0])
        assert word_of(client.error("SELECT 1")[::2]) == "long_data"


# What the client says first

@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("code, body", [
    (raw.COM_PING, b""), (raw.COM_INIT_DB, b"relay"), (raw.COM_RESET_CONNECTION, b""), (raw.COM_STATISTICS, b""), (raw.COM_SET_OPTION, b"\0\0"),
    (raw.COM_STMT_PREPARE, b"SELECT 5"), (raw.COM_QUERY, b"SELECT 5"), (raw.COM_FIELD_LIST, b"accounts\0%")])
def test_any_command_may_come_first(gate, servers, loss, code, body):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SET @a = 5")
        lose(loss, gate, client.thread_id, servers[0])
        if code in (raw.COM_STATISTICS, raw.COM_FIELD_LIST):
            client.command(code, body)
            client.read_packet() if code == raw.COM_STATISTICS else client._read_rows()
        else:
            client.carry_out(bytes([code]) + body)
        assert client.last[:1] != b"\xff"
        client.query("SELECT @a, DATABASE()")
        kept = b"\xfb" if code == raw.COM_RESET_CONNECTION else b"\x015"
        assert client.rows == [kept + (b"\x05relay" if code == raw.COM_INIT_DB else b"\x03app")]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_large_statement_may_come_first(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SET @a = 5")
        lose(loss, gate, client.thread_id, servers[0])
        client.query(b"SELECT @a, LENGTH('" + b"x" * LARGE + b"')")
        assert client.rows == [b"\x015\x08" + str(LARGE).encode()]


@pytest.mark.parametrize("loss", LOSSES)
def test_pipelined_commands_are_answered_in_their_order(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("SET @a = 0")
        lose(loss, gate, client.thread_id, servers[0])
        for number in range(10):
            client.command(raw.COM_QUERY, f"SELECT @a := @a + 1, '{number}'".encode())
        for number in range(10):
            client.read_response()
            assert client.rows == [b"\x01%d\x01%d" % (number + 1, number)] or client.rows == [b"\x0210\x019"]


@pytest.mark.parametrize("loss", LOSSES)
def test_of_pipelined_commands_the_first_is_refused(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("CREATE TEMPORARY TABLE t (a INT)")
        lose(loss, gate, client.thread_id, servers[0])
        client.socket.sendall(b"\x09\0\0\0\x03SELECT 1" * 3)
        assert word_of(error_of_payload(client.read_packet())[::2]) == "temporary_tables"
        assert client.is_closed()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_client_that_leaves_needs_no_server_session(gate, servers, loss):
    session = connect(gate.port, database="app")
    with as_root(servers[0]) as root:
        lose(loss, gate, cs_id(session), servers[0])
        logins = "SELECT TOTAL_CONNECTIONS FROM performance_schema.users WHERE USER = 'app'"
        before = value(root, logins)
        identifier = cs_id(session)
        session.close()
        wait_until(lambda: Admin(gate.admin_port, ADMIN_TOKEN).get(f"/v1/sessions/cs_id:{identifier}").status == 404, "it has left")
        assert value(root, logins) == before


# Transports

@pytest.mark.parametrize("loss", LOSSES)
def test_a_compressed_client_goes_on(gate, servers, loss):
    with CompressedClient(gate.port).login(database="app") as client:
        client.query("SET @a = 'compressed'")
        lose(loss, gate, client.thread_id, servers[0])
        client.query("SELECT @a, REPEAT('x', 100000)")
        assert client.rows[0].startswith(b"\x0acompressed") and len(client.rows[0]) > 100000


@pytest.mark.parametrize("loss", LOSSES)
def test_over_tls_on_both_sides(controlled, tls_server, certificates, authority, users_file, loss):
    with as_root(tls_server) as root:
        for statement in LOOKING:
            query(root, statement)
    certificate, key = certificates["proxy"]
    gate = controlled(backend=f"127.0.0.1:{tls_server.port}", backend_tls="required", client_tls_cert=certificate, client_tls_key=key,
                      credentials="users", users_file=users_file, health_check_interval=CHECKED)
    wait_until(lambda: knows_backends(gate), "the backends have been looked at")
    session = connect(gate.port, database="app", **trusting(authority, check_hostname=False))
    query(session, "SET @a = 'encrypted'")
    lose(loss, gate, cs_id(session), tls_server)
    assert value(session, "SELECT @a") == "encrypted"
    assert query(session, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1] != ""
    disconnect(session)


# Credentials

def test_without_credentials_nothing_is_recovered(recovering, servers):
    gate = recovering(credentials=None, users_file=None)
    session = connect(gate.port, database="app")
    told = lose("planned", gate, cs_id(session), servers[0])
    assert (told["recoverable"], told["obstacle"]) == (False, "no_credentials")
    assert error_of(query, session, "SELECT 1")[0] == 1927
    session = connect(gate.port, database="app")
    lose("unplanned", gate, cs_id(session), servers[0])
    assert error_of(query, session, "SELECT 1")[0] in (2006, 2013), "its connection was closed at once"


def test_an_account_that_the_file_does_not_have_is_not_recovered(gate, servers):
    session = connect(gate.port, user="operator", password="operator_password")
    assert lose("planned", gate, cs_id(session), servers[0])["obstacle"] == "no_credentials"
    assert word_of(error_of(query, session, "SELECT 1")) == "no_credentials"


def test_an_account_that_may_not_log_in_any_more_is_refused(gate, servers):
    """The backend's rules hold for each new server session."""
    session = connect(gate.port, user="other", password="other_password")
    with as_root(servers[0]) as root:
        query(root, "ALTER USER other@'%' ACCOUNT LOCK")
        try:
            lose("planned", gate, cs_id(session), servers[0])
            assert word_of(error_of(query, session, "SELECT 1")) == "credentials_refused"
        finally:
            query(root, "ALTER USER other@'%' ACCOUNT UNLOCK")


# What operators see

def test_operators_see_what_was_recovered(gate, servers, session):
    query(session, "SET @a = 1, lock_wait_timeout = 77")
    lose("planned", gate, cs_id(session), servers[0])
    assert value(session, "SELECT @a") == 1
    proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
    listed = attributes(proxysys, cs_id(session))
    disconnect(proxysys)
    versions = {name: {text for at, text, info in listed if at == name} for name in ("user_var_version", "sys_var_version")}
    assert all(len(texts) == 1 and texts != {"0"} for texts in versions.values()), "the server session is at the client session's version"


# Clusters

def two_clusters(servers, users_file, control):
    return json.dumps([{"name": name, "backends": [f"127.0.0.1:{server.port}"], "credentials": "users", "users_file": str(users_file),
                        "control_user": "control", "control_password_file": str(control)} for name, server in zip(("one", "two"), servers)])


@pytest.mark.parametrize("loss", LOSSES)
def test_each_cluster_recovers_its_own(start_gate, servers, users_file, secrets, loss):
    gate = start_gate(backend=None, cluster=None, clusters=two_clusters(servers, users_file, secrets["control_password_file"]),
                      health_check_interval=CHECKED)
    wait_until(lambda: knows_backends(gate), "the backends have been looked at")
    sessions = {name: connect(gate.port, user=f"app#{name}", database="app") for name in ("one", "two")}
    for name, server in zip(("one", "two"), servers):
        query(sessions[name], f"SET @mine = '{name}'")
        lose(loss, gate, cs_id(sessions[name]), server)
        assert query(sessions[name], "SELECT @mine, @@port") == [(name, server.port)]
    for each in sessions.values():
        disconnect(each)


# A setting that was changed unseen behind a prepare

def test_a_statement_is_not_prepared_again_when_its_settings_may_be_others(gate, servers):
    with RawClient(gate.port).login(database="app") as client:
        _, identifier = client.prepare("SELECT 'a' || 'b'")
        assert client.query("/*M!100100 SET sql_mode = 'ANSI' */")
        told = end_server_session(gate, client.thread_id)
        assert (told["recoverable"], told["obstacle"]) == (False, "prepared_elsewhere")
        client.execute(identifier, ())
        assert word_of(error_of_payload(client.first)[::2]) == "prepared_elsewhere"


# A drained backend

def test_a_session_leaves_a_drained_backend_with_its_state(recovering, servers):
    one, other = (f"127.0.0.1:{server.port}" for server in servers)
    gate = recovering(backend=f"{one},{other}", cluster="shop")
    session = connect(gate.port, database="app")
    busy = connect(gate.port, database="app")
    try:
        query(session, "SET @mine = 'kept', sql_mode = 'ANSI'")
        query(busy, "BEGIN")
        assert value(session, "SELECT @@port") == servers[0].port
        proxysys = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        query(proxysys, f"DRAIN PROXYCLUSTER shop BACKEND '{one}'")
        admin = Admin(gate.admin_port, ADMIN_TOKEN)
        wait_until(lambda: has_lost_server_session(admin, cs_id(session)), "the idle session has left")
        assert query(session, "SELECT @mine, @@sql_mode LIKE '%ANSI%', DATABASE(), @@port") == [("kept", 1, "app", servers[1].port)]
        assert value(busy, "SELECT @@port") == servers[0].port
        query(busy, "COMMIT")
        wait_until(lambda: value(busy, "SELECT @@port") == servers[1].port, "the transaction's session has left behind it")
        query(proxysys, f"UNDRAIN PROXYCLUSTER shop BACKEND '{one}'")
        disconnect(proxysys)
    finally:
        disconnect(session)
        disconnect(busy)


def test_a_session_that_cannot_leave_a_drained_backend_is_told_why(recovering, servers):
    one, other = (f"127.0.0.1:{server.port}" for server in servers)
    gate = recovering(backend=f"{one},{other}", cluster="shop")
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    with RawClient(gate.port).login(database="app") as client:
        assert client.query("CREATE TEMPORARY TABLE t (a INT)")
        answer = admin.post(f"/v1/clusters/shop/backends/{one}/drain")
        assert answer.status == 200, answer.text
        number, _, text = error_of_payload(client.read_packet())
        assert (number, text) == (1053, "Server shutdown in progress: the server session cannot be rebuilt on another backend: "
                                        "it had temporary tables (temporary_tables)")
    (kill,) = wait_until(lambda: admin.get("/v1/kills", verb="drain").json["kills"], "it is recorded")
    assert (kill["recoverable"], kill["obstacle"]) == (False, "temporary_tables")
