"""Where a lost server session is made up for: credentials, clusters and drained backends, and what operators see of it."""

import json

import pytest

from clients import Admin, attributes, connect, cs_id, disconnect, error_of, knows_backends, query, value
from raw_client import RawClient, error_of_payload
from recoverable import (CHECKED, LOSSES, as_root, gate, has_lost_server_session, lose, recovering, servers, session,  # noqa: F401 (fixtures)
                         users_file, word_of)
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD
from support import wait_until


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
