//! Predicates by worked examples, and against a matcher that tries everything.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::path::{Link, PathPattern};
use super::{Ended, Seen, SelectOptions, Selector};
use crate::base::{NONE, Names, StageId, Timestamp, ValueId};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Catalog, Events, Outcome, Step};

/// 2026-01-01T00:00:00Z in microseconds.
const EPOCH: i64 = 1_767_225_600_000_000;

fn catalog() -> Catalog {
    let names = |text: &str| Names::new(text.split(' ').map(str::to_owned));
    Catalog {
        stages: names("A B C D E"),
        channels: names("Email Search"),
        properties: vec![("device".to_owned(), names("app web"))],
        currency: "EUR".parse().expect("currency"),
        events: 1,
        ..Catalog::default()
    }
}

/// A journey of stages such as "ABBA", an hour from step to step.
fn steps(text: &str) -> Vec<Step> {
    let step = |(event, name): (u32, char)| Step {
        event,
        stage: StageId(name as u32 - 'A' as u32),
        time: Timestamp(EPOCH + i64::from(event) * 3_600_000_000),
    };
    (0..).zip(text.chars()).map(step).collect()
}

fn selector(options: &str) -> Selector {
    let options: SelectOptions = toml::from_str(options).expect(options);
    Selector::new(&options, &catalog(), &TimeZone::UTC).expect("selector").expect("predicates")
}

fn keeps(options: &str, journey: &str) -> bool {
    let (steps, shard) = (steps(journey), Events::default());
    let seen = Seen { steps: &steps, outcome: Outcome::Exit, shard: &shard, events: 0..0 };
    selector(options).keeps(&seen)
}

#[test]
fn predicates_by_worked_examples() {
    // Each with journeys that are kept, and journeys that are not.
    let cases: [(&str, &[&str], &[&str]); 22] = [
        ("with = ['A']", &["A", "CA"], &["B", "CD"]),
        ("with = ['A', 'B', 'A']", &["AB", "BCA"], &["A", "BB"]),
        ("without = ['A', 'B']", &["C", "DE"], &["A", "CB"]),
        ("with = ['C']\nwithout = ['D']", &["C", "ACB"], &["CD", "A"]),
        ("starts = ['A', 'B']", &["AC", "B"], &["CA"]),
        ("ends = ['A', 'B']", &["CA", "B"], &["AC"]),
        ("starts = ['A']\nends = ['A']", &["A", "ABA"], &["AB", "BA"]),
        ("path = ['A>>B']", &["AB", "ACB", "BAAB"], &["BA", "A", "B"]),
        ("path = ['A>B']", &["AB", "AAB", "CABA"], &["ACB", "BA"]),
        ("path = ['A>>A']", &["AA", "ABA"], &["A", "AB"]),
        ("path = ['A>A']", &["AA", "BAA"], &["ABA"]),
        // The first A does not lead to B at once, the second does.
        ("path = ['A>B>>C']", &["ACABDC", "ABC"], &["ACBC", "CAB"]),
        // Taking the first B after A would miss it.
        ("path = ['A>>B>C']", &["ABDBC", "ABC"], &["ABDC", "BCA"]),
        ("path = ['A>B', 'C>D']", &["ABCD", "CDAB"], &["AB", "CD"]),
        ("between = ['B', 'D']", &["ABCD", "BD"], &["DB", "ABC"]),
        ("length = '2..3'", &["AB", "ABC"], &["A", "ABCD"]),
        ("length = '1'", &["A"], &["AB"]),
        ("lasting = '1h..2h'", &["AB", "ABC"], &["A", "ABCD"]),
        ("lasting = '..0s'", &["A"], &["AB"]),
        ("began = '2026-01-01'\nhours = '00:00..00:00'", &["A", "AB"], &[]),
        ("began = '2026-01-01T00:00:01Z..'", &[], &["A", "AB"]),
        ("outcome = ['converted', 'open']", &[], &["A"]),
    ];
    for (options, kept, left_out) in cases {
        for journey in kept {
            assert!(keeps(options, journey), "{options} keeps {journey}");
            assert!(!keeps(&format!("{options}\nothers = true"), journey), "others, {journey}");
        }
        for journey in left_out {
            assert!(!keeps(options, journey), "{options} leaves {journey} out");
            assert!(keeps(&format!("{options}\nothers = true"), journey), "others, {journey}");
        }
    }
}

#[test]
fn a_stretch_goes_from_the_first_of_the_one_to_the_next_of_the_other() {
    let shown = |options: &str, journey: &str| {
        let range = selector(options).shown(&steps(journey));
        journey[range].to_owned()
    };
    assert_eq!(shown("between = ['B', 'D']", "ABCBDAD"), "BCBD");
    assert_eq!(shown("between = ['B', 'D']", "DBD"), "BD");
    assert_eq!(shown("between = ['A', 'A']", "BACAA"), "ACA");
    assert_eq!(shown("with = ['B']", "ABC"), "ABC");
    assert_eq!(shown("between = ['B', 'D']\nothers = true", "ABC"), "ABC");
}

#[test]
fn a_filter_asks_the_events_of_the_journey_alone() {
    // Two journeys in one shard: events 0..2 and 2..5; the second event has no stage.
    let shard = Events {
        times: vec![EPOCH; 5],
        stages: [0, NONE, 1, 2, 3].map(StageId).to_vec(),
        amounts: vec![NO_AMOUNT, 1250, NO_AMOUNT, NO_AMOUNT, 99],
        properties: vec![[0, 1, 1, NONE, 1].map(ValueId).to_vec()],
        ..Events::default()
    };
    let keeps = |options: &str, events: std::ops::Range<usize>| {
        let steps = steps("A");
        let seen = Seen { steps: &steps, outcome: Outcome::Exit, shard: &shard, events };
        selector(options).keeps(&seen)
    };
    // The filter, whether the first journey is kept, and whether the second is.
    let cases = [
        ("having = \"device == app\"", true, false),
        ("having = \"device is missing\"", false, true),
        ("lacking = \"device == app\"", false, true),
        ("having = \"value >= 12.5\"", true, false),
        ("having = \"value < 1\"", false, true),
        // Both of one event: no event of the second is at B and of value.
        ("having = \"stage == D and value == 0.99\"", false, true),
        ("having = \"stage == B and value == 0.99\"", false, false),
        ("having = \"device == web and stage is missing\"", true, false),
        ("having = \"channel == Email\"", false, false),
        ("having = \"channel is missing\"", true, true),
    ];
    for (options, first, second) in cases {
        assert_eq!((keeps(options, 0..2), keeps(options, 2..5)), (first, second), "{options}");
    }
}

#[test]
fn names_that_do_not_occur_are_told_with_their_key() {
    let catalog = Catalog {
        stages: Names::new(["Cart".to_owned(), "Checkout".to_owned()]),
        events: 1,
        ..Catalog::default()
    };
    let wrong = |text: &str, catalog: &Catalog| {
        let options: SelectOptions = toml::from_str(text).expect(text);
        let made = Selector::new(&options, catalog, &TimeZone::UTC);
        let (key, error) = made.err()?;
        Some(format!("{key}: {error} {}", error.hint_text().unwrap_or("")))
    };
    let cases = [
        ("with = ['Crt']", "with: there is no stage \"Crt\" did you mean \"Cart\"?"),
        (
            "path = ['Cart >> Chekout']",
            "path: there is no stage \"Chekout\" did you mean \"Checkout\"?",
        ),
        ("between = ['Cart', 'x']", "between: there is no stage \"x\" "),
        (
            "between = ['Cart']",
            "between: a stretch is between two stages, not 1 write --between Cart,Purchase",
        ),
        (
            "having = \"chanel == 'x'\"",
            "having: no source has a property \"chanel\" did you mean \"channel\"?",
        ),
        (
            "others = true",
            "others: there are no others where nothing is chosen say which journeys, too: --with STAGE",
        ),
        (
            "began = '2026-01-02..2026-01-01T10:00Z'",
            "began: \"2026-01-02..2026-01-01T10:00:00Z\" ends before it begins ",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(wrong(text, &catalog).as_deref(), Some(expected), "{text}");
    }
    // Names cannot occur where nothing does.
    let empty = Catalog { events: 0, ..catalog };
    assert_eq!(wrong("with = ['x']\npath = ['x>y']\nbetween = ['x', 'y']", &empty), None);
    assert!(
        Selector::new(&SelectOptions::default(), &empty, &TimeZone::UTC)
            .is_ok_and(|it| it.is_none())
    );
}

#[test]
fn words_on_pages_tell_no_address() {
    let words = selector("having = \"device == 'ann.lee@example.org'\"").words().to_owned();
    assert!(!words.contains("ann.lee@"), "{words}");
    assert!(words.starts_with("with an event where device == "), "{words}");
}

#[test]
fn a_way_holds_64_stages_and_so_does_with() {
    let names: Vec<String> = (0..65).map(|it| format!("s{it:02}")).collect();
    let catalog = Catalog { stages: Names::new(names.clone()), events: 1, ..Catalog::default() };
    let made = |options: &SelectOptions| Selector::new(options, &catalog, &TimeZone::UTC);
    let with = |count: usize| SelectOptions { with: names[..count].to_vec(), ..Default::default() };
    let steps: Vec<Step> =
        (0..64).map(|it| Step { event: it, stage: StageId(it), time: Timestamp(0) }).collect();
    let shard = Events::default();
    let seen = |steps| Seen { steps, outcome: Outcome::Exit, shard: &shard, events: 0..0 };
    let all = made(&with(64)).expect("64").expect("predicates");
    assert!(all.keeps(&seen(&steps)) && !all.keeps(&seen(&steps[1..])));
    assert!(made(&with(65)).is_err());
    let way: PathPattern = names[..64].join(">").parse().expect("way");
    let way = made(&SelectOptions { path: vec![way], ..Default::default() });
    let way = way.expect("way").expect("predicates");
    assert!(way.keeps(&seen(&steps)) && !way.keeps(&seen(&steps[..63])));
}

/// Whether a way can be laid over the stages from here on, by trying every place.
fn lies(way: &[(Link, String)], stages: &[StageId], first: bool) -> bool {
    let Some(((link, name), rest)) = way.split_first() else { return true };
    let stage = StageId(u32::from(name.as_bytes()[0] - b'A'));
    let places = if first || *link == Link::Eventually { stages.len() } else { 1 };
    (0..places.min(stages.len()))
        .any(|at| stages[at] == stage && lies(rest, &stages[at + 1..], false))
}

fn naive(options: &SelectOptions, steps: &[Step], outcome: Outcome) -> bool {
    let stages: Vec<StageId> = steps.iter().map(|it| it.stage).collect();
    let id = |name: &String| StageId(u32::from(name.as_bytes()[0] - b'A'));
    let any = |names: &[String], stage: StageId| names.iter().any(|it| id(it) == stage);
    let (first, last) = (steps[0], steps[steps.len() - 1]);
    let met = options.with.iter().all(|it| stages.contains(&id(it)))
        && !options.without.iter().any(|it| stages.contains(&id(it)))
        && (options.starts.is_empty() || any(&options.starts, first.stage))
        && (options.ends.is_empty() || any(&options.ends, last.stage))
        && options.path.iter().all(|it| lies(it.links(), &stages, true))
        && (options.between.is_empty()
            || (0..stages.len()).any(|a| {
                stages[a] == id(&options.between[0])
                    && stages[a + 1..].contains(&id(&options.between[1]))
            }))
        && options.length.is_none_or(|it| {
            let steps = steps.len() as u64;
            it.from.is_none_or(|it| it.0 <= steps) && it.to.is_none_or(|it| steps <= it.0)
        })
        && (options.outcome.is_empty() || options.outcome.iter().any(|it| it.outcome() == outcome));
    met != options.others
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(vec!["A", "B", "C", "D"]), 0..3)
        .prop_map(|it| it.into_iter().map(str::to_owned).collect())
}

fn way() -> impl Strategy<Value = PathPattern> {
    let link = prop::sample::select(vec![">", ">>"]);
    let stage = prop::sample::select(vec!["A", "B", "C", "D"]);
    prop::collection::vec((link, stage), 1..6).prop_map(|parts| {
        let text: String = parts.iter().map(|it| format!("{}{}", it.0, it.1)).collect();
        text.trim_start_matches('>').parse().expect("way")
    })
}

prop_compose! {
    fn options()(
        lists in (names(), names(), names(), names()),
        path in prop::collection::vec(way(), 0..3),
        between in prop::option::of((0usize..4, 0usize..4)),
        length in prop::option::of((0u64..5, 0u64..5)),
        outcome in prop::collection::vec(
            prop::sample::select(vec![Ended::Converted, Ended::Exit, Ended::Open]), 0..3),
        chosen in prop::collection::vec(any::<bool>(), 7),
        others in any::<bool>(),
    ) -> SelectOptions {
        // Few predicates at a time, else nothing is ever kept.
        let of = |at: usize, list: &Vec<String>| if chosen[at] && chosen[6] { list.clone() } else { Vec::new() };
        let name = |at: usize| ["A", "B", "C", "D"][at].to_owned();
        SelectOptions {
            with: of(0, &lists.0),
            without: if chosen[6] { Vec::new() } else { of(1, &lists.1) },
            starts: of(2, &lists.2),
            ends: of(3, &lists.3),
            path: if chosen[4] { path } else { Vec::new() },
            between: between.filter(|_| chosen[5]).map_or(Vec::new(), |it| vec![name(it.0), name(it.1)]),
            length: length.and_then(|(a, b)| format!("{}..{}", a.min(b), a.max(b)).parse().ok()),
            outcome: if chosen[0] { outcome } else { Vec::new() },
            others,
            ..SelectOptions::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_kept_is_what_trying_everything_keeps(
        options in options(), journey in "[A-D]{1,10}", outcome in 0usize..3,
    ) {
        prop_assume!(!options.is_empty());
        let outcome = [Outcome::Converted, Outcome::Exit, Outcome::Open][outcome];
        let (steps, shard) = (steps(&journey), Events::default());
        let selector = Selector::new(&options, &catalog(), &TimeZone::UTC);
        let selector = selector.expect("selector").expect("predicates");
        let seen = Seen { steps: &steps, outcome, shard: &shard, events: 0..0 };
        prop_assert_eq!(
            selector.keeps(&seen), naive(&options, &steps, outcome), "{:?} {}", options, journey
        );
    }
}

#[test]
fn sessions_that_interleave_are_kept_where_a_kept_journey_has_an_event() {
    use crate::base::ChannelId;
    use crate::model::{Customer, Journey, Session, Touch};

    let steps = steps("ABCD");
    let times: Vec<i64> = steps.iter().map(|it| it.time.0).collect();
    let journey = |first: u32, end: u32| Journey {
        first,
        end,
        outcome: Outcome::Exit,
        value: 0,
        conversions: 0,
        touches_first: first,
        touches_end: end,
    };
    let session = |first: u32, end: u32, events: u32| Session {
        first,
        end,
        events,
        start: steps[first as usize].time,
        channel: ChannelId(0),
    };
    let touches: Vec<Touch> = steps
        .iter()
        .map(|it| Touch { event: it.event, time: it.time, channel: ChannelId(it.event) })
        .collect();
    let shard = Events { times: times.clone(), ..Events::default() };
    let whole = Customer {
        id: crate::base::CustomerId(0),
        shard: &shard,
        base: 0,
        times: &times,
        // Of the first and third event, of the second, and of none the fourth.
        sessions: &[session(0, 3, 2), session(1, 2, 1)],
        session_of: &[0, 1, 0, NONE],
        steps: &steps,
        touches: &touches,
        conversions: &[],
        journeys: &[journey(0, 2), journey(2, 4)],
        kept: None,
    };
    let mut keeper = super::Keeper::default();
    let by = selector("with = ['C']");
    let kept = keeper.keep(&by, &whole, &[0, 2]).expect("kept");
    assert_eq!((kept.events(), kept.out_of_session()), (2, 1));
    assert_eq!(kept.event_times().collect::<Vec<_>>(), times[2..]);
    assert_eq!(whole.event_times().collect::<Vec<_>>(), times);
    assert_eq!((kept.first_time(), kept.last_time()), (steps[2].time, steps[3].time));
    assert_eq!(
        (kept.sessions, kept.session_of),
        (&[session(0, 3, 2)][..], &[0, NONE, 0, NONE][..])
    );
    assert_eq!((kept.session(2), kept.session(1), kept.sessions_between(2, 3)), (Some(0), None, 1));
    assert_eq!(kept.journeys, [Journey { touches_first: 0, touches_end: 2, ..journey(0, 2) }]);
    assert_eq!((kept.steps, kept.touches), (&steps[2..], &touches[2..]));
    let by = selector("with = ['A']");
    let kept = keeper.keep(&by, &whole, &[0, 2]).expect("kept");
    assert_eq!((kept.events(), kept.out_of_session(), kept.sessions.len()), (2, 0, 2));
    let selected = keeper.selected(&by);
    assert_eq!((selected.all.journeys, selected.kept.journeys, selected.kept.customers), (4, 2, 2));
}
