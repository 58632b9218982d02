"""The clients that the tests drive: PyMySQL, the mariadb command line, and urllib for the HTTP API."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pexpect
import pymysql
import pymysql.cursors

from sessiongate_process import ADMIN_TOKEN
from support import seconds, wait_until

LOST = (2006, 2013)  # what a client library says when its connection has gone: which one depends on when it notices


def connect(port, user="app", password="app_password", **given):
    limit = seconds(30)
    return pymysql.connect(host="127.0.0.1", port=port, user=user, password=password,
                           **{"autocommit": True, "connect_timeout": limit, "read_timeout": limit,
                              "write_timeout": limit, **given})


def disconnect(connection):
    with contextlib.suppress(pymysql.err.Error):
        connection.close()


def query(connection, statement, *arguments):
    """All rows, as tuples."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return list(cursor.fetchall())


def rows(connection, statement):
    """All rows, as dictionaries by column name."""
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def value(connection, statement, *arguments):
    return query(connection, statement, *arguments)[0][0]


def error_of(action, *arguments):
    """(number, text) of the MySQL error that action(*arguments) ends with."""
    try:
        action(*arguments)
    except pymysql.err.MySQLError as error:
        return error.args[0], error.args[1] if len(error.args) > 1 else ""
    raise AssertionError("no error")


def is_alive(connection):
    try:
        return value(connection, "SELECT 1") == 1
    except pymysql.err.MySQLError:
        return False


def cs_id(connection):
    """The id in the proxy: what the greeting called the thread id."""
    return connection.thread_id()


def connection_id(connection):
    return value(connection, "SELECT CONNECTION_ID()")


def port_of(connection):
    """Of the server that it has reached."""
    return value(connection, "SELECT @@port")


def address(server):
    return f"127.0.0.1:{server.port}"


def show(connection):
    """SHOW PROXYSESSION, by Id."""
    return {row["Id"]: row for row in rows(connection, "SHOW PROXYSESSION")}


def listed_ids(session):
    """The three ids of a session, as it sees them itself."""
    row = show(session)[cs_id(session)]
    return {"cs_id": row["Id"], "connection_id": connection_id(session), "proxy_sessid": row["proxy_sessid"]}


def attributes(connection, identifier=""):
    return [(row["attribute_name"], row["value"], row["info"])
            for row in rows(connection, f"SHOW PROXYSESSION ATTRIBUTE {identifier}")]


def runs_on_backend(database, identifier, text="SLEEP"):
    """Whether that connection of the backend runs a statement with `text` in it now."""
    return bool(query(database, "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s AND INFO LIKE %s",
                      identifier, f"%{text}%"))


def exists_on_backend(database, identifier):
    return bool(query(database, "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s", identifier))


def end_thread(database, identifier):
    """What a test has left running on the server. It may have ended meanwhile: SLEEP looks every 5 s whether its client is there."""
    try:
        query(database, f"KILL {identifier}")
    except pymysql.err.MySQLError as error:
        if error.args[0] != 1094:
            raise


def command_line(port, user="app", password="app_password", options=()):
    client = shutil.which("mariadb") or "mysql"
    return [client, "--no-defaults", "-h127.0.0.1", f"-P{port}", f"-u{user}", f"-p{password}", *options]


def run_command_line(port, script, **given):
    """Feeds a script to the mariadb client; what it prints, errors included."""
    done = subprocess.run(command_line(port, **given), input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=seconds(60), check=False)
    return done.stdout


class InteractiveClient:
    """The mariadb client on a terminal, as a person uses it."""

    PROMPT = re.compile(r"(MariaDB|MySQL) \[[^\]]*\]> ")

    def __init__(self, port, **given):
        words = command_line(port, **given)
        self.terminal = pexpect.spawn(words[0], words[1:], timeout=seconds(20), encoding="utf-8", echo=False, env={**os.environ, "TERM": "dumb"},
                                      dimensions=(50, 250))
        self.terminal.expect(self.PROMPT)

    def send(self, statement):
        self.terminal.sendline(statement)

    def answer(self):
        """What was printed up to the next prompt."""
        self.terminal.expect(self.PROMPT)
        return self.terminal.before

    def run(self, statement):
        self.send(statement)
        return self.answer()

    def interrupt(self):
        self.terminal.sendintr()

    def close(self):
        self.terminal.close(force=True)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.type = headers.get_content_type()
        self.headers = headers
        self.text = body.decode()

    @property
    def json(self):
        return json.loads(self.text)


class Admin:
    """The HTTP API, as curl would use it: nothing here raises for a status."""

    def __init__(self, port, token=None):
        self._root = f"http://127.0.0.1:{port}"
        self._token = token

    def request(self, method, path, headers=None, body=None, **query_parameters):
        url = self._root + path
        if query_parameters:
            url += "?" + urllib.parse.urlencode(query_parameters)
        request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
        if self._token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=seconds(30)) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def get(self, path, **query_parameters):
        return self.request("GET", path, **query_parameters)

    def delete(self, path):
        return self.request("DELETE", path)

    def post(self, path):
        return self.request("POST", path)

    def heap_bytes(self):
        """What the proxy has allocated. Sanitizers, which have a heap of their own, leave it at 0."""
        return next(row["used"] for row in self.get("/v1/memory").json["memory"] if row["mod_name"] == "heap")

    def sessions(self, **filters):
        """The listed sessions by cs_id."""
        answer = self.get("/v1/sessions", **filters)
        assert answer.status == 200, answer.text
        return {session["cs_id"]: session for session in answer.json["sessions"]}


def list_backends(gate):
    answer = Admin(gate.admin_port, ADMIN_TOKEN).get("/v1/clusters")
    assert answer.status == 200, answer.text
    return answer.json["clusters"]


def backends(gate):
    """What GET /v1/clusters shows, by server."""
    return {each["server"]: each for each in list_backends(gate)}


def knows_backends(gate):
    return all(each["state"] == "up" and each["risky_routines"] is not None for each in list_backends(gate))


def let_backends_be_looked_at(gate):
    """Until a health check of each that began behind this call is done, and with it what the server's global variables are is known. The
    first that ends may have begun before. That one has ended is seen by the time that it took: no two in a row take the same for long."""
    for _ in range(2):
        before = [each["check_us"] for each in list_backends(gate)]
        checked = set()

        def look(before=before, checked=checked):
            checked.update(at for at, each in enumerate(list_backends(gate)) if each["check_us"] != before[at])
            return len(checked) == len(before)

        wait_until(look, "the backends are checked", pause=0.05)
