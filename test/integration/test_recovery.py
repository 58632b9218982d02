"""What of a session's state outlives its server session, and what does not: each row of docs/recovery.md's tables."""

import pytest

import raw_client as raw
from clients import Admin, connect, connection_id, cs_id, disconnect, error_of, is_alive, let_backends_be_looked_at, query, value
from raw_client import RawClient, error_of_payload
from recoverable import LOSSES, as_root, gate, lose, recovering, servers, session, users_file, word_of  # noqa: F401 (fixtures)
from sessiongate_process import ADMIN_TOKEN
from support import wait_until


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


@pytest.mark.parametrize("loss", LOSSES)
def test_a_name_that_has_become_another_ones_in_other_characters_is_not_taken_for_it(gate, servers, loss):
    with RawClient(gate.port).login(database="app") as client:
        name = "SET @`ü` = "
        for statement in ("SET NAMES utf8mb4", name + "1", "SET NAMES latin1", name + "2"):
            client.query(statement)
        lose(loss, gate, client.thread_id, servers[0])
        if loss == "unplanned":
            number, _, text = client.error("SELECT 1")
            assert word_of((number, text)) == "unknown_user_variable"
        else:
            client.query("SELECT COUNT(*), SUM(VARIABLE_VALUE) FROM information_schema.USER_VARIABLES")
            assert client.rows == [b"\x012\x013"]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("untold", ["SET SESSION session_track_schema = OFF", "SET @@session_track_schema = OFF"])
def test_a_database_that_the_server_does_not_report_is_known_by_the_statement(gate, servers, untold, loss):
    with RawClient(gate.port).login(database="app") as client:
        client.query("USE relay")
        _, identifier = client.prepare("SELECT DATABASE()")
        client.query(untold)
        client.query("USE app")
        _, later = client.prepare("SELECT DATABASE()")
        lose(loss, gate, client.thread_id, servers[0])
        if "@@s" in untold and loss == "unplanned":  # MariaDB does not report that either
            number, _, text = client.error("SELECT 1")
            assert word_of((number, text)) == "unknown_system_variable"
            return
        for each, database in ((identifier, b"relay"), (later, b"app")):
            client.execute(each)
            assert client.rows[0].endswith(database)
        client.query("SELECT DATABASE()")
        assert client.rows == [b"\x03app"]
