//! How many instructions the hot kernels take: a guard where clocks are no use.
//!
//! `cargo bench --bench instructions` runs each kernel once, on one thread, under
//! valgrind's callgrind, and holds the counts to `benches/instructions.txt`. More
//! than the tolerance is a failure; `BLESS=1` writes the table anew. Compilers
//! differ, so another `rustc` than the table's is only told, and fails nothing.
//! Without valgrind it says so and passes.

#![allow(clippy::print_stdout, reason = "a program for people, not the library")]

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

mod work;

/// Few enough for a machine that valgrind imitates.
const CUSTOMERS: u32 = 1_000;
/// By how much a count may grow unnoticed: allocations and addresses move it a little.
const TOLERANCE: f64 = 0.03;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &arguments[..] {
        [flag, name] if flag == "--kernel" => run(name),
        all if all.iter().any(|it| it == "--bench") => {
            let wanted = all.iter().filter(|it| !it.starts_with("--"));
            compare(&wanted.map(String::as_str).collect::<Vec<_>>())
        }
        _ => {
            println!("instructions: skipped, they are counted by cargo bench alone");
            Ok(true)
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one kernel; the parent counts what happens in [`counted`].
fn run(name: &str) -> Outcome<bool> {
    // Callgrind switches counting on for the thread that enters `counted`: there must be no other.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let mut kernels = work::kernels(CUSTOMERS);
    let kernel = kernels.iter_mut().find(|it| it.name == name).ok_or("there is no such kernel")?;
    let run = kernel.prepare();
    black_box(counted(run));
    Ok(true)
}

/// What is counted; found by its name.
#[inline(never)]
fn counted(run: work::Run) -> u64 {
    black_box(run())
}

/// Counts the kernels whose names hold one of the texts, and holds them to the table.
fn compare(wanted: &[&str]) -> Outcome<bool> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("instructions: skipped, valgrind is not installed");
        return Ok(true);
    }
    let toolchain = toolchain()?;
    let table = Table::read()?;
    let binding = table.toolchain == toolchain;
    println!("compiler: {toolchain}");
    if !binding && !table.counts.is_empty() {
        println!("the table is of {}: differences are told, none fails", table.toolchain);
    }
    let folder = tempfile::tempdir()?;
    let mut counts = table.counts.clone();
    let mut grown = Vec::new();
    println!(
        "{:<18} {:>14} {:>14} {:>8} {:>10}",
        "kernel", "instructions", "table", "change", "a unit"
    );
    for kernel in work::kernels(CUSTOMERS) {
        if !wanted.is_empty() && !wanted.iter().any(|it| kernel.name.contains(it)) {
            continue;
        }
        let count = callgrind(kernel.name, folder.path())?;
        let before = table.counts.get(kernel.name).copied();
        let change = before.map(|it| count as f64 / it as f64 - 1.0);
        println!(
            "{:<18} {count:>14} {:>14} {:>8} {:>10.1}",
            kernel.name,
            before.map_or_else(|| "new".to_owned(), |it| it.to_string()),
            change.map_or_else(String::new, |it| format!("{:+.1} %", it * 100.0)),
            count as f64 / kernel.units as f64,
        );
        if change.is_some_and(|it| it > TOLERANCE) {
            grown.push(kernel.name);
        }
        counts.insert(kernel.name.to_owned(), count);
    }
    if std::env::var_os("BLESS").is_some() {
        Table { toolchain, counts }.write()?;
        println!("written: {}", Table::path().display());
        return Ok(true);
    }
    if grown.is_empty() {
        return Ok(true);
    }
    println!("more than {} % over the table: {}", TOLERANCE * 100.0, grown.join(", "));
    println!("if that is meant: BLESS=1 cargo bench --bench instructions");
    Ok(!binding)
}

/// The instructions of one kernel.
fn callgrind(kernel: &str, folder: &Path) -> Outcome<u64> {
    let file = folder.join(kernel);
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=*instructions::counted*",
        ])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .args(["--kernel", kernel])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{kernel} failed under valgrind: {said}").into());
    }
    let text = fs_err::read_to_string(file)?;
    let total = text.lines().find_map(|it| it.strip_prefix("totals: "));
    match total.ok_or("callgrind wrote no total")?.trim().parse()? {
        0 => Err(format!("{kernel}: nothing was counted").into()),
        count => Ok(count),
    }
}

/// The compiler's version and target.
fn toolchain() -> Outcome<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = String::from_utf8(Command::new(rustc).arg("-vV").output()?.stdout)?;
    let field = |name: &str| said.lines().find_map(|it| it.strip_prefix(name)).unwrap_or("?");
    Ok(format!("rustc {} {}", field("release: "), field("host: ")))
}

/// The counts that were committed, and the compiler they are of.
struct Table {
    toolchain: String,
    counts: BTreeMap<String, u64>,
}

impl Table {
    fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
    }

    /// The committed table; empty where there is none.
    fn read() -> Outcome<Self> {
        let path = Self::path();
        let text = if path.exists() { fs_err::read_to_string(path)? } else { String::new() };
        let mut lines = text.lines().filter(|it| !it.starts_with('#'));
        let toolchain = lines.next().unwrap_or_default().to_owned();
        let mut counts = BTreeMap::new();
        for line in lines {
            let (name, count) = line.split_once(' ').ok_or("instructions.txt: no count")?;
            counts.insert(name.to_owned(), count.trim().parse()?);
        }
        Ok(Self { toolchain, counts })
    }

    fn write(&self) -> Outcome<()> {
        let mut text = format!(
            "# Instructions of one run of each kernel, {CUSTOMERS} customers, one thread.\n\
             # Written by BLESS=1 cargo bench --bench instructions; first the compiler.\n{}\n",
            self.toolchain
        );
        for (name, count) in &self.counts {
            text.push_str(&format!("{name:<18} {count:>14}\n"));
        }
        Ok(fs_err::write(Self::path(), text)?)
    }
}
