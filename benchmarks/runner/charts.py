"""Draws bar charts as SVG, on white so that they look the same beside light and dark pages."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from .scenarios import BY_NAME

WIDTH, LEFT, RIGHT, TOP, ROW, BAR, BOTTOM = 760, 130, 70, 88, 30, 18, 34
OURS, OTHERS, LIMIT, SPREAD = "#0b6e99", "#a7adb5", "#5f6670", "#1f2328"
TEXT, FAINT, BACKGROUND, TARGET = "#1f2328", "#59636e", "#ffffff", "#b35900"
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
STEPS = (1, 2, 2.5, 5, 10)


@dataclass
class Bar:
    """A server's value, with the lowest and the highest of its rounds where there were several."""

    name: str
    value: float
    lowest: float = 0
    highest: float = 0

    @property
    def end(self):
        """The highest value that has to be drawn."""
        return max(self.value, self.highest)


def chart(title, unit, bars, ours="switchyard", target=None):
    """Returns an SVG with the bars, the smallest first, and a line at `target`, if any; None without bars."""
    bars = sorted(bars, key=lambda bar: bar.value)
    if not bars:
        return None
    height = TOP + ROW * len(bars) + BOTTOM
    highest = max([bar.end for bar in bars] + [target or 0])
    step = _step(highest)
    scale = (WIDTH - LEFT - RIGHT) / highest
    parts = [_text(20, 28, title, 16, TEXT, weight=600), _text(20, 48, unit, 12, FAINT)]
    parts += _grid(step, highest, scale, height)
    for index, bar in enumerate(bars):
        parts += _bar(bar, TOP + index * ROW, scale, bar.name == ours)
    parts += _target(LEFT + target * scale, target, height) if target else []
    # Texts come last: nothing crosses them.
    for index, bar in enumerate(bars):
        x, y, weight = LEFT + bar.end * scale + 6, TOP + index * ROW + 14, 600 if bar.name == ours else 400
        parts.append(_text(x, y, _number(bar.value), 13, TEXT, weight=weight))
    label = f"{title}, {unit}: " + ", ".join(f"{bar.name} {_number(bar.value)}" for bar in bars)
    size = f'width="{WIDTH}" height="{height}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {size} role="img"',
        f'  font-family="{FONT}">',
        f"<title>{escape(label)}</title>",
        f'<rect {size} rx="6" fill="{BACKGROUND}"/>',
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def charts(results):
    """Yields pairs of a name for the file and an SVG, or None where the results hold nothing for it."""
    servers = list(dict.fromkeys(server for server, _ in results.loads))
    for name, title, target in (
        ("hit", "UDP hit, 1,000 names", 1.10),
        ("hit100k", "UDP hit, 100,000 names in random order", 1.20),
        ("miss", "Miss", 2.6),
        ("tcp", "TCP hit, 16 connections", 1.25),
        ("mix", "90 % hits, 10 % misses, 1,000 sockets", None),
    ):
        unit = "CPU time per query as a multiple of the limit; line: lowest to highest round; less is better"
        yield name, chart(title, unit, _ratios(results, servers, name), target=target)
    found = {server: results.latency_of(server) for server in results.latency}
    bars = [Bar(s, f.p99 / 1e3, f.p99_lowest / 1e3, f.p99_highest / 1e3) for s, f in found.items() if f]
    title = "p99 of the latency of hits at half of the saturation load"
    yield "latency", chart(title, "milliseconds; line: lowest to highest round; less is better", bars, target=1)
    found = {server: results.figures(server, "hit100k") for server in servers if server != "limit"}
    bars = [Bar(server, figures.resident_bytes / 1e6) for server, figures in found.items() if figures]
    yield "memory", chart("Resident memory with 100,000 cached A answers", "MB; less is better", bars)
    starts = [start for start in results.starts if start.clusters == 1 and start.milliseconds]
    bars = [Bar(s.server, s.median_milliseconds, min(s.milliseconds), max(s.milliseconds)) for s in starts]
    unit = "milliseconds; line: fastest to slowest; less is better"
    yield "start", chart("Start to first answer", unit, bars, target=30)


def _ratios(results, servers, name):
    bars = []
    limit = results.figures("limit", BY_NAME[name].limit_name)
    for server in servers:
        figures = results.figures(server, name)
        if limit and figures and server != "limit":
            costs = (figures.microseconds, figures.lowest, figures.highest)
            bars.append(Bar(server, *(cost / limit.microseconds for cost in costs)))
    return [*bars, Bar("limit", BY_NAME[name].echoes)] if bars else []


def _bar(bar, y, scale, is_ours):
    colour = OURS if is_ours else LIMIT if bar.name == "limit" else OTHERS
    yield _text(LEFT - 10, y + 14, bar.name, 13, TEXT, "end", 600 if is_ours else 400)
    size = f'width="{bar.value * scale:.1f}" height="{BAR}"'
    yield f'<rect x="{LEFT}" y="{y}" {size} rx="2" fill="{colour}"/>'
    if bar.highest > bar.lowest:
        left, right, middle = LEFT + bar.lowest * scale, LEFT + bar.highest * scale, y + BAR / 2
        ends = f"M{left:.1f} {middle - 4}V{middle + 4}M{right:.1f} {middle - 4}V{middle + 4}"
        line = f'd="M{left:.1f} {middle}H{right:.1f}{ends}" fill="none"'
        yield f'<path {line} stroke="{BACKGROUND}" stroke-width="4"/>'
        yield f'<path {line} stroke="{SPREAD}"/>'


def _grid(step, highest, scale, height):
    for index in range(int(highest / step + 1e-9) + 1):
        x, value = LEFT + index * step * scale, index * step
        yield f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - BOTTOM}" stroke="#e3e6ea"/>'
        yield _text(x, height - BOTTOM + 18, f"{value:g}", 11, FAINT, "middle")


def _target(x, target, height):
    yield (
        f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - BOTTOM}" stroke="{TARGET}" '
        'stroke-width="1.5" stroke-dasharray="5 4"/>'
    )
    yield _text(x, TOP - 14, f"target {target:g}", 11, TARGET, "middle")


def _text(x, y, text, size, colour, anchor="start", weight=400):
    attributes = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    halo = f'paint-order="stroke" stroke="{BACKGROUND}" stroke-width="4" stroke-linejoin="round"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes} {halo}>{escape(text)}</text>'


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _step(highest):
    """Returns the distance of grid lines: one of STEPS times a power of ten, at most seven lines."""
    size = 1e-6
    while True:
        for factor in STEPS:
            if highest / (size * factor) <= 6:
                return size * factor
        size *= 10
