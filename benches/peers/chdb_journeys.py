"""Works W1 to W7 by hand in SQL for ClickHouse, as chDB runs it in a process."""

import json
import shutil
import tempfile

import chdb
from chdb import session

from common import DAY, HORIZONS, Answer, arguments, removal

options = arguments(__doc__)
answer = Answer("chdb " + chdb.__version__, options)
facts = answer.facts
folder = tempfile.mkdtemp(prefix="touchpath-peers-")
base = session.Session(folder)
SETTINGS = f" settings max_threads = {options.threads}"


def do(sql, settings=SETTINGS):
    return base.query(sql + settings, "JSONCompact")


def ask(sql):
    return json.loads(str(do(sql)))["data"]


def w1():
    path = options.file.replace("'", "\\'")
    form = "CSVWithNames"
    if path.endswith(".parquet"):
        form = "Parquet"
    elif ".jsonl" in path:
        form = "JSONEachRow"
    schema = (
        "event_id Int64, ts DateTime64(3, ''UTC''), anonymous_id String, "
        "user_id Nullable(String), stage LowCardinality(String), "
        "channel LowCardinality(String), value Nullable(Float64)"
    ).replace("''", "\\'")
    do("create database bench engine = Atomic", "")
    do("use bench", "")
    do(
        """create table events (event_id Int64, t Int64, anonymous_id String, user_id String,
           stage LowCardinality(String), channel LowCardinality(String), value Float64)
           engine = Memory""",
        "",
    )
    do(
        f"""insert into events
        select event_id, toUnixTimestamp64Milli(ts), anonymous_id, ifNull(user_id, ''), stage,
               channel, ifNull(value, 0)
        from file('{path}', {form}, '{schema}')""",
        SETTINGS
        + f""", max_insert_threads = {options.threads}, date_time_input_format = 'best_effort',
        input_format_skip_unknown_fields = 1, input_format_csv_empty_as_default = 1""",
    )
    rows, revenue = ask("select count(), sum(value) from events")[0]
    facts["rows"], facts["revenue"] = int(rows), revenue


def w2():
    make = "create table {} engine = Memory as "
    do(
        make.format("edges")
        + """with pairs as (
          select distinct anonymous_id as a, user_id as b from events where user_id != '')
        select a as src, b as dst from pairs union all select b, a from pairs"""
    )
    do(make.format("labels") + "select distinct src as node, src as label from edges")
    while True:
        do(
            make.format("next")
            + """select node, least(label, near) as label
            from labels inner join (
              select dst as node, min(label) as near
              from edges inner join labels on labels.node = edges.src group by dst) as n
            using (node)"""
        )
        changed = ask(
            """select count() from labels inner join next using (node)
               where labels.label != next.label"""
        )[0][0]
        do("drop table labels sync", "")
        do("rename table next to labels", "")
        if int(changed) == 0:
            break
    do(
        make.format("cookies")
        + """select c.anonymous_id as anonymous_id,
               if(l.label = '', c.anonymous_id, l.label) as label
        from (select distinct anonymous_id from events) as c
        left join labels as l on l.node = c.anonymous_id"""
    )
    do(
        make.format("numbers")
        + """select label, toUInt32(rowNumberInAllBlocks()) as person
             from (select distinct label from cookies)""",
        " settings max_threads = 1",
    )
    do(
        make.format("persons")
        + "select anonymous_id, person from cookies inner join numbers using (label)"
    )
    # One row a person, its events in arrays: ClickHouse's own way.
    do(
        make.format("journeys")
        + """select person, es.1 as t, es.2 as e, es.3 as stage, es.4 as channel, es.5 as value
        from (
          select person, arraySort(x -> (x.1, x.2),
                 groupArray((t, event_id, stage, channel, value))) as es
          from events inner join persons using (anonymous_id) group by person)"""
    )
    row = ask(
        """select count(),
                  sum(1 + arrayCount(x -> x > 1800000, arrayPopFront(arrayDifference(t)))),
                  sum(t[-1] - t[1]) from journeys"""
    )[0]
    facts["persons"], facts["sessions"], facts["gaps"] = map(int, row)


def w3():
    rows = ask(
        """
        select e.1, e.2, count(), uniqExact(person), avg(e.3),
               quantilesExactInclusive(0.5, 0.9)(e.3)
        from (
          select person, arrayJoin(arrayConcat(
            [('START', stage[1]::String, NULL::Nullable(Int64))],
            arrayMap((a, b, d) -> (a::String, b::String, d::Nullable(Int64)),
                     arrayPopBack(stage), arrayPopFront(stage), arrayPopFront(arrayDifference(t))),
            [(stage[-1]::String, if(has(stage, 'purchase'), 'CONVERSION', 'DROPOFF'),
              NULL::Nullable(Int64))])) as e
          from journeys)
        group by e.1, e.2"""
    )
    edges = {}
    for a, b, n, persons, mean, quantiles in rows:
        inner = a != "START" and b not in ("CONVERSION", "DROPOFF")
        rest = [mean, *quantiles] if inner else []
        edges[f"{a} > {b}"] = [int(n), int(persons), *map(float, rest)]
    facts["edges"] = edges


def w4():
    rows = ask(
        f"""
        select level, count() from (
          select windowFunnel({7 * DAY})(time::UInt64, s = 'product', s = 'add_to_cart',
                 s = 'checkout_start', s = 'payment', s = 'purchase') as level
          from journeys array join t as time, stage as s group by person)
        group by level"""
    )
    rows = [(int(level), int(n)) for level, n in rows]
    facts["funnel"] = [sum(n for level, n in rows if level >= at) for at in range(1, 6)]


def w5():
    rows = ask(
        """
        with indexOf(stage, 'purchase') as at
        select arrayStringConcat(if(at = 0, stage, arraySlice(stage, 1, at - 1)), ' > ') as path,
               count() as n, countIf(at > 0), count() over ()
        from journeys group by path order by n desc, path limit 20"""
    )
    facts["variants"] = int(rows[0][3])
    facts["top"] = [[path, int(n), int(c)] for path, n, c, _ in rows]


def w6():
    # For each purchase, and for the tail behind the last: its touches, or its own channel.
    since = "arrayMap((done, now) -> done - now, done, arrayMap(x -> toUInt32(x), bought))"
    near = f"x >= t[p] - {30 * DAY}"
    do(
        f"""create table paths engine = Memory as
        with arrayMap((d, i) -> i = 1 or d > 1800000,
                      arrayDifference(t), arrayEnumerate(t)) as starts,
             arrayMap(x -> x = 'purchase', stage) as bought,
             arrayCumSum(arrayMap(x -> toUInt32(x), bought)) as done,
             arrayFilter((i, b) -> b, arrayEnumerate(t), bought) as orders,
             {since} as k
        select person, o.1 as number, o.2 as at, o.3 as v, o.1 > 0 and empty(o.4) as alone,
               if(alone, [o.6::LowCardinality(String)], o.4) as touched,
               if(alone, [o.2], o.5) as times
        from (
          select person, arrayJoin(arrayConcat(
            arrayMap((p, n) -> (n, t[p], value[p],
              arrayFilter((c, x, z, y) -> z and y = n - 1 and {near}, channel, t, starts, k),
              arrayFilter((x, z, y) -> z and y = n - 1 and {near}, t, starts, k),
              channel[p]), orders, arrayEnumerate(orders)),
            [(toUInt32(0), toInt64(0), 0.,
              arrayFilter((c, z, y) -> z and y = length(orders), channel, starts, k),
              arrayFilter((x, z, y) -> z and y = length(orders), t, starts, k), '')])) as o
          from journeys)
        where notEmpty(touched)"""
    )
    facts["markov"] = removal(walks("1"))
    rows = ask(
        f"""
        select c, sum(1 / n), sum(v / n), sum(d / whole), sum(v * d / whole) from (
          select v, length(touched) as n, c, d,
                 arraySum(arrayMap(x -> exp2((x - at) / {7 * DAY}.), times)) as whole
          from paths
          array join touched as c, arrayMap(x -> exp2((x - at) / {7 * DAY}.), times) as d
          where number > 0)
        group by c"""
    )
    facts["credit"] = {name: [float(it) for it in rest] for name, *rest in rows}
    row = ask(
        """select sum(length(touched)), sumIf(length(touched), number > 0), countIf(number > 0)
           from paths"""
    )[0]
    facts["touches"] = [int(it) for it in row]
    if options.facts:
        rows = ask("select touched[1], count(), sum(v) from paths where alone group by 1")
        facts["own"] = {name: [int(n), float(v)] for name, n, v in rows}
        facts["markov_touched"] = removal(walks("not alone"))


def walks(which):
    """The moves of the paths of touches: (from, to, count)."""
    rows = ask(
        f"""
        with arrayMap(x -> x::String, touched) as names
        select e.1, e.2, count() from (
          select arrayJoin(arrayZip(arrayPushFront(names, 'START'),
                 arrayPushBack(names, if(number > 0, 'CONV', 'NULL')))) as e
          from paths where {which})
        group by 1, 2"""
    )
    return [(a, b, int(n)) for a, b, n in rows]


def w7():
    within = ", ".join(f"minIf(s, time <= {days * DAY})" for days in HORIZONS)
    row = ask(
        f"""
        with (select max(t[-1]) from journeys) as stop,
        counted as (
          select time, sum(event) as d, count() as c from (
            select indexOf(stage, 'purchase') as at, if(at > 0, t[at], stop) - t[1] as time,
                   at > 0 as event from journeys)
          group by time),
        risk as (select time, d, sum(c) over (order by time desc) as n from counted),
        curve as (
          select time, exp(sum(log(1 - d / n)) over (order by time)) as s
          from risk where d > 0 and d < n)
        select {within}, count() from curve"""
    )[0]
    facts["survival"] = [float(it) for it in row[:-1]]
    facts["event_times"] = int(row[-1])


try:
    answer.run({"W1": w1, "W2": w2, "W3": w3, "W4": w4, "W5": w5, "W6": w6, "W7": w7})
finally:
    base.close()
    shutil.rmtree(folder, ignore_errors=True)
