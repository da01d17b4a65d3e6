"""What each tool found, in one shape, and whether two of them agree."""

import csv
import json
import os
import subprocess

BOUGHT = "purchase"
QUICK = "map,funnel,paths,time,attribute"


def touchpath(binary, journey, folder):
    """Everything that is compared, from the files that touchpath writes; not timed."""
    facts = quick(ask(binary, folder, "report", journey, "--only", QUICK + ",overview"))
    check = ask(binary, folder, "check", journey)["check"]
    facts["rows"] = row_of(check["rows"], "measure", "rows used")["value"]
    curve = ask(binary, folder, "time", journey, "--all")["time"]["curve"]["rows"]
    facts["event_times"] = sum(1 for row in curve if row["purchases"] > 0)
    # Null paths as the peers have them: what follows a conversion is a journey of its own.
    anew = ask(binary, folder, "attribute", journey, "--set", "journey.after_conversion=new")
    facts["markov_touched"] = {
        row["channel"]: row["markov"]
        for row in anew["attribute"]["channels"]["rows"]
        if not row["channel"].startswith("(")
    }
    path = os.path.join(folder, "paths.csv")
    subprocess.run([binary, "paths", journey, "--top", "0", "-q", "-o", path], check=True)
    facts |= variants(path)
    os.remove(path)
    return facts


def ask(binary, folder, *arguments):
    """Runs touchpath; the tables of each report."""
    path = os.path.join(folder, "answer.json")
    subprocess.run([binary, *arguments, "-q", "-o", path], check=True)
    found = read(path)
    os.remove(path)
    return found


def read(path):
    """The tables of each report of a JSON file of touchpath."""
    with open(path, encoding="utf-8") as file:
        answer = json.load(file)
    return {it["report"]: it["tables"] for it in answer.get("reports", [answer])}


def quick(found):
    """The facts that the answer to W-all holds."""
    facts = {
        "edges": edges(found["map"]),
        "funnel": [row["customers"] for row in found["funnel"]["funnel"]["rows"]],
        "survival": [1 - row["bought"] for row in found["time"]["horizons"]["rows"]],
        **credit(found["attribute"]),
    }
    inner = [it for it in facts["edges"].values() if len(it) > 2]
    facts["gaps"] = sum(n * mean for n, _, mean, *_ in inner)
    facts["persons"] = sum(row["starts"] for row in found["map"]["stages"]["rows"])
    if "overview" in found:
        rows = found["overview"]["overview"]
        facts["revenue"] = float(row_of(rows, "measure", "value")["value"])
        facts["sessions"] = row_of(rows, "measure", "sessions")["value"]
    return facts


def row_of(table, key, name):
    return next(row for row in table["rows"] if row[key] == name)


def edges(found):
    """Transitions with starts and ends: [count, persons, mean, median, p90 in ms]."""
    facts = {}
    for row in found["transitions"]["rows"]:
        waits = [row[key] * 1000 for key in ("wait_mean", "wait_median", "wait_p90")]
        facts[f"{row['from']} > {row['to']}"] = [row["moves"], row["customers"], *waits]
    for row in found["stages"]["rows"]:
        # One journey a person, so each start and each end is a person's.
        ends = {"CONVERSION": row["completed"], "DROPOFF": row["exits"]}
        names = {f"{row['stage']} > {end}": n for end, n in ends.items()}
        names[f"START > {row['stage']}"] = row["starts"]
        facts |= {name: [n, n] for name, n in names.items() if n}
    return facts


def credit(found):
    """Credit under linear and time decay: [orders, value, orders, value]."""
    facts, touches, orders = {}, 0, 0
    for row in found["channels"]["rows"]:
        touches += row["eligible_touches"]
    for model in ("linear", "time_decay"):
        orders = row_of(found["models"], "model", model)["conversions"]
        for row in found["credit"]["rows"]:
            if row["model"] == model and not row["channel"].startswith("("):
                own = facts.setdefault(row["channel"], [])
                own += [row["conversions"], row["value_unrounded"] / 100]
    return {"credit": facts, "own": {}, "touches": [None, touches, orders]}


def variants(path):
    """Paths up to the first purchase, from the whole paths that touchpath counts."""
    counts = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            stages = row["path"].split(" > ")
            if BOUGHT in stages:
                stages = stages[: stages.index(BOUGHT)]
            count = counts.setdefault(" > ".join(stages), [0, 0])
            count[0] += int(row["journeys"])
            count[1] += int(row["converted"])
    top = sorted(((name, n, c) for name, (n, c) in counts.items()), key=lambda it: (-it[1], it[0]))
    return {"variants": len(counts), "top": [list(it) for it in top[:20]]}


def near(a, b, tolerance, relative=0.0):
    return abs(a - b) <= tolerance + relative * max(abs(a), abs(b))


def compare(ours, peer):
    """Lines of (what, how exact, agrees or None if one does not tell it, ours, the peer's)."""
    lines = []

    def line(what, how, keys, judge, show=lambda facts: ""):
        if any(key not in ours or key not in peer for key in keys):
            lines.append((what, how, None, "", ""))
            return
        lines.append((what, how, bool(judge()), show(ours), show(peer)))

    def value(what, key, tolerance=None):
        how = "equal" if tolerance is None else f"to {tolerance}"
        agrees = lambda: near(ours[key], peer[key], tolerance or 0)
        places = "," if tolerance is None else ",.2f"
        line(what, how, [key], agrees, lambda facts: f"{facts[key]:{places}}")

    value("rows", "rows")
    value("revenue", "revenue", 0.01)
    value("persons", "persons")
    value("sessions", "sessions")
    total = lambda facts, at: sum(it[at] for it in facts["edges"].values() if len(it) > at)
    # touchpath tells means in whole microseconds, so the sum may be off by one a move.
    rounding = 0.001 * total(ours, 0) if "edges" in ours else 0
    agrees = lambda: near(ours["gaps"], peer["gaps"], rounding)
    line("sum of gaps, ms", "to 1 µs a move", ["gaps"], agrees, lambda it: f"{it['gaps']:,.0f}")
    edge_lines(line, ours, peer, total)
    line("funnel, 5 steps", "equal", ["funnel"], lambda: ours["funnel"] == peer["funnel"],
         lambda facts: " ".join(f"{n:,}" for n in facts["funnel"]))
    value("path variants", "variants")
    line("top 20 paths: path, persons, conversions", "equal", ["top"],
         lambda: ours["top"] == peer["top"],
         lambda facts: f"{sum(it[1] for it in facts['top']):,} persons, "
         f"{sum(it[2] for it in facts['top']):,} conversions")
    credit_lines(line, ours, peer)
    line("Kaplan-Meier at 1, 7, 30, 60 days", "to 1e-8", ["survival"],
         lambda: all(near(a, b, 1e-8) for a, b in zip(ours["survival"], peer["survival"])),
         lambda facts: " ".join(f"{it:.9f}" for it in facts["survival"]))
    value("times with a first purchase", "event_times")
    return lines


def edge_lines(line, ours, peer, total):
    same = lambda: ours["edges"].keys() == peer["edges"].keys()
    line("edges with starts and ends", "equal", ["edges"], same,
         lambda facts: f"{len(facts['edges'])}")
    names = ["counts", "persons", "means", "medians", "p90s"]
    for at, name in enumerate(names):
        # Counts are whole; means are rounded to a microsecond, quantiles are sums of floats.
        tolerance = (0, 0, 0.001, 0.001, 0.001)[at]
        pairs = lambda: zip(ours["edges"].values(), (peer["edges"][k] for k in ours["edges"]))
        each = lambda: same() and all(
            near(a[at], b[at], tolerance, 1e-10 if at > 1 else 0)
            for a, b in pairs() if len(a) > at
        )
        how = "each equal" if at < 2 else "each to 1 µs"
        line(f"{name} of edges, summed", how, ["edges"], each,
             lambda facts: f"{total(facts, at):,.{0 if at < 2 else 1}f}")


def credit_lines(line, ours, peer):
    # A purchase without a touch: the peers credit its own channel, touchpath nobody.
    added = peer.get("own", {}) if not ours.get("own") else {}
    alone = sum(n for n, _ in added.values())

    def touches(facts):
        return facts["touches"][1] + (alone if facts is ours else 0)

    line("touches of conversions", "equal", ["touches", "own"],
         lambda: touches(ours) == touches(peer) and ours["touches"][2] == peer["touches"][2],
         lambda facts: f"{touches(facts):,} of {facts['touches'][2]:,} orders")

    def whole(facts, channel, at):
        more = added.get(channel, [0, 0])[at % 2] if facts is ours else 0
        return facts["credit"][channel][at] + more

    for at, name in enumerate(["linear, orders", "linear, value", "decay, orders", "decay, value"]):
        line(f"credit of each channel: {name}", "to 0.01", ["credit", "own"],
             lambda: ours["credit"].keys() == peer["credit"].keys() and all(
                 near(whole(ours, it, at), whole(peer, it, at), 0.01) for it in ours["credit"]),
             lambda facts: f"{sum(whole(facts, it, at) for it in facts['credit']):,.2f}")
    for key, what in (("markov_touched", "orders with a touch"), ("markov", "all orders")):
        line(f"credit of each channel: Markov, {what}", "to 0.001", [key],
             lambda: ours[key].keys() == peer[key].keys() and all(
                 near(ours[key][it], peer[key][it], 0.001) for it in ours[key]),
             lambda facts: f"{sum(facts[key].values()):,.3f}")
