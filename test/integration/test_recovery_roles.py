"""The role of a session that is lost: MariaDB keeps it where it forgets everything else, behind COM_RESET_CONNECTION and COM_CHANGE_USER."""

import pytest

import raw_client as raw
from raw_client import RawClient, error_of_payload
from recoverable import (LOSSES, as_root, gate, lose, recovering, servers, users_file,  # noqa: F401 (fixtures)
                         word_of)

from clients import query

ROLE = b"\x07auditor"
NO_ROLE = b"\xfb"


@pytest.fixture
def client(gate):
    with RawClient(gate.port).login(database="app") as connected:
        yield connected


@pytest.fixture
def default_role(servers):
    """Of app; of other, where it is asked for."""
    with as_root(servers[0]) as root:
        query(root, "GRANT auditor TO other@'%'")
        query(root, "SET DEFAULT ROLE auditor FOR app@'%'")
        yield lambda: query(root, "SET DEFAULT ROLE auditor FOR other@'%'")
        for user in ("app", "other"):
            query(root, f"SET DEFAULT ROLE NONE FOR {user}@'%'")


def change_user(client, user):
    client.command(raw.COM_CHANGE_USER, user.encode() + b"\0\0app\0\x2d\0mysql_native_password\0")
    assert client.finish_authentication(f"{user}_password")[:1] == b"\0"


def reset(client):
    assert client.carry_out(bytes([raw.COM_RESET_CONNECTION]))[4:5] == b"\0"


def role_of(client):
    client.query("SELECT CURRENT_ROLE()")
    return client.rows[0]


def assert_role_is_back_or_refused(client, loss):
    """Behind an unplanned loss nobody knows it."""
    if loss == "planned":
        assert role_of(client) == ROLE
    else:
        number, _, text = client.error("SELECT CURRENT_ROLE()")
        assert word_of((number, text)) == "unknown_system_variable"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("again", [reset, lambda client: change_user(client, "app")], ids=["reset", "change_user"])
@pytest.mark.parametrize("way", ["SET ROLE auditor", "EXECUTE IMMEDIATE 'SET ROLE auditor'"])
def test_a_role_outlives_what_forgets_everything_else(gate, servers, client, way, again, loss):
    client.query(way)
    again(client)
    assert role_of(client) == ROLE
    lose(loss, gate, client.thread_id, servers[0])
    assert_role_is_back_or_refused(client, loss)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("again", [reset, lambda client: change_user(client, "app")], ids=["reset", "change_user"])
def test_what_comes_first_behind_the_loss_keeps_it_too(gate, servers, client, again, loss):
    client.query("SET ROLE auditor")
    lose(loss, gate, client.thread_id, servers[0])
    if loss == "planned":
        again(client)
        assert role_of(client) == ROLE
    else:
        client.command(raw.COM_RESET_CONNECTION)
        number, _, text = error_of_payload(client.read_packet())
        assert word_of((number, text)) == "unknown_system_variable"


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("statements", [["SET ROLE auditor", "SET ROLE NONE"], ["EXECUTE IMMEDIATE 'DO 1'"]])
def test_a_session_that_turns_out_to_have_none_goes_on(gate, servers, client, statements, loss):
    for statement in statements:
        client.query(statement)
    reset(client)
    lose(loss, gate, client.thread_id, servers[0])
    assert role_of(client) == NO_ROLE


@pytest.mark.parametrize("loss", LOSSES)
def test_another_account_has_the_role_that_the_one_before_had_by_default(gate, servers, default_role, client, loss):
    assert role_of(client) == ROLE
    change_user(client, "other")
    assert role_of(client) == ROLE
    lose(loss, gate, client.thread_id, servers[0])
    assert_role_is_back_or_refused(client, loss)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_role_that_the_login_gives_is_there_again(gate, servers, default_role, loss):
    default_role()
    with RawClient(gate.port).login(database="app") as client:
        lose(loss, gate, client.thread_id, servers[0])
        assert role_of(client) == ROLE
        reset(client)
        lose(loss, gate, client.thread_id, servers[0])
        assert role_of(client) == ROLE
