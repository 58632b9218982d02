"""What is known of a session in a recovery round: what it holds, and so what may become of it when its server session is lost."""

import dataclasses

# When the proxy goes by what it has seen in passing, it may not know all of it.
UNSEEN = frozenset(("unknown_user_variable", "unknown_system_variable", "hidden_changes", "no_tracking", "last_insert_id", "state_too_large"))
ROUTINES = frozenset(("hidden_changes",))


@dataclasses.dataclass
class Prepared:
    text: str
    values: tuple
    epoch: int       # of the settings under which it was prepared
    repeatable: bool = True  # gives the same each time: the probe may execute it


class Model:
    """`hard`: each key holds the words of which one must be told, for as long as the key is there. `soft` and `soft_unplanned`: words that
    may be told, though the session may be recovered as well."""

    def __init__(self, routines=False, mariadb=True):
        self.routines = routines   # the server has routines that may do anything
        self.mariadb = mariadb     # else MySQL 5.6, which tells less
        self.in_no_database = False  # the current one was dropped
        self.set_role = False      # MariaDB keeps it
        self.reset()

    def reset(self):
        """A fresh session in the same database, as behind COM_RESET_CONNECTION."""
        self.hard = {}
        self.soft = set(ROUTINES if self.routines else ())
        self.soft_unplanned = {"unknown_system_variable"} if self.routines or self.set_role else set()
        self.user_variables = set()
        self.system_variables = set()
        self.prepared = {}
        self.epoch = 0
        self.sequence_used = False

    def refused(self):
        """A statement failed: who has only seen it does not know what it has done before that."""
        self.soft_unplanned.add("unknown_system_variable")
        if not self.mariadb:
            self.soft.add("unknown_user_variable")

    def changed_settings(self):
        self.epoch += 1

    def changed_database(self):
        self.in_no_database = False

    def dropped_database(self):
        self.in_no_database = True

    def blocked(self, key, *words):
        self.hard[key] = frozenset(words)

    def released(self, key):
        """It is gone, but who has only seen the statements may not be sure of that."""
        self.soft |= self.hard.pop(key, frozenset())

    def released_all(self, prefix):
        for key in [key for key in self.hard if key.startswith(prefix)]:
            self.released(key)

    def words(self, planned):
        """(must be one of these: empty when it may be recovered, may be one of these)"""
        must = frozenset().union(*self.hard.values()) if self.hard else frozenset()
        may = set(self.soft) | must
        if self.prepared and self.epoch:
            may.add("prepared_elsewhere")
        if not planned or not self.mariadb:
            may |= self.soft_unplanned
        if not planned and not self.mariadb:
            may |= UNSEEN
        return must, may
