"""Both ends of the compressed protocol with every piece in the test's hand: a client, and a backend without a database."""

import contextlib
import socket
import threading
import zlib

from raw_client import FULL, ORDINARY, Closed, RawClient

COMPRESS, ZSTD = 0x20, 0x4000000


def piece(sequence, body, uncompressed=0):
    return len(body).to_bytes(3, "little") + bytes([sequence & 0xFF]) + uncompressed.to_bytes(3, "little") + body


def compressed(sequence, plain):
    return piece(sequence, zlib.compress(plain), len(plain))


class CompressedClient(RawClient):
    """Speaks zlib once it has logged in, and insists on the numbers of pieces as libmysqlclient does."""

    piece_max = 100_000  # bytes of what goes into one

    def login(self, **given):
        super().login(capabilities=ORDINARY | COMPRESS, **given)
        self.pieces = []  # numbers of those that were read
        self._coded, self._unread = self._unread, b""  # what comes behind the OK is compressed
        self._take = self._take_uncompressed
        self.write_packet = self._write_compressed
        return self

    def _receive(self, size):
        while len(self._coded) < size:
            try:
                chunk = self.socket.recv(1 << 18)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Closed
            self._coded += chunk
        taken, self._coded = self._coded[:size], self._coded[size:]
        return taken

    def _take_uncompressed(self, size):
        while len(self._unread) < size:
            header = self._receive(7)
            body = self._receive(int.from_bytes(header[:3], "little"))
            uncompressed = int.from_bytes(header[4:], "little")
            plain = zlib.decompress(body) if uncompressed else body
            assert not uncompressed or len(plain) == uncompressed
            self.pieces.append(header[3])
            self._unread += plain
        taken, self._unread = self._unread[:size], self._unread[size:]
        self.received += taken
        return taken

    def _write_compressed(self, payload, sequence=0):
        packets = bytearray()
        while True:
            part, payload = payload[:FULL], payload[FULL:]
            packets += len(part).to_bytes(3, "little") + bytes([sequence & 0xFF]) + part
            sequence += 1
            if len(part) < FULL:
                break
        number = self.pieces[-1] + 1 if packets[3] else 0
        for begin in range(0, len(packets), self.piece_max):
            plain = bytes(packets[begin:begin + self.piece_max])
            self.socket.sendall(compressed(number, plain) if len(plain) >= 50 else piece(number, plain))
            number += 1
        self.sent = number

    def expect_numbers_behind(self, sent):
        """All pieces that were read since the last call are counted on from there."""
        assert self.pieces == [(sent + at) & 0xFF for at in range(len(self.pieces))], self.pieces
        self.pieces.clear()


class ScriptedBackend:
    """Lets everybody in with compression, and answers each command with the next of `answers`, raw."""

    GREETING = (b"\x0a5.7.44-scripted\0" + (7).to_bytes(4, "little") + b"12345678\0" + b"\xfe\xf7\x2d\x02\0\xdf\x00\x15"
                + bytes(10) + b"abcdefghijkl\0mysql_native_password\0")

    def __init__(self, *answers):
        self.answers = answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(self.listener.accept()[0],), daemon=True).start()

    def _talk(self, proxy):
        def send(sequence, payload):
            proxy.sendall(len(payload).to_bytes(3, "little") + bytes([sequence]) + payload)
        with contextlib.suppress(OSError), proxy:
            send(0, self.GREETING)
            proxy.recv(65536)
            send(2, b"\0\0\0\x02\0\0\0")
            for answer in self.answers:
                if not proxy.recv(65536):
                    return
                proxy.sendall(answer)
            while proxy.recv(65536):
                pass

    def close(self):
        self.listener.close()
