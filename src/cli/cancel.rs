//! Signals that ask the program to end: it ends in order, and its status says which.
//!
//! The first SIGINT, SIGTERM or SIGHUP only sets a flag, which [`Progress::is_cancelled`]
//! passes on: work ends with an error, what it holds is dropped, and temporary files go
//! with it. Then the signal is raised again, so that a shell sees it (130, 143, 129). A
//! second signal, a moment later, ends the program at once.
//!
//! [`Progress::is_cancelled`]: crate::base::Progress::is_cancelled

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::time::{Duration, Instant};

/// How long after the first signal a second one is meant as one.
#[cfg(unix)]
const MOMENT: Duration = Duration::from_millis(200);

/// Whether, and by which signal, the program was asked to end.
#[derive(Debug, Default)]
pub struct Cancel {
    signal: Arc<AtomicUsize>,
}

impl Cancel {
    /// Whether the program was asked to end.
    pub fn is_asked(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// Begins to listen. Signals that whoever started the program told it to ignore
    /// (`nohup`, a script's background jobs) stay ignored.
    #[cfg(unix)]
    pub fn listen(&self) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::flag::register_usize;
        use signal_hook::iterator::Signals;

        let ignored = ignored();
        let heard = [SIGINT, SIGTERM, SIGHUP].into_iter();
        let heard: Vec<_> = heard.filter(|it| ignored & (1 << (it - 1)) == 0).collect();
        for &signal in &heard {
            // Where this fails the system ends the program itself: that loses no old output.
            let _ = register_usize(signal, Arc::clone(&self.signal), signal as usize);
        }
        if let Ok(signals) = Signals::new(heard) {
            std::thread::spawn(move || insist(signals));
        }
    }

    /// Ends the program by the signal that asked for it; returns if none did.
    #[cfg(unix)]
    pub fn obey(&self) {
        if let Ok(signal @ 1..) = i32::try_from(self.signal.load(Ordering::Relaxed)) {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }

    /// Where there are no such signals, the system ends the program itself.
    #[cfg(not(unix))]
    pub fn listen(&self) {}

    /// Nothing to obey.
    #[cfg(not(unix))]
    pub fn obey(&self) {}
}

/// Ends the program by the second signal, unless it comes with the first one:
/// `timeout` and some terminals send two at a time.
#[cfg(unix)]
fn insist(mut signals: signal_hook::iterator::Signals) {
    let mut first: Option<Instant> = None;
    for signal in &mut signals {
        if first.get_or_insert_with(Instant::now).elapsed() >= MOMENT {
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}

/// The signals that are ignored, bit 0 for signal 1; where the system does not tell,
/// SIGHUP alone, for the sake of `nohup`.
#[cfg(unix)]
fn ignored() -> u64 {
    match fs_err::read_to_string("/proc/self/status") {
        Ok(status) => mask(&status),
        Err(_) => 1,
    }
}

#[cfg(unix)]
fn mask(status: &str) -> u64 {
    let line = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    line.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_their_mask() {
        assert_eq!(mask("Name:\tx\nSigIgn:\t0000000000001003\nSigCgt:\t0\n"), 0x1003);
        assert_eq!(mask("nothing of it"), 0);
    }

    #[test]
    fn nobody_asks_until_a_signal_comes() {
        let cancel = Cancel::default();
        assert!(!cancel.is_asked());
        cancel.obey();
        cancel.signal.store(15, Ordering::Relaxed);
        assert!(cancel.is_asked());
    }
}
