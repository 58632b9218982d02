"""Sessions of six real clients in random states lose their server session in every way, and go on with the same state or are told why not.

SESSIONGATE_RECOVERY_ROUNDS   rounds of each client (default 8); 1700 make ten thousand
SESSIONGATE_RECOVERY_SECONDS  for each test at most (default: no limit)
SESSIONGATE_TEST_SEED         repeats a run; a failed round tells the seed, and
SESSIONGATE_RECOVERY_ONLY     mysqli:17 plays that round alone
SESSIONGATE_RECOVERY_CLIENTS  `required`: a client that is not installed is an error
"""

import os
import random
import subprocess
import sys

import pytest

from mariadb_server import MariadbServer
from sessiongate_process import run_once
from support import ROOT, seconds

sys.path.insert(0, str(ROOT / "test/clients"))

import driven  # noqa: E402
from recovery_losses import ResettingForwarder  # noqa: E402
from recovery_rig import Cluster, ControlRig, RecoveryServer, Rig  # noqa: E402
from recovery_rounds import Runner  # noqa: E402

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
def server():
    process = MariadbServer()
    yield RecoveryServer(process)
    process.stop()


def play(rig, kinds, rounds=ROUNDS):
    runner = Runner(rig, kinds, SEED)
    if ONLY:
        name, number = ONLY.split(":")
        runner.run_one(next(kind for kind in kinds if kind.name == name), int(number))
    else:
        runner.run(range(rounds), SECONDS)
    print(runner.report())
    return runner


@pytest.mark.limit(LIMIT)
def test_without_a_loss_the_state_is_the_same(server, kinds):
    """Of the tests themselves: what is compared does not change by itself."""
    runner = play(ControlRig(Cluster("control", server)), kinds)
    assert not runner.failures, "\n".join(runner.failures[:5])


@pytest.mark.limit(LIMIT)
def test_a_forgotten_state_is_seen(server, kinds):
    """Of the tests themselves: sessions that have lost their state do not pass."""
    runner = play(ControlRig(Cluster("control", server), forgets=True), kinds)
    assert len(runner.failures) > 0.6 * runner.done
    other = [failure for failure in runner.failures if "is another one" not in failure]
    assert not other, "\n".join(other[:5])


@pytest.mark.limit(LIMIT)
def test_without_credentials_the_client_is_told_of_each_loss(server, kinds, controlled):
    forwarder = ResettingForwarder(server.port)
    cluster = Cluster("none", server, forwarder=forwarder)
    gate = controlled(backend=cluster.backend, cluster=cluster.name, log_level="info")
    runner = play(Rig(gate, [cluster], labels=False), kinds, ROUNDS // 2)
    forwarder.close()
    assert not runner.failures, "\n".join(runner.failures[:5])
    assert not any(outcome == "recovered" for *_, outcome in runner.outcomes)
