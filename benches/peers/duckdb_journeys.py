"""Works W1 to W7 by hand in SQL for DuckDB."""

import tempfile

import duckdb

from common import CHANNELS, DAY, HORIZONS, STAGES, Answer, arguments, removal

options = arguments(__doc__)
answer = Answer("duckdb " + duckdb.__version__, options)
facts = answer.facts
spill = tempfile.TemporaryDirectory(prefix="touchpath-peers-")
base = duckdb.connect(
    config={
        "threads": options.threads,
        "memory_limit": options.memory,
        "temp_directory": spill.name,
        "preserve_insertion_order": False,
    }
)
base.execute("set timezone = 'UTC'")


def source(path):
    path = path.replace("'", "''")
    if path.endswith(".parquet"):
        return f"(select * replace (ts::timestamp as ts) from '{path}')"
    types = {"event_id": "BIGINT", "ts": "TIMESTAMP", "anonymous_id": "VARCHAR"}
    types |= {"user_id": "VARCHAR", "customer_id": "VARCHAR", "stage": "VARCHAR"}
    types |= {"channel": "VARCHAR", "device": "VARCHAR", "country": "VARCHAR"}
    types |= {"variant": "VARCHAR", "value": "DOUBLE", "cost": "DOUBLE"}
    if ".jsonl" in path:
        unused = {"customer_id", "device", "country", "variant", "cost"}
        types = {name: it for name, it in types.items() if name not in unused}
    columns = "{" + ", ".join(f"{name}: '{it}'" for name, it in types.items()) + "}"
    if ".jsonl" in path:
        return f"read_json('{path}', format = 'newline_delimited', columns = {columns})"
    return f"read_csv('{path}', header = true, columns = {columns})"


def names(values):
    return ", ".join(f"'{it}'" for it in values)


def w1():
    base.execute(f"create type stage as enum ({names(STAGES)})")
    base.execute(f"create type channel as enum ({names(CHANNELS)})")
    base.execute(
        f"""create table events as
        select event_id, ts, anonymous_id, user_id, stage::stage as stage,
               channel::channel as channel, value
        from {source(options.file)}"""
    )
    rows = base.execute("select count(*), sum(value) from events").fetchone()
    facts["rows"], facts["revenue"] = rows


def w2():
    base.execute(
        """
        create table cookies as
          select anonymous_id, (row_number() over ())::int as id
          from (select distinct anonymous_id from events);
        create table pairs as
          select distinct anonymous_id, user_id from events where user_id is not null;
        create table users as
          select user_id, -(row_number() over ())::int as id
          from (select distinct user_id from pairs);
        create table edges as
          with seen as (
            select c.id as a, u.id as b
            from pairs join cookies c using (anonymous_id) join users u using (user_id))
          select a as src, b as dst from seen union all select b, a from seen;
        create table components as
          with recursive walk(node, label) using key (node) as (
            select src, src from (select distinct src from edges)
            union
            select e.dst, min(walk.label)
            from walk join edges e on walk.node = e.src
                 join recurring.walk old on old.node = e.dst
            where walk.label < old.label group by e.dst)
          select node, label from walk;
        create table persons as
          select anonymous_id, coalesce(label, id) as person
          from cookies left join components on id = node;
        create table steps as
          with ordered as (
            select person, event_id, epoch_ms(ts) as t, stage, channel, value,
                   lag(epoch_ms(ts)) over own as before, lag(stage) over own as came_from,
                   lead(person) over own is null as last
            from events join persons using (anonymous_id)
            window own as (partition by person order by ts, event_id))
          select *, before is null or t - before > 1800000 as session from ordered
        """
    )
    row = base.execute(
        """select count(*) filter (before is null), count(*) filter (session),
                  sum(t - before)::bigint from steps"""
    ).fetchone()
    facts["persons"], facts["sessions"], facts["gaps"] = row


def w3():
    rows = base.execute(
        """
        with fate as (
          select person, bool_or(stage = 'purchase') as bought from steps group by person),
        moves as (
          select coalesce(came_from::varchar, 'START') as a, stage::varchar as b, person,
                 t - before as gap
          from steps
          union all
          select stage::varchar, case when bought then 'CONVERSION' else 'DROPOFF' end,
                 person, null
          from steps join fate using (person) where last)
        select a, b, count(*), count(distinct person), avg(gap),
               quantile_cont(gap, 0.5), quantile_cont(gap, 0.9)
        from moves group by a, b"""
    ).fetchall()
    facts["edges"] = {
        f"{a} > {b}": [n, persons] if mean is None else [n, persons, mean, *rest]
        for a, b, n, persons, mean, *rest in rows
    }


def w4():
    """Nested running maxima: when the newest chain that reached a step was entered."""
    window = 7 * DAY
    ctes = []
    for step in range(2, 5):
        ctes.append(
            f"""e{step} as (
            select *, max(case when s = {step} and t - at{step - 1} <= {window}
                          then at{step - 1} end) over own as at{step}
            from e{step - 1}
            window own as (partition by person order by t, s rows unbounded preceding))"""
        )
    rows = base.execute(
        f"""
        with matches as (
          select person, t, case stage when 'product' then 1 when 'add_to_cart' then 2
                 when 'checkout_start' then 3 when 'payment' then 4 when 'purchase' then 5 end as s
          from steps
          where stage in ('product', 'add_to_cart', 'checkout_start', 'payment', 'purchase')),
        e1 as (
          select *, max(case when s = 1 then t end) over own as at1 from matches
          window own as (partition by person order by t, s rows unbounded preceding)),
        {", ".join(ctes)},
        levels as (
          select person, max(case when s = 5 and t - at4 <= {window} then 5
                 when at4 is not null then 4 when at3 is not null then 3
                 when at2 is not null then 2 when at1 is not null then 1 else 0 end) as level
          from e4 group by person)
        select level, count(*) from levels group by level"""
    ).fetchall()
    facts["funnel"] = [sum(n for level, n in rows if level >= at) for at in range(1, 6)]


def w5():
    rows = base.execute(
        """
        with bought as (
          select person, min((t, event_id)) as sold from steps where stage = 'purchase'
          group by person),
        paths as (
          select steps.person, any_value(sold) is not null as converted,
                 coalesce(string_agg(stage::varchar, ' > ' order by t, event_id)
                   filter (sold is null or (t, event_id) < sold), '') as path
          from steps left join bought using (person) group by steps.person)
        select path, count(*) as n, count(*) filter (converted), count(*) over ()
        from paths group by path order by n desc, path limit 20"""
    ).fetchall()
    facts["variants"] = rows[0][3]
    facts["top"] = [list(row[:3]) for row in rows]


def w6():
    base.execute(
        f"""
        create temp table numbered as
          select person, t, event_id, channel, session, stage = 'purchase' as bought, value,
                 count(*) filter (stage = 'purchase') over (
                   partition by person order by t, event_id
                   rows between unbounded preceding and 1 preceding) as k
          from steps;
        create temp table touches as
          with orders as (
            select person, k, t as sold, value as v, channel as own, event_id as event
            from numbered where bought),
          met as (
            select s.person, s.k, s.t, s.event_id, s.channel, sold, v, false as alone
            from numbered s left join orders using (person, k)
            where session and (sold is null or s.t >= sold - {30 * DAY}::bigint))
          select * from met
          union all
          select person, k, sold, event, own, sold, v, true from orders anti join met using (person, k)
        """
    )
    facts["markov"] = removal(walks("true"))
    rows = base.execute(
        f"""
        with aged as (
          select channel, v, count(*) over path as n,
                 pow(2, (t - sold)::double / {7 * DAY}) as d,
                 sum(pow(2, (t - sold)::double / {7 * DAY})) over path as whole
          from touches where sold is not null window path as (partition by person, k))
        select channel::varchar, sum(1.0 / n), sum(v / n), sum(d / whole), sum(v * d / whole)
        from aged group by 1"""
    ).fetchall()
    facts["credit"] = {name: rest for name, *rest in rows}
    row = base.execute(
        """select count(*), count(*) filter (sold is not null),
                  count(distinct (person, k)) filter (sold is not null) from touches"""
    ).fetchone()
    facts["touches"] = list(row)
    if options.facts:
        rows = base.execute(
            "select channel::varchar, count(*), sum(v) from touches where alone group by 1"
        ).fetchall()
        facts["own"] = {name: rest for name, *rest in rows}
        facts["markov_touched"] = removal(walks("not alone"))


def walks(which):
    """The moves of the paths of touches: (from, to, count)."""
    return base.execute(
        f"""
        with ordered as (
          select channel, sold, lag(channel) over path as came_from,
                 lead(person) over path is null as last
          from touches where {which}
          window path as (partition by person, k order by t, event_id))
        select coalesce(came_from::varchar, 'START'), channel::varchar, count(*)
        from ordered group by 1, 2
        union all
        select channel::varchar, case when sold is null then 'NULL' else 'CONV' end, count(*)
        from ordered where last group by 1, 2"""
    ).fetchall()


def w7():
    within = ", ".join(f"min(s) filter (time <= {days * DAY}::bigint)" for days in HORIZONS)
    row = base.execute(
        f"""
        with finish as (select max(t) as stop from steps),
        persons as (
          select person, min(t) as first, min(case when stage = 'purchase' then t end) as sold
          from steps group by person),
        waited as (
          select coalesce(sold, stop) - first as time, (sold is not null)::int as event
          from persons, finish),
        counted as (
          select time, sum(event)::bigint as d, count(*) as c from waited group by time),
        risk as (select time, d, sum(c) over (order by time desc) as n from counted),
        curve as (
          select time, exp(sum(ln(1 - d / n)) over (order by time)) as s
          from risk where d > 0 and d < n)
        select {within}, count(*) from curve"""
    ).fetchone()
    facts["survival"] = [1.0 if it is None else it for it in row[:-1]]
    facts["event_times"] = row[-1]


answer.run({"W1": w1, "W2": w2, "W3": w3, "W4": w4, "W5": w5, "W6": w6, "W7": w7})
base.close()
spill.cleanup()
