"""A scripted server for what no server that the tests can install does: caching_sha2_password, and sha256_password with
RSA. It does what MySQL 8 documents: passwords are stored as a salted hash, a login that was seen before is verified by
its hash alone (fast), any other one needs the password itself (full), over TLS as it is, else encrypted with RSA.

Behind a login it answers SELECT 1, SELECT CURRENT_USER(), SELECT CONNECTION_ID(), SELECT SLEEP(…) until KILL QUERY, and
OK to whatever else."""

import contextlib
import hashlib
import secrets
import socket
import struct
import threading
import warnings

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it will go with Python 3.13
    import crypt

VERSION = b"8.4.9"
LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, SSL, SECURE_CONNECTION = 1, 8, 0x200, 0x800, 0x8000
PLUGIN_AUTH, CONNECT_ATTRS, LENENC_AUTH, DEPRECATE_EOF = 0x80000, 0x100000, 0x200000, 0x1000000
OFFERED = (LONG_PASSWORD | 4 | CONNECT_WITH_DB | PROTOCOL_41 | 0x2000 | SECURE_CONNECTION | 0x20000 | PLUGIN_AUTH |
           CONNECT_ATTRS | LENENC_AUTH | DEPRECATE_EOF)
OK = b"\0\0\0\2\0\0\0"
FAST, FULL = b"\x01\x03", b"\x01\x04"


class Left(Exception):
    """The client has closed its connection."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def xor_repeated(text, nonce):
    return bytes(each ^ nonce[at % len(nonce)] for at, each in enumerate(text))


def new_nonce():
    return bytes(secrets.choice(range(1, 127)) for _ in range(20))


class Account:
    def __init__(self, plugin, password):
        self.plugin = plugin
        self._stored = crypt.crypt(password, f"$5$rounds=5000${secrets.token_hex(8)}") if password else ""

    def has_password(self):
        return bool(self._stored)

    def verify(self, password):
        return self._stored == crypt.crypt(password.decode(), self._stored) if self._stored else not password


class Sha2Server:
    """Listens from the constructor on. accounts: name -> (plugin, password). `tls` is an ssl.SSLContext or None.
    `logins` tells how each login that got so far was made: "fast", or what the password came as."""

    def __init__(self, accounts, tls=None, prefix_key=True):
        self.accounts = {name: Account(*given) for name, given in accounts.items()}
        self.tls = tls
        self.prefix_key = prefix_key
        self.cache = {}
        self.logins = []
        self.sleeping = {}  # connection_id -> the event that ends it
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_pem = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._last_id = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._lock:
                    self._last_id += 1
                threading.Thread(target=self._serve, args=(connection, self._last_id), daemon=True).start()

    def _serve(self, connection, identifier):
        session = Session(self, connection, identifier)
        with contextlib.suppress(Left, OSError):
            session.run()
        session.close()

    def close(self):
        self._listener.close()


class Session:
    def __init__(self, server, connection, identifier):
        self._server = server
        self._socket = connection
        self._socket.settimeout(60)
        self._identifier = identifier
        self._sequence = 0
        self._encrypted = False
        self._user = b""
        self._capabilities = 0
        self._nonce = new_nonce()

    def close(self):
        self._socket.close()

    def run(self):
        if self._log_in():
            self._serve_commands()

    # Packets

    def _take(self, size):
        taken = b""
        while len(taken) < size:
            chunk = self._socket.recv(size - len(taken))
            if not chunk:
                raise Left
            taken += chunk
        return taken

    def _read(self):
        header = self._take(4)
        assert header[3] == self._sequence, f"sequence id {header[3]} instead of {self._sequence}"
        self._sequence = (header[3] + 1) & 0xFF
        return self._take(int.from_bytes(header[:3], "little"))

    def _write(self, payload):
        self._socket.sendall(len(payload).to_bytes(3, "little") + bytes([self._sequence]) + payload)
        self._sequence = (self._sequence + 1) & 0xFF

    # Login

    def _log_in(self):
        flags = OFFERED | (SSL if self._server.tls else 0)
        self._write(b"\x0a" + VERSION + b"\0" + struct.pack("<I", self._identifier) + self._nonce[:8] + b"\0" +
                    struct.pack("<HBHHB", flags & 0xFFFF, 255, 2, flags >> 16, 21) + bytes(10) + self._nonce[8:] + b"\0" +
                    b"caching_sha2_password\0")
        payload = self._read()
        if struct.unpack("<I", payload[:4])[0] & SSL:
            self._socket = self._server.tls.wrap_socket(self._socket, server_side=True)
            self._encrypted = True
            payload = self._read()
        self._capabilities = struct.unpack("<I", payload[:4])[0]
        user, _, rest = payload[32:].partition(b"\0")
        answer, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        if self._capabilities & CONNECT_WITH_DB:
            _, _, rest = rest.partition(b"\0")
        return self._authenticate(user, rest.partition(b"\0")[0], answer)

    def _change_user(self, body):
        user, _, rest = body.partition(b"\0")
        answer, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        _, _, rest = rest.partition(b"\0")
        return self._authenticate(user, rest[2:].partition(b"\0")[0], answer)

    def _authenticate(self, user, plugin, answer):
        account = self._server.accounts.get(user.decode())
        if account is None:
            return self._refuse(user)
        if plugin != account.plugin.encode():
            self._nonce = new_nonce()
            self._write(b"\xfe" + account.plugin.encode() + b"\0" + self._nonce + b"\0")
            answer = self._read()
        check = {"caching_sha2_password": self._caching_sha2, "sha256_password": self._sha256,
                 "mysql_clear_password": self._clear}[account.plugin]
        if not check(user, account, answer):
            return self._refuse(user)
        self._user = user
        self._write(OK)
        return True

    def _refuse(self, user):
        self._write(b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied for user '" + user + b"'")
        return False

    def _caching_sha2(self, user, account, answer):
        if answer in (b"", b"\0"):
            return not account.has_password()
        cached = self._server.cache.get(user)
        if cached and sha256(xor(answer, sha256(cached, self._nonce))) == cached:
            self._server.logins.append("fast")
            self._write(FAST)
            return True
        self._write(FULL)
        password = self._password(self._read(), b"\x02")
        if password is None or not account.verify(password):
            return False
        self._server.cache[user] = sha256(sha256(password))
        return True

    def _sha256(self, _user, account, answer):
        if answer in (b"", b"\0"):
            return not account.has_password()
        password = self._password(answer, b"\x01")
        return password is not None and account.verify(password)

    def _clear(self, _user, account, answer):
        self._server.logins.append("clear")
        return account.verify(answer.rstrip(b"\0"))

    def _password(self, answer, key_request):
        """Over TLS it is there as it is; else it is encrypted, with the key that the client asks for or knows."""
        if self._encrypted:
            self._server.logins.append("as it is, over TLS")
            return answer[:-1] if answer[-1:] == b"\0" else None
        asked = answer == key_request
        if asked:
            self._write((b"\x01" if self._server.prefix_key else b"") + self._server.public_pem)
            answer = self._read()
        try:
            mixed = self._server.key.decrypt(answer, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        except ValueError:
            self._server.logins.append("not encrypted for this key")
            return None
        self._server.logins.append("encrypted, key asked for" if asked else "encrypted, key known")
        plain = xor_repeated(mixed, self._nonce)
        return plain[:-1] if plain[-1:] == b"\0" else None

    # Commands

    def _serve_commands(self):
        while True:
            self._sequence = 0
            payload = self._read()
            code, body = payload[0], payload[1:]
            if code == 1:
                return
            if code == 17:
                if not self._change_user(body):
                    return
            elif code == 3 and b"SLEEP" in body.upper():
                self._sleep()
            elif code == 3 and body.upper().startswith(b"KILL QUERY"):
                self._server.sleeping[int(body.split()[-1])].set()
                self._write(OK)
            elif code == 3 and body.upper().startswith(b"SHOW GLOBAL VARIABLES"):
                self._write_row(b"server_id", b"1")
            elif code == 3 and body.upper().startswith(b"SHOW GLOBAL STATUS"):
                self._write_row(b"Uptime", b"1000")
            elif code == 3 and body.upper().startswith(b"SELECT"):
                self._answer_select(body.upper())
            else:
                self._write(OK)

    def _sleep(self):
        woken = self._server.sleeping.setdefault(self._identifier, threading.Event())
        assert woken.wait(60)
        self._write(b"\xff" + struct.pack("<H", 1317) + b"#70100Query execution was interrupted")

    def _answer_select(self, text):
        found = b"1"
        if b"CURRENT_USER" in text:
            found = self._user + b"@%"
        elif b"CONNECTION_ID" in text:
            found = str(self._identifier).encode()
        self._write_row(found)

    def _write_row(self, *values):
        """A result set of one row."""
        self._write(bytes([len(values)]))
        for _ in values:
            self._write(b"\x03def\0\0\0\x01v\0\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0")
        if not self._capabilities & DEPRECATE_EOF:
            self._write(b"\xfe\0\0\2\0")
        self._write(b"".join(bytes([len(value)]) + value for value in values))
        self._write(b"\xfe\0\0\2\0\0\0" if self._capabilities & DEPRECATE_EOF else b"\xfe\0\0\2\0")
