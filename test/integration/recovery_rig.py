"""What recovery rounds are played on: servers, a sessiongate with several clusters in front of them, and the ways to lose a server session."""

import contextlib
import dataclasses

import pymysql

from clients import query
from recovery_losses import PLANNED, UNPLANNED, WEIGHTS, ResettingForwarder, Target
from recovery_probe import session_variables
from recovery_steps import ROUTINES, SETUP


class RecoveryServer:
    """A MariadbServer with what the rounds need."""

    def __init__(self, server, routines=False):
        self._server = server
        self.port = server.port
        with self.as_root() as root:
            for statement in SETUP + (ROUTINES if routines else []):
                query(root, statement)
            self.names = session_variables(root)

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


class ControlRig:
    """The server itself, without a proxy. Nothing is lost there, or everything: the client logs in anew when it `forgets`."""

    loses = False
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

    def choose_route(self, *_):
        return "log in anew" if self._forgets else "nothing"

    def lose(self, _, session):
        cluster, client, login, model = session
        if self._forgets:
            client.call("quit")
            client.call("connect", cluster.server.port, *login, "rec_one", "plain")
            for name, prepared in model.prepared.items():
                client.call("prepare", name, prepared.text)
