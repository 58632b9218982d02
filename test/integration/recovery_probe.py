"""The whole state of a session, as its client gets to see it: read before and after the loss of its server session, and compared."""

import pymysql

from clients import query
from driven import Refused

# Of the variables of a session, those that say something about the statement, the connection or the moment and nothing about the state;
# and in_transaction, which other statements of the probe may change: it is read in the end.
PASSING = frozenset(("in_transaction", "error_count", "warning_count", "pseudo_thread_id", "last_gtid", "gtid_seq_no", "wsrep_gtid_seq_no",
                     "max_error_count"))  # the last: by its name it might ask for the errors of the statement before
# Not even without a loss are they steady once the current database was dropped, by whomever; and a statement that the server prepares
# again by itself, which was prepared under another database, then leaves the session in none.
OF_THE_DATABASE = frozenset(("character_set_database", "collation_database"))
# Those that are different for each session, unless they were set.
ONLY_WHEN_SET = frozenset(("timestamp", "rand_seed1", "rand_seed2", "session_track_system_variables"))
CLOCK = ("query", "SELECT @@timestamp LIMIT 1")
WHERE = "SELECT @@in_transaction, DATABASE(), LAST_INSERT_ID(), CURRENT_ROLE(), CURRENT_USER() LIMIT 1"
WHERE_56 = "SELECT 0, DATABASE(), LAST_INSERT_ID(), NULL, CURRENT_USER() LIMIT 1"
KILLED, SHUTDOWN = 1927, 1053


def session_variables(root, mariadb):
    """The names of all system variables that a session has of its own."""
    if not mariadb:
        return sorted(name for name, _ in query(root, "SHOW SESSION VARIABLES") if answers(root, f"SELECT @@session.{name}"))
    return sorted(name.lower() for name, in query(root, "SELECT VARIABLE_NAME FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_SCOPE <> 'GLOBAL'"))


def answers(root, statement):
    try:
        return query(root, statement) is not None
    except pymysql.err.MySQLError:
        return False


class Probe:
    """Statements, one by one, and what each gave. None of them changes what another one reads."""

    def __init__(self, model, names, chance):
        passing = PASSING | OF_THE_DATABASE if model.in_no_database else PASSING
        compared = [name for name in names if name not in passing and (name not in ONLY_WHEN_SET or name in model.system_variables)]
        # Not SHOW VARIABLES alone: sql_select_limit and max_join_size keep it short.
        self.items = {"variables": ("query", "SELECT " + ", ".join(f"@@session.{name}" for name in compared) + " LIMIT 1"),
                      "shown": ("query", "SHOW SESSION VARIABLES LIKE 's%'")}
        self._names = compared
        for name in sorted(model.user_variables):
            self.items[f"@{name}"] = ("query", f"SELECT MD5(CAST(@{name} AS BINARY)), HEX(LEFT(CAST(@{name} AS BINARY), 60)), CHARSET(@{name}), "
                                               f"COLLATION(@{name}), COERCIBILITY(@{name}) LIMIT 1")
        if model.mariadb:
            self.items["user variables"] = ("query", "SELECT HEX(VARIABLE_NAME), MD5(VARIABLE_VALUE), VARIABLE_TYPE, "
                                                     "IF(VARIABLE_VALUE IS NULL, NULL, CHARACTER_SET_NAME) FROM information_schema.USER_VARIABLES LIMIT 1000")
            self.items["roles"] = ("query", "SELECT ROLE_NAME FROM information_schema.ENABLED_ROLES LIMIT 1000")
        self.items["literals"] = ("query", "SELECT CHARSET('a'), COLLATION('a'), HEX('ü'), 'a' || 'b', 1/3, LENGTH('\\\\') LIMIT 1")
        for name, prepared in model.prepared.items():
            if prepared.repeatable and not model.in_no_database:
                self.items[f"prepared {name}"] = ("execute", name, *prepared.values)
        keys = list(self.items)
        chance.shuffle(keys)
        if model.sequence_used:
            self.items["sequence"] = ("query", "SELECT LASTVAL(seq)")
            keys.append("sequence")
        self.items["where"] = ("query", WHERE if model.mariadb else WHERE_56)
        self.order = [*keys, "clock stands still", "where"]

    def read(self, client):
        """Result by item. Ends with Refused only when the session was killed."""
        found = {}
        for key in self.order:
            self.at = key
            try:
                rows = [[client.call(*CLOCK) == client.call(*CLOCK)]] if key == "clock stands still" else client.call(*self.items[key])
            except Refused as error:
                if error.args[0] == KILLED:
                    raise
                rows = [["error", *map(str, error.args)]]
            found[key] = self._comparable(key, rows)
        return found

    def _comparable(self, key, rows):
        if key == "variables" and len(rows) == 1 and len(rows[0]) == len(self._names):
            return dict(zip(self._names, rows[0]))
        if key == "shown":
            rows = [row for row in rows if row[0] in self._names]
        return sorted(rows, key=str) if key in ("user variables", "roles") else rows


def in_transaction(found):
    return found["where"][0][0] == "1"


def differences(before, after):
    """As text: the item, and both results."""
    told = []
    for key, one in before.items():
        other = after.get(key)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            told += [f"@@{name}: {one[name]!r} -> {other[name]!r}" for name in one if one[name] != other[name]]
        else:
            told.append(f"{key}: {one!r:.300} -> {other!r:.300}")
    return told
