"""The client programs, how they are started, and which modes their drivers know."""

import dataclasses
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = HERE / "programs"
BUILT = ROOT / "build/client-programs"
ALL = ("plain", "tls", "compressed", "tls+compressed")
ONLY_PLAIN = ("plain",)  # Debian builds these on a libmariadb that they do not trust to enforce TLS
WITHOUT_COMPRESSION = ("plain", "tls")


@dataclasses.dataclass
class Program:
    """command is followed by: port, user, password, database, a file of 1000 lines for LOAD DATA LOCAL, and the mode."""

    name: str
    command: list
    modes: tuple = ALL
    environment: dict = dataclasses.field(default_factory=dict)
    build: object = None


JDBC = "/usr/share/java/mariadb-java-client.jar"
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOCACHE": str(BUILT / "go-cache")}
NODE = {"NODE_PATH": str(BUILT / "node/node_modules")}


def newer(product, source):
    return product.is_file() and product.stat().st_mtime > source.stat().st_mtime


def install_node_drivers():
    """From the lock file, unless that has been done."""
    installed = BUILT / "node"
    lock = (SOURCES / "node/package-lock.json").read_bytes()
    mark = installed / "installed"
    if mark.is_file() and mark.read_bytes() == lock:
        return
    installed.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCES / "node" / name, installed)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=installed, stdin=subprocess.DEVNULL, check=True, timeout=300)
    mark.write_bytes(lock)


def compile_java():
    if not newer(BUILT / "Client.class", SOURCES / "Client.java"):
        subprocess.run(["javac", "-nowarn", "-encoding", "UTF-8", "-cp", JDBC, "-d", BUILT, SOURCES / "Client.java"], check=True, timeout=300)


def compile_go():
    if not newer(BUILT / "client-go", SOURCES / "client.go"):
        subprocess.run(["go", "build", "-o", BUILT / "client-go", SOURCES / "client.go"], check=True, timeout=600, env={**os.environ, **GO})


def compile_c():
    if not newer(BUILT / "client-c", SOURCES / "client.c"):
        flags = subprocess.run(["mariadb_config", "--include", "--libs"], check=True, capture_output=True, text=True, timeout=20).stdout.split()
        subprocess.run(["cc", "-O1", "-Wall", "-o", BUILT / "client-c", SOURCES / "client.c", *flags, "-lpthread"], check=True, timeout=300)


PROGRAMS = [
    Program("mysqlclient", ["/usr/bin/python3", str(SOURCES / "dbapi.py"), "mysqlclient"]),
    Program("pymysql", ["/usr/bin/python3", str(SOURCES / "dbapi.py"), "pymysql"], WITHOUT_COMPRESSION),
    Program("aiomysql", ["/usr/bin/python3", str(SOURCES / "dbapi.py"), "aiomysql"], WITHOUT_COMPRESSION),
    Program("php-mysqli", ["php", "-d", "mysqli.allow_local_infile=1", str(SOURCES / "client.php"), "mysqli"]),
    Program("php-pdo", ["php", "-d", "mysqli.allow_local_infile=1", str(SOURCES / "client.php"), "pdo"]),
    Program("perl-mysql", ["perl", str(SOURCES / "client.pl"), "mysql"], ONLY_PLAIN),
    Program("perl-mariadb", ["perl", str(SOURCES / "client.pl"), "MariaDB"], ONLY_PLAIN),
    Program("ruby-mysql2", ["ruby", str(SOURCES / "client.rb")]),
    Program("node-mysql2", ["node", str(SOURCES / "node/client.js"), "mysql2"], environment=NODE, build=install_node_drivers),
    Program("node-mariadb", ["node", str(SOURCES / "node/client.js"), "mariadb"], environment=NODE, build=install_node_drivers),
    Program("java-mariadb", ["java", "-cp", f"{BUILT}:{JDBC}", "Client"], build=compile_java),
    Program("go-mysql", [str(BUILT / "client-go")], WITHOUT_COMPRESSION, build=compile_go),
    Program("c-libmariadb", [str(BUILT / "client-c")], build=compile_c),
]


def prepare(programs):
    """Builds what has to be built, into build/client-programs."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for program in programs:
        if program.build:
            program.build()
