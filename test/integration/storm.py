"""What the clients of a storm (storm_client.py) saw of themselves, and what they sent to each other. Whether that fits
together is for storm_judge.py to say.

Times are taken so that they may be compared between threads: a thing begins before it is sent, and ends after its
answer was read. What ends before another begins has happened before it."""

import collections
import dataclasses
import threading

INTERRUPTED, CONNECTION_KILLED, NO_ANSWER = 1317, 1927, 1105


@dataclasses.dataclass(eq=False)
class Kill:
    """One that was sent. `outcome` is None when nobody has read the answer; in SQL, an OK is `done`."""
    target: "Life" = dataclasses.field(repr=False)
    verb: str         # kill_session, kill_server_session, kill_query
    given: int        # the id
    form: str = ""    # cs_id, connection_id: said with it
    by: str = ""      # an account, root@proxysys, token
    face: str = ""    # sql, packet, http, ctl, several
    killer: int = 0   # cs_id of the session that sent it; 0: none
    plain: bool = False      # MySQL's own KILL, which may be the backend's to answer
    unmatched: bool = False  # a predicate that did not find it
    begun: float = 0.0
    ended: float = 0.0
    outcome: str = None

    @property
    def succeeded(self):
        return self.outcome in ("done", "killed", "killed_self", "query_interrupted")

    @property
    def may_have_succeeded(self):
        return self.succeeded or self.outcome is None

    @property
    def is_recorded(self):
        """False: there need not be a record of it."""
        return not self.plain and not self.unmatched and self.outcome is not None


@dataclasses.dataclass(eq=False)
class Life:
    """One session from its client's point of view. Only its own thread writes, but for `kills`."""
    user: str
    kind: str
    spared: bool = False
    ids: dict = dataclasses.field(default_factory=dict)  # cs_id, connection_id, proxy_sessid, ss_id: as they get known
    kills: list = dataclasses.field(default_factory=list)  # those that were aimed at it
    logged_in: float = 0.0
    left: float = 0.0      # when it began to leave by itself
    lost: float = 0.0      # when it found itself lost
    silent: bool = False   # it read nothing of why, nor of an answer
    waited: float = 0.0    # since when for the answer that did not come
    errors: list = dataclasses.field(default_factory=list)  # (begun, ended, number)
    last_success: float = 0.0  # when the last statement was sent that the backend answered well
    long: list = dataclasses.field(default_factory=list)   # (begun, ended) of statements that took long
    complaints: list = dataclasses.field(default_factory=list)

    def __str__(self):
        return f"{self.user} ({self.kind}) {self.ids}"


class Population:
    """All lives: those that can be hit, and the end of those that cannot any more."""

    def __init__(self):
        self._lock = threading.Lock()
        self._live = []
        self._gone = collections.deque(maxlen=64)
        self.lives = []

    def add(self, life):
        with self._lock:
            self.lives.append(life)
            if not life.spared:
                self._live.append(life)

    def remove(self, life):
        with self._lock:
            if life in self._live:
                self._live.remove(life)
                self._gone.append(life)

    def choose(self, chance, own):
        """Somebody to kill: mostly another, now and then oneself or one that has ended."""
        dice = chance.random()
        with self._lock:
            if dice < 0.08:
                return own
            if dice < 0.2 and self._gone:
                return chance.choice(self._gone)
            return chance.choice(self._live or [own])
