//! Progress on a terminal: the stage of the work, rows, bytes, rate and time left.
//!
//! Work only counts; a thread of its own looks at the counts and draws. Nothing is
//! drawn before a second has passed, nor where there is no terminal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use super::cancel::Cancel;
use crate::base::Progress;

/// How long work may last before progress is shown.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);
/// The stage whose units are bytes.
const READING: &str = "reading";
/// The stages of a long run, and about which share of its time each takes: measured on
/// ten million rows. Only the time left is told by them.
const STAGES: [(&str, f64); 8] = [
    (READING, 0.50),
    ("coding", 0.03),
    ("stitching", 0.03),
    ("grouping", 0.11),
    ("analyzing", 0.18),
    ("answering", 0.05),
    ("drawing", 0.01),
    ("writing", 0.09),
];
/// Steps of the bar.
const STEPS: u64 = 1000;

/// Counts what is done, shows it if wished, and knows whether to go on.
pub struct Watcher {
    shown: bool,
    /// Whether the program was asked to end.
    pub cancel: Cancel,
    board: Arc<Board>,
}

/// What the work writes and the drawing thread reads.
struct Board {
    started: Instant,
    rows: AtomicU64,
    bytes: AtomicU64,
    done: AtomicU64,
    view: Mutex<View>,
}

/// What is seen now.
#[derive(Default)]
struct View {
    stage: Option<Stage>,
    bar: Option<ProgressBar>,
    drawn: bool,
}

/// The stage of the work.
#[derive(Debug, Clone, Copy)]
struct Stage {
    what: &'static str,
    total: u64,
    since: Duration,
}

impl Watcher {
    /// Watches; draws if `shown`.
    pub fn new(shown: bool) -> Self {
        let board = Board {
            started: Instant::now(),
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            done: AtomicU64::new(0),
            view: Mutex::new(View::default()),
        };
        Self { shown, cancel: Cancel::default(), board: Arc::new(board) }
    }

    /// Lets somebody write to the terminal; what was drawn makes room.
    pub fn aside(&self, write: impl FnOnce()) {
        let mut view = self.board.view();
        view.clear();
        write();
    }

    /// Takes away what was drawn, until a further stage begins.
    pub fn finish(&self) {
        let mut view = self.board.view();
        view.stage = None;
        view.clear();
    }
}

impl Progress for Watcher {
    fn stage(&self, what: &'static str, total: u64) {
        let board = &self.board;
        let mut view = board.view();
        let done = board.done.swap(0, Ordering::Relaxed);
        if view.stage.is_some_and(|it| it.what == READING) {
            board.bytes.store(done, Ordering::Relaxed);
        }
        view.stage = Some(Stage { what, total, since: board.started.elapsed() });
        if self.shown && !view.drawn {
            view.drawn = true;
            let board = Arc::clone(board);
            std::thread::spawn(move || board.draw_on());
        }
    }

    fn advance(&self, units: u64) {
        self.board.done.fetch_add(units, Ordering::Relaxed);
    }

    fn rows(&self, rows: u64) {
        self.board.rows.fetch_add(rows, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_asked()
    }
}

impl Board {
    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws until the program ends.
    fn draw_on(&self) {
        std::thread::sleep(PATIENCE.saturating_sub(self.started.elapsed()));
        loop {
            self.draw(&mut self.view());
            std::thread::sleep(TICK);
        }
    }

    fn draw(&self, view: &mut View) {
        let Some(stage) = view.stage else { return };
        let done = self.done.load(Ordering::Relaxed);
        if stage.what == READING {
            self.bytes.store(done, Ordering::Relaxed);
        }
        let now = self.started.elapsed();
        let share = stage.share(done, now);
        let bar = view.bar.get_or_insert_with(bar);
        bar.set_prefix(stage.what);
        bar.set_position((share.unwrap_or(0.0) * STEPS as f64) as u64);
        let (rows, bytes) = (&self.rows, &self.bytes);
        let read = (rows.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed));
        bar.set_message(detail(read, share, now.as_secs_f64()));
        bar.tick();
    }
}

impl View {
    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Stage {
    /// The share of the whole work that is done; none where nobody can say.
    fn share(&self, done: u64, now: Duration) -> Option<f64> {
        let at = STAGES.iter().position(|it| it.0 == self.what);
        let own = (self.total > 0).then(|| (done as f64 / self.total as f64).min(1.0));
        // A stage that is not in the table is told by itself alone.
        let Some(at) = at else { return own };
        let before: f64 = STAGES[..at].iter().map(|it| it.1).sum();
        let weight = STAGES[at].1;
        let expected = self.since.as_secs_f64() * weight / before;
        let by_time = || {
            let spent = now.saturating_sub(self.since).as_secs_f64();
            // It comes ever closer to the end of the stage, but never there.
            (before > 0.0).then(|| 1.0 - (-spent / expected.max(1e-3)).exp())
        };
        Some(before + weight * own.or_else(by_time)?)
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(STEPS);
    match ProgressStyle::with_template("{prefix:9} [{bar:10}] {wide_msg}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// How far, how much, how fast, how long: `45%, 4,512,332 rows, 412 MiB, …`; what nobody
/// knows is left out.
fn detail((rows, bytes): (u64, u64), share: Option<f64>, seconds: f64) -> String {
    let mut parts = Vec::new();
    parts.extend(share.map(|it| format!("{:.0}%", it * 100.0)));
    if bytes > 0 {
        parts.push(HumanBytes(bytes).to_string());
    }
    if rows > 0 {
        let rate = (rows as f64 / seconds.max(1e-3)) as u64;
        parts.push(format!("{} rows, {} rows/s", HumanCount(rows), HumanCount(rate)));
    }
    let left = share.filter(|it| *it > 0.0).map(|it| (seconds * (1.0 - it) / it).ceil() as u64);
    parts.extend(left.map(|it| format!("{} left", spell(it))));
    parts.join(", ")
}

/// Seconds in at most two units.
fn spell(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(what: &'static str, total: u64, since: u64) -> Stage {
        Stage { what, total, since: Duration::from_secs(since) }
    }

    #[test]
    fn stages_share_the_whole_work() {
        let sum: f64 = STAGES.iter().map(|it| it.1).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        let now = Duration::from_secs(10);
        assert_eq!(stage(READING, 100, 0).share(50, now), Some(0.25));
        assert_eq!(stage(READING, 100, 0).share(500, now), Some(0.5));
        let analyzing = stage("analyzing", 4, 8).share(0, now).unwrap();
        assert!((analyzing - 0.67).abs() < 1e-9, "{analyzing}");
        // Of unknown length: told by the time that the stages before it took.
        let coding = |now| stage("coding", 0, 4).share(0, Duration::from_millis(now)).unwrap();
        assert_eq!(coding(4000), 0.5);
        assert!(coding(4400) < coding(4800) && coding(60_000) < 0.530_001);
        // Standard input: nobody knows how much there is.
        assert_eq!(stage(READING, 0, 0).share(50, now), None);
        assert_eq!(stage("merging", 0, 0).share(1, now), None);
        assert_eq!(stage("merging", 4, 0).share(1, now), Some(0.25));
    }

    #[test]
    fn a_line_says_how_far_how_much_how_fast_and_how_long() {
        let line = detail((4_512_332, 412 << 20), Some(0.45), 4.5);
        assert_eq!(line, "45%, 412.00 MiB, 4,512,332 rows, 1,002,740 rows/s, 6 s left");
        assert_eq!(detail((10, 0), None, 1.0), "10 rows, 10 rows/s");
        assert_eq!(detail((0, 0), Some(0.5), 9.0), "50%, 9 s left");
        let spelled = [0, 59, 60, 3599, 3600, 90_000].map(spell);
        let expected = ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "25 h 0 min"];
        assert_eq!(spelled, expected);
    }

    #[test]
    fn what_was_read_stays_known_in_later_stages() {
        let watcher = Watcher::new(false);
        watcher.stage(READING, 10);
        watcher.advance(7);
        watcher.stage("coding", 0);
        assert_eq!(watcher.board.bytes.load(Ordering::Relaxed), 7);
        assert_eq!(watcher.board.done.load(Ordering::Relaxed), 0);
        assert!(!watcher.is_cancelled());
        watcher.finish();
        watcher.board.draw(&mut watcher.board.view());
        assert!(watcher.board.view().bar.is_none());
    }
}
