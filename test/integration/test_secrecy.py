"""Passwords and tokens are nowhere to be read: not in the log, a listing, a metric, the configuration, the process."""

import contextlib
import pathlib
import resource
import signal
import subprocess

import pytest

from clients import Admin, attributes, connect, cs_id, error_of, query, show
from mariadb_server import CONTROL_PASSWORD
from sessiongate_process import ADMIN_TOKEN, PROXYSYS_PASSWORD, binary, flags, run_once, write_secret
from support import SLOWNESS, seconds, wait_until

NAMED_TOKEN = "token-of-a-named-operator"
SECRETS = [ADMIN_TOKEN, PROXYSYS_PASSWORD, CONTROL_PASSWORD, NAMED_TOKEN, "app_password", "operator_password",
           "wrong-password", "wrong-token"]


def assert_without_secrets(text, where):
    text = text if isinstance(text, str) else text.decode(errors="replace")
    for secret in SECRETS:
        assert secret not in text, f"{where} has {secret}"


def process_files(pid):
    for name in ("cmdline", "environ"):
        yield name, pathlib.Path(f"/proc/{pid}/{name}").read_bytes()


@pytest.mark.parametrize("by_variable", [False, True])
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_shows_a_secret(start_gate, secrets, tmp_path, by_variable, log_format):
    given = {"control_user": "control", "control_password_file": secrets["control_password_file"]}
    environment = {}
    if by_variable:
        environment = {"SESSIONGATE_ADMIN_TOKEN": ADMIN_TOKEN, "SESSIONGATE_PROXYSYS_PASSWORD": PROXYSYS_PASSWORD,
                       "SESSIONGATE_CONTROL_PASSWORD": CONTROL_PASSWORD}
        given.update(admin_token_file=None, proxysys_password_file=None, control_password_file=None)
    tokens = write_secret(tmp_path, "tokens", f"ops operator {NAMED_TOKEN}")
    gate = start_gate(environment, admin_tokens_file=tokens, log_level="trace", log_format=log_format, **given)
    with contextlib.ExitStack() as opened:
        def log_in(user, password):
            return opened.enter_context(contextlib.closing(connect(gate.port, user=user, password=password)))

        app, operator, root = (log_in("app", "app_password"), log_in("operator", "operator_password"),
                               log_in("root@proxysys", PROXYSYS_PASSWORD))
        for user in ("app", "root@proxysys"):
            assert error_of(lambda: connect(gate.port, user=user, password="wrong-password"))[0] == 1045
        for token, status in ((ADMIN_TOKEN, 200), (NAMED_TOKEN, 200), ("wrong-token", 401)):
            answer = Admin(gate.admin_port, token).get("/v1/sessions")
            assert answer.status == status
            assert_without_secrets(answer.text, "a listing")
        api = Admin(gate.admin_port, ADMIN_TOKEN)
        assert_without_secrets(api.get(f"/v1/sessions/{cs_id(app)}").text, "a session")
        assert_without_secrets(api.get("/metrics").text, "the metrics")
        for caller in (app, operator, root):
            assert_without_secrets(str(show(caller)), "SHOW PROXYSESSION")
            assert_without_secrets(str(attributes(caller, cs_id(app)) if caller is not root else ""), "ATTRIBUTE")
        for path in api.get("/openapi.json").json["paths"]:
            if "{" not in path:
                assert_without_secrets(api.get(path).text, path)
        assert_without_secrets(str(query(root, "SHOW PROXYCONFIG")), "SHOW PROXYCONFIG")
        query(root, f"KILL PROXYSESSION {cs_id(app)}")
        for name, content in process_files(gate.pid):
            assert_without_secrets(content, name)
    gate.stop()
    assert_without_secrets(gate.log(), "the log")


def test_the_configuration_is_shown_without_secrets(mariadb, secrets):
    words = flags({"backend": f"127.0.0.1:{mariadb.port}", "control_user": "control", **secrets})
    shown = run_once("--print-config", *words)
    assert shown.returncode == 0
    assert_without_secrets(shown.stdout + shown.stderr, "--print-config")
    assert_without_secrets(run_once("--check", *words).stdout, "--check")


def test_a_secret_cannot_be_given_where_others_see_it(mariadb):
    for flag in ("--admin-token", "--proxysys-password", "--control-password"):
        done = run_once("--backend", f"127.0.0.1:{mariadb.port}", flag, "x")
        assert done.returncode == 2


@pytest.mark.parametrize("core_dumps", ["off", "on"])
def test_a_crash_leaves_a_core_only_where_that_is_wanted(mariadb, secrets, tmp_path, core_dumps):
    if pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip() != "core":
        pytest.skip("the system puts cores elsewhere")
    if SLOWNESS > 1:
        pytest.skip("sanitizers switch cores off by themselves")
    settings = {"backend": f"127.0.0.1:{mariadb.port}", "listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0",
                "core_dumps": core_dumps, "read_buffer_size": 4096, **secrets, "control_user": "control"}
    log = open(tmp_path / "log", "w+b")
    process = subprocess.Popen(
        [binary(), *flags(settings)], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    try:
        wait_until(lambda: b"listening" in (tmp_path / "log").read_bytes(), "it starts")
        process.send_signal(signal.SIGABRT)
        assert process.wait(seconds(30)) == -signal.SIGABRT
    finally:
        process.kill()
        process.wait()
        log.close()
    cores = list(tmp_path.glob("core*"))
    assert bool(cores) == (core_dumps == "on")
