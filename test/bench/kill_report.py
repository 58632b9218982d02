"""The tables of kill_latency.py."""

import re
import statistics

HAPROXY = "HAProxy, the client's socket is closed"
MEASURES = ("answered", "lock", "gone")
HEAD = ["statement", "ended by", "answered, ms", "lock free, ms", "thread gone, ms"]


def summarize(results, statements, bound):
    """One row for each statement and route, HAProxy's the last of each statement."""
    rows = []
    for (route, kind), rounds in results.items():
        row = {"route": route, "statement": kind, "rounds": len(rounds), "bound": bound}
        for name in MEASURES:
            values = [each[name] for each in rounds if each[name] is not None]
            row[name] = {"median": statistics.median(values), "worst": max(values)} if values else None
        rows.append(row)
    return sorted(rows, key=lambda row: (statements.index(row["statement"]), row["route"] == HAPROXY))


def cells(row):
    def one(value):
        return f"> {value:,.0f}" if value >= row["bound"] * 1000 else f"{value:,.1f}"

    def both(found):
        return "–" if found is None else f"{one(found['median'])} / {one(found['worst'])}"

    return [row["statement"], row["route"], *(both(row[name]) for name in MEASURES)]


def as_text(rows):
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def as_markdown(rows, notes):
    lines = [HEAD, ["---", "---", "--:", "--:", "--:"], *map(cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def make_notes(rows, machine):
    rounds = {row["route"] == HAPROXY: row["rounds"] for row in rows}
    haproxy = f", for HAProxy of {rounds[True]}, which were watched for {rows[0]['bound']:.0f} s" if True in rounds else ""
    versions = "; ".join(f"{name} {re.search(r'[0-9]+[.][0-9.]+[0-9]', machine[key]).group()}" for name, key in
                         (("MariaDB", "mariadb"), ("HAProxy", "haproxy"), ("sessiongate", "sessiongate")))
    return [f"Median / worst of {rounds.get(False, 0)} rounds{haproxy}.",
            f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}; {versions}."]
