//! Foreign code that may panic on damaged data, held to an error.
//!
//! Knows nothing of what is guarded. Our own code never relies on it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs code of others and turns a panic in it into `None`.
///
/// While it runs, [`is_guarded`] holds on this thread, so that a panic hook can
/// keep quiet about a panic that is caught here.
///
/// ```
/// use touchpath::base::guard::{guarded, is_guarded};
/// assert_eq!(guarded(|| is_guarded()), Some(true));
/// assert!(!is_guarded());
/// ```
pub fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    let _inside = Inside::enter();
    catch_unwind(AssertUnwindSafe(run)).ok()
}

/// Whether this thread runs guarded code.
pub fn is_guarded() -> bool {
    DEPTH.with(|it| it.get() > 0)
}

/// Marks this thread until it is dropped, by a panic too.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.with(|it| it.set(it.get() + 1));
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.with(|it| it.set(it.get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_leaves_no_mark() {
        let caught = guarded(|| {
            assert!(guarded(|| panic!("inner")).is_none_or(|()| false));
            assert!(is_guarded());
            panic!("outer")
        });
        assert_eq!(caught, None::<()>);
        assert!(!is_guarded());
    }
}
