"""What the proxy has to log in by itself: configured in a file or a directory, or learnt from clients' logins."""

import contextlib
import hashlib
import json
import os
import re
import signal
import ssl
import subprocess
import time

import pytest

from clients import Admin, InteractiveClient, attributes, connect, cs_id, disconnect, error_of, query, value
from libmariadb import Connection
from mariadb_server import CONTROL_PASSWORD, MariadbServer
from sessiongate_process import ADMIN_TOKEN, binary, run_once
from sha2_server import Sha2Server
from support import ROOT, SLOWNESS, seconds, wait_until
from tls_client import trusting

GRANT = "GRANT SELECT ON mysql.global_priv TO control@'%'"


@pytest.fixture
def opened():
    """opened(connect, …): a client that is closed after the test."""
    with contextlib.ExitStack() as stack:
        def open_one(make, *arguments, **given):
            session = make(*arguments, **given)
            stack.callback(disconnect, session)
            return session

        yield open_one


def credentials_of(gate, session=None, user=None):
    """As the HTTP API shows them, once they are settled: of a session, or of the only one of a user."""
    api = Admin(gate.admin_port, ADMIN_TOKEN)

    def settled():
        listed = list(api.sessions(user=user)) if session is None else [cs_id(session)]
        if len(listed) != 1:  # the one before has not left yet
            return None
        (identifier,) = listed
        shown = api.get(f"/v1/sessions/{identifier}").json["credentials"]
        return None if shown == "learning" else shown

    return wait_until(settled, "its credentials are settled")


def told(gate, pattern):
    """How often the log has it, which is written behind what it tells of."""
    gate.wait_for_log(pattern)
    return len(re.findall(pattern, gate.log()))


def all_credentials(gate, user):
    """Of all sessions of a user."""
    api = Admin(gate.admin_port, ADMIN_TOKEN)
    return [api.get(f"/v1/sessions/{each}").json["credentials"] for each in api.sessions(user=user)]


def write_users(path, users):
    """As operators replace it: whole."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(users))
    fresh.chmod(0o600)
    fresh.rename(path)
    return path


@pytest.fixture
def users_gate(start_gate, tmp_path):
    """users_gate(users, …): sessiongate with that file of users, and the file."""
    def start(users, **given):
        path = write_users(tmp_path / "users.json", users)
        return start_gate(credentials="users", users_file=path, **given), path

    return start


def test_sessions_have_what_the_file_has_for_their_user(users_gate, opened):
    gate, _ = users_gate([{"user": "app", "password": "app_password"}, {"user": "operator", "password": "old"},
                          {"user": "nopassword", "password": ""},
                          {"user": "other", "native_hash": hashlib.sha1(b"other_password").hexdigest()}])
    app = opened(connect, gate.port)
    assert credentials_of(gate, app) == "configured"
    assert ("credentials", "configured", "cs credentials") in attributes(app)
    assert credentials_of(gate, opened(connect, gate.port, user="other", password="other_password")) == "configured"
    assert credentials_of(gate, opened(connect, gate.port, user="nopassword", password="")) == "configured"
    for _ in range(2):
        differs = opened(connect, gate.port, user="operator", password="operator_password")
        assert credentials_of(gate, differs) == "none: the client logged in with another password than the users file has"
        unknown = opened(connect, gate.port, user="root", password="root_password")
        assert credentials_of(gate, unknown) == "none: the users file has no user 'root'"
    assert told(gate, "no_credentials .*user=operator .*reason=credentials_refused") == 1
    assert told(gate, "no_credentials .*user=root .*reason=no_credentials") == 1


def test_a_session_without_such_a_cluster_has_no_such_attribute(gate, open_session):
    session = open_session()
    assert "credentials" not in [name for name, _, _ in attributes(session)]
    assert "credentials" not in Admin(gate.admin_port, ADMIN_TOKEN).get(f"/v1/sessions/{cs_id(session)}").json


def test_a_changed_file_is_taken_up_and_a_broken_one_is_not(users_gate, opened):
    gate, path = users_gate([{"user": "app", "password": "old"}])
    session = opened(connect, gate.port)
    assert credentials_of(gate, session).startswith("none: ")
    write_users(path, [{"user": "app", "password": "app_password"}])
    wait_until(lambda: credentials_of(gate, session) == "configured", "it follows the file")
    write_users(path, [{"user": "app"}])
    gate.wait_for_log("users_not_reloaded .*entry 1: has none of password")
    assert credentials_of(gate, session) == "configured"
    write_users(path, [])
    wait_until(lambda: credentials_of(gate, session).startswith("none: "), "it follows the file")


def counted(gate):
    """What the metrics page tells of credentials, {name and labels: value}, without the prefix and the cluster."""
    page = Admin(gate.admin_port).get("/metrics").text
    found = re.findall(r'^sessiongate_((?:credential|users_file)\w*)\{cluster="obdemo"(?:,(outcome="\w+"))?\} (\d+)$', page, re.M)
    return {f"{name} {outcome}".strip(): int(number) for name, outcome, number in found}


def test_the_metrics_tell_what_logins_and_readings_of_the_file_came_to(users_gate, opened):
    started = int(time.time())
    gate, path = users_gate([{"user": "app", "password": "app_password"}, {"user": "operator", "password": "old"}])
    for user in ("app", "app", "operator", "other"):
        opened(connect, gate.port, user=user, password=f"{user}_password")
    before = counted(gate)
    loaded = before.pop("users_file_last_success_timestamp_seconds")
    assert started <= loaded <= time.time()
    assert before == {
        "credentials": 2, 'credential_logins_total outcome="configured"': 2, 'credential_logins_total outcome="learned"': 0,
        'credential_logins_total outcome="credentials_refused"': 1, 'credential_logins_total outcome="no_credentials"': 1,
        'credential_logins_total outcome="session_ended"': 0, "credential_refusals_total": 0,
        'users_file_reloads_total outcome="loaded"': 0, 'users_file_reloads_total outcome="failed"': 0,
        "users_file_last_reload_successful": 1}
    write_users(path, [{"user": "app"}])
    wait_until(lambda: counted(gate)['users_file_reloads_total outcome="failed"'] == 1, "the broken file was read")
    assert counted(gate)["users_file_last_reload_successful"] == 0
    assert counted(gate)["users_file_last_success_timestamp_seconds"] == loaded
    assert counted(gate)["credentials"] == 2
    write_users(path, [{"user": "other", "password": "other_password"}])
    wait_until(lambda: counted(gate)['users_file_reloads_total outcome="loaded"'] == 1, "the good file was read")
    assert counted(gate)["users_file_last_reload_successful"] == 1
    assert counted(gate)["users_file_last_success_timestamp_seconds"] >= loaded
    assert counted(gate)["credentials"] == 1
    assert "operator" not in Admin(gate.admin_port).get("/metrics").text


def test_a_hangup_reads_the_files_again(users_gate, tmp_path, opened):
    gate, path = users_gate([{"user": "app", "password": "app_password"}])
    gate.process.send_signal(signal.SIGHUP)
    gate.wait_for_log("users_reloaded .*users=1")


def test_a_password_may_be_in_a_file_or_a_variable(start_gate, tmp_path, opened):
    (tmp_path / "of_other").write_text("other_password\n")
    (tmp_path / "of_other").chmod(0o600)
    path = write_users(tmp_path / "users.json", [{"user": "app", "password_env": "ORDERS_APP_PASSWORD"},
                                                 {"user": "other", "password_file": "of_other"}])
    gate = start_gate({"ORDERS_APP_PASSWORD": "app_password"}, credentials="users", users_file=path)
    other = opened(connect, gate.port, user="other", password="other_password")
    assert credentials_of(gate, opened(connect, gate.port)) == "configured"
    assert credentials_of(gate, other) == "configured"
    with open(f"/proc/{gate.pid}/environ", "rb") as environment:
        assert b"app_password" not in environment.read()
    (tmp_path / "changed").write_text("changed\n")
    (tmp_path / "changed").chmod(0o600)
    (tmp_path / "changed").rename(tmp_path / "of_other")
    wait_until(lambda: credentials_of(gate, other).startswith("none: "), "a file that the list names is looked at, too")
    wait_until(lambda: gate.log().count("users_reloaded") == 1, "it has told so")
    gate.process.send_signal(signal.SIGHUP)
    wait_until(lambda: gate.log().count("users_reloaded") == 2, "it reads them again")
    assert credentials_of(gate, opened(connect, gate.port)) == "configured"


def test_a_mounted_directory_has_a_file_for_each_user(start_gate, tmp_path, opened):
    """As Kubernetes mounts a Secret, and exchanges it."""
    mounted = tmp_path / "mounted"

    def mount(version, password):
        (mounted / version).mkdir(parents=True)
        (mounted / version / "app").write_text(password)
        os.symlink(version, mounted / "..data_tmp")
        os.rename(mounted / "..data_tmp", mounted / "..data")

    mount("..1", "old")
    os.symlink("..data/app", mounted / "app")
    gate = start_gate(credentials="users", users_file=mounted)
    gate.wait_for_log("users_file_open_to_all")
    session = opened(connect, gate.port)
    assert credentials_of(gate, session).startswith("none: ")
    mount("..2", "app_password")
    wait_until(lambda: credentials_of(gate, session) == "configured", "the exchanged file is taken up")


def test_credentials_follow_a_change_of_user(users_gate):
    gate, _ = users_gate([{"user": "app", "password": "app_password"}])
    with Connection(gate.port, "app", "app_password") as session:
        assert credentials_of(gate, user="app") == "configured"
        session.change_user("other", "other_password")
        assert credentials_of(gate, user="other") == "none: the users file has no user 'other'"
        session.change_user("app", "app_password")
        assert credentials_of(gate, user="app") == "configured"


@pytest.mark.parametrize("settings, error", [
    ({"credentials": "users"}, "--users-file: credentials users needs one"),
    ({"credentials": "users", "users_file": "/no/such/file"}, "--users-file: /no/such/file: cannot be read"),
    ({"users_file": "/no/such/file"}, "--users-file: is for credentials users, and they are none"),
    ({"credentials": "learn"}, "--credentials: learn needs a control account, or --learn-passwords on")])
def test_what_does_not_fit_together_is_refused_at_start(settings, error):
    words = [word for name, given in settings.items() for word in ("--" + name.replace("_", "-"), given)]
    done = run_once("--check", "--backend", "127.0.0.1:1", *words)
    assert done.returncode == 2
    assert error in done.stderr


def documented(heading):
    """The blocks of JSON below a heading of docs/configuration.md, as printed."""
    section = (ROOT / "docs/configuration.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^```json\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def test_the_documented_file_with_two_clusters_is_good_as_printed(tmp_path):
    """What it names is where it says, in a mount namespace of the test's own."""
    settings, users = documented("A file with two clusters")
    (tmp_path / "sessiongate.json").write_text(settings)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "orders-users.json").write_text(users)
    for name in re.findall(r'"/run/secrets/([^"]+)"', settings + users):
        if not (secrets / name).exists():
            (secrets / name).write_text(f"secret of {name}\n")
    script = 'mount -t tmpfs none /run && mkdir /run/secrets && cp "$1"/* /run/secrets && shift && exec "$@"'
    own_mounts = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script, "sh", secrets]
    for action in ("--check", "--print-config"):
        done = subprocess.run([*own_mounts, binary(), action, "--config", tmp_path / "sessiongate.json"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds(20), check=False)
        assert done.returncode == 0, done.stderr
        assert "secret of" not in done.stdout and "the password of batch" not in done.stdout
    (secrets / "orders-app").unlink()
    done = subprocess.run([*own_mounts, binary(), "--check", "--config", tmp_path / "sessiongate.json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds(20), check=False)
    assert done.returncode == 2
    assert 'cluster "orders": users_file: /run/secrets/orders-users.json: /run/secrets/orders-app cannot be read' in done.stderr


# learn

@pytest.fixture
def learning_server():
    """A server of the test's own, whose control account may not read the hashes yet."""
    server = MariadbServer()
    yield server
    server.stop()


@pytest.fixture
def root(learning_server, opened):
    return opened(connect, learning_server.port, user="root", password="root_password")


@pytest.fixture
def learning_gate(controlled, learning_server):
    return controlled(backend=f"127.0.0.1:{learning_server.port}", credentials="learn")


def test_a_native_login_is_learnt(learning_gate, root, opened):
    query(root, GRANT)
    gate = learning_gate
    sessions = [opened(connect, gate.port) for _ in range(5)]
    sessions.append(opened(connect, gate.port, user="other", password="other_password"))
    sessions.append(opened(connect, gate.port, user="nopassword", password=""))
    for session in sessions:
        assert credentials_of(gate, session) == "learned"
        assert value(session, "SELECT 1") == 1


def test_the_next_session_of_an_account_asks_nothing(learning_gate, root, opened):
    query(root, GRANT)
    assert credentials_of(learning_gate, opened(connect, learning_gate.port)) == "learned"
    query(root, "REVOKE SELECT ON mysql.global_priv FROM control@'%'")
    again = opened(connect, learning_gate.port)
    assert ("credentials", "learned", "cs credentials") in attributes(again)


def test_without_the_grant_it_says_so_once_and_learns_when_it_comes(learning_gate, root, opened):
    gate = learning_gate
    sessions = [opened(connect, gate.port), opened(connect, gate.port, user="other", password="other_password")]
    for session in sessions:
        assert credentials_of(gate, session).startswith(
            "none: the control account cannot read mysql.global_priv: 1142 SELECT command denied")
    assert told(gate, "credentials_not_learned .*code=1142") == 1
    query(root, GRANT)
    for session in sessions:
        wait_until(lambda session=session: credentials_of(gate, session) == "learned", "it is tried again", limit=30)


def test_the_metrics_tell_what_is_learnt_and_what_waits(learning_gate, root, opened):
    gate = learning_gate
    sessions = [opened(connect, gate.port) for _ in range(2)]
    wait_until(lambda: counted(gate)['credential_reads_total outcome="failed"'] >= 1, "the account may not look")
    wait_until(lambda: counted(gate)["credential_logins_waiting"] == 2, "both wait")
    found = counted(gate)
    assert (found["credentials"], found["credential_logins_waiting"], found['credential_logins_total outcome="learned"']) == (0, 2, 0)
    query(root, GRANT)
    wait_until(lambda: counted(gate)["credential_logins_waiting"] == 0, "it is tried again", limit=30)
    found = counted(gate)
    assert (found["credentials"], found['credential_logins_total outcome="learned"']) == (1, 2)
    assert found['credential_reads_total outcome="read"'] == 1
    query(root, "SET PASSWORD FOR app@'%' = PASSWORD('changed')")
    lose_server_session(gate, cs_id(sessions[0]))
    assert error_of(query, sessions[0], "SELECT 1")[0] == 1927
    found = counted(gate)
    assert (found["credentials"], found["credential_refusals_total"]) == (0, 1)


def test_a_changed_password_is_learnt_anew(learning_gate, root, opened):
    query(root, GRANT)
    gate = learning_gate
    before = opened(connect, gate.port)
    assert credentials_of(gate, before) == "learned"
    query(root, "SET PASSWORD FOR app@'%' = PASSWORD('changed')")
    after = opened(connect, gate.port, password="changed")
    assert credentials_of(gate, after) == "learned"
    assert credentials_of(gate, before) == "learned"  # nothing has told otherwise yet
    assert error_of(connect, gate.port)[0] == 1045


def test_an_account_with_two_plugins_is_learnt_by_the_one_that_it_used(learning_gate, root, opened):
    query(root, GRANT)
    query(root, "INSTALL SONAME 'auth_ed25519'")
    query(root, "CREATE USER either@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed_password') OR mysql_native_password "
                "USING PASSWORD('native_password')")
    query(root, "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed_password')")
    gate = learning_gate

    def shown(user, password):
        with Connection(gate.port, user, password):
            return credentials_of(gate, user=user)

    assert shown("either", "native_password") == "learned"
    assert shown("either", "ed_password") == "none: the password of an account with the plugin client_ed25519 is not learnt"
    assert shown("ed", "ed_password") == "none: the password of an account with the plugin client_ed25519 is not learnt"


def test_a_configured_password_is_compared_with_an_ed25519_login(start_gate, learning_server, root, tmp_path):
    query(root, "INSTALL SONAME 'auth_ed25519'")
    for user in ("good", "bad"):
        query(root, f"CREATE USER {user}@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed_password')")
    path = write_users(tmp_path / "users.json", [{"user": "good", "password": "ed_password"},
                                                 {"user": "bad", "password": "wrong"}])
    gate = start_gate(backend=f"127.0.0.1:{learning_server.port}", credentials="users", users_file=path)
    for user, expected in (("good", "configured"), ("bad", "none: the client logged in with another password")):
        with Connection(gate.port, user, "ed_password"):
            assert credentials_of(gate, user=user).startswith(expected)


def lose_server_session(gate, session):
    """Of a session, by a kill; its next statement gets another one, if that can be."""
    api = Admin(gate.admin_port, ADMIN_TOKEN)
    (server,) = api.get(f"/v1/sessions/{session}").json["server_sessions"]
    told = api.delete(f"/v1/sessions/{session}/server-sessions/{server['ss_id']}")
    assert told.status == 200, told.text


def test_the_proxy_logs_in_with_what_it_has(learning_gate, root, opened):
    query(root, GRANT)
    gate = learning_gate
    session = opened(connect, gate.port)
    assert credentials_of(gate, session) == "learned"
    before = value(session, "SELECT CONNECTION_ID()")
    lose_server_session(gate, cs_id(session))
    assert value(session, "SELECT CURRENT_USER()") == "app@%"
    assert value(session, "SELECT CONNECTION_ID()") != before
    assert credentials_of(gate, session) == "learned"


def test_the_proxy_logs_in_with_ed25519(controlled, learning_server, root, tmp_path):
    query(root, "INSTALL SONAME 'auth_ed25519'")
    query(root, "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ed_password')")
    path = write_users(tmp_path / "users.json", [{"user": "ed", "password": "ed_password"}])
    gate = controlled(backend=f"127.0.0.1:{learning_server.port}", credentials="users", users_file=path)
    with Connection(gate.port, "ed", "ed_password") as session:
        before = session.value("SELECT CONNECTION_ID()")
        (identifier,) = Admin(gate.admin_port, ADMIN_TOKEN).sessions(user="ed")
        lose_server_session(gate, identifier)
        assert session.value("SELECT CURRENT_USER()") == "ed@%"
        assert session.value("SELECT CONNECTION_ID()") != before


def test_a_password_that_was_changed_meanwhile_is_noticed_by_all_who_share_it(learning_gate, root, opened):
    query(root, GRANT)
    gate = learning_gate
    sessions = [opened(connect, gate.port) for _ in range(3)]
    for session in sessions:
        assert credentials_of(gate, session) == "learned"
    query(root, "SET PASSWORD FOR app@'%' = PASSWORD('changed')")
    for session in sessions[:2]:
        lose_server_session(gate, cs_id(session))
        number, text = error_of(query, session, "SELECT 1")
        assert number == 1927 and "credentials_refused" in text
    assert credentials_of(gate, sessions[2]) == "none: the server has refused the password that was learnt"
    assert told(gate, "credentials_refused .*user=app .*credentials=learn .*code=1045") == 1
    assert credentials_of(gate, opened(connect, gate.port, password="changed")) == "learned"


def test_a_storm_of_logins_asks_little(learning_gate, root, opened):
    query(root, GRANT)
    query(root, "SET GLOBAL general_log = ON")
    query(root, "SET GLOBAL log_output = 'TABLE'")
    for _ in range(100):
        connect(learning_gate.port).close()
    assert credentials_of(learning_gate, opened(connect, learning_gate.port)) == "learned"
    asked = value(root, "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE %s AND argument LIKE %s",
                  "SELECT Priv FROM%", "%617070%")
    assert 1 <= asked <= 3


# caching_sha2_password

ACCOUNTS = {"fresh": ("caching_sha2_password", "secret of fresh"), "old": ("sha256_password", "secret of old"),
            "clear": ("mysql_clear_password", "secret of clear"), "empty": ("caching_sha2_password", "")}


@pytest.fixture
def sha2(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates["server"])
    server = Sha2Server(ACCOUNTS, context)
    yield server
    server.close()


@pytest.fixture
def sha2_gate(start_gate, sha2, certificates):
    def start(**given):
        certificate, key = certificates["proxy"]
        return start_gate(**{"backend": f"127.0.0.1:{sha2.port}", "backend_tls": "required", "client_tls_cert": certificate,
                             "client_tls_key": key, "credentials": "learn", "learn_passwords": "on", **given})

    return start


class Sha2Client:
    """The mariadb client over TLS: it proves passwords as MySQL wants it, which Debian's PyMySQL does not."""

    def __init__(self, port, user):
        self._client = InteractiveClient(port, user=user, password=ACCOUNTS[user][1], options=["--ssl"])

    def close(self):
        self._client.close()


def test_full_authentication_teaches_and_a_fast_login_shares(sha2_gate, sha2, authority, opened):
    gate = sha2_gate()
    for user, login in (("fresh", "as it is, over TLS"), ("fresh", "fast"), ("old", "as it is, over TLS")):
        opened(Sha2Client, gate.port, user)
        assert sha2.logins[-1] == login
        assert set(all_credentials(gate, user)) == {"learned"}
    assert len(all_credentials(gate, "fresh")) == 2
    assert credentials_of(gate, opened(connect, gate.port, user="empty", password="", **trusting(authority))) == "learned"


def test_a_client_that_proves_it_wrongly_teaches_with_the_password(sha2_gate, sha2, authority, opened):
    gate = sha2_gate()
    for _ in range(2):
        session = opened(connect, gate.port, user="fresh", password="secret of fresh", **trusting(authority))
        assert credentials_of(gate, session) == "learned"
    assert sha2.logins == ["as it is, over TLS"] * 2


def test_a_fast_login_alone_teaches_nothing(sha2_gate, sha2, opened):
    opened(Sha2Client, sha2.port, "fresh").close()
    gate = sha2_gate()
    opened(Sha2Client, gate.port, "fresh")
    (shown,) = all_credentials(gate, "fresh")
    assert sha2.logins[-1] == "fast"
    assert shown.endswith("that takes full authentication over TLS")


def test_no_password_is_kept_where_that_is_off(sha2_gate, secrets, opened):
    gate = sha2_gate(learn_passwords="off", control_user="control",
                     control_password_file=secrets["control_password_file"])
    opened(Sha2Client, gate.port, "fresh")
    assert all_credentials(gate, "fresh") == [
        "none: the plugin caching_sha2_password takes the password, and learn-passwords is off"]


def test_a_configured_password_is_compared_with_one_that_is_sent(sha2_gate, tmp_path, opened):
    path = write_users(tmp_path / "users.json", [{"user": "fresh", "password": "secret of fresh"},
                                                 {"user": "old", "password": "wrong"}])
    gate = sha2_gate(credentials="users", users_file=path)
    for user in ("fresh", "old"):
        opened(Sha2Client, gate.port, user)
    assert all_credentials(gate, "fresh") == ["configured"]
    assert all_credentials(gate, "old") == ["none: the client logged in with another password than the users file has"]


# Secrecy

def test_nothing_shows_what_is_known(learning_server, controlled, root, tmp_path, opened):
    query(root, GRANT)
    given = {"backend": f"127.0.0.1:{learning_server.port}", "log_level": "trace"}
    path = write_users(tmp_path / "users.json", [{"user": "app", "password": "app_password"}])
    hashes = [hashlib.sha1(b"app_password").hexdigest(),
              hashlib.sha1(hashlib.sha1(b"app_password").digest()).hexdigest()]
    hidden = ["app_password", CONTROL_PASSWORD, *hashes, *map(str.upper, hashes)]
    for settings in ({"credentials": "learn", "learn_passwords": "on"}, {"credentials": "users", "users_file": path}):
        gate = controlled(**given, **settings)
        session = opened(connect, gate.port)
        assert credentials_of(gate, session) in ("learned", "configured")
        api = Admin(gate.admin_port, ADMIN_TOKEN)
        shown = [api.get(path).text for path in api.get("/openapi.json").json["paths"] if "{" not in path]
        shown += [api.get(f"/v1/sessions/{cs_id(session)}").text, str(attributes(session)), gate.log()]
        for name in ("cmdline", "environ"):
            with open(f"/proc/{gate.pid}/{name}", "rb") as content:
                shown.append(content.read().decode(errors="replace"))
        words = [word for name, value in settings.items() for word in ("--" + name.replace("_", "-"), str(value))]
        shown.append(run_once("--print-config", "--backend", "127.0.0.1:1", "--control-user", "control", *words).stdout)
        for text in shown:
            assert not [secret for secret in hidden if secret in text]


def dumped_memory(pid):
    """What a core of the process would have in it, piece by piece."""
    piece = None
    with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            if begins := re.match("([0-9a-f]+)-([0-9a-f]+) (r?)", line):
                piece = (int(begins[1], 16), int(begins[2], 16), bool(begins[3]))
            elif line.startswith("VmFlags:") and piece[2] and not {"dd", "io"} & set(line.split()):
                with contextlib.suppress(OSError, ValueError):  # [vvar]
                    memory.seek(piece[0])
                    yield memory.read(piece[1] - piece[0])


@pytest.mark.skipif(SLOWNESS > 1, reason="sanitizers have a heap of their own")
@pytest.mark.parametrize("mode", ["users", "learn"])
def test_a_core_would_have_none_of_it(learning_server, controlled, root, tmp_path, opened, mode):
    query(root, GRANT)
    known = hashlib.sha1(b"app_password").digest()
    hidden = [b"app_password", b"password that is long", CONTROL_PASSWORD.encode(), known, known.hex().encode()]
    path = write_users(tmp_path / "users.json", [{"user": "app", "password": "app_password"},
                                                 {"user": "other", "password": "another password that is long enough"}])
    given = {"credentials": mode, **({"users_file": path} if mode == "users" else {})}
    gate = controlled(backend=f"127.0.0.1:{learning_server.port}", core_dumps="on", **given)
    sessions = [opened(connect, gate.port) for _ in range(10)]
    for session in sessions:
        assert credentials_of(gate, session) in ("learned", "configured")
    seen = 0
    for piece in dumped_memory(gate.pid):
        seen += len(piece)
        for secret in hidden:
            at = piece.find(secret)
            assert at < 0, f"{secret!r} is in {piece[max(0, at - 40):at + 60]!r}"
    assert seen > 1_000_000
