"""How the proxy finds its backends: over the control account, and by logins alone; what it does then, and what it shows."""

import contextlib
import re
import signal
import time

import pytest

from clients import Admin, address, backends, connect, disconnect, error_of, port_of, query, rows, value
from mariadb_server import MariadbServer
from relays import Relay
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD
from support import duration, free_port, freeze, seconds, wait_until

QUICK = {"health_check_interval": "100ms", "health_check_timeout": duration(4), "health_check_backoff_max": "2s"}


@pytest.fixture(scope="module")
def first():
    """A server that tests stop and start."""
    server = MariadbServer()
    yield server
    server.stop()


def wait_for_state(gate, server, state, limit=20):
    return wait_until(lambda: (found := backends(gate)[address(server)])["state"] == state and found, f"it is {state}", limit)


def reached(gate):
    with contextlib.closing(connect(gate.port)) as session:
        return port_of(session)


def checked(start_gate, secrets, *servers, **given):
    return start_gate(backend=",".join(map(address, servers)), control_user=given.pop("control_user", "control"),
                      control_password_file=secrets["control_password_file"], **{**QUICK, **given})


def test_a_backend_that_goes_down_and_comes_back(start_gate, secrets, mariadb, first):
    gate = checked(start_gate, secrets, first, mariadb)
    shown = wait_for_state(gate, first, "up")
    assert (shown["reason"], shown["retry_ms"]) == (None, None)
    assert reached(gate) == first.port
    first.crash()
    try:
        down = wait_for_state(gate, first, "down")
        assert down["reason"].startswith(f"Can't connect to MySQL server on '{address(first)}'")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", down["since"])
        assert down["since"] > shown["since"]
        assert backends(gate)[address(mariadb)]["state"] == "up"
        assert [reached(gate) for _ in range(3)] == [mariadb.port] * 3
    finally:
        first.start()
    assert wait_for_state(gate, first, "up")["reason"] is None
    assert reached(gate) == first.port
    admin = Admin(gate.admin_port, ADMIN_TOKEN)

    def logged():
        return re.findall(rf"backend_state cluster=\S* ?backend={address(first)} state=(\w+)", gate.log())

    def told():
        return [each["outcome"] for each in admin.get("/v1/events", type="backend_state", sort="id", backend=address(first)).json["events"]]

    states = wait_until(lambda: logged() == told() and logged(), "the log and the events tell the same")
    assert states[0] == "up" and states[-1] == "up" and "down" in states
    assert states == [each for at, each in enumerate(states) if at == 0 or states[at - 1] != each]


def test_the_connection_for_kills_is_made_although_a_check_was_there_first(start_gate, secrets, mariadb):
    port = free_port()
    gate = start_gate(backend=f"127.0.0.1:{port}", control_user="control", control_password_file=secrets["control_password_file"], **QUICK)
    gate.wait_for_log("backend_unreachable")  # it is looked at again in a second, and checked sooner
    with contextlib.closing(Relay(mariadb.port, port)):
        gate.wait_for_log("control_connected", limit=30)


def test_while_it_is_down_it_is_checked_ever_more_slowly(start_gate, secrets, first):
    gate = checked(start_gate, secrets, first, health_check_backoff_max="3s")
    wait_for_state(gate, first, "up")
    first.crash()
    try:
        wait_for_state(gate, first, "down")
        wait_until(lambda: backends(gate)[address(first)]["retry_ms"] == 3000, "the longest pause", limit=30)
    finally:
        first.start()
    wait_for_state(gate, first, "up")


def test_a_server_that_hangs_is_down(start_gate, secrets, mariadb, first):
    """It takes connections and does not answer."""
    gate = checked(start_gate, secrets, first, mariadb, health_check_timeout="300ms")
    wait_for_state(gate, first, "up")
    freeze(first.process)
    try:
        assert wait_for_state(gate, first, "down")["reason"] == "no answer within health-check-timeout"
        assert reached(gate) == mariadb.port
    finally:
        first.process.send_signal(signal.SIGCONT)
    wait_for_state(gate, first, "up")


def test_what_a_check_finds_is_shown(start_gate, secrets, mariadb, first):
    gate = checked(start_gate, secrets, mariadb, first)
    shown = wait_until(lambda: (found := backends(gate)[address(first)])["check_us"] and found, "it is checked")
    assert 0 < shown["check_us"] < seconds(4) * 1_000_000
    assert (shown["read_only"], shown["check_problem"], shown["login_count"], shown["connect_us"]) == (False, None, 0, None)
    assert (shown["addresses"], shown["backend_order"], shown["weight"], shown["credentials"]) == (address(first), "failover", 1, "none")
    with contextlib.closing(connect(first.port, user="root", password="root_password")) as database:
        query(database, "SET GLOBAL read_only = 1")
        wait_until(lambda: backends(gate)[address(first)]["read_only"], "it is read-only")
        query(database, "SET GLOBAL read_only = 0")
    wait_until(lambda: backends(gate)[address(first)]["read_only"] is False, "it is not any more")
    with contextlib.closing(connect(gate.port)) as session:
        assert value(session, "SELECT @@port") == mariadb.port
        used = backends(gate)[address(mariadb)]
        assert (used["login_count"], used["svr_session_count"]) == (1, 1)
        assert 0 < used["connect_us"] < seconds(10) * 1_000_000
    with contextlib.closing(connect(gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)) as operator:
        listed = rows(operator, "SHOW PROXYCLUSTER WHERE server = '%s'" % address(mariadb))
        assert [(each["state"], each["cluster_name"], each["login_count"]) for each in listed] == [("up", "obdemo", 1)]


def test_checks_need_one_connection_that_is_kept(start_gate, secrets, first):
    with contextlib.closing(connect(first.port, user="root", password="root_password")) as database:
        def connections():
            return set(query(database, "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'control'"))

        wait_until(lambda: not connections(), "those of earlier tests have ended")
        gate = checked(start_gate, secrets, first)
        wait_for_state(gate, first, "up")
        wait_until(lambda: backends(gate)[address(first)]["check_us"], "it is checked")
        before = connections()
        time.sleep(1)
        assert before and before <= connections() and len(connections()) <= 2  # and the first one for kills
        gate.stop()
        wait_until(lambda: not connections(), "they are closed")


def test_an_account_that_is_refused_does_not_make_the_server_down(start_gate, secrets, first):
    gate = checked(start_gate, secrets, first, control_user="nobody")
    gate.wait_for_log("health_check_refused.*1045")
    shown = wait_for_state(gate, first, "up")
    assert shown["check_problem"].startswith("the control account cannot log in: 1045: Access denied for user 'nobody'")
    assert reached(gate) == first.port
    time.sleep(1)
    assert gate.log().count("health_check_refused") == 1


def test_without_a_control_account_logins_tell(start_gate, mariadb, first):
    gate = start_gate(backend=f"{address(first)},{address(mariadb)}", connect_timeout="2s",
                      **{**QUICK, "health_check_interval": "1s", "health_check_down": "2"})
    wait_for_state(gate, first, "up")
    first.crash()
    try:
        assert reached(gate) == mariadb.port
        assert backends(gate)[address(first)]["state"] == "suspect"
        failures, begun = backends(gate)[address(first)]["failure_count"], time.monotonic()
        for _ in range(10):
            assert reached(gate) == mariadb.port
        tries = 1 + (time.monotonic() - begun) / 0.8  # one in health-check-interval, which is a fifth more or less
        assert backends(gate)[address(first)]["failure_count"] <= failures + tries, "most logins do not try it"

        def goes_down():
            assert reached(gate) == mariadb.port
            return backends(gate)[address(first)]["state"] == "down"

        wait_until(goes_down, "it is down")
    finally:
        first.start()
    wait_until(lambda: reached(gate) == first.port, "a login has found it back", limit=20)
    assert backends(gate)[address(first)]["state"] == "up"


def test_when_all_are_down_each_login_tries(start_gate, mariadb):
    port = free_port()
    gate = start_gate(backend=f"127.0.0.1:{port}", health_check_interval="60s", health_check_down="1")
    assert error_of(lambda: connect(gate.port))[0] == 2003
    wait_until(lambda: backends(gate)[f"127.0.0.1:{port}"]["state"] == "down", "it is down")
    with contextlib.closing(Relay(mariadb.port, port)):
        assert wait_until(lambda: reached(gate), "it is there at once") == mariadb.port
        assert backends(gate)[f"127.0.0.1:{port}"]["state"] == "up"


def test_a_name_that_is_not_resolved_is_down_and_says_so(start_gate, mariadb):
    gate = start_gate(backend=f"nowhere.invalid:3306,localhost:{mariadb.port}")
    shown = wait_until(lambda: (found := backends(gate)["nowhere.invalid:3306"])["state"] == "down" and found, "it is down", limit=60)
    assert (shown["addresses"], shown["reason"].startswith("its name is not resolved: ")) == (None, True)
    assert f"127.0.0.1:{mariadb.port}" in wait_until(lambda: backends(gate)[f"localhost:{mariadb.port}"]["addresses"], "it is resolved")
    assert reached(gate) == mariadb.port


def test_stored_programs_that_may_change_sessions_are_counted(start_gate, secrets, first):
    gate = checked(start_gate, secrets, first, routine_check_interval="100ms")
    wait_for_state(gate, first, "up")
    time.sleep(0.5)
    assert backends(gate)[address(first)]["risky_routines"] is None  # it may not look

    def count():
        return backends(gate)[address(first)]["risky_routines"]

    with contextlib.closing(connect(first.port, user="root", password="root_password")) as database:
        query(database, "GRANT TRIGGER ON *.* TO control@'%'")
        query(database, "GRANT SELECT ON mysql.proc TO control@'%'")
        wait_until(lambda: count() == 0, "it may look")
        query(database, "CREATE PROCEDURE app.harmless() SELECT 1")
        query(database, "CREATE PROCEDURE app.hidden() SET @x = 1")
        wait_until(lambda: count() == 1, "the procedure is found")
        query(database, "CREATE TRIGGER app.also BEFORE INSERT ON app.accounts FOR EACH ROW SET @y = NEW.id")
        query(database, "CREATE FUNCTION app.lock_it() RETURNS INT RETURN get_lock('a', 1)")
        wait_until(lambda: count() == 3, "so are the trigger and the function")
        for each in ("PROCEDURE app.harmless", "PROCEDURE app.hidden", "TRIGGER app.also", "FUNCTION app.lock_it"):
            query(database, f"DROP {each}")
        wait_until(lambda: count() == 0, "they are gone")


def test_views_that_may_change_sessions_are_counted(start_gate, secrets, first):
    gate = checked(start_gate, secrets, first, routine_check_interval="100ms")
    wait_for_state(gate, first, "up")

    def count():
        return backends(gate)[address(first)]["risky_routines"]

    with contextlib.ExitStack() as opened:
        database = opened.enter_context(contextlib.closing(connect(first.port, user="root", password="root_password")))

        def make(kind, name, text):
            query(database, f"CREATE {kind} app.{name} {text}")
            opened.callback(query, database, f"DROP {kind} app.{name}")

        query(database, "GRANT TRIGGER ON *.* TO control@'%'")
        query(database, "GRANT SELECT ON mysql.proc TO control@'%'")
        wait_until(lambda: count() == 0, "it may look, and those of the server's own schemas are none")
        make("VIEW", "harmless", "AS SELECT id, CONCAT(balance, '@') AS shown FROM app.accounts")
        wait_until(lambda: count() == 1, "a view that it may not read may have anything in it")
        query(database, "GRANT SELECT, SHOW VIEW ON app.harmless TO control@'%'")
        wait_until(lambda: count() == 0, "it may read the view")
        query(database, "GRANT SELECT, SHOW VIEW ON app.* TO control@'%'")
        opened.callback(query, database, "REVOKE SELECT, SHOW VIEW ON app.* FROM control@'%'")
        make("VIEW", "locking", "AS SELECT GET_LOCK('a', 1) AS taken")
        wait_until(lambda: count() == 1, "the lock is found")
        make("VIEW", "numbering", "AS SELECT Last_Insert_Id(id) AS id FROM app.accounts")
        wait_until(lambda: count() == 2, "so is the insert id")
        make("VIEW", "on_top", "AS SELECT taken FROM app.locking")
        time.sleep(0.5)
        assert count() == 2  # what it reads is counted
    wait_until(lambda: count() == 0, "they are gone")


def test_what_takes_the_server_too_long_to_count_does_not_make_it_down(start_gate, secrets, first):
    with contextlib.closing(connect(first.port, user="root", password="root_password")) as database:
        query(database, "GRANT TRIGGER ON *.* TO control@'%'")
        query(database, "GRANT SELECT ON mysql.proc TO control@'%'")
        gate = checked(start_gate, secrets, first, routine_check_interval="100ms")
        wait_until(lambda: backends(gate)[address(first)]["risky_routines"] == 0, "they are counted")
        query(database, "LOCK TABLES mysql.proc WRITE")
        wait_until(lambda: backends(gate)[address(first)]["risky_routines"] is None, "it is broken off")
        assert backends(gate)[address(first)]["state"] == "up"
        query(database, "UNLOCK TABLES")
        wait_until(lambda: backends(gate)[address(first)]["risky_routines"] == 0, "they are counted again")
        assert not re.search("backend_state .*(suspect|down)", gate.log())


def test_a_server_that_is_full_is_spared_for_a_moment(start_gate, mariadb, first):
    """It greets in the place that it keeps for administrators, and refuses the login only then."""
    gate = start_gate(backend=f"{address(first)},{address(mariadb)}")
    wait_for_state(gate, first, "up")
    wait_for_state(gate, mariadb, "up")
    with contextlib.ExitStack() as opened:
        database = opened.enter_context(contextlib.closing(connect(first.port, user="root", password="root_password")))
        usual = value(database, "SELECT @@max_connections")
        opened.callback(query, database, f"SET GLOBAL max_connections = {usual}")
        query(database, "SET GLOBAL max_connections = 10")

        def ask():
            """Where a login gets to, or the number of its error, while the first one is full."""
            with contextlib.suppress(Exception):
                while True:
                    opened.callback(disconnect, connect(first.port))
            try:
                return reached(gate)
            except Exception as error:
                return error.args[0]

        wait_until(lambda: ask() == 1040, "one login is refused")
        wait_until(lambda: ask() == mariadb.port, "the next one goes elsewhere")
        assert backends(gate)[address(first)]["state"] == "up"
