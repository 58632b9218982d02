"""Clients of TLS: PyMySQL with a verified server, and a RawClient that has every byte of TLS in its hand."""

import contextlib
import ssl
import struct

from clients import connect, disconnect, query
from raw_client import ORDINARY, Closed, RawClient

SSL = 0x800


def trusting(authority, **given):
    """PyMySQL's arguments for TLS with a verified server."""
    context = ssl.create_default_context(cafile=str(authority.file))
    for name, setting in given.items():
        setattr(context, name, setting)
    return {"ssl": context}


@contextlib.contextmanager
def session(gate, **given):
    connection = connect(gate.port, **given)
    try:
        yield connection
    finally:
        disconnect(connection)


def cipher_to_backend(connection):
    """What the server calls the cipher of the connection that the proxy made; empty without TLS."""
    return query(connection, "SHOW STATUS LIKE 'Ssl_cipher'")[0][1]


class TlsRawClient(RawClient):
    """A RawClient that can put TLS on its socket, with every byte in its hand."""

    context = None  # that of the client whose session is to be resumed

    def request(self):
        return struct.pack("<I", 32)[:3] + b"\x01" + struct.pack("<IIB23x", ORDINARY | SSL, 0x40000000, 45)

    def hello(self, authority, session=None):
        """Begins TLS in memory; the ClientHello."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        if self.context is None:
            self.context = ssl.create_default_context(cafile=str(authority.file))
        self.tls = self.context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost", session=session)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def receive_tls(self):
        chunk = self.plain.recv(1 << 16)
        if not chunk:
            raise Closed
        self.incoming.write(chunk)

    def finish_hello(self):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.plain.sendall(self.outgoing.read())
                self.receive_tls()
        self.last_flight = self.outgoing.read()

    def begin(self, authority, session=None):
        """From the greeting to the end of the handshake."""
        self.read_greeting()
        first = self.request() + self.hello(authority, session)
        self.cover()
        self.plain.sendall(first)
        self.finish_hello()
        self.plain.sendall(self.last_flight)
        return self

    def login(self, user="app", password="app_password", database=None, capabilities=ORDINARY | SSL):
        """Behind begin()."""
        self.write_packet(self.handshake_response(user, password, database, capabilities), 2)
        payload = self.finish_authentication(password)
        assert payload[:1] == b"\0", payload
        return self

    def cover(self):
        """From now on the methods of RawClient speak TLS."""
        self.plain, self.socket = self.socket, self

    def recv(self, size):
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                self.receive_tls()
            except ssl.SSLZeroReturnError:
                return b""

    def sendall(self, data):
        self.tls.write(data)
        self.plain.sendall(self.outgoing.read())

    def close(self):
        getattr(self, "plain", self.socket).close()


