//! Any text, as every name of a report, through every writer: see `tests/it/writers.rs`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/writers.rs"]
mod writers;

fuzz_target!(|text: &str| {
    writers::check(text);
    // Pictures are slow: a part of all texts.
    if text.len() % 16 == 7 {
        writers::check_png(text);
    }
});
