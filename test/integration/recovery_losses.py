"""The ways in which a recovery round takes a client session's server session away. Each returns what was told beforehand: a dict with
`recoverable` and `obstacle` for a kill that the proxy was asked for, else None."""

import contextlib
import json
import socket
import struct
import threading

from clients import Admin, connect, disconnect, let_backends_be_looked_at, query
from forwarder import Forwarder
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from support import seconds, wait_until

GONE = 10  # seconds in which a lost server session has to be seen as lost


class ResettingForwarder(Forwarder):
    """Can reset one of its connections, as a firewall does that has lost its memory."""

    def __init__(self, target):
        super().__init__(target, transparent=False)
        self._lock = threading.Lock()
        self._pairs = {}  # port from which the server is reached -> socket of the one who was forwarded

    def _serve(self, client, port, target):
        try:
            server = socket.create_connection(("127.0.0.1", target))
        except OSError:
            client.close()
            return
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own = server.getsockname()[1]
        with self._lock:
            self._pairs[own] = client  # from now on reset() may close it
        threading.Thread(target=self._pump_and_end, args=(client, server), daemon=True).start()
        self._pump_and_end(server, client)
        with self._lock:
            self._pairs.pop(own, None)
        for one in (client, server):
            with contextlib.suppress(OSError):
                one.close()

    def _pump_and_end(self, source, sink):
        self._pump(source, sink)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def reset(self, port):
        with self._lock:
            victim = self._pairs.pop(port)
        victim.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            victim.shutdown(socket.SHUT_RD)  # wakes the thread that reads; what is sent on close is still a reset
        victim.close()


def outlook(told):
    return {name: told[name] for name in ("recoverable", "obstacle", "outcome", "ending")}


class Target:
    """One client session that is to lose its server session."""

    def __init__(self, rig, cluster, client, login):
        self.rig = rig
        self.cluster = cluster
        self.client = client
        self.login = login
        self.admin = Admin(rig.gate.admin_port, ADMIN_TOKEN)

    def find(self):
        """Asks who it is now: its server session may be another one since the last loss."""
        self.connection_id = int(self.client.call("query", "SELECT CONNECTION_ID() LIMIT 1")[0][0])
        return self.look()

    def look(self):
        listed = self.admin.get("/v1/sessions", connection_id=self.connection_id, cluster=self.cluster.name).json["sessions"]
        assert len(listed) == 1, f"{len(listed)} sessions have connection_id {self.connection_id}: {listed}"
        self.cs_id = listed[0]["cs_id"]
        self.ss_id = self.admin.get(f"/v1/sessions/cs_id:{self.cs_id}").json["server_sessions"][0]["ss_id"]
        return self

    def has_server_session(self):
        answer = self.admin.get(f"/v1/sessions/cs_id:{self.cs_id}")
        return answer.status == 200 and answer.json["svr_session_cnt"] > 0

    def is_listed(self):
        return self.admin.get(f"/v1/sessions/cs_id:{self.cs_id}").status == 200

    def wait_until_lost(self):
        """Or until it has ended with it."""
        wait_until(lambda: not self.has_server_session(), f"the proxy sees the loss of the server session of {self.cs_id}", GONE, 0.005)

    def told(self):
        """What the record of the last kill of that server session says."""
        kills = self.admin.get("/v1/kills", cs_id=self.cs_id, ss_id=self.ss_id).json["kills"]
        return outlook(kills[0])

    def told_of_drain(self):
        kills = wait_until(lambda: self.admin.get("/v1/kills", cs_id=self.cs_id, verb="drain").json["kills"],
                           f"what its drain made of {self.cs_id} is told")
        assert len(kills) == 1, kills
        return outlook(kills[0])


def kill_in_sql(target, user, password, statement):
    session = connect(target.rig.gate.port, user=user, password=password)
    try:
        query(session, statement)
    finally:
        disconnect(session)
    return target.told()


def kill_as_proxysys(target):
    return kill_in_sql(target, "root@proxysys", PROXYSYS_PASSWORD, f"KILL PROXYSESSION {target.cs_id} {target.ss_id}")


def kill_as_owner(target):
    return kill_in_sql(target, *target.login, f"KILL PROXYSESSION CS_ID {target.cs_id} {target.ss_id} COMMENT 'a round'")


def kill_over_http(target):
    answer = target.admin.delete(f"/v1/sessions/{target.cs_id}/server-sessions/{target.ss_id}")
    assert answer.status == 200, answer.text
    return outlook(answer.json)


def kill_by_ctl(target):
    done = ctl(target.rig.gate, "--json", "kill", target.cs_id, target.ss_id)
    assert done.returncode == 0, done.stderr
    return outlook(json.loads(done.stdout))


def kill_on_the_server(target):
    let_backends_be_looked_at(target.rig.gate)  # what the global variables were at the login is known when they were read behind it, too
    with target.cluster.server.as_root() as root:
        query(root, f"KILL CONNECTION {target.connection_id}")
    target.wait_until_lost()


def reset_connection(target):
    let_backends_be_looked_at(target.rig.gate)
    with target.cluster.server.as_root() as root:
        (host,), = query(root, f"SELECT HOST FROM information_schema.PROCESSLIST WHERE ID = {target.connection_id}")
    target.cluster.forwarders[0].reset(int(host.rsplit(":", 1)[1]))
    target.wait_until_lost()


def wait_timeout(target):
    """The client sets it, as who wants idle sessions to go. Who is recovered has it again, so it is set anew at once."""
    target.client.call("query", f"SET SESSION wait_timeout = {seconds(1):.0f}")
    target.wait_until_lost()


PLANNED = {"proxysys": kill_as_proxysys, "owner": kill_as_owner, "http": kill_over_http, "ctl": kill_by_ctl}
UNPLANNED = {"server kill": kill_on_the_server, "reset": reset_connection, "wait_timeout": wait_timeout}
WEIGHTS = {"proxysys": 6, "owner": 6, "http": 8, "ctl": 2, "server kill": 8, "reset": 6, "wait_timeout": 1}
