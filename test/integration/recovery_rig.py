"""What recovery rounds are played on: servers, a sessiongate with several clusters in front of them, and the ways to lose a server session."""

import contextlib
import dataclasses
import threading

import pymysql

from clients import query
from recovery_losses import PLANNED, UNPLANNED, WEIGHTS, ResettingForwarder, Target
from recovery_probe import session_variables
from recovery_steps import ONLY_MARIADB, ONLY_MYSQL, ROUTINES


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
    forwarder: ResettingForwarder = None

    @property
    def names(self):
        return self.server.names

    @property
    def backend(self):
        return f"127.0.0.1:{(self.forwarder or self.server).port}"


class Rig:
    """A sessiongate, with some clusters or (not `labels`) with one that has no name."""

    loses = True
    losses = None  # in each round; none: some

    @staticmethod
    def is_planned(route):
        return route in PLANNED

    def stay_away(self):
        """A round ended before its loss."""

    def __init__(self, gate, clusters, modes=("plain",), labels=True, routes=None):
        self.gate = gate
        self.clusters = clusters
        self.modes = modes
        self.labels = labels
        self._routes = routes or list(WEIGHTS)

    def port(self, _):
        return self.gate.port

    def target(self, cluster, client, login, _):
        return Target(self, cluster, client, login).find()

    def choose_route(self, chance, cluster):
        known = [route for route in self._routes if route != "reset" or cluster.forwarder]
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
        self._all_there = threading.Barrier(clients, act, timeout=120)

    def is_planned(self, _):
        return self._planned

    def choose_route(self, *_):
        return self._route

    def stay_away(self):
        self._all_there.wait()

    def lose(self, _, target):
        self._all_there.wait()
        target.wait_until_lost()


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
