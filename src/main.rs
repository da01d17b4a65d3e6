//! The `touchpath` binary: arguments in, exit code out.

fn main() {}
