"""A TCP forwarder in front of a database server: one address behind which the server may change, or go without a word."""

import contextlib
import socket
import threading

PROXY_NETWORKS = "--proxy-protocol-networks=*"


class Forwarder:
    """New connections go to `target`, a port. The server is told in a PROXY header from where each comes, as it would see
    it without the forwarder: it has to run with PROXY_NETWORKS; not `transparent`: it sees the forwarder's own address.
    With `keep_open` a client's connection stays open when the server's ends."""

    def __init__(self, target, transparent=True):
        self.target = target
        self.transparent = transparent
        self.keep_open = False
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, address = self._listener.accept()
                self._sockets.append(client)
                threading.Thread(target=self._serve, args=(client, address[1], self.target), daemon=True).start()

    def _serve(self, client, port, target):
        try:
            server = socket.create_connection(("127.0.0.1", target))
            if self.transparent:
                server.sendall(f"PROXY TCP4 127.0.0.1 127.0.0.1 {port} {target}\r\n".encode())
        except OSError:
            client.close()
            return
        self._sockets.append(server)
        threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
        self._pump(server, client)
        if not self.keep_open:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while chunk := source.recv(1 << 16):
                sink.sendall(chunk)

    def close(self):
        self._listener.close()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
