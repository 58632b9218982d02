"""SHOW PROXYSESSION and SHOW PROXYSESSION ATTRIBUTE, column by column and row by row as documented."""

import pytest

from clients import attributes, connection_id, cs_id, error_of, is_alive, listed_ids, query, show
from sessiongate_process import PROXYSYS_PASSWORD
from support import wait_until

COLUMNS = ["proxy_sessid", "Id", "Cluster", "Tenant", "User", "Host", "db", "trans_count", "svr_session_count", "state",
           "tid", "pid", "using_ssl"]
CLIENT_ATTRIBUTES = [
    *(("cs common", name) for name in (
        "proxy_sessid", "cs_id", "cluster", "tenant", "user", "host_ip", "host_port", "db", "total_trans_cnt",
        "svr_session_cnt", "active", "read_state", "tid", "pid", "idc_name")),
    *(("cs stat", name) for name in ("modified_time", "reported_time")),
    *(("cs var version", name) for name in (
        "hot_sys_var_version", "sys_var_version", "user_var_version", "last_insert_id_version", "db_name_version"))]
SERVER_ATTRIBUTES = [("last used ss", name) for name in (
    "server_ip", "server_port", "server_sessid", "ss_id", "state", "transact_count", "server_trans_stat",
    "hot_sys_var_version", "sys_var_version", "user_var_version", "last_insert_id_version", "db_name_version",
    "is_checksum_supported", "is_safe_read_weak_supported", "is_checksum_switch_supported", "checksum_switch",
    "enable_extra_ok_packet_for_stats")]


def test_the_list_has_the_13_columns_in_their_order(gate, open_session):
    session = open_session(user="app@sys#obdemo", database="app")
    with session.cursor() as cursor:
        cursor.execute("SHOW PROXYSESSION")
        assert [column[0] for column in cursor.description] == COLUMNS
    row = show(session)[cs_id(session)]
    assert (row["Cluster"], row["Tenant"], row["User"], row["db"]) == ("obdemo", "sys", "app", "app")
    assert row["Host"] == "127.0.0.1:%d" % session._sock.getsockname()[1]
    assert (row["state"], row["svr_session_count"], row["using_ssl"]) == ("MCS_ACTIVE_READER", 1, 0)
    assert row["pid"] == gate.pid
    assert row["tid"] > 0
    assert 2**62 <= row["proxy_sessid"] < 2**63


def test_no_database_is_the_text_null(open_session):
    session = open_session()
    assert show(session)[cs_id(session)]["db"] == "NULL"
    query(session, "USE app")
    assert show(session)[cs_id(session)]["db"] == "app"


def test_transactions_are_counted_when_they_end(open_session):
    session = open_session(database="app")
    for end in ("COMMIT", "ROLLBACK"):
        query(session, "BEGIN")
        query(session, "UPDATE accounts SET balance = balance WHERE id = 1")
        query(session, end)
    query(session, "SELECT 1")
    assert show(session)[cs_id(session)]["trans_count"] == 2


def test_a_client_sees_the_sessions_of_its_own_account_only(open_session, operator):
    mine, mine_too = open_session(), open_session()
    foreign, tenant = open_session(user="other", password="other_password"), open_session(user="app@elsewhere")
    everything = {cs_id(one) for one in (mine, mine_too, foreign, tenant, operator)}
    wait_until(lambda: set(show(operator)) == everything, "sessions of other tests have gone, and all of these are seen")
    assert set(show(mine)) == {cs_id(mine), cs_id(mine_too)}
    assert set(show(tenant)) == {cs_id(tenant)}
    proxysys = open_session(user="root@proxysys", password=PROXYSYS_PASSWORD)
    assert set(show(proxysys)) == everything | {cs_id(proxysys)}


def test_a_tenant_in_the_login_name_confers_no_right(open_session):
    victim = open_session(user="other", password="other_password")
    for name in ("app@sys#obdemo", "app@sys", "obdemo:sys:app", "app@root", "app@operator"):
        session = open_session(user=name)
        assert cs_id(victim) not in show(session)
        assert error_of(query, session, f"KILL PROXYSESSION {cs_id(victim)}")[0] in (1094, 1095)
    assert is_alive(victim)


@pytest.mark.parametrize("kind", ["", "cs_id", "connection_id", "proxy_sessid"])
def test_a_session_in_detail_has_its_39_rows(open_session, mariadb, kind):
    session = open_session(user="app@sys#obdemo", database="app")
    query(session, "SELECT 1")  # until it is used its state is MSS_INIT
    identifier = listed_ids(session)[kind] if kind else ""
    with session.cursor() as cursor:
        cursor.execute(f"SHOW PROXYSESSION ATTRIBUTE {identifier}")
        assert [column[0] for column in cursor.description] == ["attribute_name", "value", "info"]
    found = attributes(session, identifier)
    assert len(found) == 39
    assert [(info, name) for name, _, info in found] == CLIENT_ATTRIBUTES + SERVER_ATTRIBUTES
    client = {name: text for name, text, info in found if info == "cs common"}
    server = {name: text for name, text, info in found if info == "last used ss"}
    assert (client["cs_id"], client["user"], client["tenant"]) == (str(cs_id(session)), "app", "sys")
    assert (client["cluster"], client["db"], client["active"]) == ("obdemo", "app", "true")
    assert (client["read_state"], client["svr_session_cnt"]) == ("MCS_ACTIVE_READER", "1")
    assert (server["server_ip"], server["server_port"]) == ("127.0.0.1", str(mariadb.port))
    assert (server["server_sessid"], server["state"]) == (str(connection_id(session)), "MSS_KA_CLIENT_SLAVE")
    assert int(server["ss_id"]) >= 1


def test_attributes_can_be_picked_by_a_pattern(open_session):
    session = open_session()
    assert [name for name, _, _ in attributes(session, "LIKE 'server_s%'")] == ["server_sessid"]
    assert len(attributes(session, f"{cs_id(session)} LIKE '%version'")) == 10


def test_another_session_is_not_active_while_it_idles(open_session):
    session, idle = open_session(), open_session()
    assert ("active", "false", "cs common") in attributes(session, cs_id(idle))


def test_details_of_an_unknown_or_foreign_session_are_refused(open_session):
    session = open_session()
    foreign = open_session(user="other", password="other_password")
    assert error_of(attributes, session, "999999999") == (1094, "Unknown thread id: 999999999")
    assert error_of(attributes, session, cs_id(foreign))[0] in (1094, 1095)
