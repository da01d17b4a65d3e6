//! The hot kernels, one line each in [`kernels`]; both benches run this list.
//!
//! A kernel is prepared outside of what is measured, then run once. It answers a
//! number that depends on all of its work, so that no compiler drops any of it.
//! To add one: a function here, and its line in the list.

use std::rc::Rc;

use touchpath::analysis;
use touchpath::analysis::graph::GraphFold;
use touchpath::base::money::apportion;
use touchpath::base::{Dictionary, Unwatched};
use touchpath::input::time::{TimeFormat, TimeReader};
use touchpath::model::{Customer, JourneyMap, MapEdge, MapNode};
use touchpath::output::{MapStyle, map::svg};
use touchpath::prepare::Walker;
use touchpath::prepare::channels::Channels;
use touchpath::prepare::group::{Scratch, Shards};
use touchpath::prepare::partition::Partition;
use touchpath::prepare::rows::{Layout, Making, Selection};
use touchpath::prepare::sessions::SessionColumns;
use touchpath::prepare::stages::Stages;
use touchpath::prepare::stitch::{Asked, Stitched, stitch};
use touchpath::stats::{Chain, ChainCounts, KaplanMeier, SelfLoops, quantile};
use touchpath::store::RawEvents;
use touchpath::study::Study;

mod shop;

pub use shop::Shop;

/// One run of a kernel, ready to go.
pub type Run = Box<dyn FnOnce() -> u64>;

/// A kernel: its name, and what makes a run of it.
pub struct Kernel {
    /// The name in tables.
    pub name: &'static str,
    /// How many things one run handles: rows, texts, touches.
    pub units: u64,
    prepare: Box<dyn FnMut() -> Run>,
}

impl Kernel {
    fn new(name: &'static str, units: usize, mut prepare: impl FnMut() -> Run + 'static) -> Self {
        Self { name, units: units as u64, prepare: Box::new(move || prepare()) }
    }

    /// Makes a run; not part of what is measured.
    pub fn prepare(&mut self) -> Run {
        (self.prepare)()
    }
}

/// All kernels, over a sample shop with so many customers.
pub fn kernels(customers: u32) -> Vec<Kernel> {
    let shop = Rc::new(Shop::new(customers));
    let (web, app) = (shop.text("web.csv"), shop.text("app.jsonl"));
    let cells: Vec<Vec<&str>> = web.lines().skip(1).map(|it| it.split(',').collect()).collect();
    let column = |at: usize| -> Rc<Vec<String>> {
        Rc::new(cells.iter().filter_map(|it| it.get(at)).map(|&it| it.to_owned()).collect())
    };
    let rows = shop.read_all().len();
    let study = Rc::new(shop.study());
    let events = study.catalog.events as usize;
    let mut kernels = vec![
        read("read_csv", cells.len(), &shop, "web.csv"),
        read("read_jsonl", app.lines().count(), &shop, "app.jsonl"),
        times(column(1)),
        intern("intern_ids", column(2)),
        intern("intern_pages", column(4)),
        stitching(&shop, rows),
        grouping(&shop, rows),
        walk(&study, events),
        graph(&study, events),
    ];
    let folds = ["dropoff", "funnel", "paths", "time", "attribute", "ledger", "kpi"];
    kernels.extend(folds.map(|it| fold(it, &study, events)));
    kernels.extend([waits(), survival(), removal(), split(), draw()]);
    kernels
}

/// Reading one file of the shop, from opening it to coded rows.
fn read(name: &'static str, rows: usize, shop: &Rc<Shop>, file: &'static str) -> Kernel {
    let shop = Rc::clone(shop);
    let sources = [shop.source(file)];
    Kernel::new(name, rows, move || {
        let (shop, sources) = (Rc::clone(&shop), sources.clone());
        Box::new(move || shop.read(&sources).len() as u64)
    })
}

/// Reading times that are told to be RFC 3339.
fn times(texts: Rc<Vec<String>>) -> Kernel {
    Kernel::new("times", texts.len(), move || {
        let texts = Rc::clone(&texts);
        Box::new(move || {
            let mut reader = TimeReader::new(TimeFormat::Rfc3339, jiff::tz::TimeZone::UTC);
            let read = texts.iter().filter_map(|it| reader.read(it).ok());
            read.fold(0, |sum, it| sum.wrapping_add(it.cast_unsigned()))
        })
    })
}

/// Codes for texts, as they come: many different ones, or few.
fn intern(name: &'static str, texts: Rc<Vec<String>>) -> Kernel {
    Kernel::new(name, texts.len(), move || {
        let texts = Rc::clone(&texts);
        Box::new(move || {
            let mut dictionary = Dictionary::default();
            texts.iter().map(|it| u64::from(dictionary.intern(it))).sum()
        })
    })
}

/// Customers from ids.
fn stitching(shop: &Rc<Shop>, rows: usize) -> Kernel {
    let shop = Rc::clone(shop);
    Kernel::new("stitch", rows, move || {
        let (shop, mut raw) = (Rc::clone(&shop), shop.read_all());
        Box::new(move || customers(&shop, &mut raw).customers() as u64)
    })
}

fn customers(shop: &Shop, raw: &mut RawEvents) -> Stitched {
    stitch(raw, &shop.config().sections.identity, Asked::default()).expect("customers")
}

/// Rows cut into shards of customers, and each customer's rows together and in order.
fn grouping(shop: &Rc<Shop>, rows: usize) -> Kernel {
    let shop = Rc::clone(shop);
    Kernel::new("group", rows, move || {
        let (shop, mut raw) = (Rc::clone(&shop), shop.read_all());
        let stitched = customers(&shop, &mut raw);
        Box::new(move || group(&shop, &mut raw, &stitched))
    })
}

fn group(shop: &Shop, raw: &mut RawEvents, stitched: &Stitched) -> u64 {
    let sections = &shop.config().sections;
    let stages = Stages::new(&sections.stage, raw).expect("stages");
    let channels = Channels::new(&sections.channel, "Direct", raw).expect("channels");
    let layout = Layout::new(raw, &channels, &[], SessionColumns::default());
    let selection = Selection { since: None, until: None, filter: None };
    let making = Making {
        layout: &layout,
        stitched,
        stages: &stages,
        channels: &channels,
        selection: &selection,
    };
    let counts = (stitched.customers(), stages.names.len());
    let partition = Partition::new(&mut raw.batches, &making, counts, &Unwatched).expect("rows");
    let shards = Shards::new(partition, Vec::new(), std::mem::take(&mut raw.sequence_texts));
    let mut scratch = Scratch::default();
    let mut events = |shard: usize| shards.events(shard, &mut scratch).expect("a shard").len();
    (0..shards.len()).map(|it| events(it) as u64).sum()
}

/// Shows every customer of a study.
fn each_customer(study: &Study, mut visit: impl FnMut(&Customer<'_>)) {
    each_group(study, |customers| customers.iter().for_each(&mut visit));
}

/// Shows all customers of a study, some at once.
fn each_group(study: &Study, mut visit: impl FnMut(&[Customer<'_>])) {
    let (mut walker, mut scratch) = (Walker::default(), Scratch::default());
    for shard in 0..study.shards.len() {
        let events = study.shards.events(shard, &mut scratch).expect("a shard");
        walker.walk_groups(&study.walking, events, &mut visit);
    }
}

/// Shards in order; sessions, touches, conversions and journeys of every customer: what each
/// fold below includes.
fn walk(study: &Rc<Study>, events: usize) -> Kernel {
    let study = Rc::clone(study);
    Kernel::new("walk", events, move || {
        let study = Rc::clone(&study);
        Box::new(move || {
            let mut steps = 0;
            each_customer(&study, |it| steps += it.steps.len() as u64);
            steps
        })
    })
}

/// The stage graph with its waits, from the walk to the finished graph.
fn graph(study: &Rc<Study>, events: usize) -> Kernel {
    let study = Rc::clone(study);
    Kernel::new("fold_graph", events, move || {
        let study = Rc::clone(&study);
        Box::new(move || {
            let fold = GraphFold::new(&study.catalog);
            let mut state = fold.start();
            each_customer(&study, |it| fold.visit(&mut state, it));
            fold.finish(state).moves()
        })
    })
}

/// One analysis from the walk to its folded state; the answer is not made.
fn fold(name: &'static str, study: &Rc<Study>, events: usize) -> Kernel {
    let study = Rc::clone(study);
    let entry = analysis::entry(name).expect("an analysis");
    let options = study.config.options(entry.section).expect("its options");
    let title: &'static str = Box::leak(format!("fold_{name}").into_boxed_str());
    Kernel::new(title, events, move || {
        let (study, options) = (Rc::clone(&study), options.clone());
        Box::new(move || {
            let running = (entry.build)(options, &study.catalog).expect("an analysis");
            let (mut state, mut seen) = (running.start(), 0);
            each_group(&study, |it| {
                running.visit(&mut state, it);
                seen += it.len() as u64;
            });
            seen
        })
    })
}

/// Numbers that look like chance and are always the same (SplitMix64).
fn numbers(count: u64) -> impl Iterator<Item = u64> {
    (1..=count).map(|it| {
        let mut z = it.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

/// Median and 90 % quantile of waits between two stages.
fn waits() -> Kernel {
    let all: Rc<Vec<i64>> = Rc::new(numbers(20_000).map(|it| (it >> 20) as i64).collect());
    Kernel::new("waits", all.len(), move || {
        let mut waits = (*all).clone();
        Box::new(move || {
            let sum = quantile(&mut waits, 0.5).zip(quantile(&mut waits, 0.9));
            sum.map_or(0, |it| (it.0 + it.1) as u64)
        })
    })
}

/// A Kaplan-Meier curve with its interval.
fn survival() -> Kernel {
    let times = numbers(10_000).zip(0..);
    let counts: Rc<Vec<_>> =
        Rc::new(times.map(|(it, at)| (at * 1000, it % 3, it / 3 % 2)).collect());
    Kernel::new("kaplan_meier", counts.len(), move || {
        let counts = Rc::clone(&counts);
        Box::new(move || KaplanMeier::fit(&counts, 0.95).map_or(0, |it| it.rows().count() as u64))
    })
}

/// Removal effects of twenty channels.
fn removal() -> Kernel {
    const CHANNELS: u32 = 20;
    let moves: Vec<(u32, u32, u64)> = numbers(u64::from(CHANNELS * CHANNELS))
        .zip(0..)
        .map(|(it, pair)| (pair / CHANNELS, pair % CHANNELS, 1 + it % 1000))
        .collect();
    let ends: Vec<u64> = numbers(CHANNELS.into()).map(|it| 1 + it % 5000).collect();
    let moves = Rc::new((moves, ends));
    Kernel::new("removal_effects", CHANNELS as usize, move || {
        let counts = Rc::clone(&moves);
        Box::new(move || {
            let (moves, ends) = &*counts;
            let (starts, conversions, nulls) = (&ends[..], &ends[..], &ends[..]);
            let counts = ChainCounts { starts, moves, conversions, nulls, values: None };
            let chain = Chain::solve(&counts, SelfLoops::Drop).expect("a chain");
            chain.conversion.shares.iter().map(|it| (it * 1e12) as u64).sum()
        })
    })
}

/// A map of 25 stages and some 300 transitions, from folded figures to the bytes of its SVG.
fn draw() -> Kernel {
    const STAGES: usize = 25;
    let mut map = JourneyMap { journeys: 50_000, customers: 50_000, ..JourneyMap::default() };
    for id in 0..STAGES {
        map.nodes.push(MapNode {
            name: format!("Stage {id}"),
            visits: 90_000 / (id as u64 + 1),
            customers: 50_000 / (id as u64 + 1),
            starts: if id < 4 { 12_500 } else { 0 },
            exits: 500,
            goal: id + 1 == STAGES,
            position: id as f64,
            ..MapNode::default()
        });
    }
    for (pair, number) in (0..STAGES * STAGES).zip(numbers((STAGES * STAGES) as u64)) {
        let (from, to) = (pair / STAGES, pair % STAGES);
        let near = to == from + 1 || to == from + 2;
        if from != to && (near || number % 2 == 0) {
            let moves = if near { 20_000 / (from as u64 + 1) } else { 1 + number % 60 };
            map.edges.push(MapEdge { from, to, moves, share: 0.1, ..MapEdge::default() });
        }
    }
    let map = Rc::new(map);
    Kernel::new("draw_map", map.edges.len(), move || {
        let map = Rc::clone(&map);
        Box::new(move || {
            let mut bytes = Vec::new();
            svg::write(&map, &MapStyle::default(), &mut bytes).expect("a picture");
            bytes.len() as u64
        })
    })
}

/// Orders split over their touches to the cent.
fn split() -> Kernel {
    let orders: Vec<(i64, Vec<u64>)> = numbers(5_000)
        .map(|it| ((it % 50_000) as i64, numbers(1 + it % 7).map(|it| it >> 24).collect()))
        .collect();
    let orders = Rc::new(orders);
    Kernel::new("apportion", orders.len(), move || {
        let orders = Rc::clone(&orders);
        Box::new(move || {
            let parts = orders.iter().map(|it| apportion(it.0, &it.1));
            parts.map(|it| it.iter().max().map_or(0, |it| it.cast_unsigned())).sum()
        })
    })
}
