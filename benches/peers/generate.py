#!/usr/bin/env python3
"""Makes a realistic log of shop events: the same number and seed, the same rows.

    python generate.py --events 1000000 --out data/ev1m --formats parquet,csv,csv.gz,csv.zst,jsonl

Needs NumPy and PyArrow. run.py calls it; 100M events take about 4.5 GB of memory and two minutes.

Columns
  event_id      int64, 0.. in file order (the tie-break for equal ts)
  ts            ISO-8601 UTC with ms ("2026-01-05T10:11:12.345Z"); timestamp[ms, UTC] in Parquet
  anonymous_id  "a" + 16 hex digits, ~1.6 per customer; ~0.4 % of sessions use a neighbour's device
  user_id       = customer_id from login on, empty/null before
  customer_id   ground truth "c" + 8 digits (for judging a stitcher, never for stitching)
  stage         25 stages      channel  12 channels (one per session)
  device, country, variant     A/B by customer
  value         revenue, purchase rows only, 2 decimals      cost  click cost, first row of paid sessions
Rows are globally sorted by ts (as a real log is), never by customer.

Process: sessions per customer ~ heavy-tailed lognormal; gaps between sessions lognormal days; think times
lognormal seconds; the stage walk is first-order Markov with memory bits (cart non-empty, returning customer,
variant), so a first-order model of it is close but not exact.
"""
import argparse, os, sys, time
import numpy as np
import pyarrow as pa, pyarrow.parquet as pq, pyarrow.csv as pc

STAGES = ("home search category product reviews size_guide wishlist compare promo add_to_cart cart "
          "remove_from_cart login register checkout_start shipping payment coupon purchase order_tracking "
          "returns support_chat faq newsletter blog").split()
S = {n: i for i, n in enumerate(STAGES)}; EXIT = 25
CHANNELS = "paid_search organic email direct social affiliate display referral sms app_push video partner".split()
CH_W_NEW = [22, 24, 4, 12, 13, 6, 7, 4, 1, 0.5, 4, 2.5]
CH_W_RET = [12, 14, 18, 26, 7, 4, 4, 3, 3, 6, 1.5, 1.5]
CPC = np.array([0.85, 0, 0.02, 0, 0.55, 0.60, 0.30, 0, 0.05, 0.01, 0.40, 0.35])
DEVICES = ["mobile", "desktop", "tablet", "app", "pos"]
COUNTRIES = "US GB DE FR CA AU NL ES IT SE PL BR IN JP MX IE BE AT DK NO".split()
DAYS, T0 = 90, 1767225600000          # 2026-01-01T00:00:00Z, ms
Q = 4096                              # resolution of the sampling tables

def W(**k):
    r = np.zeros(26)
    for n, v in k.items(): r[EXIT if n == "EXIT" else S[n]] = v
    return r

BASE = {
 "home": W(search=22, category=24, product=14, promo=8, login=5, blog=2, newsletter=1, order_tracking=1.5, home=2, EXIT=20),
 "search": W(product=45, search=15, category=8, home=4, EXIT=28),
 "category": W(product=50, category=14, search=8, home=3, promo=2, EXIT=23),
 "product": W(add_to_cart=11, reviews=13, product=16, category=12, search=8, size_guide=4, wishlist=3, compare=4, home=3, faq=1, EXIT=25),
 "reviews": W(product=38, add_to_cart=16, reviews=10, compare=4, search=4, EXIT=28),
 "size_guide": W(product=50, add_to_cart=26, EXIT=24),
 "wishlist": W(product=38, category=14, add_to_cart=8, login=8, EXIT=32),
 "compare": W(product=52, add_to_cart=12, reviews=10, EXIT=26),
 "promo": W(product=36, category=30, home=6, newsletter=3, EXIT=25),
 "add_to_cart": W(cart=52, product=14, category=8, checkout_start=14, EXIT=12),
 "cart": W(checkout_start=40, remove_from_cart=8, product=12, coupon=5, category=5, EXIT=30),
 "remove_from_cart": W(cart=34, product=18, category=10, EXIT=38),
 "login": W(home=28, checkout_start=14, order_tracking=10, product=16, category=10, wishlist=6, EXIT=16),
 "register": W(home=30, checkout_start=20, product=20, newsletter=6, EXIT=24),
 "checkout_start": W(shipping=55, login=9, register=6, cart=8, EXIT=22),
 "shipping": W(payment=68, cart=6, faq=2, EXIT=24),
 "payment": W(purchase=66, coupon=6, shipping=4, payment=5, support_chat=2, EXIT=17),
 "coupon": W(cart=30, payment=34, checkout_start=12, EXIT=24),
 "purchase": W(order_tracking=22, home=12, newsletter=4, category=4, EXIT=58),
 "order_tracking": W(home=12, support_chat=10, returns=8, product=8, order_tracking=10, EXIT=52),
 "returns": W(support_chat=20, faq=14, home=8, EXIT=58),
 "support_chat": W(faq=12, home=12, product=8, support_chat=10, EXIT=58),
 "faq": W(support_chat=16, product=12, home=12, faq=8, EXIT=52),
 "newsletter": W(home=20, product=16, promo=10, EXIT=54),
 "blog": W(product=22, blog=18, category=12, newsletter=6, EXIT=42),
}
LANDING = {
 "paid_search": W(product=50, category=25, search=10, promo=10, home=5), "organic": W(product=35, category=20, blog=20, home=20, faq=5),
 "email": W(promo=50, product=25, home=15, cart=10), "direct": W(home=65, login=12, order_tracking=8, search=10, cart=5),
 "social": W(product=40, blog=15, promo=25, home=20), "affiliate": W(product=55, promo=35, home=10),
 "display": W(promo=45, product=35, home=20), "referral": W(home=45, product=35, register=20),
 "sms": W(promo=60, cart=25, order_tracking=15), "app_push": W(home=40, cart=25, promo=35),
 "video": W(product=55, home=30, blog=15), "partner": W(category=45, product=40, home=15)}

def table(w):
    """Q slots, largest-remainder rounding: integer-only, so identical on every platform."""
    w = np.asarray(w, float); w = w / w.sum() * Q
    n = np.floor(w).astype(int); short = Q - n.sum()
    n[np.argsort(-(w - n), kind="stable")[:short]] += 1
    return np.repeat(np.arange(len(n), dtype=np.uint8), n)

def trans_tables():
    t = np.empty((8 * 25, Q), np.uint8)              # row = mode*25 + stage; mode = cart + 2*returning + 4*variantB
    for mode in range(8):
        cart, ret, b = mode & 1, mode >> 1 & 1, mode >> 2
        for name, i in S.items():
            w = BASE[name].copy()
            if cart: w[S["cart"]] *= 1.6; w[S["checkout_start"]] *= 1.5; w[EXIT] *= 0.85; w[S["add_to_cart"]] *= 0.7
            else: w[S["cart"]] *= 0.8 if name != "add_to_cart" else 1
            if ret: w[S["checkout_start"]] *= 1.25; w[S["purchase"]] *= 1.1; w[S["login"]] *= 1.5; w[EXIT] *= 0.93; w[S["blog"]] *= 0.5
            if b and name in ("cart", "checkout_start", "shipping", "payment"): w[EXIT] *= 0.85
            t[mode * 25 + i] = table(w)
    return t

def simulate(n_events, seed):
    TR = trans_tables(); LT = np.stack([table(LANDING[c]) for c in CHANNELS])
    CN, CR = table(CH_W_NEW), table(CH_W_RET)
    ctab = table(1.0 / np.arange(1, 21) ** 1.1)
    nanon = table([0, 58, 28, 10, 4])
    blk = max(2000, min(100_000, n_events // 400))
    cust0, total, out, sess_off = 0, 0, [], 0
    sess_cols = []
    b = 0
    tod = table(np.array([2, 1.5, 1, .8, .7, .8, 1.5, 2.5, 3.6, 4.5, 5, 5.4, 5.6, 5.3, 5.1, 5, 5, 5.2, 5.8, 6.6, 7.4, 7.2, 5.5, 3.6])).astype(np.int64)
    while total < n_events:
        rng = np.random.Generator(np.random.PCG64([seed, b])); b += 1
        cid = np.arange(cust0, cust0 + blk, dtype=np.int64); cust0 += blk
        ns = np.clip(rng.lognormal(0.75, 1.05, blk).astype(np.int64) + 1, 1, 500)
        c_an = nanon[rng.integers(0, Q, blk)]; c_login = rng.random(blk) < 0.55
        c_ctry = ctab[rng.integers(0, Q, blk)]; c_var = rng.integers(0, 2, blk).astype(np.uint8)
        first = (rng.random(blk) ** 0.8 * DAYS)
        ci = np.repeat(np.arange(blk), ns); k = np.arange(len(ci)) - np.repeat(np.cumsum(ns) - ns, ns)
        gap = rng.lognormal(0.9, 1.3, len(ci)); gap[k == 0] = 0
        cs = np.cumsum(gap); cs -= np.repeat(cs[np.cumsum(ns) - ns], ns)
        day = first[ci] + cs
        n0 = len(ci)
        hour = tod[rng.integers(0, Q, n0)]; ms = rng.integers(0, 3_600_000, n0)
        keep = day < DAYS
        ci, k, day, hour, ms = ci[keep], k[keep], day[keep], hour[keep], ms[keep]
        n = len(ci); start = T0 + np.floor(day).astype(np.int64) * 86_400_000 + hour * 3_600_000 + ms
        ret = k > 0
        r = rng.integers(0, Q, n); ch = np.where(ret, CR[r], CN[r]).astype(np.uint8)
        an = (rng.random(n) ** 1.5 * c_an[ci]).astype(np.int64)
        owner = cid[ci]
        nb = rng.random(n) < 0.004; owner = np.where(nb, np.maximum(owner - 1, 0), owner); an[nb] = 0
        dev = ((owner * 4 + an) * 2654435761 >> 7) % 100
        dev = np.select([dev < 56, dev < 86, dev < 92, dev < 98], [0, 1, 2, 3], 4).astype(np.uint8)
        logged = c_login[ci] & ret & (rng.random(n) < 0.5)
        sess_cols.append((cid[ci].astype(np.uint32), (owner * 4 + an).astype(np.uint32), ch, dev, c_ctry[ci], c_var[ci]))
        canlog = c_login[ci]
        sid = np.arange(n, dtype=np.uint32); stage = LT[ch, rng.integers(0, Q, n)]
        cart = np.zeros(n, bool) | (stage == S["cart"]); t = start; firstrow = np.ones(n, bool)
        mode0 = (2 * ret + 4 * c_var[ci]).astype(np.int64)
        for step in range(400):
            logged = logged | (((stage == S["login"]) | (stage == S["register"]) | (stage == S["purchase"])) & canlog[sid])
            cart = (cart | (stage == S["add_to_cart"])) & (stage != S["purchase"])
            out.append(((sid + np.uint32(sess_off)), t, stage | (logged.astype(np.uint8) << 5) | (firstrow.astype(np.uint8) << 6)))
            total += len(sid)
            nxt = TR[(mode0[sid] + cart) * 25 + stage, rng.integers(0, Q, len(sid))]
            think = (rng.lognormal(3.2, 1.15, len(sid)) * 1000).astype(np.int64) + 400
            a = nxt != EXIT
            if not a.any(): break
            sid, stage, t, logged, cart = sid[a], nxt[a], (t + think)[a], logged[a], cart[a]
            firstrow = np.zeros(len(sid), bool)
        sess_off += n
    sess = [np.concatenate([s[i] for s in sess_cols]) for i in range(6)]
    sx = np.concatenate([o[0] for o in out]); ts = np.concatenate([o[1] for o in out]); st = np.concatenate([o[2] for o in out])
    del out
    order = np.argsort(ts, kind="stable")[:n_events]
    return order, ts, sx, st, sess, cust0

def digits(x, width, prefix):
    """n fixed-width ids 'prefix' + decimal digits as an Arrow string array (no Python loop)."""
    n = len(x); m = np.empty((n, width + 1), np.uint8); m[:, 0] = ord(prefix); x = x.astype(np.int64)
    for j in range(width, 0, -1): m[:, j] = 48 + x % 10; x = x // 10
    return m

def hexid(x, prefix):
    z = x.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9); z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB); z ^= z >> np.uint64(31)
    H = np.frombuffer(b"0123456789abcdef", np.uint8); m = np.empty((len(x), 17), np.uint8); m[:, 0] = ord(prefix)
    for j in range(16): m[:, j + 1] = H[((z >> np.uint64(60 - 4 * j)) & np.uint64(15)).astype(np.int64)]
    return m

def strings(m, valid=None):
    n, w = m.shape
    if valid is None:
        return pa.StringArray.from_buffers(n, pa.py_buffer((np.arange(n + 1, dtype=np.int32) * w)), pa.py_buffer(m.tobytes()))
    off = np.zeros(n + 1, np.int32); np.cumsum(valid * w, out=off[1:])
    return pa.StringArray.from_buffers(n, pa.py_buffer(off), pa.py_buffer(m[valid].tobytes()),
                                       pa.py_buffer(np.packbits(valid, bitorder="little").tobytes()), int(n - valid.sum()))

def iso(ts):
    n = len(ts); m = np.empty((n, 24), np.uint8); d = ts // 86_400_000; r = ts % 86_400_000
    base = d.min(); names = np.array([str(np.datetime64(int(x), "D")) for x in range(base, d.max() + 1)], dtype="S10")
    m[:, :10] = names.view(np.uint8).reshape(-1, 10)[d - base]; m[:, 10] = ord("T")
    for col, div, mod in ((11, 36_000_000, 10), (12, 3_600_000, 10), (14, 600_000, 6), (15, 60_000, 10), (17, 10_000, 6), (18, 1000, 10), (20, 100, 10), (21, 10, 10), (22, 1, 10)):
        m[:, col] = 48 + r // div % mod
    m[:, 13] = m[:, 16] = ord(":"); m[:, 19] = ord("."); m[:, 23] = ord("Z")
    return m

def dic(codes, names): return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(names))

def main():
    ap = argparse.ArgumentParser(); ap.add_argument("--events", type=int, required=True); ap.add_argument("--seed", type=int, default=20260101)
    ap.add_argument("--out", required=True); ap.add_argument("--formats", default="parquet,csv"); a = ap.parse_args()
    t0 = time.time(); order, ts, sx, st, sess, ncust = simulate(a.events, a.seed)
    print(f"simulated {len(order)} events, {len(sess[0])} sessions, {ncust} customers in {time.time()-t0:.1f}s", file=sys.stderr)
    fm = a.formats.split(","); pqw = None; sinks = []; schema = csch = None; jl = None
    rng = np.random.Generator(np.random.PCG64([a.seed, 999_999_999])); B = 524_288
    for lo in range(0, len(order), B):
        o = order[lo:lo + B]; n = len(o); s = st[o]; stage = s & 31; logged = (s >> 5 & 1).astype(bool); firstrow = (s >> 6 & 1).astype(bool)
        x = sx[o]; cust = sess[0][x]; t = ts[o]; ch = sess[2][x]
        val = np.round(rng.lognormal(4.1, 0.6, n), 2); isp = stage == S["purchase"]
        cost = np.round(CPC[ch] * (0.4 + 1.2 * rng.random(n)), 3); isc = firstrow & (CPC[ch] > 0)
        cm = digits(cust, 8, "c")
        cols = {"event_id": pa.array(np.arange(lo, lo + n, dtype=np.int64)),
                "ts": pa.array(t).cast(pa.timestamp("ms", "UTC")),
                "anonymous_id": strings(hexid(sess[1][x], "a")), "user_id": strings(cm, logged), "customer_id": strings(cm),
                "stage": dic(stage, STAGES), "channel": dic(ch, CHANNELS), "device": dic(sess[3][x], DEVICES),
                "country": dic(sess[4][x], COUNTRIES), "variant": dic(sess[5][x], ["A", "B"]),
                "value": pa.array(val, mask=~isp), "cost": pa.array(cost, mask=~isc)}
        tb = pa.table(cols)
        if "parquet" in fm:
            if pqw is None: pqw = pq.ParquetWriter(a.out + ".parquet", tb.schema, compression="zstd", compression_level=3,
                                                   use_dictionary=["stage", "channel", "device", "country", "variant", "anonymous_id", "user_id", "customer_id"])
            pqw.write_table(tb, row_group_size=B)
        if any(f.startswith("csv") or f == "jsonl" for f in fm):
            c = dict(cols); c["ts"] = strings(iso(t))
            for k in ("stage", "channel", "device", "country", "variant"): c[k] = c[k].cast(pa.string())
            tc = pa.table(c)
            if not sinks:
                opt = pc.WriteOptions(include_header=True, quoting_style="none")
                for f in fm:
                    if f == "csv": sinks.append(pc.CSVWriter(open(a.out + ".csv", "wb"), tc.schema, write_options=opt))
                    if f == "csv.gz": sinks.append(pc.CSVWriter(pa.CompressedOutputStream(pa.OSFile(a.out + ".csv.gz", "wb"), "gzip"), tc.schema, write_options=opt))
                    if f == "csv.zst": sinks.append(pc.CSVWriter(pa.CompressedOutputStream(pa.OSFile(a.out + ".csv.zst", "wb"), "zstd"), tc.schema, write_options=opt))
            for w in sinks: w.write_table(tc)
            if "jsonl" in fm:
                if jl is None: jl = open(a.out + ".jsonl", "w")
                P = {k: tc[k].to_pylist() for k in tc.column_names}
                q = lambda v: "null" if v is None else '"' + v + '"'; f_ = lambda v: "null" if v is None else repr(v)
                jl.writelines(f'{{"event_id":{e},"ts":"{t_}","anonymous_id":"{an}","user_id":{q(u)},"customer_id":"{c_}","stage":"{sg}","channel":"{h}","device":"{d}","country":"{co}","variant":"{v}","value":{f_(va)},"cost":{f_(ct)}}}\n'
                              for e, t_, an, u, c_, sg, h, d, co, v, va, ct in zip(*(P[k] for k in ("event_id", "ts", "anonymous_id", "user_id", "customer_id", "stage", "channel", "device", "country", "variant", "value", "cost"))))
    if pqw: pqw.close()
    for w in sinks: w.close()
    if jl: jl.close()
    print(f"done in {time.time()-t0:.1f}s", file=sys.stderr)

main()
