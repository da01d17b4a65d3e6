#!/usr/bin/env python3
"""Times touchpath and its peers in turn, and checks that their answers agree.

    python benches/peers/run.py --events 1000000
    python benches/peers/run.py --data FOLDER --events 10000000 --formats csv,parquet --works each

Needs Python 3.10 and, for the peers, NumPy, SciPy, Polars, DuckDB and chDB, as far as they are
installed; PyArrow to make data. Linux or macOS.
"""

import argparse
import fcntl
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import draw
import facts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = {"polars": ["polars", "scipy"], "duckdb": ["duckdb"], "chdb": ["chdb"]}
BYTES = {"csv": 95, "csv.gz": 18, "csv.zst": 20, "jsonl": 241, "parquet": 13}
WORKS = {
    "W-all": "map, funnel, paths, time and attribution in one run",
    "W1": "read",
    "W3": "read, stitch, map",
    "W4": "read, stitch, funnel",
    "W5": "read, stitch, paths",
    "W6": "read, stitch, attribution",
    "W7": "read, stitch, time to purchase",
    "report": "everything, as a folder with page, maps, tables and manifest",
}
OURS = {
    "W1": ["check"],
    "W3": ["map"],
    "W4": ["funnel"],
    "W5": ["paths"],
    "W6": ["attribute", "--set", "journey.after_conversion=new"],
    "W7": ["time"],
    "W-all": ["report", "--only", facts.QUICK],
    "report": ["report"],
}
START, END = "<!-- measured -->", "<!-- /measured -->"


def main():
    options = arguments()
    tools = installed(options)
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    results, agreements = [], []
    for form in options.formats:
        file = data(options, form)
        name = f"{label(options.events)} {form}"
        print(f"\n{name}: {file}, {draw.size(file.stat().st_size)}")
        with tempfile.TemporaryDirectory(prefix="touchpath-peers-") as scratch:
            bench = Bench(options, tools, file, Path(scratch))
            agreements.append((name, bench.agreement()))
            for work in options.works:
                results += bench.measure(name, work)
    write(options, folder, results, agreements)
    return 0 if all(it[2] is not False for _, all_ in agreements for it in lines_of(all_)) else 1


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--events", type=int, default=1_000_000, help="how many events")
    add("--formats", default="csv", help=f"of {', '.join(BYTES)}; or all")
    add("--works", default="W-all", help="W-all, report, W1, W3 to W7 by name; or each")
    add("--tools", default=",".join(PEERS), help="which peers to run; the others are left out")
    add("--rounds", type=int, default=5, help="how often each is run, in turn")
    add("--threads", type=int, default=os.cpu_count())
    add("--data", default=str(ROOT / "target" / "peers"), help="where the events are, or are made")
    add("--out", default=str(ROOT / "target" / "peers" / "out"), help="where results are written")
    add("--into", help="a Markdown file whose measured part is replaced; its chart lies beside it")
    add("--binary", help="the touchpath to time [default: builds target/release/touchpath]")
    add("--agreement", choices=["full", "quick", "none"], default="full",
        help="quick compares what touchpath's W-all alone tells: for 100M events")
    add("--memory", default="20GB", help="the most that a peer's database may use")
    add("--lock", help="a file to hold locked during each measurement, for shared machines")
    add("--yes", action="store_true", help="make large data without asking")
    options = parser.parse_args()
    all_ = {"all": ",".join(BYTES)}
    options.formats = all_.get(options.formats, options.formats).split(",")
    options.works = (list(WORKS) if options.works == "each" else options.works.split(","))
    for name in options.formats:
        if name not in BYTES:
            parser.error(f"there is no format {name}")
    for name in options.works:
        if name not in WORKS:
            parser.error(f"there is no work {name}")
    if not options.binary:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
        target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
        options.binary = str(Path(target) / "release" / "touchpath")
    return options


def installed(options):
    """The tools to run: touchpath, then the peers that are installed."""
    tools = ["touchpath"]
    for name in options.tools.split(","):
        missing = [it for it in PEERS.get(name, [name]) if not find_spec(it)]
        if name not in PEERS:
            print(f"{name}: left out, there is no such peer")
        elif missing:
            print(f"{name}: left out, not installed: {', '.join(missing)}")
        elif name:
            tools.append(name)
    return tools


def label(events):
    for unit, name in ((10**6, "M"), (10**3, "k")):
        if events % unit == 0:
            return f"{events // unit}{name}"
    return str(events)


def data(options, form):
    """The file of a format, made if it is not there."""
    stem = Path(options.data) / f"ev{label(options.events).lower()}"
    file = stem.with_name(f"{stem.name}.{form}")
    if file.exists():
        return file
    need = options.events * BYTES[form]
    free = shutil.disk_usage(nearest(stem.parent)).free
    print(f"{file} is not there: making it takes about {draw.size(need)} of {draw.size(free)} free")
    if need > free * 0.9:
        sys.exit("not enough room: name another folder with --data")
    if need > 3e9 and not options.yes:
        if not sys.stdin.isatty() or input("make it? [y/N] ").strip().lower() != "y":
            sys.exit("not made; --yes makes it without asking")
    stem.parent.mkdir(parents=True, exist_ok=True)
    part = stem.with_name(stem.name + "-part")
    command = [sys.executable, HERE / "generate.py", "--events", str(options.events)]
    subprocess.run([*command, "--out", part, "--formats", form], check=True)
    part.with_name(f"{part.name}.{form}").rename(file)
    return file


def nearest(folder):
    while not folder.exists():
        folder = folder.parent
    return folder


class Bench:
    """All tools over one file."""

    def __init__(self, options, tools, file, scratch):
        self.options, self.tools = options, list(tools)
        self.file, self.scratch = file, scratch
        text = (HERE / "journey.toml").read_text(encoding="utf-8")
        self.journey = scratch / "journey.toml"
        path = json.dumps(str(file.resolve()), ensure_ascii=False)
        self.journey.write_text(text.replace('"EVENTS"', path), encoding="utf-8")
        self.versions = {}

    def command(self, tool, work, *more):
        threads = ["--threads", str(self.options.threads)]
        if tool == "touchpath":
            place = self.scratch / ("report" if work == "report" else "answer.json")
            command = [self.options.binary, OURS[work][0], str(self.journey), *OURS[work][1:]]
            return [*command, *threads, "-q", "-o", str(place)]
        script = HERE / f"{tool}_journeys.py"
        works = "all" if work == "W-all" else work
        command = [sys.executable, str(script), str(self.file), "--works", works]
        return [*command, *threads, "--memory", self.options.memory, *more]

    def agreement(self):
        """What each pair of tools says: (ours, peer, lines)."""
        how = self.options.agreement
        if how == "none":
            return []
        found = {}
        for tool in list(self.tools):
            print(f"  {tool}: answers", end=" ", flush=True)
            try:
                found[tool] = self.facts(tool, how)
                print("read")
            except (subprocess.CalledProcessError, OSError, ValueError, KeyError) as error:
                print(f"failed, left out: {error}")
                if tool == "touchpath":
                    raise
                self.tools.remove(tool)
        peers = [it for it in found if it != "touchpath"]
        pairs = [("touchpath", it) for it in peers] + [(peers[0], it) for it in peers[1:]]
        return [(a, b, told(a, b, facts.compare(found[a], found[b]))) for a, b in pairs]

    def facts(self, tool, how):
        if tool == "touchpath" and how == "full":
            return facts.touchpath(self.options.binary, str(self.journey), str(self.scratch))
        command = self.command(tool, "W-all", "--facts")
        answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if tool == "touchpath":
            return facts.quick(facts.read(self.scratch / "answer.json"))
        answer = json.loads(answer.strip().splitlines()[-1])
        self.versions[tool] = answer["tool"]
        return answer["facts"]

    def measure(self, name, work):
        """Medians over rounds, in each of which every tool runs once, in turn."""
        tools = [it for it in self.tools if it == "touchpath" or work != "report"]
        print(f"  {work}: {WORKS[work]}")
        warm(self.file)
        runs = {tool: [] for tool in tools}
        for number in range(self.options.rounds):
            turn = number % len(tools)
            for tool in tools[turn:] + tools[:turn]:
                if runs[tool] is None:
                    continue
                with held(self.options.lock):
                    run = timed(self.command(tool, work))
                if run is None:
                    print(f"    {tool} failed, left out")
                    runs[tool] = None
                    continue
                runs[tool].append(run)
                wall, cpu, peak = run
                print(f"    {number + 1} {tool:<10} {wall:8.2f} s, {cpu:8.2f} s CPU, {draw.size(peak)}")
        ours = [run[0] for run in runs["touchpath"]]
        results = []
        for tool in (it for it in tools if runs[it]):
            wall = [run[0] for run in runs[tool]]
            ratios = [theirs / own for theirs, own in zip(wall, ours)]
            results.append({
                "data": name, "work": work, "tool": self.versions.get(tool, tool),
                "rounds": len(wall), "wall": spread(wall), "ratios": spread(ratios),
                "cpu": statistics.median(run[1] for run in runs[tool]),
                "peak": statistics.median(run[2] for run in runs[tool]),
            })
        return results


def spread(values):
    return [min(values), statistics.median(values), max(values)]


def warm(file):
    """Reads the file once, so that it lies in the page cache for everybody."""
    with open(file, "rb", buffering=0) as it:
        while it.read(1 << 22):
            pass


@contextmanager
def held(path):
    if not path:
        yield
        return
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def timed(command):
    """Wall and CPU seconds and peak resident bytes of a process; None if it failed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    if process.returncode != 0:
        return None
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def told(a, b, lines):
    """Prints a comparison, and passes it on."""
    wrong = [it for it in lines if it[2] is False]
    silent = sum(1 for it in lines if it[2] is None)
    print(f"  {a} and {b}: {len(lines) - len(wrong) - silent} agree, {len(wrong)} differ, "
          f"{silent} not told by both")
    for what, how, _, ours, theirs in wrong:
        print(f"    differs: {what} ({how}): {ours} against {theirs}")
    return lines


def lines_of(pairs):
    return [line for _, _, lines in pairs for line in lines]


def agreement_table(agreements):
    """One row a comparison, one column a pair of tools; after the first data, a sentence each."""
    parts = []
    for name, pairs in agreements:
        if not pairs:
            continue
        if parts:
            parts.append(f"Agreement, {name}: {summary(pairs)}")
            continue
        heads = " | ".join(f"{a} = {b}" for a, b, _ in pairs)
        parts += [f"Agreement, {name}:", "", f"| what | how | {heads} | value |"]
        parts.append("| --- | --- | " + " | ".join("---" for _ in pairs) + " | --- |")
        for at, (what, how, *_) in enumerate(pairs[0][2]):
            cells = [{True: "yes", False: "**no**", None: "–"}[it[2][at][2]] for it in pairs]
            value = next((it[2][at][4] for it in pairs if it[2][at][2] is not None), "")
            parts.append(f"| {what} | {how} | {' | '.join(cells)} | {value} |")
        parts.append("")
    return "\n".join(parts)


def summary(pairs):
    lines = [(f"{a} = {b}: {it[0]}", it[2]) for a, b, all_ in pairs for it in all_]
    wrong = [name for name, agrees in lines if agrees is False]
    made = sum(1 for _, agrees in lines if agrees is not None)
    words = f"{made} comparisons, {'all agree' if not wrong else f'{len(wrong)} **differ**'}."
    return " ".join([words, *wrong]) + "\n"


def machine():
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{os.cpu_count()} cores ({model}), {draw.size(memory)} of memory, {platform.system()}"


def write(options, folder, results, agreements):
    """results.json, results.md, one chart a work; and into a document if asked."""
    head = (f"{machine()}; {options.threads} threads; warm page cache; {options.rounds} rounds, the "
            "tools in turn; ratios are paired within rounds.")
    charts = {}
    for work in dict.fromkeys(it["work"] for it in results):
        title = f"{work}: {WORKS[work]}"
        charts[f"chart-{work.lower()}.svg"] = draw.chart(results, work, title)
    text = "\n\n".join(it for it in (head, draw.table(results), agreement_table(agreements)) if it)
    (folder / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    (folder / "results.md").write_text(text + "\n", encoding="utf-8")
    for name, svg in charts.items():
        (folder / name).write_text(svg, encoding="utf-8")
    print(f"\nwritten: {folder}/results.md, results.json, {', '.join(charts)}")
    if options.into:
        into(Path(options.into), text, charts)


def into(document, text, charts):
    """Replaces the measured part of a document."""
    old = document.read_text(encoding="utf-8")
    before, rest = old.split(START, 1)
    _, after = rest.split(END, 1)
    first = next(iter(charts), None)
    picture = f"![Wall time of touchpath and its peers](chart.svg)\n\n" if first else ""
    if first:
        document.with_name("chart.svg").write_text(charts[first], encoding="utf-8")
    whole = f"{before}{START}\n\n{picture}{text.strip()}\n\n{END}{after}"
    document.write_text(whole, encoding="utf-8")
    print(f"written: {document}")


if __name__ == "__main__":
    sys.exit(main())
