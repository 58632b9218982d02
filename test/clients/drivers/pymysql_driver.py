"""PyMySQL, driven over its standard input: see ../driven.py for what is said there. It has no prepared statements of the server's."""

import codecs
import json
import sys

import pymysql
from pymysql.constants import CLIENT, COMMAND

LOST = (2006, 2013)
LENIENT = "utf8_lenient"  # with another character_set_results what comes is no UTF-8, and the driver does not mind


def find_codec(name):
    utf8 = codecs.lookup("utf-8")
    return codecs.CodecInfo(utf8.encode, lambda text, _="": utf8.decode(text, "backslashreplace"), name=name) if name == LENIENT else None


codecs.register(find_codec)


def plain(value):
    return value if value is None else "hex:" + value.hex() if isinstance(value, bytes) else str(value)


class Driver:
    def __init__(self):
        self.connection = None

    def connect(self, port, user, password, database, mode):
        tls = {"ssl": {"check_hostname": False}} if "tls" in mode else {}
        self.connection = pymysql.connect(host="127.0.0.1", port=port, user=user, password=password, database=database, charset="utf8mb4",
                                          autocommit=None, read_timeout=60, client_flag=CLIENT.MULTI_STATEMENTS, **tls)
        self.connection.encoding = LENIENT

    def query(self, statement):
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            found = [list(map(plain, row)) for row in cursor.fetchall()]
            while cursor.nextset():
                pass
            return found

    def ping(self):
        self.connection.ping(reconnect=False)

    def init_db(self, database):
        self.connection.select_db(database)

    def reset(self):
        self.connection._execute_command(0x1F, b"")
        self.connection._read_ok_packet()

    def statistics(self):
        self.connection._execute_command(COMMAND.COM_STATISTICS, b"")
        self.connection._read_packet()

    def quit(self):
        self.connection.close()


OPERATIONS = ("connect", "query", "ping", "init_db", "reset", "statistics", "quit")


def main():
    driver = Driver()
    print(json.dumps({"operations": OPERATIONS}), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"rows": getattr(driver, name)(*arguments) or []}
        except pymysql.err.MySQLError as error:
            number, text = (*error.args, "", "")[:2]
            known = isinstance(number, int) and number not in LOST and number
            answer = {"error": [number, text]} if known else {"lost": str(error)}
        print(json.dumps(answer), flush=True)


main()
