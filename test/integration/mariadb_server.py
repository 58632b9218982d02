"""A throwaway MariaDB server of the tests' own: private directory, port and socket; nothing of it is left behind."""

import shutil
import signal
import subprocess

from database_server import DatabaseServer

ROOT_PASSWORD = "root_password"
CONTROL_PASSWORD = "secret of control"

ACCOUNTS = f"""
DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';
FLUSH PRIVILEGES;
CREATE USER root@'%' IDENTIFIED BY '{ROOT_PASSWORD}';
GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;
CREATE USER app@'%' IDENTIFIED BY 'app_password';
GRANT ALL PRIVILEGES ON app.* TO app@'%';
GRANT ALL PRIVILEGES ON relay.* TO app@'%';
CREATE USER other@'%' IDENTIFIED BY 'other_password';
GRANT ALL PRIVILEGES ON app.* TO other@'%';
CREATE USER operator@'%' IDENTIFIED BY 'operator_password';
GRANT CONNECTION ADMIN, PROCESS ON *.* TO operator@'%';
CREATE USER control@'%' IDENTIFIED BY '{CONTROL_PASSWORD}';
GRANT CONNECTION ADMIN, PROCESS ON *.* TO control@'%';
CREATE USER control_blind@'%' IDENTIFIED BY '{CONTROL_PASSWORD}';
GRANT CONNECTION ADMIN ON *.* TO control_blind@'%';
CREATE USER nopassword@'%';
CREATE DATABASE app;
CREATE DATABASE relay;
CREATE TABLE app.accounts (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE=InnoDB;
INSERT INTO app.accounts VALUES (1, 100), (2, 100), (3, 100);
"""


class MariadbServer(DatabaseServer):
    """Started by the constructor, ready when it returns; stop() ends it and removes its directory."""

    def __init__(self, *options):
        super().__init__("mariadb")
        self._options = options
        try:
            self._install()
            self.start()
            self._create_accounts()
        except BaseException:
            self.stop()
            raise

    def _install(self):
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", *self._user(), f"--datadir={self.directory}/data",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, check=True, timeout=120)

    def restart(self):
        """As after a crash, on the same port."""
        self.crash()
        self.start()

    def crash(self):
        self.halt(signal.SIGKILL)

    def halt(self, how):
        """By SIGTERM, in order, or SIGKILL. Its directory stays, for start()."""
        self.process.send_signal(how)
        self.process.wait(60)

    def start(self):
        server = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self._run(
            [server, "--no-defaults", *self._user(), f"--datadir={self.directory}/data", f"--socket={self.socket}",
             f"--pid-file={self.directory}/pid", f"--tmpdir={self.directory}", f"--port={self.port}", "--skip-networking=0",
             "--bind-address=127.0.0.1", "--skip-name-resolve", "--performance-schema=ON", "--local-infile=1",
             "--max-allowed-packet=128M", "--max-connections=1000", "--innodb-buffer-pool-size=64M",
             "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", *self._options])

    def _create_accounts(self):
        self._execute(ACCOUNTS.split(";\n"))
