//! A program of the system: bytes in, bytes out, in bounded time.
//!
//! No shell, no file, no argument from data: whoever calls passes fixed arguments. Knows
//! no format and prints nothing.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The most that is read of what a program writes.
const MOST: u64 = 1 << 30;
/// The most that is kept of what it complains about.
const MOST_SAID: usize = 4096;
/// How often is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// What a program wrote, and whether it says that all went well.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it ended with code 0.
    pub well: bool,
    /// Its standard output.
    pub out: Vec<u8>,
    /// The beginning of its standard error.
    pub said: String,
}

/// Why there is no outcome.
#[derive(Debug)]
pub enum Failure {
    /// There is no such program.
    Missing,
    /// It took longer than allowed, and was ended.
    TooLong,
    /// The run was cancelled, and the program ended.
    Cancelled,
    /// The system refused.
    System(std::io::Error),
}

/// Runs a program with bytes on its standard input.
///
/// # Errors
/// The program is missing, cannot be run, takes longer than `limit`, or is no longer wanted.
pub fn run(
    program: &str,
    arguments: &[&str],
    input: Vec<u8>,
    limit: Duration,
    cancelled: &dyn Fn() -> bool,
) -> Result<Outcome, Failure> {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Failure::Missing),
        Err(error) => return Err(Failure::System(error)),
    };
    let (out, said) = pipes(&mut child, input);
    let end = Instant::now() + limit;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if cancelled() => return Err(kill(&mut child, Failure::Cancelled)),
            Ok(None) if Instant::now() >= end => return Err(kill(&mut child, Failure::TooLong)),
            Ok(None) => thread::sleep(PAUSE),
            Err(error) => return Err(kill(&mut child, Failure::System(error))),
        }
    };
    // A child of the child may still hold the pipes: nobody waits for that longer either.
    let rest = || end.saturating_duration_since(Instant::now()).max(PAUSE);
    let out = out.recv_timeout(rest()).map_err(|_| Failure::TooLong)?;
    let said = said.recv_timeout(rest()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said[..said.len().min(MOST_SAID)]).into_owned();
    Ok(Outcome { well: status.success(), out, said })
}

/// Feeds the child and reads from it, each pipe on a thread of its own, so that none waits
/// for another. The threads end with the pipes; after a kill nobody waits for them.
fn pipes(child: &mut Child, input: Vec<u8>) -> (Receiver<Vec<u8>>, Receiver<Vec<u8>>) {
    if let Some(mut stdin) = child.stdin.take() {
        // A program that stops reading says why on its standard error.
        thread::spawn(move || stdin.write_all(&input));
    }
    (collect(child.stdout.take()), collect(child.stderr.take()))
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (give, take) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before a pipe broke is all there is.
            let _ = pipe.take(MOST).read_to_end(&mut bytes);
        }
        give.send(bytes)
    });
    take
}

fn kill(child: &mut Child, why: Failure) -> Failure {
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    why
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, input: &[u8], limit: u64) -> Result<Outcome, Failure> {
        run("sh", &["-c", script], input.to_vec(), Duration::from_millis(limit), &|| false)
    }

    #[test]
    fn bytes_go_in_and_come_out_whatever_their_number() {
        let input = vec![7u8; 3_000_000];
        let outcome = sh("cat; echo done >&2", &input, 60_000).unwrap();
        assert!(outcome.well && outcome.out == input);
        assert_eq!(outcome.said, "done\n");
    }

    #[test]
    fn a_failure_says_why_also_where_nothing_was_read() {
        let outcome = sh("echo 'syntax error' >&2; exit 3", &[b'x'; 1_000_000], 60_000).unwrap();
        assert!(!outcome.well && outcome.out.is_empty());
        assert_eq!(outcome.said, "syntax error\n");
    }

    #[test]
    fn whoever_takes_too_long_is_ended() {
        let started = Instant::now();
        assert!(matches!(sh("sleep 30", b"", 200), Err(Failure::TooLong)));
        // Also where its own child holds the pipes.
        assert!(matches!(sh("sleep 30 & exit 0", b"", 200), Err(Failure::TooLong)));
        assert!(matches!(sh("sleep 30; true", b"", 200), Err(Failure::TooLong)));
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn who_is_missing_is_missing_and_who_is_unwanted_is_ended() {
        let never = || false;
        let missing = run("no-such-program-here", &[], Vec::new(), PAUSE, &never);
        assert!(matches!(missing, Err(Failure::Missing)));
        let limit = Duration::from_secs(60);
        let unwanted = run("sh", &["-c", "sleep 30"], Vec::new(), limit, &|| true);
        assert!(matches!(unwanted, Err(Failure::Cancelled)));
    }
}
