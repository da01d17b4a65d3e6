//! Exit codes, as documented in `--help`.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: answered.
    Answered,
    /// 1: answered "no": a gate failed, a reconciliation differs, no journey matched.
    No,
    /// 2: wrong usage, unreadable input, a failed write.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Answered => 0,
            Exit::No => 1,
            Exit::Failed => 2,
        })
    }
}
