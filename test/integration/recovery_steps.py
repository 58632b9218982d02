"""The steps of a recovery round: what a client does to its session, and what the model (recovery_model.py) then knows of it."""

import dataclasses
import re

from driven import KINDS
from mariadb_server import CONTROL_PASSWORD
from recovery_model import UNSEEN, Model, Prepared
from recovery_values import HARMLESS, PLAIN_STATEMENTS, PREPARED, SYSTEM_VARIABLES, USER_NAMES, USER_VALUES

DATABASES = ("rec_one", "rec_two", "rec_latin")
USER, PASSWORD = "recovered", "secret of recovered"
ROLE = "rec_role"


def own_table(client):
    """To be locked: rounds that come together at a moment must not wait for each other before that."""
    return f"of_{client.replace('-', '_')}"


# What every server of a round has, made by root.
SETUP = [f"GRANT ALL ON `rec\\_%`.* TO {USER}@'%'", "CREATE DATABASE rec_one CHARACTER SET utf8mb4",
         "CREATE DATABASE rec_two CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "CREATE DATABASE rec_latin CHARACTER SET latin1"]
for database in DATABASES:
    SETUP += [f"CREATE TABLE {database}.items (id INT PRIMARY KEY, name VARCHAR(50)) ENGINE=InnoDB",
              f"INSERT INTO {database}.items VALUES (1, 'one of {database}'), (2, 'two'), (3, 'three')",
              f"CREATE TABLE {database}.numbered (id INT PRIMARY KEY AUTO_INCREMENT, value INT) ENGINE=InnoDB",
              *(f"CREATE TABLE {database}.{own_table(kind.name)} (a INT) ENGINE=InnoDB" for kind in KINDS)]
# That the control account can see whether there are stored programs.
LOOKING = ["GRANT TRIGGER ON *.* TO control@'%'", "GRANT SELECT ON mysql.proc TO control@'%'"]
ONLY_MARIADB = [f"CREATE USER {USER}@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{PASSWORD}')", f"CREATE ROLE {ROLE}",
                f"GRANT {ROLE} TO {USER}@'%'", "GRANT SELECT ON mysql.global_priv TO control@'%'", *LOOKING, *SETUP,
                *(f"CREATE SEQUENCE {database}.seq" for database in DATABASES)]
ONLY_MYSQL = [f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'", f"CREATE USER control@'%' IDENTIFIED BY '{CONTROL_PASSWORD}'",
              "GRANT SUPER, PROCESS ON *.* TO control@'%'", "GRANT SELECT ON mysql.user TO control@'%'", *LOOKING, *SETUP]

# What makes a server one where anything may change a session unseen.
ROUTINES = [
    "CREATE PROCEDURE rec_one.set_variable() SET @by_procedure = CONCAT('at ', 5), @other = 'by the procedure'",
    "CREATE FUNCTION rec_one.set_in_function() RETURNS INT BEGIN SET @by_function = 1.50; RETURN 1; END",
    "CREATE PROCEDURE rec_one.set_mode() SET SESSION sql_mode = 'ANSI', group_concat_max_len = 77",
    "CREATE PROCEDURE rec_one.make_temporary() CREATE TEMPORARY TABLE IF NOT EXISTS rec_one.hidden (a INT)",
    "CREATE PROCEDURE rec_one.take_lock() DO GET_LOCK(CONCAT('hidden ', CONNECTION_ID()), 0)",
    "CREATE FUNCTION rec_one.take_lock_in_function() RETURNS INT RETURN GET_LOCK(CONCAT('hidden ', CONNECTION_ID()), 0)",
    "CREATE VIEW rec_one.locking AS SELECT GET_LOCK(CONCAT('hidden ', CONNECTION_ID()), 0) AS taken",
    "CREATE TABLE rec_one.triggered (a INT)",
    "CREATE TRIGGER rec_one.on_insert BEFORE INSERT ON rec_one.triggered FOR EACH ROW SET @by_trigger = NEW.a, @other = 'by the trigger'"]

# Others change these for new sessions, on such a server.
GLOBALS = ("sort_buffer_size", "sql_mode", "time_zone", "group_concat_max_len", "lc_time_names", "tx_isolation", "lock_wait_timeout",
           "optimizer_switch", "character_set_server", "div_precision_increment", "auto_increment_increment")

MAX = "18446744073709551615"
LITERAL = re.compile(r"-?\d+(\.\d+)?|'[a-z %_]*'|NULL")
PLAIN_NAME = re.compile(r"[\w.$]+|`[^`'\"]+`", re.ASCII)
KNOWN_FORMS = 4  # of the ways to set a user variable: the value is known when it is a literal
MODEST_NAMES = tuple(name for name in USER_NAMES if PLAIN_NAME.fullmatch(name))
MODEST_VALUES = tuple(filter(LITERAL.fullmatch, USER_VALUES))
# What says something else as well, or is of something that passes.
MODEST_VARIABLES = tuple(name for name in SYSTEM_VARIABLES
                         if not re.match("timestamp|last_insert_id|identity|rand_seed|session_track|tx_|max_session_mem_used", name))
MODEST_STATEMENTS = tuple(text for text in PLAIN_STATEMENTS if not re.search("/[*]|@[a-z]|STATEMENT|NO_SUCH|SELECT|CHAR|DEFAULT", text))


@dataclasses.dataclass
class Step:
    """`then(model)` when the client is answered well, `tried(model)` in any case. An operation `root` is a statement of somebody else's."""

    operation: str
    arguments: tuple
    then: object = None
    tried: object = None

    def __str__(self):
        return f"{self.operation} {', '.join(map(repr, self.arguments))}"


class StepMaker:
    def __init__(self, chance, model, operations, login, client, number):
        self._chance = chance
        self._model = model
        self._operations = operations
        self._login = login
        self._own_table = own_table(client)
        self._tag = f"{client.replace('-', '_')}_{number}"  # for names of the round's own
        self._count = 0
        # Of some rounds everything is known without asking, as of most applications' sessions.
        self._modest = chance.random() < 0.4

    def steps(self):
        """One thing that clients do, in one step or some."""
        families = {self._system_variable: 20, self._plain_statement: 10, self._user_variable: 20, self._database: 7, self._harmless: 7,
                    self._idle_command: 3, self._start_over: 1}
        if not self._modest:
            families |= {self._insert_id: 4, self._role: 2, self._transaction: 3, self._blocker: 3, self._dropped_database: 1}
        if "prepare" in self._operations:
            families[self._prepared] = 20
        if self._model.routines:
            families[self._routine] = 8
            families[self._global_variable] = 4
        return self._chance.choices(list(families), list(families.values()))[0]()

    def late_steps(self):
        """What has to be the last before the loss, for a probe would undo it."""
        if self._modest or self._chance.random() > 0.05:
            return []
        return [Step("query", (self._chance.choice(("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION READ ONLY")),),
                     then=lambda model: model.blocked("next", "next_transaction"))]

    def _query(self, statement, then=None, tried=None):
        return Step("query", (statement,), then, tried)

    # Settings

    def _assignment(self, effects):
        name = self._chance.choice(MODEST_VARIABLES if self._modest else (*SYSTEM_VARIABLES, "autocommit"))
        value = self._chance.choice(SYSTEM_VARIABLES.get(name, ("0", "1", "ON")))
        prefixes = ("", "SESSION ", "@@session.", "LOCAL ", "@@local.", "session ", "@@SESSION.")
        prefix = self._chance.choice(prefixes if self._modest else (*prefixes, "@@"))
        effects.append((prefix, name, value))
        spelled = self._chance.choice((name, name.upper(), name))
        return f"{prefix}{spelled}{self._chance.choice((' = ', '=', ' := '))}{value}"

    def _system_variable(self):
        effects = []
        assignments = [self._assignment(effects) for _ in range(self._chance.choice((1, 1, 1, 2, 4)))]
        if self._chance.random() < 0.15:
            assignments.append("@beside = 5")
            self._model.user_variables.add("beside")

        def note(model):
            model.changed_settings()
            for prefix, name, value in effects:
                if prefix == "@@":
                    model.soft_unplanned.add("unknown_system_variable")  # MariaDB does not report it then
                if name == "autocommit" and not model.mariadb:
                    model.soft.add("open_transaction")
                if value == "ucs2" and not model.mariadb:
                    model.soft.add("unknown_user_variable")  # a number keeps the characters of the connection
                if name in ("rand_seed1", "rand_seed2"):
                    model.soft |= {"unknown_system_variable"}
                elif name.startswith("tx_"):
                    model.soft |= {"next_transaction"}  # without a scope it is for the next transaction only
                elif name in ("timestamp", "last_insert_id", "identity"):
                    model.soft_unplanned |= {"unknown_system_variable", "last_insert_id"}
                elif name.startswith("session_track"):
                    model.soft_unplanned |= UNSEEN

        def succeeded(model):
            for _, name, value in effects:
                (model.system_variables.discard if (name, value) == ("timestamp", "DEFAULT") else model.system_variables.add)(name)
        return [self._query("SET " + ", ".join(assignments), succeeded, note)]

    def _plain_statement(self):
        statement = self._chance.choice(MODEST_STATEMENTS if self._modest else PLAIN_STATEMENTS)
        names = re.findall(r"@(\w+)", statement.replace("@@", "  "))

        def note(model):
            model.changed_settings()
            model.user_variables |= set(names)
            if names:
                model.soft_unplanned |= {"unknown_user_variable"}
            if re.search("CHARACTER SET|CHARSET|DEFAULT", statement):
                model.soft_unplanned |= {"unknown_system_variable"}
            if statement.startswith("/*"):
                model.soft_unplanned |= UNSEEN
        return [self._query(statement, tried=note)]

    def _database(self):
        return [self._enter(self._chance.choice((*DATABASES, "information_schema")))]

    def _enter(self, name):
        if "init_db" in self._operations and self._chance.random() < 0.5:
            return Step("init_db", (name,), Model.changed_database, Model.changed_settings)
        return self._query(f"USE {name}", Model.changed_database, Model.changed_settings)

    def _dropped_database(self):
        self._count += 1
        name = f"rec_{self._tag}_{self._count}"
        steps = [self._query(f"CREATE DATABASE {name} CHARACTER SET cp1251"), self._enter(name)]
        if self._chance.random() < 0.5:
            return [*steps, self._query(f"DROP DATABASE {name}", Model.dropped_database, Model.changed_settings)]

        def note(model):
            model.dropped_database()
            model.soft |= {"replay_refused", "state_differs", "credentials_refused", "server_differs"}
        return [*steps, Step("root", (f"DROP DATABASE {name}",), tried=note)]

    def _role(self):
        def note(model):
            model.set_role = True
            model.soft_unplanned |= UNSEEN
        return [self._query(self._chance.choice((f"SET ROLE {ROLE}", f"SET ROLE '{ROLE}'", "SET ROLE NONE")), tried=note)]

    # User variables

    def _user_variable(self):
        name, other = self._chance.sample(MODEST_NAMES if self._modest else USER_NAMES, 2)
        value, more = self._chance.choices(MODEST_VALUES if self._modest else USER_VALUES, k=2)
        long_comment = f"/* {'x' * 1100} */"
        forms = [f"SET @{name} = {value}", f"SET @{name} := {value}", f"SET @{name}={value},@{other}={more}", f"SET @{name} = {value}",
                 f"SELECT @{name} := {value}", f"SELECT {value} INTO @{name}", f"SELECT {value}, {more} INTO @{name}, @{other}",
                 f"SELECT {long_comment} @{name} := {value}", f"DO @{name} := {value}", f"SELECT name INTO @{name} FROM items WHERE id = 1",
                 f"SELECT COUNT(*) FROM items WHERE (@{name} := id) IS NOT NULL", f"GET DIAGNOSTICS @{name} = NUMBER",
                 f"BEGIN NOT ATOMIC SET @{name} = {value}; END", f"SET @{name} = {value}, @{name} = CONCAT(@{name}, '!')",
                 f"UPDATE items SET name = (@{name} := name) WHERE id = 2", f"SELECT 1 FROM (SELECT @{name} := {value}) AS t",
                 f"/*! SET @{name} = {value} */", f"SET /* @x = 1, */ @{name} = {value} # , @y = 2",
                 f"SET @{name} = {value}, @{other} = @{name}, wait_timeout = 1000"]
        if self._modest:
            at = self._chance.randrange(KNOWN_FORMS)
        elif "prepare" in self._operations and self._chance.random() < 0.15:
            return self._prepared_assignment(name)
        else:
            at = self._chance.randrange(len(forms)) if self._chance.random() < 0.5 else self._chance.randrange(KNOWN_FORMS)
        names = [name, other] if f"@{other}" in forms[at] else [name]
        literal = all(map(PLAIN_NAME.fullmatch, names)) and at < KNOWN_FORMS and LITERAL.fullmatch(value) and (len(names) == 1 or LITERAL.fullmatch(more))

        def note(model):
            model.user_variables |= set(names)
            if at == len(forms) - 1:
                model.changed_settings()
            if "POINT" in forms[at]:
                model.soft.add("unknown_user_variable")  # no literal gives a geometry
            if not literal:
                model.soft_unplanned |= UNSEEN
            if not model.mariadb and any("ü" in each for each in names):
                model.soft.add("unknown_user_variable")  # in which characters it was written is not known
        steps = [self._query(forms[at], tried=note)]
        if not self._modest and self._chance.random() < 0.03:
            steps.append(self._query(f"EXECUTE IMMEDIATE 'SET @{self._chance.choice(('a', 'b'))} = 5.0'", tried=self._note_hidden))
        return steps

    @staticmethod
    def _note_hidden(model):
        model.user_variables |= {"a", "b"}
        model.soft |= {"text_prepared", "hidden_changes"}
        model.soft_unplanned |= UNSEEN

    def _prepared_assignment(self, name):
        def note(model):
            model.user_variables.add(name)
            model.soft_unplanned |= UNSEEN
        text = self._chance.choice((f"SET @{name} = ?", f"SELECT ? INTO @{name}", f"SELECT @{name} := ?"))
        return [Step("prepare", ("assigning", text)), Step("execute", ("assigning", self._chance.choice((5, "given", "ü", None))), tried=note),
                Step("close", ("assigning",))]

    # Prepared statements of the protocol

    def _prepared(self):
        open_ones = list(self._model.prepared)
        if open_ones and self._chance.random() < 0.5:
            name = self._chance.choice(open_ones)
            if self._chance.random() < 0.35:
                return [Step("close", (name,), tried=lambda model: model.prepared.pop(name, None))]
            return [Step("execute", (name, *self._model.prepared[name].values))]
        if len(open_ones) > 8:
            return self._harmless()
        self._count += 1
        name = f"p{self._count}"
        text, values = self._chance.choice(PREPARED)
        steps = [Step("prepare", (name, text), then=lambda model: model.prepared.update({name: Prepared(text, values, model.epoch)}))]
        if self._chance.random() < 0.5:
            steps.append(Step("execute", (name, *values)))
        return steps

    # What leaves an id, and what leaves nothing

    def _insert_id(self):
        def unseen(model):
            model.soft_unplanned |= {"last_insert_id"}
        return [self._chance.choice((
            self._query("INSERT INTO numbered (value) VALUES (1)", tried=unseen),
            self._query("INSERT INTO numbered (value) VALUES (1), (2), (3)", tried=unseen),
            self._query("SELECT LAST_INSERT_ID(77)", tried=unseen), self._query("INSERT INTO numbered VALUES (1, 1)", tried=unseen),
            self._query("SELECT LAST_INSERT_ID(18446744073709551615)", tried=unseen),
            self._query("UPDATE numbered SET id = LAST_INSERT_ID(id) WHERE id = 1", tried=unseen)))]

    def _harmless(self):
        return [self._query(self._chance.choice(HARMLESS))]

    def _idle_command(self):
        known = [name for name in ("ping", "statistics") if name in self._operations]
        return [Step(self._chance.choice(known), ())] if known else self._harmless()

    def _start_over(self):
        def started_over(model):
            model.reset()
            model.changed_database()
            if model.routines:
                model.soft.add("state_differs")  # what init_connect sets comes with a login only
        ways = [Step("reset", (), then=lambda model: model.reset())] if "reset" in self._operations else []
        if "change_user" in self._operations:
            ways.append(Step("change_user", (self._login, PASSWORD, "rec_two"), then=started_over))
        usable = ways and self._model.mariadb  # mysql2 sends no password to MySQL 5.6, which has no COM_RESET_CONNECTION
        return [self._chance.choice(ways)] if usable else self._harmless()

    # What cannot be rebuilt

    def _transaction(self):
        def unlock(model):
            if not model.mariadb:
                model.soft.add("open_transaction")  # nothing tells a client of it
            model.released_all("tables")
        begin = self._query(self._chance.choice(("BEGIN", "START TRANSACTION", "START TRANSACTION READ ONLY", "begin work")), then=unlock)
        work = self._query(self._chance.choice(("SELECT COUNT(*) FROM items", "SELECT 1", "INSERT INTO numbered (value) VALUES (9)")))
        end = self._query(self._chance.choice(("COMMIT", "ROLLBACK", "COMMIT AND NO CHAIN", "ROLLBACK AND CHAIN", "rollback work")))
        return [begin, work, end] if self._chance.random() < 0.7 else [begin, work]

    def _pair(self, key, words, take, *release):
        """`key` begins with the kind: all "tables" ones go with the next transaction, all "lock" ones with RELEASE_ALL_LOCKS()."""
        key += f" {self._count}"
        steps = [self._query(take, then=lambda model: model.blocked(key, *words), tried=lambda model: model.soft.update(words))]
        if self._chance.random() < 0.4:
            gone = "lock" if "ALL_LOCKS" in release[-1] else key
            steps += map(self._query, release[:-1])
            steps.append(self._query(release[-1], then=lambda model: model.released_all(gone)))
        return steps

    def _blocker(self):
        self._count += 1
        n = f"{self._tag}_{self._count}"
        pairs = [
            ("table", ("temporary_tables",), f"CREATE TEMPORARY TABLE t{n} (a INT)", f"DROP TABLE t{n}"),
            ("table", ("temporary_tables",), f"create /* a */ or replace\ttemporary\ntable t{n} AS SELECT 1 AS a", f"DROP TEMPORARY TABLE t{n}"),
            ("table", ("temporary_tables",), f"/*!50000 CREATE TEMPORARY TABLE t{n} (a INT) */", f"DROP TEMPORARY TABLE t{n}"),
            ("table", ("temporary_tables",), f"CREATE TEMPORARY SEQUENCE t{n}", f"DROP TEMPORARY SEQUENCE t{n}"),
            ("tables", ("table_locks",), f"LOCK TABLES {self._own_table} READ", "UNLOCK TABLES"),
            ("tables", ("table_locks",), f"LOCK /* x */ TABLES {self._own_table} WRITE", "UNLOCK TABLES"),
            ("lock", ("named_locks",), f"SELECT GET_LOCK('l{n}', 0)", f"SELECT RELEASE_LOCK('l{n}')"),
            ("lock", ("named_locks",), f"DO get_lock('l{n}', 0), 1", "DO RELEASE_ALL_LOCKS()"),
            ("lock", ("named_locks",), f"SET @got = /*!50000 GET_LOCK('l{n}', 0) */ + 1", f"SELECT RELEASE_LOCK('l{n}')"),
            ("lock", ("named_locks",), f"SELECT `get_lock`('l{n}', 0)", f"SELECT RELEASE_LOCK('l{n}')"),
            ("lock", ("named_locks", "hidden_changes", "text_prepared"), f"EXECUTE IMMEDIATE CONCAT('SELECT GET_', 'LOCK(''l{n}'', 0)')",
             f"SELECT RELEASE_LOCK('l{n}')"),
            ("handler", ("open_handler",), "HANDLER items OPEN", "HANDLER items CLOSE"),
            ("xa", ("xa_transaction", "open_transaction"), f"XA START 'x{n}'", f"XA END 'x{n}'", f"XA ROLLBACK 'x{n}'"),
            ("text", ("text_prepared",), f"PREPARE s{n} FROM 'SELECT 1'", f"DEALLOCATE PREPARE s{n}"),
            ("text", ("text_prepared",), f"PREPARE s{n} FROM @@version", f"DROP PREPARE s{n}")]
        ways = [lambda: self._pair(*self._chance.choice(pairs)), self._sequence]
        if "prepare" in self._operations:
            ways.append(self._prepared_lock)
        if "open_cursor" in self._operations:
            ways += [self._cursor, self._long_data]
        return self._chance.choices(ways, [8] + [1] * (len(ways) - 1))[0]()

    def _sequence(self):
        def note(model):
            model.sequence_used = True
            model.blocked("sequence", "sequence_value")
        return [self._query(self._chance.choice(("SELECT NEXTVAL(seq)", "SELECT NEXT VALUE FOR seq", "DO nextval(seq)")), then=note)]

    def _prepared_lock(self):
        self._count += 1
        name = f"l{self._tag}_{self._count}"
        return [Step("prepare", ("locking", "SELECT GET_LOCK(?, 0)")),
                Step("execute", ("locking", name), then=lambda model: model.blocked("lock", "named_locks")), Step("close", ("locking",))]

    def _cursor(self):
        steps = [Step("prepare", ("read", "SELECT seq FROM seq_1_to_50")),
                 Step("open_cursor", ("read",), then=lambda model: model.blocked("cursor", "open_cursor"))]
        if self._chance.random() < 0.5:
            steps += [Step("close_cursor", ("read",), then=lambda model: model.released("cursor")), Step("close", ("read",))]
        return steps

    def _long_data(self):
        steps = [Step("prepare", ("long", "SELECT LENGTH(?)")),
                 Step("long_data", ("long", "x" * 100), then=lambda model: model.blocked("long", "long_data"))]
        if self._chance.random() < 0.5:
            steps.append(Step("close", ("long",), then=lambda model: model.released("long")))
        return steps

    # Routines

    def _global_variable(self):
        """Changed by somebody else: this session's value stays, and the next server session's is another one."""
        name = self._chance.choice(GLOBALS)
        values = [value for value in SYSTEM_VARIABLES[name] if value != MAX]  # too large under some sql_mode
        return [Step("root", (f"SET GLOBAL {name} = {self._chance.choice((*values, 'DEFAULT'))}",))]

    def _routine(self):
        def sets(*names):
            def note(model):
                model.changed_settings()
                model.user_variables |= set(names)
                model.soft_unplanned |= UNSEEN
            return note

        def takes(key, word):
            return lambda model: model.blocked(key, word, "hidden_changes")
        return [self._chance.choice((
            self._query("CALL rec_one.set_variable()", tried=sets("by_procedure", "other")),
            self._query("SELECT rec_one.set_in_function()", tried=sets("by_function")), self._query("CALL rec_one.set_mode()", tried=sets()),
            self._query("INSERT INTO rec_one.triggered VALUES (5)", tried=sets("by_trigger", "other")),
            self._query("CALL rec_one.make_temporary()", then=takes("table", "temporary_tables")),
            self._query("CALL rec_one.take_lock()", then=takes("lock", "named_locks")),
            self._query("DO rec_one.take_lock_in_function()", then=takes("lock", "named_locks")),
            self._query("SELECT * FROM rec_one.locking LIMIT 1", then=takes("lock", "named_locks"))))]
