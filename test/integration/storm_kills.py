"""The kills of a storm: over every face, of every kind, by every kind of id."""

import json
import time

import pymysql

from clients import Admin, connect, disconnect, query
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, ctl
from storm import CONNECTION_KILLED, INTERRUPTED, NO_ANSWER, Kill
from storm_sessions import Refused

SQL_OUTCOMES = {1094: "not_found", 1095: "not_owner", 1317: "killed_self"}
GENTLE_SECONDS = 1  # that a gentle kill waits at most


class KillSender:
    """Sends kills for one client, and notes them at their targets before they are sent."""

    def __init__(self, gate, population, chance):
        self._gate = gate
        self._admin = Admin(gate.admin_port, ADMIN_TOKEN)
        self._population = population
        self._chance = chance

    def send(self, life, session):
        """One, for the client that lives that life in that session."""
        target = self._population.choose(self._chance, life)
        ids = dict(target.ids)  # more may get known meanwhile
        ss_id = ids.pop("ss_id", None)
        kind = self._chance.choice(list(ids))
        verbs = ["kill_session", "kill_session", "kill_query", "kill_query"] + ["kill_server_session"] * (ss_id is not None)
        kill = Kill(target, self._chance.choice(verbs), ids[kind])
        if kind != "proxy_sessid" and self._chance.random() < 0.3:
            kill.form = kind
        way = self._chance.choices((self._over_sql, self._over_packet, self._over_http, self._over_proxysys, self._over_ctl,
                                    self._several), (60, 5, 20, 12, 3, 5))[0]
        if way == self._over_packet and (kill.verb != "kill_session" or kill.given >> 32):
            way = self._over_sql
        way(life, session, kill, ss_id)

    def _statement(self, kill, ss_id, may_be_plain):
        given = f"{kill.form} {kill.given}"
        if kill.verb == "kill_server_session":
            return f"KILL PROXYSESSION {given} {ss_id}"
        what = "QUERY " if kill.verb == "kill_query" else ""
        kill.plain = may_be_plain and not kill.form and self._chance.random() < 0.7
        return f"KILL {what}{given}" if kill.plain else f"KILL PROXYSESSION {what}{given} COMMENT 'a storm'"

    @staticmethod
    def _note(kill, send):
        """send() gives the outcome, None when it is not known."""
        kill.begun = time.monotonic()
        kill.target.kills.append(kill)
        try:
            outcome = send()
        except Refused as error:
            outcome = SQL_OUTCOMES.get(error.number, str(error))
        kill.ended = time.monotonic()
        kill.outcome = outcome

    def _over_own_session(self, life, session, kill, send):
        kill.by, kill.killer = life.user, life.ids["cs_id"]
        life.waited = time.monotonic()

        def run():
            begun = time.monotonic()
            try:
                send(session)
                return "done"
            except Refused as error:
                if error.number == CONNECTION_KILLED or error.number == INTERRUPTED and kill.target is not life:
                    life.errors.append((begun, time.monotonic(), error.number))  # what happened to the killer itself
                    return None
                if error.number == NO_ANSWER and any(other.verb != "kill_query" for other in life.kills):
                    return None  # over a server session of the killer's that was ended meanwhile
                raise
        self._note(kill, run)

    def _over_sql(self, life, session, kill, ss_id):
        kill.face = "sql"
        statement = self._statement(kill, ss_id, may_be_plain=True)
        self._over_own_session(life, session, kill, lambda over: over.run(statement))

    def _over_packet(self, life, session, kill, _):
        kill.face, kill.plain, kill.form = "packet", True, ""
        self._over_own_session(life, session, kill, lambda over: over.kill_by_packet(kill.given))

    def _over_proxysys(self, _, __, kill, ss_id):
        connection = connect(self._gate.port, user="root@proxysys", password=PROXYSYS_PASSWORD)
        kill.by, kill.face, kill.killer = "root@proxysys", "sql", connection.thread_id()
        statement = self._statement(kill, ss_id, may_be_plain=False)

        def run():
            try:
                query(connection, statement)
                return "done"
            except pymysql.err.MySQLError as error:
                raise Refused(*error.args[:2]) from error
        self._note(kill, run)
        disconnect(connection)

    def _over_http(self, _, __, kill, ss_id):
        kill.by, kill.face = "token", "http"
        path = f"/v1/sessions/{kill.form + ':' if kill.form else ''}{kill.given}"
        if kill.verb == "kill_query":
            method, path = "POST", path + "/kill-query"
        elif kill.verb == "kill_server_session":
            method, path = "DELETE", path + f"/server-sessions/{ss_id}"
        else:
            method = "DELETE"
            if self._chance.random() < 0.3:
                path += f"?after={self._chance.choice(('statement', 'transaction'))}&timeout={GENTLE_SECONDS}"

        def run():
            answer = self._admin.request(method, path)
            return answer.json.get("outcome", answer.text)
        self._note(kill, run)

    def _over_ctl(self, _, __, kill, ss_id):
        kill.by, kill.face = "token", "ctl"
        words = ["kill-query" if kill.verb == "kill_query" else "kill", f"{kill.form + ':' if kill.form else ''}{kill.given}"]
        words += [ss_id] if kill.verb == "kill_server_session" else []

        def run():
            done = ctl(self._gate, *words, "--json")
            return json.loads(done.stdout or done.stderr).get("outcome", done.stderr)
        self._note(kill, run)

    def _several(self, life, _, kill, __):
        """By a predicate that names some. One that is not there is not told of, and leaves no record."""
        verb = "kill_query" if kill.verb == "kill_query" else "kill_session"
        targets = {target.ids["cs_id"]: target for target in
                   (kill.target, *(self._population.choose(self._chance, life) for _ in range(2)))}
        kills = {identifier: Kill(target, verb, identifier, by="token", face="several", begun=time.monotonic())
                 for identifier, target in targets.items()}
        for each in kills.values():
            each.target.kills.append(each)
        body = {"where": {"cs_id": list(kills)}, "mode": "query" if verb == "kill_query" else "session"}
        answer = self._admin.request("POST", "/v1/kill", body=json.dumps(body).encode())
        assert answer.status == 200, answer.text
        told = {row["cs_id"]: row["outcome"] for row in answer.json["targets"]}
        for identifier, each in kills.items():
            each.unmatched = identifier not in told
            each.outcome = told.get(identifier, "not_found")
            each.ended = time.monotonic()
