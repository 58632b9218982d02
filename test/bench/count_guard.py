"""Counts what one query costs sessiongate: instructions (callgrind) and system calls (strace), which do not depend on
how fast or how busy the machine is. Fails when they exceed what expected_counts.json holds by more than the margin.

Each is counted in two runs, of few and of many queries, and the difference divided by theirs: start, logins and end
cancel out."""

import argparse
import collections
import json
import os
import pathlib
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import measure  # noqa: E402
import servers  # noqa: E402

EXPECTED = pathlib.Path(__file__).with_name("expected_counts.json")
FEW, MANY = 500, 8000  # queries
SQL = "SELECT c FROM sbtest1 WHERE id=1"
# Name: clients, and whether their server sessions can be replaced.
CASES = {"text query, 1 client": (1, False), "text query, 16 clients": (16, False),
         "text query, 16 clients, recoverable": (16, True)}
INSTRUCTIONS_MARGIN = 1.10  # times: compilers and processors differ a little
SYSCALLS_MARGIN = 0.3       # more: with 16 clients, how many queries one epoll_wait finds is in part a matter of chance
START_LIMIT = 120


def run_queries(programs, backend, server, clients, queries):
    with measure.Load(programs, None, "query", server, clients=clients, count=queries, sql=SQL) as load:
        done = load.run()["n"]
    if done != queries:
        raise RuntimeError(f"{done} queries ran in place of {queries}")


def with_credentials(directory):
    """Settings: the proxy knows somebody's password, so it watches what sessions would need to go on elsewhere."""
    users = pathlib.Path(directory) / "users.json"
    users.write_text(json.dumps([{"user": "somebody", "password": "secret"}]))
    users.chmod(0o600)
    return ["--credentials", "users", "--users-file", str(users)]


def count_under(wrapper, build, clients, queries, more):
    """Runs that many queries through a sessiongate that runs under `wrapper`, from its start to its end."""
    programs = build / "test/bench"
    with servers.canned_backend(programs) as backend:
        server = servers.sessiongate(build / "proxy/sessiongate", backend, more=more, wrapper=wrapper, limit=START_LIMIT)
        try:
            run_queries(programs, backend, server, clients, queries)
        finally:
            code = server.stop()
        if code != 0:
            raise RuntimeError(f"sessiongate ended with {code} under {wrapper[0]}")


def read_callgrind(path):
    """{function: instructions of its own}. In the file a cost line belongs to the fn= before it; the line after a
    calls= is the callee's cost, which counts there."""
    names, costs = {}, collections.Counter()
    function, callee_line = "", False
    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("fn="):
            number, _, name = line[3:].partition(" ")
            names.setdefault(number, name)
            function = names[number]
        elif found := re.match(r"cfn=(\(\d+\)) (.+)", line):
            names.setdefault(*found.groups())
        elif line.startswith("calls="):
            callee_line = True
        elif found := re.match(r"(?:[+-]?\d+|\*) (\d+)$", line):
            if not callee_line:
                costs[function] += int(found.group(1))
            callee_line = False
    if not costs:
        raise RuntimeError(f"{path} has no costs: was sessiongate killed?")
    return costs


def read_strace(path):
    """{system call: count}. strace goes on for a moment after the traced process has ended."""
    end = time.monotonic() + 30
    while not path.exists() or " total" not in path.read_text():
        if time.monotonic() > end:
            raise RuntimeError("strace wrote no summary: is it allowed to trace here?")
        time.sleep(0.05)
    lines = (line.split() for line in path.read_text().splitlines())
    return collections.Counter({words[-1]: int(words[3]) for words in lines
                                if len(words) >= 5 and words[3].isdigit() and words[-1] != "total"})


def callgrind(directory):
    path = pathlib.Path(directory) / "callgrind.out"
    return ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={path}"], path, read_callgrind


def strace(directory):
    path = pathlib.Path(directory) / "strace.out"
    # -D: the process that is started is sessiongate, and gets the signal that ends it.
    return ["strace", "-D", "-f", "-c", "-o", str(path)], path, read_strace


def count_per_query(tool, build, clients, recoverable):
    """{function or system call: count for one query}"""
    counted = []
    for queries in (FEW, MANY):
        with tempfile.TemporaryDirectory(prefix="sessiongate-counts-") as directory:
            wrapper, path, read = tool(directory)
            count_under(wrapper, build, clients, queries, with_credentials(directory) if recoverable else [])
            counted.append(read(path))
    few, many = counted
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}


def count_case(build, *case):
    functions = count_per_query(callgrind, build, *case)
    calls = {name: round(count, 2) for name, count in sorted(count_per_query(strace, build, *case).items())
             if abs(count) >= 0.01}
    return {"instructions": round(sum(functions.values())), "syscalls": round(sum(calls.values()), 2),
            "each": calls}, functions


def complaints(name, found, expected):
    instructions_max = expected["instructions"] * INSTRUCTIONS_MARGIN
    if found["instructions"] > instructions_max:
        yield f"{name}: {found['instructions']} instructions, more than {instructions_max:.0f}"
    syscalls_max = expected["syscalls"] + SYSCALLS_MARGIN
    if found["syscalls"] > syscalls_max:
        yield f"{name}: {found['syscalls']} system calls, more than {syscalls_max:.2f}"


def show(name, found, expected):
    before = expected.get(name, {"instructions": "none", "syscalls": "none"})
    each = ", ".join(f"{call} {count:.2f}" for call, count in found["each"].items())
    print(f"{name}: {found['instructions']} instructions (expected {before['instructions']}), "
          f"{found['syscalls']:.2f} system calls (expected {before['syscalls']}): {each}", flush=True)


def show_profile(name, functions):
    print(f"\n{name}, instructions of each function's own:\n\n| per query | function |\n|--:|---|")
    for function, count in sorted(functions.items(), key=lambda item: -item[1])[:25]:
        print(f"| {count:.0f} | `{function}` |")
    print()


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=root / "build/release",
                        help="build directory with sessiongate and bench_programs (default build/release)")
    parser.add_argument("--update", action="store_true", help="write what was counted to expected_counts.json")
    parser.add_argument("--profile", action="store_true", help="show the functions with the most instructions")
    arguments = parser.parse_args()
    for program in ("valgrind", "strace"):
        servers.find_program(program)
    # All on one processor: each process then runs until it waits, and with 16 clients the proxy finds about as many
    # queries at once each time. On several it is chance, up to 0.5 system calls for each query.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    found, wrong = {}, []
    for name, case in CASES.items():
        found[name], functions = count_case(arguments.build, *case)
        show(name, found[name], expected)
        if arguments.profile:
            show_profile(name, functions)
        if name in expected:
            wrong += complaints(name, found[name], expected[name])
        else:
            wrong.append(f"{name}: expected_counts.json has no numbers for it")
    if arguments.update:
        EXPECTED.write_text(json.dumps(found, indent=2) + "\n")
        return
    for complaint in wrong:
        print(f"TOO MUCH {complaint}")
    if wrong:
        sys.exit("If that is meant, and worth it: test/bench/count_guard.py --update")


if __name__ == "__main__":
    main()
