"""What the peers' scripts share: a clock for each work, the Markov solve, the answer as JSON."""

import argparse
import json
import resource
import time

import numpy as np

DAY = 86_400_000
STAGES = (
    "home search category product reviews size_guide wishlist compare promo add_to_cart cart "
    "remove_from_cart login register checkout_start shipping payment coupon purchase "
    "order_tracking returns support_chat faq newsletter blog"
).split()
CHANNELS = (
    "paid_search organic email direct social affiliate display referral sms app_push video partner"
).split()
FUNNEL = ["product", "add_to_cart", "checkout_start", "payment", "purchase"]
HORIZONS = [1, 7, 30, 60]
ALL = ["W3", "W4", "W5", "W6", "W7"]


def arguments(about):
    """The command line that every script has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("file", help="events as CSV (.gz, .zst), JSON lines or Parquet")
    parser.add_argument("--works", default="all", help="W1 to W7, such as W3,W4; or all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="20GB", help="the most that a database may use")
    parser.add_argument("--facts", action="store_true", help="also what only the comparison needs")
    return parser.parse_args()


class Answer:
    """The facts of a run, and how long each work took within it."""

    def __init__(self, tool, options):
        self.tool = tool
        self.facts = {}
        self.steps = {}
        named = options.works.split(",")
        self.works = ALL if named == ["all"] else named

    def step(self, name, work):
        """Runs a work and notes its wall and processor seconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.steps[name] = [round(wall, 3), round(cpu, 3)]

    def run(self, works):
        """Runs W1, then W2 if more than W1 is asked for, then what is asked for."""
        for name, work in works.items():
            needed = name == "W1" or (name == "W2" and self.works != ["W1"])
            if needed or name in self.works:
                self.step(name, work)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = {"tool": self.tool, "steps": self.steps, "peak": peak, "facts": self.facts}
        print(json.dumps(answer, default=str))


def removal(moves):
    """Credit by exact removal effects, first order.

    `moves` are (from, to, count); walks begin at START and end at CONV or NULL.
    """
    names = sorted({name for move in moves for name in move[:2]} - {"START", "CONV", "NULL"})
    if not names:
        return {}
    place = {name: at for at, name in enumerate(names)}
    count = len(names)
    place.update(START=count, CONV=count, NULL=count + 1)
    share = np.zeros((count + 1, count + 2))
    conversions = 0
    for start, end, times in moves:
        share[place[start], place[end]] += times
        conversions += times if end == "CONV" else 0
    share /= share.sum(1, keepdims=True)

    def converts(without=None):
        walk = share.copy()
        if without is not None:
            walk[:, without] = 0
            walk[without, :] = 0
        inner = np.linalg.solve(np.eye(count) - walk[:count, :count], walk[:count, count])
        return walk[count, :count] @ inner + walk[count, count]

    whole = converts()
    effects = np.array([1 - converts(at) / whole for at in range(count)])
    credit = effects / effects.sum() * conversions
    return {name: round(float(it), 6) for name, it in zip(names, credit)}
