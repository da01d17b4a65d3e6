//! The `touchpath` binary: everything is in the library's `cli`.

fn main() -> std::process::ExitCode {
    touchpath::cli::main()
}
