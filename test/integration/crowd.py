"""Many sessions in a process of their own, so that all of them can vanish at once: the kernel closes their sockets when
the process is killed."""

import pathlib
import subprocess
import sys

from raw_client import COM_QUERY, RawClient

AWAITED_ROW = 1  # of app.accounts
# It waits for a row, for MariaDB does not look whether a client is still there in the middle of that, as it does in SLEEP.
STATEMENT = f"SELECT balance FROM app.accounts WHERE id = {AWAITED_ROW} FOR UPDATE /* of the crowd */"


class Crowd:
    """Logged in when the constructor returns; `running` of them have sent STATEMENT, which waits for a row."""

    def __init__(self, port, sessions, running):
        self._process = subprocess.Popen([sys.executable, __file__, str(port), str(sessions), str(running)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         cwd=pathlib.Path(__file__).parent)
        line = self._process.stdout.readline()
        if line != "ready\n":
            self.vanish()
            raise AssertionError(f"the crowd did not get in: {line!r}")

    def vanish(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.vanish()


def main():
    port, sessions, running = map(int, sys.argv[1:])
    crowd = [RawClient(port, limit=120).login() for _ in range(sessions)]
    for client in crowd[:running]:
        client.query("SET SESSION innodb_lock_wait_timeout = 600")
        client.command(COM_QUERY, STATEMENT.encode())
    print("ready", flush=True)
    sys.stdin.read()  # until it is killed, or whoever started it has ended


if __name__ == "__main__":
    main()
