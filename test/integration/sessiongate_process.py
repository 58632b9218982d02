"""A running sessiongate: started with settings given as keyword arguments, ended by SIGTERM, its log read on the way."""

import os
import pathlib
import re
import signal
import subprocess
import threading

from support import ROOT, seconds, wait_until

ADMIN_TOKEN = "test-admin-token"
PROXYSYS_PASSWORD = "secret of root@proxysys"
SANITIZER_REPORT = re.compile(r"(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:)")


def binary():
    path = pathlib.Path(os.environ.get("SESSIONGATE_BINARY", ROOT / "build/dev/proxy/sessiongate"))
    assert path.is_file(), f"{path} is not there: build it, or name another in SESSIONGATE_BINARY"
    return str(path)


def ctl(gate, *words, token=ADMIN_TOKEN, **environment):
    """One command of `sessiongate ctl`, run to its end."""
    variables = {**os.environ, "SESSIONGATE_CTL_URL": f"http://127.0.0.1:{gate.admin_port}",
                 "SESSIONGATE_ADMIN_TOKEN": token, **environment}
    return subprocess.run([binary(), "ctl", *map(str, words)], env=variables, capture_output=True, text=True,
                          timeout=seconds(30), check=False)


def flags(settings):
    """{'login_timeout': '1s'} -> ['--login-timeout', '1s']; None leaves one out."""
    words = []
    for name, value in settings.items():
        if value is not None:
            words += ["--" + name.replace("_", "-"), str(value)]
    return words


def run_once(*words, environment=None, limit=20):
    """Runs sessiongate to its end, as for --check."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SESSIONGATE_")}
    return subprocess.run([binary(), *words], env={**clean, **(environment or {})}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=seconds(limit), check=False)


def write_secret(directory, name, secret):
    path = pathlib.Path(directory) / name
    path.write_text(secret + "\n")
    path.chmod(0o600)
    return path


class SessiongateProcess:
    """Ready for clients when the constructor returns. port and admin_port are what it picked itself."""

    def __init__(self, environment=None, **settings):
        self.settings = {"listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0", "drain_timeout": "1s",
                         "log_level": "debug", **settings}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SESSIONGATE_")}
        self.process = subprocess.Popen([binary(), *flags(self.settings)], env={**clean, **(environment or {})},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._lines = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self.port = self._port("listening")
            self.admin_port = self._port("admin_listening")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _read_log(self):
        for line in self.process.stderr:
            self._lines.append(line.decode(errors="replace").rstrip("\n"))

    def _port(self, event):
        """From the log line of that event, in either format. None for a Unix socket."""
        pattern = re.compile(rf'(?:^\S+ \S+ |"event":"){event}\b.*\baddress"?[=:]"?(?:[0-9.]+:(\d+)|unix:)')

        def look():
            if self.process.poll() is not None:
                self._reader.join(seconds(5))
                raise AssertionError(f"sessiongate ended with {self.process.returncode} at its start:\n{self.log()}")
            return next(filter(None, map(pattern.search, list(self._lines))), None)

        port = wait_until(look, f"sessiongate logs {event}", limit=20).group(1)
        return int(port) if port else None

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return "\n".join(self._lines)

    def wait_for_log(self, pattern, limit=10):
        """The first line of the log that the pattern is found in."""
        def look():
            return next((line for line in list(self._lines) if re.search(pattern, line)), None)

        try:
            return wait_until(look, f"the log has {pattern}", limit)
        except AssertionError as error:
            raise AssertionError(f"{error}; its end is:\n{self.log()[-4000:]}") from None

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, limit=20):
        """The exit code, after the end of the log has been read."""
        code = self.process.wait(seconds(limit))
        self._reader.join(seconds(5))
        return code

    def stop(self):
        """SIGTERM; a clean end is part of every test."""
        if self.process.poll() is None:
            self.terminate()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"sessiongate does not end on SIGTERM; end of its log:\n{self.log()[-4000:]}") from None
        log = self.log()
        assert not SANITIZER_REPORT.search(log), log[-20000:]
        assert code == 0, f"sessiongate ended with {code}; end of its log:\n{log[-4000:]}"
