"""Relays between the proxy and a peer: what a slow, hostile or broken network does to a stream."""

import contextlib
import socket
import threading

FIRST_BYTES = 512  # that the connecting side has said: the login is among them


class Relay:
    """Listens on `port` (0: any that is free) and joins each connection with one to `target`."""

    def __init__(self, target, port=0):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._connections = []  # (near, far, the first bytes from near)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                said = bytearray()
                self._connections.append((near, far, said))
                for one, other, heard in ((near, far, said), (far, near, bytearray())):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._pass_on, args=(one, other, heard), daemon=True).start()

    def _pass_on(self, source, sink, heard):
        with contextlib.suppress(OSError):
            while chunk := source.recv(4096):
                heard += chunk[:FIRST_BYTES - len(heard)] if len(heard) < FIRST_BYTES else b""
                self._send(sink, chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _send(self, sink, chunk):
        sink.sendall(chunk)

    def drop(self, said=b""):
        """Ends every connection that began with a login in which this was said."""
        for near, far, heard in self._connections:
            for end in (near, far) if said in heard else ():
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        """Nobody gets in any more; who is in, stays."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept() of the other thread
        self._listener.close()


class DribblingRelay(Relay):
    """One byte in each segment."""

    def _send(self, sink, chunk):
        for byte in chunk:
            sink.sendall(bytes([byte]))


class CuttingRelay(Relay):
    """Ends a connection in which this is said, and does not pass it on."""

    def __init__(self, target, said):
        self._said = said
        super().__init__(target)

    def _send(self, sink, chunk):
        if self._said in chunk:
            sink.shutdown(socket.SHUT_RDWR)
        sink.sendall(chunk)
