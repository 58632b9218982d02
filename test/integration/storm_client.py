"""A client of a storm: it connects, works, kills others (storm_kills.py), and leaves in every way."""

import contextlib
import random
import threading
import time

from clients import Admin, query
from sessiongate_process import ADMIN_TOKEN
from storm import Life
from storm_kills import KillSender
from storm_sessions import Kinds, Lost, Refused

ROWS = 16         # of storm.balances; each begins with BALANCE
BALANCE = 1000
LONG = 10         # seconds that a statement takes which is to be interrupted
FOREVER = 300     # seconds
SHORT_WORK = "SELECT BENCHMARK(20000, MD5('x'))"
USERS = ("app", "other", "operator")
ACCOUNTS = {"app": "app_password", "app@t1": "app_password", "other": "other_password", "operator": "operator_password"}


@contextlib.contextmanager
def prepared(database):
    """The tables that the clients work with."""
    query(database, "CREATE OR REPLACE DATABASE storm")
    for table, rows in (("balances", ROWS), ("held", 1)):
        query(database, f"CREATE TABLE storm.{table} (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE=InnoDB")
        query(database, f"INSERT INTO storm.{table} SELECT seq, {BALANCE} FROM storm.seq_1_to_{rows}")
    for user in USERS:
        query(database, f"GRANT ALL ON storm.* TO {user}@'%'")
    yield
    for user in USERS:
        query(database, f"REVOKE ALL ON storm.* FROM {user}@'%'")
    query(database, "DROP DATABASE storm")


@contextlib.contextmanager
def row_held(database):
    """Meanwhile the clients wait for that row in vain."""
    query(database, "BEGIN")
    query(database, "SELECT * FROM storm.held FOR UPDATE")
    yield
    query(database, "ROLLBACK")


def wait_in_vain(seconds):
    """A statement that takes so long. It does not SLEEP, for of that MariaDB can kill one at a time only: others that sleep
    or are killed meanwhile stand still for 2 s."""
    return f"SET STATEMENT innodb_lock_wait_timeout = {seconds} FOR SELECT * FROM held FOR UPDATE"


class Client(threading.Thread):
    """Lives one life after the other until it is told to stop."""

    def __init__(self, gate, kinds, population, seed, spared=False):
        super().__init__(daemon=True)
        self._admin = Admin(gate.admin_port, ADMIN_TOKEN)
        self._kinds = kinds
        self._population = population
        self._chance = random.Random(seed)
        self._killer = KillSender(gate, population, self._chance)
        self._spared = spared
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stopping.is_set():
                self._live()
        except BaseException as error:  # told by the main thread
            self.failure = error

    def _live(self):
        user = self._chance.choice(list(ACCOUNTS))
        life = Life(user, self._chance.choice(Kinds.NAMES), self._spared)
        session = None
        try:
            session = self._log_in(life)
            steps = self._chance.randint(1, 40)
            while not self.stopping.is_set() and (self._spared or steps > 0):
                steps -= 1
                self._step(life, session)
            life.left = time.monotonic()
            self._leave(session)
        except Lost as error:
            life.lost, life.silent = time.monotonic(), error.silent
            if session is not None:
                session.vanish()
        finally:
            self._population.remove(life)

    def _log_in(self, life):
        def greeted(cs_id):
            life.ids["cs_id"] = cs_id
            self._population.add(life)

        life.waited = begun = time.monotonic()
        try:
            session = self._kinds.open(life.kind, greeted, user=life.user, password=ACCOUNTS[life.user], database="storm")
        except Refused as error:  # killed in the middle of its login
            life.errors.append((begun, time.monotonic(), error.number))
            raise Lost from error
        life.logged_in = time.monotonic()
        self._learn_ids(life, session)
        self._run(life, session, "SET SESSION innodb_lock_wait_timeout = 1")
        return session

    def _learn_ids(self, life, session):
        rows = self._run(life, session, "SELECT CONNECTION_ID()")
        if rows is None:
            return
        life.ids["connection_id"] = int(rows[0][0])
        told = self._admin.get(f"/v1/sessions/{life.ids['cs_id']}")
        if told.status != 200:
            return
        life.ids["proxy_sessid"] = int(told.json["proxy_sessid"])
        if told.json["server_sessions"]:
            life.ids["ss_id"] = told.json["server_sessions"][0]["ss_id"]

    # Work

    def _run(self, life, session, statement):
        """The rows; None after an error that leaves the session as it is."""
        return self._watch(life, lambda: session.run(statement))

    def _watch(self, life, action):
        life.waited = begun = time.monotonic()
        try:
            done = action()
            life.last_success = begun
            return done
        except Refused as error:
            life.errors.append((begun, time.monotonic(), error.number))
            return None
        finally:
            ended = time.monotonic()
            if ended - begun > 0.5:
                life.long.append((begun, ended))

    def _step(self, life, session):
        works = [self._select, self._take_long, self._transfer, self._read_much, self._add]
        self._chance.choices([*works, self._killer.send], [6, 2, 4, 1, 2, 0 if life.spared else 5])[0](life, session)

    def _expect(self, life, found, expected):
        if found is not None and found != expected:
            life.complaints.append(f"got {found!r:.200} in place of {expected!r}")

    def _select(self, life, session):
        mark = str(self._chance.randrange(1 << 30))
        self._expect(life, self._run(life, session, f"SELECT '{mark}'"), [(mark,)])

    def _take_long(self, life, session):
        self._run(life, session, self._chance.choice((SHORT_WORK, SHORT_WORK, wait_in_vain(1), wait_in_vain(LONG))))

    def _transfer(self, life, session):
        """Whatever becomes of it, the sum of all rows stays."""
        one, other = self._chance.sample(range(1, ROWS + 1), 2)
        done = self._run(life, session, "BEGIN")
        for change, row in ((-1, one), (1, other)):
            if done is not None:
                done = self._run(life, session, f"UPDATE balances SET balance = balance + {change} WHERE id = {row}")
        if done is not None and self._chance.random() < 0.3:
            self._run(life, session, SHORT_WORK)
        self._run(life, session, "ROLLBACK" if done is None or self._chance.random() < 0.3 else "COMMIT")

    def _read_much(self, life, session):
        rows = self._run(life, session, "SELECT REPEAT('x', 50000) FROM seq_1_to_20")
        self._expect(life, None if rows is None else [len(row[0]) for row in rows], [50000] * 20)

    def _add(self, life, session):
        one, other = self._chance.randrange(1000), self._chance.randrange(1000)
        self._expect(life, self._watch(life, lambda: session.add_prepared(one, other)), one + other)

    def _leave(self, session):
        way = self._chance.choice(("quit", "vanish", "waiting", "locking"))
        if way == "quit":
            session.quit()
        elif way == "vanish":
            session.vanish()
        elif way == "waiting":
            session.leave_running(wait_in_vain(FOREVER))
        else:
            session.leave_running(f"UPDATE balances SET balance = balance WHERE id = {self._chance.randint(1, ROWS)}")
