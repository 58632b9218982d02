"""The rows that compare with HAProxy as an SVG: one bar for each proxy, HAProxy is 1, a mark where the target is."""

from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP = 940, 400, 60, 64
BAR, GAP = 12, 14
COLOURS = {"sessiongate": "#1f77b4", "floor": "#9aa5b1", "other": "#e08b3e"}


def _bars(row):
    bars = {"sessiongate": row.ratio}
    if row.floor_ratio is not None:
        bars["floor"] = row.floor_ratio
    return bars


def draw(rows, machine):
    # Costs only, so that a shorter bar is always the better one.
    shown = [row for row in rows if row.base == "HAProxy" and row.ratio is not None and not row.unit.endswith("/s")]
    top_ratio = max([1.5] + [min(ratio, 3.0) for row in shown for ratio in _bars(row).values()])
    scale = (WIDTH - LEFT - RIGHT) / top_ratio
    body, y = [], TOP
    for row in shown:
        bars = _bars(row)
        middle = y + BAR * len(bars) / 2 + 4
        body.append(f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(row.title)} '
                    f'<tspan fill="#777">{escape(row.unit)}</tspan></text>')
        for name, ratio in bars.items():
            length = max(0.0, min(ratio, top_ratio)) * scale
            body.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{COLOURS[name]}"/>')
            body.append(f'<text x="{LEFT + length + 4:.1f}" y="{y + BAR - 3}" font-size="10">{ratio:.2f}</text>')
            y += BAR
        if row.target is not None:
            x = LEFT + row.target * scale
            body.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - BAR * len(bars) - 3}" y2="{y + 1}" '
                        'stroke="#c0392b" stroke-width="2"/>')
        y += GAP
    height = y + 30
    one = LEFT + scale
    names = [name for name in ("sessiongate", "floor") if any(name in _bars(row) for row in shown)]
    legend = "".join(f'<rect x="{LEFT + 130 * at}" y="34" width="10" height="10" fill="{COLOURS[name]}"/>'
                     f'<text x="{LEFT + 130 * at + 15}" y="43">{name}</text>' for at, name in enumerate(names))
    legend += (f'<line x1="{LEFT + 265}" x2="{LEFT + 265}" y1="33" y2="45" stroke="#c0392b" stroke-width="2"/>'
               f'<text x="{LEFT + 272}" y="43">target</text>')
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        '<text x="12" y="20" font-size="15" font-weight="bold">Cost of sessiongate beside HAProxy (HAProxy = 1, shorter '
        'is better)</text>',
        legend,
        f'<line x1="{one:.1f}" x2="{one:.1f}" y1="{TOP - 8}" y2="{height - 26}" stroke="#444" '
        'stroke-dasharray="4 3"/>',
        *body,
        f'<text x="12" y="{height - 8}" fill="#777">{escape(machine["processor"])}, {machine["cores"]} cores, Linux '
        f'{escape(machine["kernel"])}; {escape(machine["haproxy"])}</text>',
        "</svg>", ""])
