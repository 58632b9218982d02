"""A MySQL client that keeps every byte: for what no library lets a test do or see."""

import hashlib
import socket
import struct

from support import seconds

LONG_PASSWORD, FOUND_ROWS, LONG_FLAG, CONNECT_WITH_DB = 1, 2, 4, 8
LOCAL_FILES, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION = 0x80, 0x200, 0x2000, 0x8000
MULTI_STATEMENTS, MULTI_RESULTS, PS_MULTI_RESULTS = 0x10000, 0x20000, 0x40000
PLUGIN_AUTH, SESSION_TRACK, DEPRECATE_EOF = 0x80000, 0x800000, 0x1000000
ORDINARY = (LONG_PASSWORD | LONG_FLAG | LOCAL_FILES | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | MULTI_STATEMENTS |
            MULTI_RESULTS | PS_MULTI_RESULTS | PLUGIN_AUTH)

COM_QUIT, COM_INIT_DB, COM_QUERY, COM_FIELD_LIST, COM_STATISTICS, COM_PROCESS_KILL = 1, 2, 3, 4, 9, 12
COM_PING, COM_CHANGE_USER, COM_STMT_PREPARE, COM_STMT_EXECUTE, COM_STMT_SEND_LONG_DATA = 14, 17, 22, 23, 24
COM_STMT_CLOSE, COM_STMT_RESET, COM_SET_OPTION, COM_STMT_FETCH, COM_RESET_CONNECTION = 25, 26, 27, 28, 31

KILLED = (1927, "70100", "Connection was killed")
MORE_RESULTS, CURSOR_EXISTS = 0x0008, 0x0040
FULL = 0xFFFFFF


class Closed(Exception):
    """The other side has closed the connection."""


def scramble(password, nonce):
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    both = hashlib.sha1(nonce + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, both))


def length_encoded(payload):
    if payload[0] < 0xFB:
        return payload[0]
    return int.from_bytes(payload[1:1 + {0xFC: 2, 0xFD: 3, 0xFE: 8}[payload[0]]], "little")


def error_of_payload(payload):
    """(number, SQLSTATE, text) of an ERR payload."""
    assert payload[:1] == b"\xff", payload[:80]
    number = struct.unpack("<H", payload[1:3])[0]
    if payload[3:4] == b"#":
        return number, payload[4:9].decode(), payload[9:].decode()
    return number, "", payload[3:].decode()


class RawClient:
    """One connection. `received` holds every byte since it was last emptied."""

    def __init__(self, port, receive_buffer=None, limit=30):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(seconds(limit))
        self.socket.connect(("127.0.0.1", port))
        self.received = bytearray()
        self.capabilities = 0
        self.thread_id = None
        self._unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Packets

    def _take(self, size):
        while len(self._unread) < size:
            try:
                chunk = self.socket.recv(1 << 18)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Closed
            self._unread += chunk
        taken, self._unread = self._unread[:size], self._unread[size:]
        self.received += taken
        return taken

    def read_packet(self):
        """One payload, put together again when it was split at 16 MiB."""
        payload = b""
        while True:
            header = self._take(4)
            length = int.from_bytes(header[:3], "little")
            self.sequence = header[3] + 1
            payload += self._take(length)
            if length < FULL:
                self.last = payload
                return payload

    def write_packet(self, payload, sequence=0):
        out = bytearray()
        while True:
            part, payload = payload[:FULL], payload[FULL:]
            out += len(part).to_bytes(3, "little") + bytes([sequence & 0xFF]) + part
            sequence += 1
            if len(part) < FULL:
                break
        self.socket.sendall(out)

    def command(self, code, body=b""):
        self.write_packet(bytes([code]) + body)

    def is_closed(self):
        """True when the other side closes before it sends anything more."""
        try:
            self._take(1)
            return False
        except Closed:
            return True

    def was_killed(self):
        """True when the other side says so in place of anything else, and then closes."""
        return error_of_payload(self.read_packet()) == KILLED and self.is_closed()

    def ending(self):
        """How an idle connection ends: the bytes that still come, and whether it is reset."""
        try:
            return self.socket.recv(1 << 18), "orderly"
        except ConnectionResetError:
            return b"", "reset"

    # Login

    def read_greeting(self):
        payload = self.read_packet()
        if payload[:1] == b"\xff":
            return payload
        end = payload.index(b"\0", 1)
        self.version = payload[1:end].decode()
        self.thread_id = struct.unpack("<I", payload[end + 1:end + 5])[0]
        self.nonce = payload[end + 5:end + 13]
        rest = payload[end + 14:]
        self.server_capabilities = rest[0] | rest[1] << 8 | rest[5] << 16 | rest[6] << 24
        self.nonce += rest[18:18 + 12]
        return payload

    def handshake_response(self, user, password, database=None, capabilities=ORDINARY, collation=45):
        self.capabilities = capabilities | (CONNECT_WITH_DB if database else 0)
        answer = scramble(password, self.nonce)
        payload = struct.pack("<IIB23x", self.capabilities, 0x40000000, collation) + user.encode() + b"\0"
        payload += bytes([len(answer)]) + answer
        if database:
            payload += database.encode() + b"\0"
        return payload + b"mysql_native_password\0"

    def finish_authentication(self, password):
        """Answers switches until OK (its payload) or ERR (its payload)."""
        while True:
            payload = self.read_packet()
            if payload[:1] != b"\xfe":
                return payload
            _, _, nonce = payload[1:].partition(b"\0")
            self.write_packet(scramble(password, nonce.rstrip(b"\0")), self.sequence)

    def login(self, user="app", password="app_password", database=None, capabilities=ORDINARY, **given):
        greeting = self.read_greeting()
        assert greeting[:1] != b"\xff", error_of_payload(greeting)
        self.write_packet(self.handshake_response(user, password, database, capabilities, **given), 1)
        payload = self.finish_authentication(password)
        assert payload[:1] == b"\0", error_of_payload(payload)
        return self

    # Responses: the raw bytes of a whole one

    def _is_end(self, payload):
        """EOF, or the OK that stands for it."""
        return payload[:1] == b"\xfe" and len(payload) < (FULL if self.capabilities & DEPRECATE_EOF else 9)

    def _end_status(self, payload):
        if self.capabilities & DEPRECATE_EOF:
            return self.ok_status(payload)
        return struct.unpack("<H", payload[3:5])[0]

    @staticmethod
    def ok_status(payload):
        at = 1
        for _ in range(2):  # affected rows and last insert id, length-encoded
            at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(payload[at], 1)
        return struct.unpack("<H", payload[at:at + 2])[0]

    def _read_definitions(self, count):
        for _ in range(count):
            self.read_packet()
        if count and not self.capabilities & DEPRECATE_EOF:
            return struct.unpack("<H", self.read_packet()[3:5])[0]
        return 0

    def _read_rows(self):
        while True:
            payload = self.read_packet()
            if payload[:1] == b"\xff":
                return 0
            if self._is_end(payload):
                return self._end_status(payload)
            self.rows.append(payload)

    def _read_result(self, infile, cursor):
        """One result; the status flags at its end."""
        payload = self.read_packet()
        self.first = payload
        if payload[:1] == b"\xff":
            return 0
        if payload[:1] == b"\0":
            return self.ok_status(payload)
        if self._is_end(payload):  # COM_SET_OPTION's
            return 0
        if payload[:1] == b"\xfb":
            for part in infile:
                self.write_packet(part, self.sequence)
                self.sequence += 1
            return self._read_result(infile, cursor)
        status = self._read_definitions(length_encoded(payload))
        if cursor and self.capabilities & DEPRECATE_EOF:
            return self._end_status(self.read_packet())
        return status if cursor and status & CURSOR_EXISTS else self._read_rows()

    def read_response(self, infile=(b"",), cursor=False):
        """Everything up to the end of the last result of a statement, byte for byte."""
        self.received.clear()
        self.rows = []
        while self._read_result(infile, cursor) & MORE_RESULTS:
            pass
        return bytes(self.received)

    def query(self, statement, **given):
        text = statement if isinstance(statement, bytes) else statement.encode()
        self.command(COM_QUERY, text)
        return self.read_response(**given)

    def error(self, statement):
        """(number, SQLSTATE, text) of the statement that must fail."""
        self.query(statement)
        return error_of_payload(self.last)

    def prepare(self, statement):
        """(bytes of the response, statement id)."""
        self.command(COM_STMT_PREPARE, statement.encode())
        self.received.clear()
        self.first = self.read_packet()
        if self.first[:1] == b"\xff":
            return bytes(self.received), None
        identifier, columns, parameters = struct.unpack("<IHH", self.first[1:9])
        self._read_definitions(parameters)
        self._read_definitions(columns)
        return bytes(self.received), identifier

    def execute(self, identifier, parameters=(), cursor=False):
        """Integers and texts only."""
        body = struct.pack("<IBI", identifier, 1 if cursor else 0, 1)
        if parameters:
            body += bytes((len(parameters) + 7) // 8) + b"\x01"
            body += b"".join(b"\x08\0" if isinstance(one, int) else b"\xfd\0" for one in parameters)
            for one in parameters:
                text = one if isinstance(one, bytes) else str(one).encode()
                body += struct.pack("<q", one) if isinstance(one, int) else bytes([len(text)]) + text
        self.command(COM_STMT_EXECUTE, body)
        return self.read_response(cursor=cursor)

    def carry_out(self, command):
        """The bytes of the response to a payload."""
        if command[0] == COM_STMT_PREPARE:
            return self.prepare(command[1:].decode())[0]
        self.command(command[0], command[1:])
        return b"" if command[0] == COM_STMT_CLOSE else self.read_response()

    def fetch(self, identifier, count):
        self.command(COM_STMT_FETCH, struct.pack("<II", identifier, count))
        self.received.clear()
        self.rows = []
        status = self._read_rows()
        return bytes(self.received), status
