"""Counters and tracked state, held against what the server itself says of the same sessions, behind random work."""

import contextlib
import os
import random

import pytest

from clients import query
from raw_client import RawClient
from result_sets import definition, split_packets, text_row
from support import wait_until

STATUS = ("SHOW SESSION STATUS WHERE Variable_name IN ('Bytes_received', 'Bytes_sent', 'Com_select', 'Com_insert', "
          "'Com_update', 'Com_delete', 'Com_stmt_prepare', 'Com_stmt_execute', 'Questions')")
PACKET_HEADER = 4
ROUNDS = 4
STEPS = 120


class Worker:
    """A client that does random things, and keeps count of them."""

    def __init__(self, gate, chance):
        self.client = RawClient(gate.port).login(database="app")
        self.chance = chance
        self.done = dict.fromkeys(("select", "insert", "update", "delete", "prepare", "execute", "error", "transaction"), 0)
        self.transaction = False
        self.prepared = []
        self.rows("CREATE TEMPORARY TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT, s LONGTEXT)")
        self.rows("SET SESSION max_join_size = 4711")  # from now on the proxy sends no statement of its own

    def rows(self, statement):
        packets = list(split_packets(self.client.query(statement)))
        count = packets[0][0]
        if count in (0, 0xFF):
            return []
        columns = [definition(packet) for packet in packets[1:1 + count]]
        return [text_row(row, columns) for row in self.client.rows]

    def value(self, expression):
        return self.rows(f"SELECT {expression}")[0][0]

    def change(self, kind, statement):
        """A statement that takes part in a transaction, or is one."""
        self.rows(statement)
        self.done[kind] += 1

    def step(self):
        kind = self.chance.randrange(12)
        size = self.chance.choice((1, 10, 100, 1000, 20_000))
        if kind <= 2:
            self.change("select", f"SELECT REPEAT('x', {size}), {self.chance.randrange(1000)}")
        elif kind == 3:
            self.change("insert", f"INSERT INTO t (n, s) VALUES ({self.chance.randrange(9)}, '{'y' * size}')")
        elif kind == 4:
            self.change("update", f"UPDATE t SET n = n + 1 WHERE n = {self.chance.randrange(9)}")
        elif kind == 5:
            self.change("delete", f"DELETE FROM t WHERE n = {self.chance.randrange(9)}")
        elif kind == 6:
            self.change("select", "SELECT nothing_of_that_name")
            self.done["error"] += 1
        elif kind == 7:
            self.rows("COMMIT" if self.transaction else "START TRANSACTION")
            self.done["transaction"] += self.transaction
            self.transaction = not self.transaction
        elif kind == 8:
            self.rows(self.chance.choice(["USE app", "SET @v = 5", "SET SESSION max_join_size = 1000"]))
        elif kind == 9:
            self.prepared.append(self.client.prepare("SELECT ?, REPEAT('z', 300)")[1])
            self.done["prepare"] += 1
        elif self.prepared:
            self.client.execute(self.chance.choice(self.prepared), (self.chance.randrange(1000),))
            self.done["execute"] += 1

    def counted(self):
        return {name: int(text) for name, text in self.rows("SHOW PROXYSESSION STAT")}

    def status(self):
        return {name.lower(): int(text) for name, text in self.rows(STATUS)}

    def measure(self):
        """What the proxy counted, the server counted, and was done: of STEPS random steps."""
        before_status = self.counted()
        server_before = self.status()
        proxy_before, done_before = self.counted(), dict(self.done)
        for _ in range(STEPS):
            self.step()
        proxy = {name: number - proxy_before[name] for name, number in self.counted().items()}
        server_after = self.status()
        server = {name: number - server_before[name] for name, number in server_after.items()}
        # The second question is in what the server received, the answer to the first in what it sent.
        server["bytes_received"] -= PACKET_HEADER + 1 + len(STATUS)
        server["bytes_sent"] -= proxy_before["server_response_total_size"] - before_status["server_response_total_size"]
        return proxy, server, {name: number - done_before[name] for name, number in self.done.items()}


@pytest.fixture
def chance():
    seed = int(os.environ.get("SESSIONGATE_TEST_SEED", random.randrange(2**32)))
    print(f"SESSIONGATE_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def worker(gate, chance):
    made = Worker(gate, chance)
    with contextlib.closing(made.client):
        yield made


def test_the_proxy_counts_what_the_server_counts(worker):
    for _ in range(ROUNDS):
        proxy, server, done = worker.measure()
        assert proxy["server_request_total_size"] == server["bytes_received"]
        assert proxy["server_response_total_size"] == server["bytes_sent"]
        for kind in ("insert", "update", "delete"):
            assert proxy[f"client_{kind}_requests"] == server[f"com_{kind}"] == done[kind]
        assert proxy["client_select_requests"] == done["select"]
        assert proxy["client_prepared_requests"] == server["com_stmt_execute"] == done["execute"]
        assert server["com_stmt_prepare"] == done["prepare"]
        assert server["com_select"] == done["select"] + done["execute"]
        assert proxy["server_error_responses"] == done["error"]
        assert proxy["total_transaction_count"] == done["transaction"]
        assert proxy["server_requests"] == proxy["server_responses"]
        # The status's own question is among the server's, and preparing is none.
        assert server["questions"] - 1 == proxy["server_requests"] - done["prepare"]


def test_the_proxy_shows_the_state_that_the_server_has(gate, chance, database):
    workers = [Worker(gate, chance) for _ in range(5)]
    with contextlib.ExitStack() as opened:
        for each in workers:
            opened.enter_context(contextlib.closing(each.client))
        for _ in range(ROUNDS * STEPS // 2):
            chance.choice(workers).step()
        for each in workers:
            connection_id = int(each.value("CONNECTION_ID()"))
            in_transaction, last_insert_id = each.value("@@in_transaction"), each.value("LAST_INSERT_ID()")
            variables = {row[0]: row[1] for row in each.rows("SHOW PROXYSESSION VARIABLES")}
            assert variables["max_join_size"] == each.value("@@max_join_size")
            assert variables.get("v") == each.value("@v")
            assert variables.get("last_insert_id", "0") == last_insert_id
            listed = each.rows(f"SHOW FULL PROXYPROCESSLIST WHERE connection_id = {connection_id}")[0]
            attributes = {row[0]: row[1] for row in each.rows("SHOW PROXYSESSION ATTRIBUTE")}
            asked = f"SELECT USER, DB, COMMAND FROM information_schema.PROCESSLIST WHERE ID = {connection_id}"
            # The server has answered a moment before it calls itself idle.
            wait_until(lambda: query(database, asked) == [(listed[1], listed[3], listed[4])], "the server says the same")
            assert (listed[15] is not None) == (in_transaction == "1") == each.transaction
            assert attributes["server_sessid"] == str(connection_id)
            assert int(attributes["total_trans_cnt"]) == each.done["transaction"]
