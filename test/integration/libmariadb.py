"""The C client library, as applications in C use it: it has plugins that the Python drivers lack, and can change user."""

import ctypes


class ClientError(Exception):
    """(number, text) in args."""


_library = ctypes.CDLL("libmariadb.so.3")
for name, result in (("mysql_init", ctypes.c_void_p), ("mysql_error", ctypes.c_char_p),
                     ("mysql_store_result", ctypes.c_void_p), ("mysql_fetch_row", ctypes.POINTER(ctypes.c_char_p)),
                     ("mysql_real_connect", ctypes.c_void_p), ("mysql_errno", ctypes.c_uint)):
    getattr(_library, name).restype = result


class Connection:
    def __init__(self, port, user, password):
        self._handle = ctypes.c_void_p(_library.mysql_init(None))
        if not _library.mysql_real_connect(self._handle, b"127.0.0.1", user.encode(), password.encode(), None,
                                           ctypes.c_uint(port), None, ctypes.c_ulong(0)):
            self._fail()

    def _fail(self):
        error = ClientError(_library.mysql_errno(self._handle), _library.mysql_error(self._handle).decode())
        self.close()
        raise error

    def value(self, statement):
        if _library.mysql_query(self._handle, statement.encode()):
            self._fail()
        result = ctypes.c_void_p(_library.mysql_store_result(self._handle))
        found = _library.mysql_fetch_row(result)[0].decode()
        _library.mysql_free_result(result)
        return found

    def change_user(self, user, password):
        if _library.mysql_change_user(self._handle, user.encode(), password.encode(), None):
            self._fail()

    def close(self):
        if self._handle:
            _library.mysql_close(self._handle)
        self._handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
