"""Whether what the clients of a storm saw fits what their kills were answered, and what the proxy has recorded of them.
Each check gives complaints, as texts."""

import collections
import re

from storm import CONNECTION_KILLED, INTERRUPTED
from support import seconds

LOCK_CONFLICTS = (1205, 1213)  # part of the work
REACHES_ALL = ("root@proxysys", "token")
MARGIN = seconds(0.5)  # what begun so long ago is surely running
SOON = seconds(5)      # in which what was interrupted has ended
STANDS_FOR = {"done": ("killed", "query_interrupted", "already_idle")}  # an OK in SQL


def judge_life(life):
    found = [f"{life}: {complaint}" for complaint in life.complaints]
    for error in life.errors:
        found += _judge_error(life, *error)
    if life.lost and not any(kill.verb != "kill_query" and kill.may_have_succeeded and kill.begun < life.lost
                             for kill in life.kills):
        found.append(f"{life} was lost though nobody killed it: {_tell(life)}")
    if life.silent and not _was_told(life):
        found.append(f"{life} was not told why it ended: {_tell(life)}")
    for kill in life.kills:
        found += [f"{complaint}: {kill} of {life}, {_tell(life)}" for complaint in _judge_kill(life, kill)]
    several = [kill for kill in life.kills if kill.verb == "kill_session" and kill.succeeded and not kill.plain]
    if len(several) > 1:
        found.append(f"{life} was killed more than once: {several}")
    return found


def _was_told(life):
    """Of a session that is logging in, a plain KILL is the backend's to answer, which ends it without a word."""
    last_error = life.errors[-1][2] if life.errors else 0
    return last_error in (INTERRUPTED, CONNECTION_KILLED) or any(
        kill.outcome == "killed_self" or (kill.plain and kill.may_have_succeeded and kill.begun < life.logged_in) for kill in life.kills)


def _tell(life):
    return (f"logged in {life.logged_in}, last success {life.last_success}, left {life.left}, lost {life.lost}, "
            f"errors {life.errors}, kills {life.kills}")


def _judge_error(life, begun, ended, number):
    if number in LOCK_CONFLICTS:
        return []
    explains = {INTERRUPTED: ("kill_session", "kill_server_session", "kill_query"),
                CONNECTION_KILLED: ("kill_session", "kill_server_session")}.get(number, ())
    for kill in life.kills:
        is_over = kill.verb == "kill_query" and kill.outcome is not None and kill.ended < begun
        if kill.verb in explains and kill.may_have_succeeded and kill.begun < ended and not is_over:
            return []
    return [f"{life} got {number} at {begun} to {ended} though no kill explains it: {_tell(life)}"]


def _judge_kill(life, kill):
    if kill.outcome is None:
        return []
    if kill.outcome == "not_owner":
        return ["refused though it was allowed"] if _was_reachable(life, kill) else []
    if kill.outcome in ("not_found", "ended_otherwise"):
        return _judge_not_found(life, kill)
    if kill.verb == "kill_query":
        return _judge_interruption(life, kill)
    if not kill.succeeded:
        return ["an outcome that nothing here explains"]
    complaints = []
    if life.last_success > kill.ended:
        complaints.append("it worked after its kill")
    if life.lost > max(kill.ended, life.waited) + SOON:
        complaints.append("its client was told late")
    return complaints


def _was_reachable(life, kill):
    """In the middle of its login a session belongs to nobody."""
    return kill.by in REACHES_ALL or (kill.by == life.user and 0 < life.logged_in < kill.begun)


def _judge_not_found(life, kill):
    if not _was_reachable(life, kill):
        return []
    had_left = 0 < life.left < kill.ended
    by_another = any(other is not kill and other.verb != "kill_query" and other.may_have_succeeded and
                     other.begun < kill.ended for other in life.kills)
    if not had_left and not by_another:
        return ["not found though it was there"]
    return ["not found though it went on"] if life.last_success > kill.ended else []


def _judge_interruption(life, kill):
    if not kill.succeeded and kill.outcome != "already_idle":
        return ["an outcome that nothing here explains"]
    running = [ended for begun, ended in life.long if begun + MARGIN < kill.begun and kill.ended < ended]
    if kill.outcome == "already_idle" and any(ended > kill.ended + MARGIN for ended in running):
        return ["idle though a statement ran"]
    return ["its statement went on"] if any(ended > kill.ended + SOON for ended in running) else []


# What the proxy remembers

def is_commanded(record):
    """Not what the proxy ended by itself."""
    return record["face"] in ("sql", "http", "ctl")


def judge_records(records, lives, earlier):
    """`records`: those of GET /v1/kills, the last one first; `earlier` of them were there before those lives began."""
    complaints = []
    numbers = [record["number"] for record in records]
    if numbers != list(range(len(records), 0, -1)):
        complaints.append("the records have gaps")
    recorded, sent = collections.defaultdict(list), collections.defaultdict(list)
    for record in filter(is_commanded, records[:len(records) - earlier]):
        number = int(record["id"].partition(":")[2] or record["id"])  # behind its form
        recorded[_asker(record["by"]), record["verb"], number].append(record)
    for life in lives:
        for kill in life.kills:
            sent[kill.killer, kill.verb, kill.given].append(kill)
    for key in {*recorded, *sent}:
        complaints += [f"{complaint}: sent {sent[key]}, recorded {recorded[key]}"
                       for complaint in _judge_group(list(recorded[key]), sent[key])]
    return complaints


def _asker(by):
    found = re.search(r"\(cs_id (\d+)\)", by)
    return int(found.group(1)) if found else 0


def _fits(kill, record):
    if record["cs_id"] not in (None, kill.target.ids["cs_id"]):
        return False
    return kill.outcome is None or record["outcome"] in STANDS_FOR.get(kill.outcome, (kill.outcome,))


def _judge_group(records, kills):
    """Kills of one killer with one verb and one id."""
    complaints = []
    for kill in sorted(kills, key=lambda each: not each.is_recorded):
        record = next((each for each in records if _fits(kill, each)), None)
        if record is not None:
            records.remove(record)
        elif kill.is_recorded:
            complaints.append("a kill without its record")
    return complaints + ["a record without its kill"] * bool(records)
