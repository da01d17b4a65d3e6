//! Standard input that can be called off while nothing comes.
//!
//! A reader that waits for the system cannot ask whether it is still wanted; this
//! one waits a moment at a time. Knows no format.

use std::io::{self, Read};

use crate::base::Progress;

/// Standard input, unbuffered; reading ends with an error once the work is cancelled.
///
/// Nothing else may read standard input: the buffer of the standard library would
/// keep bytes that this reader never sees.
pub struct Stdin<'a> {
    progress: &'a dyn Progress,
}

impl<'a> Stdin<'a> {
    /// Reads for as long as this watcher wants it.
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self { progress }
    }
}

impl Read for Stdin<'_> {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::io::Errno;

        /// How long to wait before asking again whether to go on.
        const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

        let stdin = io::stdin();
        loop {
            self.progress.check()?;
            match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&MOMENT)) {
                Ok(0) | Err(Errno::INTR) => {}
                // Ready, at its end, or broken: reading tells which.
                Ok(_) => {
                    return Ok(rustix::io::retry_on_intr(|| {
                        rustix::io::read(&stdin, &mut *buffer)
                    })?);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.progress.check()?;
        io::stdin().read(buffer)
    }
}
