//! The one error of the library: what is wrong, where, what to do.
//!
//! Bad rows are not errors: they are counted as [`Issues`](super::Issues).

use std::fmt;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A place in a file: line and column count from 1; 0 means unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// The physical line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// A line of a file.
    pub fn line(file: impl Into<String>, line: u64) -> Self {
        Self { file: file.into(), line, column: 0 }
    }

    /// A column of a line of a file.
    pub fn at(file: impl Into<String>, line: u64, column: u64) -> Self {
        Self { file: file.into(), line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// What is wrong, where, and what to do about it.
///
/// Shown as `events.csv:118:7: cannot read a time from "2024-13-01"`; the line
/// itself and the hint are shown by whoever talks to the user.
///
/// ```
/// use touchpath::base::{Error, Place};
/// let error = Error::new("unknown column \"tme\"")
///     .at(Place::at("shop.csv", 1, 4))
///     .hint("did you mean \"time\"?");
/// assert_eq!(error.to_string(), "shop.csv:1:4: unknown column \"tme\"");
/// assert_eq!(error.hint_text(), Some("did you mean \"time\"?"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    message: String,
    place: Option<Place>,
    excerpt: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with a message: lower case, no full stop.
    #[cold]
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            place: None,
            excerpt: None,
            hint: None,
            source: None,
        }))
    }

    /// The end of work that is no longer wanted.
    ///
    /// ```
    /// use touchpath::base::Error;
    /// assert!(Error::cancelled().is_cancelled());
    /// assert!(Error::from(std::io::Error::from(Error::cancelled())).is_cancelled());
    /// assert!(!Error::new("cancelled").is_cancelled());
    /// ```
    pub fn cancelled() -> Self {
        Self::new(Cancelled.to_string()).caused_by(Cancelled)
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Says where, unless that is known already.
    #[must_use]
    pub fn or_at(mut self, place: Place) -> Self {
        self.0.place.get_or_insert(place);
        self
    }

    /// Shows the text that is wrong (the line of the place).
    #[must_use]
    pub fn excerpt(mut self, text: impl Into<String>) -> Self {
        self.0.excerpt = Some(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Suggests the nearest known name, if one is near.
    #[must_use]
    pub fn suggest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.hint(format!("did you mean \"{name}\"?")),
            None => self,
        }
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// The message alone, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where, if known.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The text that is wrong, if known.
    pub fn excerpt_text(&self) -> Option<&str> {
        self.0.excerpt.as_deref()
    }

    /// What to do, if known.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether the work ended because it is no longer wanted, which is no failure.
    pub fn is_cancelled(&self) -> bool {
        let cause = self.0.source.as_deref();
        cause.is_some_and(|it| it.is::<Cancelled>())
            || cause
                .and_then(|it| it.downcast_ref::<std::io::Error>()?.get_ref())
                .is_some_and(|it| it.is::<Cancelled>())
    }

    /// Whether the cause is a closed pipe, which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        let cause = self.0.source.as_deref().and_then(|it| it.downcast_ref::<std::io::Error>());
        cause.is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

/// The cause of an error that is none: somebody called the work off.
#[derive(Debug)]
struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cancelled")
    }
}

impl std::error::Error for Cancelled {}

/// For readers, whose errors are the system's.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        match error.is_cancelled() {
            true => Self::other(Cancelled),
            false => Self::other(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|it| it as _)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string()).caused_by(error)
    }
}
