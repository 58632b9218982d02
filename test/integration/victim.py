"""Whom a kill is for: a session that holds the lock of a row and sleeps in a statement."""

import raw_client as raw
from clients import runs_on_backend
from raw_client import RawClient
from support import wait_until


class Victim:
    def __init__(self, gate, database, row=2, statement="SELECT SLEEP(600)"):
        self.client = RawClient(gate.port).login(database="app")
        self.client.query("SELECT CONNECTION_ID()")
        self.connection_id = int(self.client.rows[0][1:])
        self.cs_id = self.client.thread_id
        self.client.query("BEGIN")
        self.client.query(f"UPDATE accounts SET balance = balance WHERE id = {row}")
        self.client.command(raw.COM_QUERY, statement.encode())
        wait_until(lambda: runs_on_backend(database, self.connection_id, statement[-8:]), "it runs")
