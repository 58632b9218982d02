"""What recovery rounds are played on: servers, a sessiongate with several clusters in front of them, and the ways to lose a server session."""

import contextlib
import dataclasses
import threading
import urllib.parse

import pymysql

from clients import Admin, query
from recovery_losses import PLANNED, UNPLANNED, WEIGHTS, Target
from recovery_probe import session_variables
from recovery_steps import ONLY_MARIADB, ONLY_MYSQL, ROUTINES
from sessiongate_process import ADMIN_TOKEN
from support import seconds


# Of the servers: rounds that come together at a moment wait for each other, and not for what each of them has locked.
IMPATIENT = ("--lock-wait-timeout=2", "--innodb-lock-wait-timeout=2")


class RecoveryServer:
    """A MariadbServer, or a Mysql56Server, with what the rounds need."""

    def __init__(self, server, routines=False, mariadb=True):
        self._server = server
        self.port = server.port
        self.mariadb = mariadb
        with self.as_root() as root:
            for statement in (ONLY_MARIADB if mariadb else ONLY_MYSQL) + (ROUTINES if routines else []):
                query(root, statement)
            self.names = session_variables(root, mariadb)

    @contextlib.contextmanager
    def as_root(self):
        with contextlib.closing(pymysql.connect(unix_socket=self._server.socket, user="root", autocommit=True)) as connection:
            yield connection


@dataclasses.dataclass
class Cluster:
    name: str
    server: RecoveryServer
    credentials: str = "none"
    routines: bool = False
    forwarders: tuple = ()  # ways to the server, each a backend; none: the server itself is

    @property
    def names(self):
        return self.server.names

    @property
    def backends(self):
        return [f"127.0.0.1:{each.port}" for each in self.forwarders or (self.server,)]


def is_open(route, cluster, model):
    if route == "reset":
        return bool(cluster.forwarders)
    # In a transaction another one says when the session has been idle for too long.
    return route != "wait_timeout" or not ("transaction" in model.hard and "idle_transaction_timeout" in model.system_variables)


class Rig:
    """A sessiongate with some clusters."""

    loses = True
    labels = True  # logins name their cluster
    losses = None  # in each round; none: some

    @staticmethod
    def is_planned(route):
        return route in PLANNED

    def stay_away(self):
        """A round ended before its loss."""

    def __init__(self, gate, clusters, modes=("plain",)):
        self.gate = gate
        self.clusters = clusters
        self.modes = modes

    def port(self, _):
        return self.gate.port

    def target(self, cluster, client, login, _):
        return Target(self, cluster, client, login).find()

    def choose_route(self, chance, cluster, model):
        known = [route for route in WEIGHTS if is_open(route, cluster, model)]
        return chance.choices(known, [WEIGHTS[route] for route in known])[0]

    @staticmethod
    def lose(route, target):
        return {**PLANNED, **UNPLANNED}[route](target)


class JointRig(Rig):
    """All clients lose their server session at the same moment, for something that happens to the server: `act()`."""

    losses = 1

    def __init__(self, gate, clusters, route, planned, clients, act, **given):
        super().__init__(gate, clusters, **given)
        self._route = route
        self._planned = planned
        self._all_there = threading.Barrier(clients, act, timeout=seconds(120))

    def is_planned(self, _):
        return self._planned

    def choose_route(self, *_):
        return self._route

    def stay_away(self):
        self._all_there.wait()

    def lose(self, _, target):
        self._all_there.wait()
        target.wait_until_lost()


class DrainRig(JointRig):
    """The backend that all are on is drained, and the one that they left the time before is taken into use again."""

    PATIENCE = 0.5  # seconds that a session may stay for its transaction

    def __init__(self, gate, clusters, clients, **given):
        super().__init__(gate, clusters, "drain", True, clients, self._drain, **given)
        self._admin = Admin(gate.admin_port, ADMIN_TOKEN)
        self._turn = 0

    def _drain(self):
        for cluster in self.clusters:
            here, there = cluster.backends[self._turn % 2], cluster.backends[(self._turn + 1) % 2]
            self._tell(cluster, there, "undrain")
            self._tell(cluster, here, f"drain?timeout={seconds(self.PATIENCE)}")
        self._turn += 1

    def _tell(self, cluster, backend, what):
        answer = self._admin.post(f"/v1/clusters/{cluster.name}/backends/{urllib.parse.quote(backend, safe='')}/{what}")
        assert answer.status == 200, answer.text

    def lose(self, route, target):
        super().lose(route, target)
        return target.told_of_drain()


class ControlRig:
    """The server itself, without a proxy. Nothing is lost there, or everything: the client logs in anew when it `forgets`."""

    loses = False
    losses = None
    labels = False
    modes = ("plain",)

    def __init__(self, cluster, forgets=False):
        self.clusters = [cluster]
        self._forgets = forgets

    @staticmethod
    def port(cluster):
        return cluster.server.port

    @staticmethod
    def target(*session):
        return session

    @staticmethod
    def is_planned(_):
        return True

    def stay_away(self):
        pass

    def choose_route(self, *_):
        return "log in anew" if self._forgets else "nothing"

    def lose(self, _, session):
        cluster, client, login, model = session
        if self._forgets:
            client.call("quit")
            client.call("connect", cluster.server.port, *login, "rec_one", "plain")
            for name, prepared in model.prepared.items():
                client.call("prepare", name, prepared.text)
