//! Stitching against the truth: what guards gain in precision, and lose in recall.

use crate::case::Case;

#[path = "../../examples/identity_truth.rs"]
#[allow(dead_code)]
mod example;

#[test]
fn guards_win_precision_on_shared_devices_and_lose_next_to_no_recall() {
    for seed in [1, 2] {
        let case = Case::new(&[("events.csv", &example::made_up(3000, seed))]);
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
        assert!(usual.precision() >= 0.99 && strict.precision() > 0.98, "{shown}");
    }
}
