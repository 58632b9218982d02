"""What the throwaway database servers have in common: a directory of their own with a log in it, and their end."""

import os
import shutil
import subprocess

import pymysql

from support import free_port, scratch_directory, wait_until


class DatabaseServer:
    """Private directory, port and socket; nothing of it is left behind. Who derives from it starts it in its constructor."""

    def __init__(self, name):
        self.directory = scratch_directory(f"sessiongate-{name}-")
        self.port = free_port()
        self.socket = str(self.directory / "socket")
        self.process = None
        self._log = open(self.directory / "log", "w+b")

    @staticmethod
    def _user():
        return ["--user=root"] if os.geteuid() == 0 else []

    def _run(self, command, **given):
        """Returns when it answers."""
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, **given)
        wait_until(self._answers, f"{command[0]} starts; see {self.directory}/log", limit=60)

    def _connect(self):
        return pymysql.connect(unix_socket=self.socket, user="root", autocommit=True)

    def _answers(self):
        assert self.process.poll() is None, f"the server ended:\n{self.log()}"
        try:
            self._connect().close()
            return True
        except pymysql.err.OperationalError:
            return False

    def _execute(self, statements):
        with self._connect() as connection, connection.cursor() as cursor:
            for statement in filter(str.strip, statements):
                cursor.execute(statement)

    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
