"""Each way to end a session frees its row lock and takes its thread from the server."""

import json

import pytest

from clients import Admin, connect, disconnect, exists_on_backend, query
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import seconds, wait_until
from victim import Victim


def over_sql(gate, victim, **account):
    killer = connect(gate.port, **account)
    query(killer, f"KILL PROXYSESSION {victim.cs_id}")
    disconnect(killer)


def over_http(gate, victim):
    told = Admin(gate.admin_port, ADMIN_TOKEN).delete(f"/v1/sessions/{victim.cs_id}").json
    assert (told["outcome"], told["was_running"], told["was_in_transaction"]) == ("killed", True, True)
    assert told["statement"] == "SELECT SLEEP(?)"
    assert told["ran_us"] > 0


def over_ctl(gate, victim):
    done = ctl(gate, "kill", victim.cs_id, "--json")
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "killed"), done.stderr


ROUTES = {
    "owner": over_sql,
    "operator": lambda gate, victim: over_sql(gate, victim, user="operator", password="operator_password"),
    "proxysys": lambda gate, victim: over_sql(gate, victim, user="root@proxysys", password=PROXYSYS_PASSWORD),
    "http": over_http,
    "ctl": over_ctl,
    "disconnect": lambda gate, victim: victim.client.close(),
}


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_frees_the_lock_and_ends_the_thread(controlled, mariadb, database, route):
    gate = controlled()
    victim = Victim(gate, database)
    ROUTES[route](gate, victim)
    other = connect(mariadb.port, database="app")
    query(other, f"SET SESSION innodb_lock_wait_timeout = {int(seconds(10))}")
    query(other, "UPDATE accounts SET balance = balance WHERE id = 2")
    disconnect(other)
    wait_until(lambda: not exists_on_backend(database, victim.connection_id), "its thread is gone")
    victim.client.close()
