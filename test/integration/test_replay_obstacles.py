"""What keeps a session's state from being read from a live server session, or rebuilt in a fresh one, has a name."""

import pytest

from clients import exists_on_backend
from raw_client import ORDINARY, SESSION_TRACK
from session_states import Driver, driver, mysql56, session, took  # noqa: F401 (fixtures)
from support import wait_until

OBSTACLES = [
    (["CREATE TEMPORARY TABLE t (a INT)"], "temporary_tables"),
    (["CALL make_temporary()"], "temporary_tables"),
    (["LOCK TABLES accounts READ"], "table_locks"),
    (["FLUSH TABLES accounts WITH READ LOCK"], "table_locks"),
    (["FLUSH TABLES WITH READ LOCK"], "table_locks"),
    (["BACKUP LOCK accounts"], "table_locks"),
    (["HANDLER accounts OPEN"], "open_handler"),
    (["PREPARE s FROM 'SELECT 1'"], "text_prepared"),
    (["XA START 'a'"], "open_transaction"),
    (["BEGIN"], "open_transaction"),
    (["SET autocommit = 0", "SELECT * FROM accounts"], "open_transaction"),
    (["DO GET_LOCK('a', 0)"], "named_locks"),
    (["CALL lock_it()"], "named_locks"),
    (["SET TRANSACTION READ ONLY"], "next_transaction"),
    (["SET @@tx_isolation = 'SERIALIZABLE'"], "next_transaction"),
    (["SET SESSION session_track_transaction_info = STATE", "SET TRANSACTION READ ONLY"], "next_transaction"),
    (["FLUSH STATUS", "CREATE TEMPORARY TABLE t (a INT)"], "temporary_tables"),
    (["CREATE TEMPORARY TABLE t (a INT)", "FLUSH STATUS"], "temporary_tables"),
    (["SET @a = POINT(1, 2)"], "unknown_user_variable"),  # a type that no literal has
    (["SET @a = REPEAT('x', 200000)"], "state_too_large"),
    (["SET @a = REPEAT('x', 60000)", "SET @b = @a"], "state_too_large"),
    # What is over is none.
    (["LOCK TABLES accounts READ", "UNLOCK TABLES"], "none"),
    (["DO GET_LOCK('a', 0)", "DO RELEASE_LOCK('a')"], "none"),
    (["BEGIN", "COMMIT"], "none"),
    (["XA START 'a'", "XA END 'a'", "XA ROLLBACK 'a'"], "none"),
    (["SET TRANSACTION READ ONLY", "BEGIN", "COMMIT"], "none"),
    (["SET SESSION TRANSACTION READ ONLY"], "none"),
    (["FLUSH STATUS", "FLUSH PRIVILEGES", "CREATE OR REPLACE TABLE relay.t (a INT)"], "none"),
    (["CALL nothing()"], "none"),
]


@pytest.fixture(scope="module")
def programs(mariadb):
    with session(mariadb.port) as client:
        for statement in ("CREATE OR REPLACE PROCEDURE app.make_temporary() CREATE TEMPORARY TABLE app.hidden (a INT)",
                          "CREATE OR REPLACE PROCEDURE app.lock_it() DO GET_LOCK('hidden', 0)",
                          "CREATE OR REPLACE PROCEDURE app.nothing() DO 1"):
            assert took(client, statement)


@pytest.mark.parametrize("statements, obstacle", OBSTACLES, ids=lambda given: given if isinstance(given, str) else given[-1][:40])
def test_what_cannot_be_rebuilt_is_named(mariadb, database, driver, programs, statements, obstacle):
    with session(mariadb.port, capabilities=driver.capabilities) as client:
        client.query("USE app")
        for statement in statements:
            assert took(client, statement), client.last
        found, _ = driver.run(client, do="read", texts=statements, size_max=120000)
        assert found == obstacle
    wait_until(lambda: not exists_on_backend(database, client.thread_id), "what it has locked is free for the next")


@pytest.mark.parametrize("driver", [ORDINARY | SESSION_TRACK], ids=["tracked"], indirect=True)
def test_what_the_account_may_not_set_is_named(mariadb, driver):
    with session(mariadb.port, capabilities=driver.capabilities) as lost, \
            session(mariadb.port, "app", "app_password", driver.capabilities) as fresh:
        assert took(lost, "SET SESSION sql_log_bin = 0, SESSION sql_mode = 'ANSI'")
        assert driver.run(lost, do="read") == ("none", "")
        obstacle, detail = driver.run(fresh, do="replay")
        assert obstacle == "replay_refused" and detail.startswith("sql_log_bin: Access denied"), detail


@pytest.mark.parametrize("driver", [ORDINARY | SESSION_TRACK], ids=["tracked"], indirect=True)
def test_a_database_that_is_gone_is_named(mariadb, driver):
    with session(mariadb.port, capabilities=driver.capabilities) as lost, \
            session(mariadb.port, capabilities=driver.capabilities) as fresh:
        assert took(lost, "CREATE OR REPLACE DATABASE going") and took(lost, "USE going")
        assert driver.run(lost, do="read") == ("none", "")
        assert took(lost, "DROP DATABASE going")
        obstacle, detail = driver.run(fresh, do="replay")
        assert obstacle == "replay_refused" and detail.startswith("database: Unknown database"), detail


# MySQL

@pytest.mark.parametrize("statements", [
    ["SET @a = CAST(5 AS UNSIGNED)", "SET @a = CAST(NULL AS CHAR)"],  # it stays unsigned
    ["SET character_set_connection = ucs2", "SET @a = 5"]],  # the number keeps the connection's characters
    ids=["an unsigned NULL", "a wide number"])
def test_mysql_has_values_that_no_literal_gives(mysql56, statements):
    driver = Driver("5.6.24", ORDINARY)
    with session(mysql56.port, capabilities=ORDINARY) as client:
        for statement in statements:
            assert took(client, statement), client.last
        assert driver.run(client, do="read", names=["a"], all_known=True) == ("unknown_user_variable", "@a")
    driver.close()


def test_mysql_tells_less(mysql56):
    driver = Driver("5.6.24", ORDINARY)
    for texts, obstacle in (([], "unknown_user_variable"), (["DO GET_LOCK('a', 0)"], "named_locks"),
                            (["CREATE TEMPORARY TABLE app.t (a INT)"], "temporary_tables"),
                            (["SET TRANSACTION READ ONLY"], "next_transaction"), (["LOCK TABLES app.accounts READ"], "table_locks"),
                            (["CREATE TABLE app.tt (a INT)", "DROP TABLE app.tt"], "none")):
        with session(mysql56.port, capabilities=ORDINARY) as client:
            for text in texts:
                assert took(client, text), client.last
            assert driver.run(client, do="read", texts=texts, all_known=bool(texts))[0] == obstacle
    driver.close()


def test_another_kind_of_server_differs(mariadb, mysql56):
    driver = Driver("10.11.19-MariaDB", ORDINARY)
    with session(mariadb.port, capabilities=ORDINARY) as lost, session(mysql56.port, capabilities=ORDINARY) as fresh:
        assert driver.run(lost, do="read") == ("none", "")
        assert driver.run(fresh, do="replay", server="5.6.24")[0] == "server_differs"
    driver.close()
