"""The measured times as a Markdown table and as bars in an SVG."""

from html import escape

INK, SOFT, OURS, THEIRS = "#1f2328", "#59636e", "#0b7285", "#adb5bd"


def size(bytes_):
    return f"{bytes_ / 1e9:.2f} GB" if bytes_ >= 1e9 else f"{bytes_ / 1e6:.0f} MB"


def seconds(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(results):
    """One row a format, work and tool."""
    lines = [
        "| data | work | tool | wall, s: median (min-max) | CPU, s | peak memory | times touchpath's wall: median (min-max) |",
        "| --- | --- | --- | --: | --: | --: | --: |",
    ]
    for it in results:
        ratio = "1"
        if it["ratios"]:
            low, middle, high = it["ratios"]
            ratio = f"**{middle:.1f}** ({low:.1f}-{high:.1f})"
        if it["tool"] == "touchpath":
            ratio = "1"
        low, middle, high = it["wall"]
        lines.append(
            f"| {it['data']} | {it['work']} | {it['tool']} "
            f"| {seconds(middle)} ({seconds(low)}-{seconds(high)}) | {seconds(it['cpu'])} "
            f"| {size(it['peak'])} | {ratio} |"
        )
    return "\n".join(lines)


def chart(results, work, title):
    """Bars of wall time, a group a format; the longest bar of the chart is full width."""
    rows = [it for it in results if it["work"] == work]
    groups = list(dict.fromkeys(it["data"] for it in rows))
    longest = max(it["wall"][1] for it in rows)
    left, width, bar, space, head = 200, 420, 18, 8, 64
    parts, y = [], head
    for group in groups:
        parts.append(text(16, y + 12, group, INK, weight="bold"))
        y += 22
        for it in (it for it in rows if it["data"] == group):
            ours = it["tool"].startswith("touchpath")
            wall = it["wall"][1]
            length = max(2.0, wall / longest * width)
            parts.append(text(left - 8, y + 13, it["tool"], INK, anchor="end"))
            parts.append(
                f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar}" rx="2" '
                f'fill="{OURS if ours else THEIRS}"/>'
            )
            label = f"{seconds(wall)} s"
            if it["ratios"] and not ours:
                label += f" · {it['ratios'][1]:.1f}×"
            label += f" · {size(it['peak'])}"
            parts.append(text(left + length + 8, y + 13, label, INK if ours else SOFT))
            y += bar + space
        y += 10
    total = left + width + 190
    top = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {y + 6}" '
        f'width="{total}" height="{y + 6}" font-family="system-ui, sans-serif" font-size="13" '
        f'role="img" aria-label="{escape(title, quote=True)}">',
        f'<rect width="{total}" height="{y + 6}" fill="#ffffff"/>',
        text(16, 26, title, INK, weight="bold", points=15),
        text(16, 46, "Wall time (median), times touchpath's (paired within rounds), peak memory. "
             "Shorter is better.", SOFT, points=12),
    ]
    return "\n".join([*top, *parts, "</svg>", ""])


def text(x, y, words, color, anchor="start", weight="normal", points=13):
    return (
        f'<text x="{x:.1f}" y="{y}" fill="{color}" text-anchor="{anchor}" '
        f'font-weight="{weight}" font-size="{points}">{escape(words)}</text>'
    )
