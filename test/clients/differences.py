"""What may differ between a client's run on the server and its run through sessiongate, and why."""

import dataclasses
import re

MODES = ("plain", "tls", "compressed", "tls+compressed")

LOST = r"(?s).*(2013|2006|2026|PROTOCOL_CONNECTION_LOST|ER_SOCKET_UNEXPECTED_CLOSE|unexpected end of stream|invalid connection).*"
TOLD = r"(?s).*(1927|Connection was killed).*"

# Case -> (what the run on the server must print, what the run through sessiongate must print, why). Patterns that have
# to match the whole result.
ALLOWED = {
    "thread_id": (r"\[true, ?true\]|.*\(1\).*", r"\[true, ?false\]|.*\(0\).*",
                  "the greeting's thread id is the proxy's own id for the session; CONNECTION_ID() is the server's"),
    "show_proxysession": (r".*(1064|in your SQL syntax).*", r"true", "a command of the proxy: the server calls it a syntax error"),
    "show_proxysession_prepared": (r".*(1064|in your SQL syntax).*", r"true", "a command of the proxy"),
    "kill_proxysession": (r".*(1054|Unknown column).*", r"\[\S+, ?true, ?.*(1094|Unknown thread id).*\]", "a command of the proxy"),
    "server": (r".*capabilities 81fffffe .*", r".*capabilities 85fff[7f]fe .*", "zstd is offered, which this server lacks, and TLS only in its mode"),
    "kill_connection": (LOST, TOLD, "the server just closes the connection; the proxy says why first"),
    "kill_method": (LOST, TOLD, "the same"),
    "reconnect": (r"\[7\]", r"raised DBD::\w+::db \w+ failed: Connection was killed.*", "an error that is read keeps auto_reconnect from it"),
    "kill_idle": (r"\[true, 2\]", r"raised ConnectionResetError Connection lost", "aiomysql looks for the end of the connection only"),
    "attributes": (r"(.*)", r".*sessiongate_cs_id.*", "the proxy tells the server who its client is"),
}

FAILED = re.compile(r"raised .*")
END = "(end)"  # how a program ended that did not end well


@dataclasses.dataclass
class Comparison:
    client: str
    mode: str
    cases: int = 0
    passed_directly: int = 0
    passed_through: int = 0
    explained: list = dataclasses.field(default_factory=list)
    unexplained: list = dataclasses.field(default_factory=list)
    remarks: list = dataclasses.field(default_factory=list)


def plain(result):
    """Booleans as every language writes them the same; ids and addresses of the moment taken out."""
    result = re.sub(r"\bTrue\b", "true", re.sub(r"\bFalse\b", "false", result))
    result = re.sub(r"(?i)(thread id:? |connection |conn[=:] ?)\d+", r"\1N", result)
    result = re.sub(r"\(port=\d+\)", "(port=PORT)", result)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", result)


def allowed(case, direct, through):
    """Why these two may differ, or None."""
    if case not in ALLOWED:
        return None
    wanted_direct, wanted_through, reason = ALLOWED[case]
    if re.fullmatch(wanted_direct, direct) and re.fullmatch(wanted_through, through):
        return reason
    return None


def compare(client, mode, direct, through):
    found = Comparison(client, mode)
    for case in {**direct, **through}:
        one, other = plain(direct.get(case, "(nothing)")), plain(through.get(case, "(nothing)"))
        if case == END:
            found.unexplained.append(case)
            found.remarks.append(f"ENDED BADLY\n    directly: {one}\n    through:  {other}")
            continue
        found.cases += 1
        if FAILED.match(one) and case not in ALLOWED:
            found.remarks.append(f"{case} fails directly, too: {one[:200]}")
        else:
            found.passed_directly += 1
        if one == other and not (case in ALLOWED and FAILED.match(one)):
            found.passed_through += not FAILED.match(one)
            continue
        reason = allowed(case, one, other)
        if reason:
            found.explained.append((case, reason))
            found.passed_through += 1
        else:
            found.unexplained.append(case)
            found.remarks.append(f"{case} DIFFERS\n    directly: {one[:1500]}\n    through:  {other[:1500]}")
    return found
