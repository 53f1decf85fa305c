"""Draws bar charts as SVG, on white so that they look the same beside light and dark pages."""

from xml.sax.saxutils import escape

from .scenarios import BY_NAME

WIDTH, LEFT, RIGHT, TOP, ROW, BAR, BOTTOM = 760, 130, 90, 70, 30, 18, 34
OURS, OTHERS, LIMIT = "#0b6e99", "#a7adb5", "#5f6670"
TEXT, FAINT, BACKGROUND, TARGET = "#1f2328", "#59636e", "#ffffff", "#b35900"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
STEPS = (1, 2, 2.5, 5, 10)


def chart(title, unit, bars, ours="switchyard", target=None):
    """Returns an SVG with a bar for each pair of a name and a value, and a line at `target`, if any."""
    bars = [(name, value) for name, value in bars if value is not None]
    if not bars:
        return None
    height = TOP + ROW * len(bars) + BOTTOM
    step = _step(max([value for _, value in bars] + [target or 0]))
    highest = step * -(-max([value for _, value in bars] + [target or 0]) // step)
    scale = (WIDTH - LEFT - RIGHT) / highest
    parts = [_text(20, 28, title, 16, TEXT, weight=600), _text(20, 48, unit, 12, FAINT)]
    parts += _grid(step, highest, scale, height)
    for index, (name, value) in enumerate(bars):
        y = TOP + index * ROW
        colour = OURS if name == ours else LIMIT if name == "limit" else OTHERS
        weight = 600 if name == ours else 400
        parts.append(_text(LEFT - 10, y + 14, name, 13, TEXT, "end", weight))
        size = f'width="{value * scale:.1f}" height="{BAR}"'
        parts.append(f'<rect x="{LEFT}" y="{y}" {size} rx="2" fill="{colour}"/>')
        parts.append(_text(LEFT + value * scale + 6, y + 14, _number(value), 13, TEXT, weight=weight))
    if target:
        parts += _target(LEFT + target * scale, target, height)
    label = f"{title}, {unit}: " + ", ".join(f"{name} {_number(value)}" for name, value in bars)
    size = f'width="{WIDTH}" height="{height}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size} role="img"',
        f'  font-family="{FONT}">',
        f"<title>{escape(label)}</title>",
        f'<rect {size} rx="6" fill="{BACKGROUND}"/>',
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def charts(results):
    """Yields pairs of a name for the file and an SVG, for what the results hold."""
    servers = list(dict.fromkeys(server for server, _ in results.loads))
    unit = "CPU time per query as a multiple of the limit; less is better"
    for name, title, target in (
        ("hit", "UDP hit, 1,000 names", 1.10),
        ("hit100k", "UDP hit, 100,000 names", 1.20),
        ("miss", "Miss", 2.6),
        ("tcp", "TCP hit, 16 connections", 1.25),
        ("mix", "90 % hits, 10 % misses, 1,000 sockets", None),
    ):
        pairs = [(server, results.ratio(server, name)) for server in servers if server != "limit"]
        if any(ratio for _, ratio in pairs):
            pairs.append(("limit", BY_NAME[name].echoes))
        yield name, chart(title, unit, _sorted(pairs), target=target)
    pairs = [(server, f.p99 / 1000) for server in results.latency if (f := results.latency_of(server))]
    title = "p99 of the latency of hits at half of the saturation load"
    yield "latency", chart(title, "milliseconds; less is better", _sorted(pairs), target=1)
    many = {server: results.figures(server, "hit100k") for server in servers if server != "limit"}
    pairs = [(server, figures.resident_bytes / 1e6) for server, figures in many.items() if figures]
    title = "Resident memory with 100,000 cached A answers"
    yield "memory", chart(title, "MB; less is better", _sorted(pairs))
    pairs = [(s.server, s.median_milliseconds) for s in results.starts if s.clusters == 1 and s.milliseconds]
    yield "start", chart("Start to first answer", "milliseconds; less is better", _sorted(pairs), target=30)


def _sorted(pairs):
    return sorted((pair for pair in pairs if pair[1] is not None), key=lambda pair: pair[1])


def _grid(step, highest, scale, height):
    for index in range(int(highest / step + 0.5) + 1):
        x, value = LEFT + index * step * scale, index * step
        yield f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - BOTTOM}" stroke="#e3e6ea"/>'
        yield _text(x, height - BOTTOM + 18, f"{value:g}", 11, FAINT, "middle")


def _target(x, target, height):
    yield (
        f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - BOTTOM}" stroke="{TARGET}" '
        'stroke-width="1.5" stroke-dasharray="5 4"/>'
    )
    yield _text(x, TOP - 12, f"target {target:g}", 11, TARGET, "middle")


def _text(x, y, text, size, colour, anchor="start", weight=400):
    attributes = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _step(highest):
    """Returns the distance of grid lines, so that there are four to eight."""
    size = 1e-6
    while True:
        for factor in STEPS:
            if highest / (size * factor) <= 6:
                return size * factor
        size *= 10
