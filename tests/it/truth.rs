//! Stitching against the truth: what guards gain in precision, and lose in recall.

use std::fmt::Write as _;

use crate::case::Case;

#[path = "../../examples/identity_truth.rs"]
#[allow(dead_code)]
mod example;

/// A stream of numbers that stays the same (Steele and Vigna's SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % bound
    }
}

/// Visits of people with up to three browsers each, of whom most log in now and then.
fn events(people: u64, seed: u64) -> String {
    let mut chance = Chance(seed);
    let mut text = String::from("ts,anonymous_id,user_id,customer_id\n");
    for person in 0..people {
        let (browsers, logs_in) = (1 + chance.below(3), chance.below(10) < 7);
        for _ in 0..1 + chance.below(6) {
            let (day, minute) = (1 + chance.below(28), chance.below(1300));
            let browser = person * 4 + chance.below(browsers);
            let login = if logs_in { chance.below(5) } else { 9 };
            for step in 0..4 + chance.below(5) {
                let at = minute + step;
                let user = if step >= login { format!("u{person}") } else { String::new() };
                let (hour, minute) = (at / 60, at % 60);
                let _ = writeln!(
                    text,
                    "2026-01-{day:02}T{hour:02}:{minute:02}:00Z,b{browser},{user},p{person}"
                );
            }
        }
    }
    text
}

#[test]
fn guards_win_precision_on_shared_devices_and_lose_next_to_no_recall() {
    for seed in [1, 2] {
        let case = Case::new(&[("events.csv", &events(3000, seed))]);
        let path = case.path("events.csv").display().to_string();
        let arguments = [&path, "--kiosks", "8", "--share", "0.01", "--seed", "7"];
        let asks = example::Asks::new(arguments.iter().map(|it| (*it).to_owned())).unwrap();
        let (_, scores) = example::scores(&asks).unwrap();
        let [plain, usual, strict] = &scores[..] else { panic!("three guards") };
        let figures = |it: &example::Scores| {
            [it.events.precision(), it.events.recall(), it.ids.precision(), it.ids.recall()]
        };
        let shown = format!("{seed}: {:?}", scores.iter().map(figures).collect::<Vec<_>>());
        let (plain_ids, usual_ids, strict_ids) = (&plain.ids, &usual.ids, &strict.ids);
        let (plain, usual, strict) = (&plain.events, &usual.events, &strict.events);
        assert!(plain.precision() < 0.9 && plain_ids.precision() < 0.9, "{shown}");
        assert!(usual_ids.precision() >= 0.99 && strict_ids.precision() >= 0.99, "{shown}");
        assert!(usual_ids.recall() >= plain_ids.recall() - 0.01, "{shown}");
        assert!(usual.recall() >= plain.recall() - 0.01, "{shown}");
        assert!(usual.precision() > 0.98 && strict.precision() > 0.98, "{shown}");
    }
}
