"""Rounds into rows: medians, ratios within each round, and the targets that the project has set itself."""

import dataclasses
import statistics
import typing

TLS_FLAGS = " --client-tls-cert auto"
STRANGERS_LIMIT = 0.2  # of a core; above it a measurement says little


@dataclasses.dataclass
class Row:
    title: str
    unit: str
    values: dict                            # column -> median
    ratio: typing.Optional[float] = None    # of sessiongate to what `base` says, the median of the rounds' ratios
    base: str = ""
    target: typing.Optional[float] = None   # for the ratio, else for the value
    at_least: bool = False                  # the target is a lower limit
    floor_ratio: typing.Optional[float] = None
    comment: str = ""

    def met(self):
        if self.target is None:
            return None
        value = self.ratio if self.base else self.values.get("sessiongate")
        if value is None:
            return None
        return value >= self.target if self.at_least else value <= self.target


def one_line(result):
    shown = ("cpu_us", "per_s", "avg_us", "p99_us", "mb_per_s", "kb", "throughput_ratio", "round_ms", "quiet_round_ms",
             "worst_ms", "quiet_worst_ms", "listing_ms")
    words = [f"{key} {result[key]:.2f}" for key in shown if key in result]
    if result.get("strangers", 0) > STRANGERS_LIMIT:
        words.append(f"(other processes took {result['strangers']:.0%} of a core)")
    return ", ".join(words)


def _median(rounds, metric):
    values = [each[metric] for each in rounds if metric in each]
    return statistics.median(values) if values else None


def _ratio(above, below, metric, minus=None):
    """The median of the rounds' ratios; `minus` is taken from both first, for what a proxy adds."""
    ratios = []
    for index, (one, other) in enumerate(zip(above, below)):
        base = minus[index][metric] if minus else 0
        if other[metric] - base > 0:
            ratios.append((one[metric] - base) / (other[metric] - base))
    return statistics.median(ratios) if ratios else None


def _compared(raw, titles, proxies, key, metric, unit, target):
    results = raw[key]
    columns = [name for name in ("direct", *proxies) if name in results]
    values = {name: _median(results[name], metric) for name in columns}
    row = Row(titles[key], unit, {name: value for name, value in values.items() if value is not None}, target=target,
              base="HAProxy")
    row.ratio = _ratio(results["sessiongate"], results["HAProxy"], metric)
    if "floor" in results:
        row.floor_ratio = _ratio(results["floor"], results["HAProxy"], metric)
    return row


def _added_latency(raw, proxies, metric, name, target, flags=""):
    results = raw["text-1"]
    direct = results["direct"]
    spins = {"sessiongate", "other"} if flags else set()
    found = {column: results[column + (flags if column in spins else "")] for column in proxies}
    values = {column: statistics.median(one[metric] - base[metric] for one, base in zip(rounds, direct))
              for column, rounds in found.items()}
    return Row(f"latency added at 1 client, {name}{', ' + flags.strip() if flags else ''}", "µs", values,
               ratio=_ratio(found["sessiongate"], found["HAProxy"], metric, direct), base="HAProxy", target=target,
               floor_ratio=None if flags else _ratio(found["floor"], found["HAProxy"], metric, direct))


def _workers(raw, proxies):
    results = raw["workers"]
    values = {name: _median(results[f"{name} --workers 2"], "cpu_us") for name in proxies
              if f"{name} --workers 2" in results}
    ratio = _ratio(results["sessiongate --workers 2"], results["sessiongate --workers 1"], "cpu_us")
    haproxy = _ratio(results["HAProxy --workers 2"], results["HAProxy --workers 1"], "cpu_us")
    return Row("text query, 64 clients, 2 workers", "CPU µs/query", values, ratio, "1 worker", 1.05,
               comment=f"HAProxy with 2 threads takes {haproxy:.2f} of what it takes with 1")


def _with_tls(results, proxies):
    return {name: results.get(name + (" --tls" if name == "HAProxy" else TLS_FLAGS)) for name in proxies}


def _idle_tls(raw, proxies):
    """What the client's TLS adds to an idle session."""
    results = raw["idle"]
    values = {name: rounds[0]["kb"] - results[name][0]["kb"]
              for name, rounds in _with_tls(results, proxies).items() if rounds}
    return Row("memory that TLS with the client adds to an idle session", "kB", values, target=24.0)


def _tls(raw, proxies):
    results = raw["tls-64"]
    found = _with_tls(results, proxies)
    values = {name: _median(rounds, "cpu_us") for name, rounds in found.items() if rounds}
    ratio = _ratio(found["sessiongate"], results["sessiongate"], "cpu_us")
    haproxy = _ratio(found["HAProxy"], results["HAProxy"], "cpu_us")
    return Row("text query, 64 clients, TLS on the client's side", "CPU µs/query", values, ratio, "plain", 1.6,
               comment=f"HAProxy's TLS takes {haproxy:.2f} of its plain path")


def _listing(raw, titles):
    results = raw["listing"]
    rounds = results["sessiongate"]
    comment = (f"without listings {_median(rounds, 'quiet_round_ms'):.1f} ms; another session's worst latency was "
               f"{_median(rounds, 'worst_ms'):.1f} ms, without listings {_median(rounds, 'quiet_worst_ms'):.1f} ms, "
               f"and in the median listing {_median(rounds, 'typical_worst_ms'):.1f} ms; a listing takes "
               f"{_median(rounds, 'listing_ms'):.1f} ms")
    return Row(f"{titles['listing']}: the worker's longest round", "ms",
               {name: _median(one, "round_ms") for name, one in results.items()}, target=2.0, comment=comment)


def make_rows(raw, titles, proxies):
    rows = []

    def compare(key, metric, unit, target):
        if key in raw:
            rows.append(_compared(raw, titles, proxies, key, metric, unit, target))

    for key in ("text-1", "text-64", "text-256", "prepared-64"):
        compare(key, "cpu_us", "CPU µs/query", 1.0)
    if "text-1" in raw:
        rows.append(_added_latency(raw, proxies, "avg_us", "average", 1.0))
        rows.append(_added_latency(raw, proxies, "p99_us", "99th percentile", 1.0))
        rows.append(_added_latency(raw, proxies, "avg_us", "average", 0.3, " --spin 50"))
        rows.append(_added_latency(raw, proxies, "p99_us", "99th percentile", 0.3, " --spin 50"))
    if "tls-64" in raw:
        rows.append(_tls(raw, proxies))
    for key in ("result-4096", "result-100"):
        compare(key, "cpu_us", "CPU µs/MB", 0.8)
    compare("connect", "cpu_us", "CPU µs/connection", 1.3)
    compare("idle", "kb", "kB", 1.0)
    if "idle" in raw:
        rows.append(_idle_tls(raw, proxies))
    if "workers" in raw:
        rows.append(_workers(raw, proxies))
    if "many" in raw:
        rows.append(Row(titles["many"], "throughput, ratio to the 64 alone",
                        {name: _median(one, "throughput_ratio") for name, one in raw["many"].items()},
                        target=0.95, at_least=True))
    if "listing" in raw:
        rows.append(_listing(raw, titles))
    compare("sysbench", "cpu_us", "CPU µs/query", None)
    compare("sysbench", "per_s", "queries/s", None)
    compare("text-1", "avg_us", "latency, average µs", None)
    compare("text-64", "per_s", "queries/s", None)
    compare("result-4096", "mb_per_s", "MB/s", None)
    compare("connect", "per_s", "connections/s", None)
    return rows


def make_notes(raw, machine, arguments, took):
    measured = [each for targets in raw.values() for rounds in targets.values() for each in rounds]
    disturbed = sum(each.get("strangers", 0) > STRANGERS_LIMIT for each in measured)
    notes = [f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}; {machine['haproxy']}; "
             f"{machine['sessiongate']}",
             f"{arguments.rounds} interleaved rounds of {arguments.seconds:g} s; medians; the run took "
             f"{took / 60:.0f} minutes"]
    if disturbed:
        notes.append(f"In {disturbed} of {len(measured)} measurements other processes took more than "
                     f"{STRANGERS_LIMIT:.0%} of a core: repeat on a quiet machine")
    return notes


def _number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _target(row):
    if row.target is None:
        return ""
    sign = "≥" if row.at_least else "≤"
    return f"{sign} {row.target:g}{' ' + row.unit if not row.base and row.unit in ('ms', 'kB') else ''}"


def _cells(row, columns):
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}" + ("" if row.base == "HAProxy" else f" (to {row.base})")
    met = {None: "", True: "yes", False: "no"}[row.met()]
    return [row.title, row.unit, *(_number(row.values.get(column)) for column in columns), ratio, _target(row), met]


def _table(rows, proxies):
    columns = ["direct", *proxies]
    heads = ["work", "unit", *columns, "to HAProxy", "target", "met"]
    return heads, [_cells(row, columns) for row in rows]


def as_text(rows, proxies, notes):
    heads, body = _table(rows, proxies)
    widths = [max(len(line[at]) for line in [heads, *body]) for at in range(len(heads))]

    def align(line):
        return "  ".join(cell.ljust(width) if at < 2 else cell.rjust(width)
                         for at, (cell, width) in enumerate(zip(line, widths))).rstrip()

    comments = [f"{row.title}: {row.comment}" for row in rows if row.comment]
    return "\n".join([align(heads), "  ".join("-" * width for width in widths), *map(align, body), "", *comments,
                      *notes])


def as_markdown(rows, proxies, notes):
    heads, body = _table(rows, proxies)
    lines = ["| " + " | ".join(heads) + " |", "|---|---|" + "--:|" * (len(heads) - 2)]
    lines += ["| " + " | ".join(cells) + " |" for cells in body]
    comments = [f"- {row.title}: {row.comment}." for row in rows if row.comment]
    return "\n".join([*lines, "", *comments, *(f"- {note}." for note in notes)]) + "\n"
