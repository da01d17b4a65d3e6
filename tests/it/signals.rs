//! Called off at any moment: old output or new output, nothing between, nothing left
//! behind, and a status that says which signal it was.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_touchpath");
const INT: i32 = 2;
const KILL: i32 = 9;
const TERM: i32 = 15;
/// How long a cancelled run may take to end; generous, for slow machines under load.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).env("TMPDIR", folder).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn send(signal: i32, child: &Child) {
    let kill = format!("kill -{signal} {} 2>&-", child.id());
    // It fails where the program has ended already, which is no mistake.
    Command::new("sh").args(["-c", &kill]).status().unwrap();
}

fn wait(mut child: Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("still running {PATIENCE:?} after the signal");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn nap(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// All files of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|it| {
            let name = it.file_name().into_string().unwrap();
            let bytes =
                if it.path().is_dir() { Vec::new() } else { std::fs::read(it.path()).unwrap() };
            (name, bytes)
        })
        .collect()
}

/// A shop, the arguments of two reports of it that differ, and what they write.
struct Shop {
    folder: TempDir,
    old: BTreeMap<String, Vec<u8>>,
    new: BTreeMap<String, Vec<u8>>,
    takes: Duration,
}

const OLD: [&str; 7] = ["report", "shop", "-o", "out", "--since", "2025-03-20", "-q"];
const NEW: [&str; 5] = ["report", "shop", "-o", "out", "-q"];

impl Shop {
    fn new() -> Self {
        let folder = TempDir::with_prefix("touchpath-test-").unwrap();
        touchpath::demo::write_shop(&folder.path().join("shop"), 1500, 7).unwrap();
        let made = |arguments: &[&str]| {
            let begun = Instant::now();
            let status = wait(start(folder.path(), arguments));
            assert!(status.success(), "{status}");
            (files(&folder.path().join("out")), begun.elapsed())
        };
        let (new, takes) = made(&NEW);
        let (old, _) = made(&OLD);
        assert!(old != new && old.keys().eq(new.keys()));
        Self { folder, old, new, takes }
    }

    fn at(&self) -> &Path {
        self.folder.path()
    }

    /// Begins a new report, and sends a signal when so many 16ths of its time are over.
    fn interrupt(&self, signal: i32, sixteenths: u32) -> ExitStatus {
        let child = start(self.at(), &NEW);
        std::thread::sleep(self.takes * sixteenths / 16);
        send(signal, &child);
        wait(child)
    }
}

#[test]
fn a_report_called_off_leaves_the_old_one_or_the_new_one() {
    let shop = Shop::new();
    let out = shop.at().join("out");
    let mut cancelled = 0;
    for sixteenths in 0..16 {
        let signal = if sixteenths % 2 == 0 { INT } else { TERM };
        let status = shop.interrupt(signal, sixteenths);
        let now = files(&out);
        match status.signal() {
            Some(it) => assert_eq!(it, signal),
            // It came too late.
            None => assert!(status.success() && now == shop.new, "{status}"),
        }
        cancelled += u32::from(status.signal().is_some());
        assert!(now == shop.old || now == shop.new, "mixed or left over: {:?}", now.keys());
        assert_eq!(files(shop.at()).len(), 2, "{:?}", files(shop.at()).keys());
        if now == shop.new {
            assert!(wait(start(shop.at(), &OLD)).success());
        }
    }
    assert!(cancelled >= 4, "only {cancelled} of 16 runs were still at work");
}

#[test]
fn a_killed_report_tears_no_file_and_the_next_one_sweeps() {
    let shop = Shop::new();
    let out = shop.at().join("out");
    for sixteenths in [4, 8, 10, 12, 13, 14, 15, 16] {
        shop.interrupt(KILL, sixteenths);
        for (name, bytes) in files(&out) {
            let whole = [&shop.old, &shop.new].iter().any(|it| it.get(&name) == Some(&bytes));
            assert!(whole || name.starts_with(".touchpath-"), "{name} is torn");
        }
    }
    assert!(wait(start(shop.at(), &NEW)).success());
    assert!(files(&out) == shop.new, "{:?}", files(&out).keys());
}

#[test]
fn waiting_for_standard_input_can_be_called_off() {
    for arguments in [&["check", "-"][..], &["map", "journey.toml"]] {
        let folder = TempDir::with_prefix("touchpath-test-").unwrap();
        let journey = "[[source]]\npath = '-'\nformat = 'csv'\ntime = 'time'\nevent = 'event'\n\
                       ids = { user = 'user' }\n";
        std::fs::write(folder.path().join("journey.toml"), journey).unwrap();
        let mut child = start(folder.path(), arguments);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"time,user,event\n2026-01-01,u,home\n").unwrap();
        nap(300);
        send(TERM, &child);
        assert_eq!(wait(child).signal(), Some(TERM), "{arguments:?}");
        assert_eq!(files(folder.path()).len(), 1, "{:?}", files(folder.path()).keys());
    }
}

#[test]
fn a_second_signal_ends_at_once_and_two_together_are_one() {
    let folder = TempDir::with_prefix("touchpath-test-").unwrap();
    std::fs::write(folder.path().join("e.csv"), "time,user,event\n2026-01-01,u,home\n").unwrap();
    // Opening a pipe that nobody reads waits for ever, whatever flags are set.
    Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    let mut child = start(folder.path(), &["map", "e.csv", "--format", "dot", "-o", "pipe"]);
    nap(1000);
    send(INT, &child);
    send(INT, &child);
    nap(400);
    assert!(child.try_wait().unwrap().is_none(), "it does not wait for a reader");
    // On a busy machine signals so near to each other may still count as one: insist.
    for _ in 0..40 {
        send(TERM, &child);
        nap(500);
        if child.try_wait().unwrap().is_some() {
            break;
        }
    }
    assert_eq!(wait(child).signal(), Some(TERM));
}

#[test]
fn a_signal_that_is_to_be_ignored_is_ignored() {
    let folder = TempDir::with_prefix("touchpath-test-").unwrap();
    let script = format!("trap '' INT; exec '{PROGRAM}' check - --format csv");
    let mut command = Command::new("sh");
    command.current_dir(folder.path()).args(["-c", &script]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    nap(300);
    send(INT, &child);
    nap(100);
    stdin.write_all(b"time,user,event\n2026-01-01,u,home\n").unwrap();
    drop(stdin);
    assert_eq!(wait(child).code(), Some(0));
}
