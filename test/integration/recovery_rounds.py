"""Rounds: a real client brings its session into some random state, its server session is taken away, and it finds its state as it was,
or is told why not. Everything else is a failure."""

import collections
import random
import re
import threading
import time
import traceback

import pymysql

from clients import query
from driven import Hangs, Lost, Refused
from recovery_model import Model
from recovery_probe import KILLED, SHUTDOWN, Probe, differences, in_transaction
from recovery_steps import DATABASES, PASSWORD, USER, StepMaker
from support import wait_until

# What is found out only when the new server session is made, or the client's next statement is known: no kill can tell it beforehand.
LATER = frozenset(("prepared_elsewhere", "diagnostics", "last_insert_id", "sequence_value", "replay_refused", "state_differs", "server_differs", "credentials_refused",
                   "backend_unreachable"))
# What a statement leaves for the next one only, and what asks for it.
LEAVES = ("SELECT 1 UNION SELECT 2", "SELECT CAST('x' AS SIGNED)", "SELECT * FROM nowhere", "SHOW DATABASES LIKE 'rec_one'", "DO 1", "SELECT 1")
ASKS = ("SHOW WARNINGS", "SELECT ROW_COUNT()", "SELECT FOUND_ROWS()", "SHOW COUNT(*) ERRORS", "SELECT 1, @@warning_count",
        "/* x */ show errors limit 1")
WORD = re.compile(r"\((\w+)\)$")
MODES = ("plain", "plain", "plain", "tls", "compressed")
IN_TRANSACTION = frozenset(("open_transaction", "xa_transaction"))
ASKED = frozenset(("diagnostics", "last_insert_id", "sequence_value"))


class Failure(Exception):
    pass


class ToldLater(Exception):
    """A statement asked for what a server session knew that was lost before."""


class Round:
    def __init__(self, rig, kind, client, seed, number):
        self.name = f"{kind.name}:{number}"
        self._chance = random.Random(f"{seed} {self.name}")
        self._rig = rig
        self._client = client
        self._modes = [mode for mode in MODES if mode in rig.modes and mode in kind.modes]
        self._cluster = self._chance.choice(rig.clusters)
        self._model = Model(self._cluster.routines, self._cluster.server.mariadb)
        self._login = (f"{USER}#{self._cluster.name}" if rig.labels else USER, PASSWORD)
        self._maker = StepMaker(self._chance, self._model, client.operations, self._login[0], kind.name, number)
        self.transcript = []
        self.outcomes = []  # (cluster, route, outcome)
        self.reached_loss = False
        self.had_to_recover = 0  # losses for which there was no excuse
        self.needless = []       # refusals of what could have been rebuilt as far as the model knows

    def run(self):
        try:
            self._live()
        except ToldLater as error:
            self.outcomes.append((self._cluster.name, "before", f"{error} asked for later"))

    def _live(self):
        mode = self._chance.choice(self._modes)
        self._say(f"connect {mode} to {self._cluster.name}")
        self._client.call("connect", self._rig.port(self._cluster), *self._login, self._chance.choice(DATABASES), mode)
        for _ in range(self._rig.losses or self._chance.choice((1, 1, 1, 2, 3))):
            for _ in range(self._chance.randint(1, 8)):
                all(map(self._do, self._maker.steps()))  # what follows one that failed would be about nothing
            if not self._lose():
                return
        self._client.call("quit")

    def script(self):
        return "\n  script:\n    " + "\n    ".join(self.transcript)

    def _say(self, what):
        self.transcript.append(what)

    def _do(self, step):
        """Whether it was answered well."""
        try:
            if step.operation == "root":
                with self._cluster.server.as_root() as root:
                    query(root, step.arguments[0])
            else:
                self._client.call(step.operation, *step.arguments)
            self._say(f"{step}")
        except pymysql.err.MySQLError as error:  # of a root's whose session is strict
            self._say(f"{step}: {error}")
            return False
        except Refused as error:
            self._say(f"{step}: {error.args[0]} {error.args[1]:.100}")
            self._expect_no_end(error)
            self._model.refused()
            return False
        except (Lost, Hangs) as error:
            self._say(f"{step}: {error!r}")
            raise
        else:
            if step.then:
                step.then(self._model)
            return True
        finally:
            if step.tried:
                step.tried(self._model)

    def _lose(self):
        """False when the session has ended with it."""
        target = self._rig.target(self._cluster, self._client, self._login, self._model)
        probe = Probe(self._model, self._cluster.names, self._chance)
        try:
            before = probe.read(self._client)
        except Refused as error:
            self._expect_no_end(error)
        self._model.hard.pop("transaction", None)
        if in_transaction(before):
            self._model.blocked("transaction", "open_transaction")
        for step in self._maker.late_steps():
            self._do(step)
        route = self._rig.choose_route(self._chance, self._cluster, self._model)
        asked = self._leave_something() if self._chance.random() < 0.07 and route != "wait_timeout" else None
        self.reached_loss = True
        self._say(f"lose it: {route}; hard {self._model.hard}, soft {sorted(self._model.soft)}, unplanned {sorted(self._model.soft_unplanned)}")
        told = self._rig.lose(route, target)
        if route == "wait_timeout":
            self._model.changed_settings()
        self._say(f"told: {told}")
        outcome = self._look(probe, before, told, route, asked, target)
        self.outcomes.append((self._cluster.name, route, outcome))
        self._model.hard.pop("next", None)
        return outcome == "recovered"

    def _expect_no_end(self, error):
        if error.args[0] != KILLED:
            return
        word = WORD.search(error.args[1])
        if self.outcomes and word and word.group(1) in ASKED:
            raise ToldLater(word.group(1))
        raise Failure("killed before its server session was lost") from error

    def _leave_something(self):
        """(what asks for it, the answer): it has to be the same behind the loss, or refused."""
        leave, ask = self._chance.choice(LEAVES), self._chance.choice(ASKS)
        answers = []
        for statement in (leave, ask, leave):
            try:
                answers.append((statement, self._client.call("query", statement)))
            except Refused as error:
                self._expect_no_end(error)
        self._say(f"{leave}, and ask: {ask}")
        return next(each for each in answers if each[0] == ask)

    def _look(self, probe, before, told, route, asked, target):
        must, may = self._model.words(self._rig.is_planned(route))
        if asked:
            may = may | {"diagnostics"}
        try:
            if asked and (rows := self._client.call("query", asked[0])) != asked[1]:
                raise Failure(f"its answer is another one: {asked[0]}: {asked[1]} -> {rows}")
            if route == "wait_timeout":
                self._client.call("query", "SET SESSION wait_timeout = 3000")
            after = probe.read(self._client)
        except Refused as error:
            if error.args[0] != KILLED and (route, error.args[0]) != ("drain", SHUTDOWN):
                raise Failure(f"the first statement after the loss: {error}") from error
            self._say(f"refused: {error.args[1]}, at {probe.at}: {probe.items.get(probe.at)!s:.200}")
            if route == "drain" and not told["recoverable"]:
                return self._judge_end(error.args[1], may, told, target)
            return self._judge_refusal(error.args[1], must, may, told, target)
        except Lost as error:
            if route == "drain" and not told["recoverable"]:
                return self._judge_end("", may, told, target)
            if self._cluster.credentials == "none" and (not self._rig.is_planned(route) or self._swallows()):
                return "lost"
            if self._swallows():
                if not may:
                    self.needless.append(f"round {self.name}: {error}")
                return "told in answer to something else"
            raise Failure(f"lost without a word: {error}") from error
        found = differences(before, after)
        if route == "wait_timeout":
            found = [each for each in found if not each.startswith(("@@wait_timeout", "shown"))]
        if found:
            raise Failure("its state is another one:\n  " + "\n  ".join(found))
        if must and self._rig.loses:
            raise Failure(f"it was recovered though {sorted(must)}")
        if told and told["recoverable"] is not True:
            raise Failure(f"it was recovered, and told before: {told}")
        self.had_to_recover += not may and self._cluster.credentials != "none"
        return "recovered"

    def _swallows(self):
        """mysqlnd may send COM_STMT_RESET or COM_SET_OPTION first, and does not tell of the error that answers these."""
        return self.name.startswith("mysqli")

    def _judge_end(self, text, may, told, target):
        """Of a session that its drain has ended. Not every library reads what it was told while it asked nothing."""
        wait_until(lambda: not target.is_listed(), f"{target.cs_id} leaves the list")
        word = told["obstacle"]
        if told["ending"] == "at_timeout":
            if word or not may & IN_TRANSACTION:
                raise Failure("it was let wait for no transaction")
            return "killed at the timeout"
        if text and WORD.search(text).group(1) != word:
            raise Failure(f"{text!r}, and told before: {told}")
        if self._cluster.credentials == "none":
            if word != "no_credentials":
                raise Failure(f"no credentials, and told {word}")
        elif word not in may:
            self.needless.append(f"round {self.name}: {word}")
        return word

    def _judge_refusal(self, text, must, may, told, target):
        found = WORD.search(text)
        word = found.group(1) if found else "killed"
        try:
            self._client.call("query", "SELECT 1")
        except (Lost, Refused):
            pass
        else:
            raise Failure(f"it goes on behind {text!r}")
        wait_until(lambda: not target.is_listed(), f"{target.cs_id} leaves the list")
        if self._cluster.credentials == "none":
            if word not in ("no_credentials", "killed"):
                raise Failure(f"no credentials, and told {word}")
            return word
        if word not in may:
            self.needless.append(f"round {self.name}: {text}")
        if told and not agrees(told, word):
            raise Failure(f"{text!r}, and told before: {told}")
        return word


def agrees(told, word):
    """Whether a kill that told this may end with that word."""
    return word in LATER if told["recoverable"] else word in (told["obstacle"], "diagnostics")


class Runner:
    """Runs rounds in one thread for each kind of client, and keeps what came of them."""

    def __init__(self, rig, kinds, seed):
        self._rig = rig
        self._kinds = kinds
        self._seed = seed
        self._lock = threading.Lock()
        self.outcomes = collections.Counter()  # (client, cluster, route, outcome)
        self.failures = []
        self.done = collections.Counter()       # by client: rounds,
        self.recovered = collections.Counter()  # those in which a session went on that had to
        self.needless = []  # of those in which one was told to be lost that could have gone on: its words, its script

    def run(self, numbers, limit=None):
        """`limit` seconds at most."""
        self._end = time.monotonic() + (limit or float("inf"))
        threads = [threading.Thread(target=self._run_kind, args=(kind, numbers), daemon=True) for kind in self._kinds]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def run_one(self, kind, number):
        client = kind.start()
        try:
            self._run_round(kind, client, number)
        finally:
            client.close()

    def _run_kind(self, kind, numbers):
        client = kind.start()
        for number in numbers:
            if time.monotonic() > self._end:
                break
            if not self._run_round(kind, client, number):
                client.close()  # it may be anywhere
                client = kind.start()
        client.close()

    def _run_round(self, kind, client, number):
        one = Round(self._rig, kind, client, self._seed, number)
        failure = None
        try:
            one.run()
        except Failure as error:
            failure = str(error)
        except Exception:
            failure = traceback.format_exc()
        if not one.reached_loss:
            self._rig.stay_away()
        with self._lock:
            self.done[kind.name] += 1
            self.recovered[kind.name] += one.had_to_recover > 0
            self.needless += [each + one.script() for each in one.needless]
            for outcome in one.outcomes:
                self.outcomes[(kind.name, *outcome)] += 1
            if failure:
                self.failures.append(f"round {one.name} of seed {self._seed}: {failure}" + one.script())
        return failure is None

    def report(self):
        lines = [f"{self.done.total()} rounds, {sum(self.outcomes.values())} losses ({dict(self.recovered)} rounds recovered that had to, {len(self.needless)} refused needlessly), {len(self.failures)} failures; seed {self._seed}"]
        lines += [f"{count:>7}  {client:<12} {cluster:<9} {route:<12} {outcome}"
                  for (client, cluster, route, outcome), count in sorted(self.outcomes.items())]
        return "\n".join(lines)
