"""Sessions of several kinds behind one small interface: PyMySQL's and raw ones, over TCP, a Unix socket, TLS, compressed."""

import contextlib
import socket
import ssl
import struct

import pymysql

import raw_client as raw
from clients import LOST, connect, cs_id, query
from compressed_client import CompressedClient
from raw_client import Closed, RawClient, error_of_payload
from tls_client import TlsRawClient, trusting

NO_CONNECTION = 0  # what PyMySQL says, as an InterfaceError, of one that it has given up already


class Lost(Exception):
    """The session is gone. `silent`: in place of an answer, when its client would have read why."""

    silent = False


class Refused(Exception):
    """An error packet."""

    def __init__(self, number, text):
        super().__init__(number, text)
        self.number = number


class LibrarySession:
    """A PyMySQL connection."""

    def __init__(self, port, greeted, login, **given):
        with self._told():
            self._connection = connect(port, **login, **given)
            greeted(cs_id(self._connection))

    @staticmethod
    @contextlib.contextmanager
    def _told():
        try:
            yield
        except pymysql.err.MySQLError as error:
            if "timed out" in str(error):
                raise TimeoutError(str(error)) from error
            if error.args[0] in (*LOST, NO_CONNECTION):
                raise Lost from error
            raise Refused(*error.args[:2]) from error

    def run(self, statement):
        with self._told():
            return query(self._connection, statement)

    def add_prepared(self, one, other):
        self.run("PREPARE added FROM 'SELECT ? + ?'")
        self.run(f"SET @one = {one}, @other = {other}")
        return int(self.run("EXECUTE added USING @one, @other")[0][0])

    def kill_by_packet(self, identifier):
        with self._told():
            self._connection.kill(identifier)

    def leave_running(self, statement):
        with contextlib.suppress(pymysql.err.MySQLError):
            self._connection._execute_command(raw.COM_QUERY, statement)  # pylint: disable=protected-access
        self.vanish()

    def vanish(self):
        self._connection._force_close()  # pylint: disable=protected-access

    def quit(self):
        with contextlib.suppress(pymysql.err.MySQLError):
            self._connection.close()


class RawSession:
    """A RawClient of any kind."""

    def __init__(self, client, greeted, login, begin=lambda client: None):
        self._client = client
        read_greeting = client.read_greeting

        def read_and_tell():
            payload = read_greeting()
            greeted(client.thread_id)
            return payload

        client.read_greeting = read_and_tell
        try:
            with self._told():
                begin(client)
                self._log_in(login)
        except BaseException:
            client.close()
            raise

    def _log_in(self, login):
        try:
            self._client.login(**login)
        except AssertionError:
            self._check(self._client.last)
            raise

    @staticmethod
    @contextlib.contextmanager
    def _told():
        try:
            yield
        except (Closed, OSError) as error:  # OSError: ssl's errors, too
            if isinstance(error, socket.timeout):
                raise
            raise Lost from error

    def _check(self, payload):
        if payload[:1] == b"\xff":
            number, _, text = error_of_payload(payload)
            raise Refused(number, text)

    def run(self, statement):
        try:
            with self._told():
                with contextlib.suppress(OSError):  # the other side has closed, and what it said before can still be read
                    self._client.command(raw.COM_QUERY, statement.encode())
                self._client.read_response()
        except Lost as error:
            error.silent = not self._client.received
            raise
        self._check(self._client.last)
        return [self._cells(row) for row in self._client.rows]

    @staticmethod
    def _cells(row):
        cells = []
        while row:
            if row[0] == 0xFB:
                cells.append(None)
                row = row[1:]
                continue
            length = raw.length_encoded(row)
            begin = {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(row[0], 1)
            cells.append(row[begin:begin + length].decode())
            row = row[begin + length:]
        return tuple(cells)

    def add_prepared(self, one, other):
        with self._told():
            _, prepared = self._client.prepare("SELECT CAST(? + ? AS CHAR)")
            self._check(self._client.first)
            self._client.execute(prepared, [one, other])
            self._check(self._client.last)
            self._client.command(raw.COM_STMT_CLOSE, struct.pack("<I", prepared))
        row = self._client.rows[0]
        return int(row[3:])  # behind the header, one byte of NULL bits and one of length

    def kill_by_packet(self, identifier):
        with self._told():
            self._client.command(raw.COM_PROCESS_KILL, struct.pack("<I", identifier))
            self._client.read_response()
        self._check(self._client.first)

    def leave_running(self, statement):
        with contextlib.suppress(OSError):
            self._client.command(raw.COM_QUERY, statement.encode())
        self.vanish()

    def vanish(self):
        self._client.close()

    def quit(self):
        with contextlib.suppress(OSError, ssl.SSLError):
            self._client.command(raw.COM_QUIT)
        self._client.close()


class Kinds:
    """Opens sessions of each kind through one sessiongate that has a Unix socket and a certificate."""

    NAMES = ("library", "library over a Unix socket", "library over TLS", "raw", "compressed", "raw over TLS")

    def __init__(self, gate, unix_socket, authority):
        self._port = gate.port
        self._unix_socket = str(unix_socket)
        self._authority = authority

    def open(self, name, greeted, **login):
        """greeted(cs_id) is called as soon as the greeting has told it: in the middle of the login, when the client is raw."""
        limit = 60
        if name == "library":
            return LibrarySession(self._port, greeted, login)
        if name == "library over a Unix socket":
            return LibrarySession(self._port, greeted, login, unix_socket=self._unix_socket)
        if name == "library over TLS":
            return LibrarySession(self._port, greeted, login, **trusting(self._authority))
        if name == "raw":
            return RawSession(RawClient(self._port, limit=limit), greeted, login)
        if name == "compressed":
            return RawSession(CompressedClient(self._port, limit=limit), greeted, login)
        return RawSession(TlsRawClient(self._port, limit=limit), greeted, login, lambda client: client.begin(self._authority))
