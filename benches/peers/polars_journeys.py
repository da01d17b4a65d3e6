"""Works W1 to W7 by hand in Polars, with SciPy for connected components."""

import os

from common import CHANNELS, DAY, FUNNEL, HORIZONS, STAGES, Answer, arguments, removal

options = arguments(__doc__)
os.environ["POLARS_MAX_THREADS"] = str(options.threads)

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

STAGE, CHANNEL = pl.Enum(STAGES), pl.Enum(CHANNELS)
answer = Answer("polars " + pl.__version__, options)
facts = answer.facts
frames = {}


def scan(path):
    columns = ["event_id", "t", "anonymous_id", "user_id", "stage", "channel", "value"]
    if path.endswith(".parquet"):
        frame = pl.scan_parquet(path).with_columns(t=pl.col("ts").dt.epoch("ms"))
    else:
        text = ["ts", "anonymous_id", "user_id", "customer_id", "stage", "channel"]
        text += ["device", "country", "variant"]
        schema = {"event_id": pl.Int64} | {name: pl.String for name in text}
        schema |= {"value": pl.Float64, "cost": pl.Float64}
        read = pl.scan_ndjson if path.endswith(".jsonl") else pl.scan_csv
        time = pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms")
        frame = read(path, schema=schema).with_columns(t=time.dt.epoch("ms"))
    names = frame.with_columns(pl.col("stage").cast(STAGE), pl.col("channel").cast(CHANNEL))
    return names.select(columns).collect(engine="streaming")


def w1():
    frames["events"] = events = scan(options.file)
    facts["rows"], facts["revenue"] = events.height, events["value"].sum()


def w2():
    events = frames.pop("events")
    cookies = events.select("anonymous_id").unique().with_row_index("cookie")
    known = events.lazy().filter(pl.col("user_id").is_not_null())
    pairs = known.select("anonymous_id", "user_id").unique().collect(engine="streaming")
    users = pairs.select("user_id").unique().with_row_index("user")
    edges = pairs.join(cookies, on="anonymous_id").join(users, on="user_id")
    size = cookies.height + users.height
    ends = (edges["cookie"].to_numpy(), edges["user"].to_numpy() + cookies.height)
    matrix = coo_matrix((np.ones(edges.height, np.int8), ends), shape=(size, size))
    _, labels = connected_components(matrix, directed=False)
    person = pl.Series(labels[: cookies.height].astype(np.uint32))
    cookies = cookies.sort("cookie").with_columns(person=person)
    columns = ["person", "t", "event_id", "stage", "channel", "value"]
    joined = events.lazy().join(cookies.lazy().select("anonymous_id", "person"), on="anonymous_id")
    rows = joined.select(columns).collect(engine="streaming").sort("person", "t", "event_id")
    del events
    before, after = pl.col("person").shift(), pl.col("person").shift(-1)
    rows = rows.with_columns(
        first=(pl.col("person") != before).fill_null(True),
        last=(pl.col("person") != after).fill_null(True),
        gap=pl.col("t").diff(),
    ).with_columns(gap=pl.when(~pl.col("first")).then("gap"))
    rows = rows.with_columns(
        session=pl.col("first") | (pl.col("gap") > 1_800_000),
        bought=pl.col("stage") == "purchase",
    )
    frames["rows"] = rows
    facts["persons"], facts["sessions"] = rows["first"].sum(), rows["session"].sum()
    facts["gaps"] = rows["gap"].sum()


def w3():
    rows = frames["rows"]
    code = pl.col("stage").to_physical()
    moves = rows.lazy().with_columns(start=code.shift()).filter(~pl.col("first"))
    moves = moves.select("person", "gap", "start", end=code).group_by("start", "end").agg(
        n=pl.len(),
        persons=pl.col("person").n_unique(),
        mean=pl.col("gap").mean(),
        median=pl.col("gap").quantile(0.5, "linear"),
        p90=pl.col("gap").quantile(0.9, "linear"),
    )
    starts = rows.lazy().filter("first").group_by("stage").agg(
        n=pl.len(), persons=pl.col("person").n_unique()
    )
    ends = rows.lazy().group_by("person").agg(
        bought=pl.col("bought").any(), stage=pl.col("stage").last()
    )
    ends = ends.group_by("stage", "bought").agg(n=pl.len())
    moves, starts, ends = pl.collect_all([moves, starts, ends])
    edges = {f"{STAGES[a]} > {STAGES[b]}": rest for a, b, *rest in moves.rows()}
    edges |= {f"START > {stage}": [n, persons] for stage, n, persons in starts.rows()}
    for stage, bought, n in ends.rows():
        edges[f"{stage} > {'CONVERSION' if bought else 'DROPOFF'}"] = [n, n]
    facts["edges"] = edges


def w4():
    window = 7 * DAY
    codes = {STAGES.index(name): at for at, name in enumerate(FUNNEL)}
    step = pl.col("stage").to_physical().replace_strict(codes, return_dtype=pl.Int8)
    rows = frames["rows"].lazy().filter(pl.col("stage").is_in(FUNNEL))
    rows = rows.select("person", "t", s=step).collect().sort("person", "t", "s")
    entered = pl.when(pl.col("s") == 0).then("t").forward_fill().over("person")
    rows = rows.with_columns(e0=entered)
    for at in range(1, 5):
        before = pl.col(f"e{at - 1}")
        reached = (pl.col("s") == at) & (pl.col("t") - before <= window)
        entered = pl.when(reached).then(before).forward_fill().over("person")
        rows = rows.with_columns(entered.alias(f"e{at}"))
    some = [pl.col(f"e{at}").is_not_null().any().cast(pl.Int32) for at in range(5)]
    level = rows.group_by("person").agg(level=sum(some))["level"]
    facts["funnel"] = [int((level > at).sum()) for at in range(5)]


def w5():
    bought = pl.col("bought").cast(pl.Int32)
    rows = frames["rows"].lazy().with_columns(k=bought.cum_sum().over("person"))
    stages = pl.col("stage").filter(pl.col("k") == 0).cast(pl.String)
    paths = rows.group_by("person").agg(path=stages.str.join(" > "), c=pl.col("bought").any())
    variants = paths.group_by("path").agg(n=pl.len(), c=pl.col("c").sum()).collect()
    top = variants.sort(["n", "path"], descending=[True, False]).head(20)
    facts["variants"], facts["top"] = variants.height, [list(row) for row in top.rows()]


def touches():
    bought = pl.col("bought").cast(pl.Int32)
    k = bought.cum_sum().over("person") - bought
    rows = frames["rows"].lazy().with_columns(k=k)
    orders = rows.filter("bought").select(
        "person", "k", at="t", v="value", own="channel", event="event_id"
    )
    starts = rows.filter("session").select("person", "k", "t", "event_id", "channel")
    near = pl.col("at").is_null() | (pl.col("t") >= pl.col("at") - 30 * DAY)
    met = starts.join(orders, on=["person", "k"], how="left").filter(near).collect()
    orders = orders.collect()
    columns = ["person", "k", "t", "event_id", "channel", "at", "v"]
    alone = orders.join(met, on=["person", "k"], how="anti").select(
        "person", "k", t="at", event_id="event", channel="own", at="at", v="v"
    )
    both = pl.concat([met.select(columns), alone.select(columns)])
    return both.sort("person", "k", "t", "event_id"), alone


def walks(touch):
    """The moves of the paths of touches: (from, to, count)."""
    channel = touch["channel"].to_physical().to_numpy().astype(np.int64)
    key = (touch["person"].to_numpy().astype(np.int64) << 20) + touch["k"].to_numpy()
    first = np.r_[True, key[1:] != key[:-1]]
    last = np.r_[first[1:], True]
    sold = touch["at"].is_not_null().to_numpy()
    width = len(CHANNELS)
    inner = ~first[1:]
    pairs = np.bincount(channel[:-1][inner] * width + channel[1:][inner], minlength=width**2)
    starts = np.bincount(channel[first], minlength=width)
    ends = [np.bincount(channel[last & it], minlength=width) for it in (sold, ~sold)]
    moves = [(CHANNELS[p // width], CHANNELS[p % width], n) for p, n in enumerate(pairs.tolist())]
    for at, name in enumerate(CHANNELS):
        moves.append(("START", name, int(starts[at])))
        moves += [(name, end, int(n[at])) for end, n in zip(("CONV", "NULL"), ends)]
    return [it for it in moves if it[2]], int((sold & last).sum())


def w6():
    touch, alone = touches()
    moves, orders = walks(touch)
    facts["markov"] = removal(moves)
    facts["touches"] = [touch.height, int(touch["at"].is_not_null().sum()), orders]
    age = (pl.col("t") - pl.col("at")) / (7.0 * DAY)
    sold = touch.lazy().filter(pl.col("at").is_not_null()).with_columns(d=pl.lit(2.0).pow(age))
    path = ["person", "k"]
    sold = sold.with_columns(n=pl.len().over(path), all=pl.col("d").sum().over(path))
    weight, even = pl.col("d") / pl.col("all"), 1 / pl.col("n")
    credit = sold.group_by("channel").agg(
        even.sum(), (pl.col("v") * even).sum().alias("b"),
        weight.sum().alias("c"), (pl.col("v") * weight).sum().alias("e"),
    )
    facts["credit"] = {name: rest for name, *rest in credit.collect().rows()}
    if options.facts:
        own = alone.group_by("channel").agg(n=pl.len(), v=pl.col("v").sum())
        facts["own"] = {name: rest for name, *rest in own.rows()}
        kept = touch.join(alone, on=["person", "k"], how="anti")
        facts["markov_touched"] = removal(walks(kept.sort("person", "k", "t", "event_id"))[0])


def w7():
    rows = frames["rows"]
    end = rows["t"].max()
    persons = rows.lazy().group_by("person").agg(
        first=pl.col("t").first(), at=pl.col("t").filter("bought").first()
    )
    waited = persons.select(
        time=pl.col("at").fill_null(end) - pl.col("first"), event=pl.col("at").is_not_null()
    )
    steps = waited.group_by("time").agg(d=pl.col("event").sum(), c=pl.len()).sort("time")
    steps = steps.with_columns(n=pl.col("c").reverse().cum_sum().reverse())
    steps = steps.filter((pl.col("d") > 0) & (pl.col("d") < pl.col("n")))
    left = (1 - pl.col("d") / pl.col("n")).log().cum_sum().exp()
    steps = steps.with_columns(left=left).collect()
    within = [steps.filter(pl.col("time") <= days * DAY)["left"].min() for days in HORIZONS]
    facts["survival"] = [1.0 if it is None else float(it) for it in within]
    facts["event_times"] = steps.height


answer.run({"W1": w1, "W2": w2, "W3": w3, "W4": w4, "W5": w5, "W6": w6, "W7": w7})
