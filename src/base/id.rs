//! Small typed ids: what names become inside.
//!
//! Every id is a `u32` position. An id never depends on thread or file order:
//! ids of names are ranks in the sorted list of names (see [`Names`](super::Names)).

/// The code of "no value here" in a raw column of codes.
pub const NONE: u32 = u32::MAX;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The absent id: stored where a row has no such value.
            pub const NONE: Self = Self(NONE);

            /// The position as an index.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id at a position.
            ///
            /// # Panics
            /// Never in practice: positions beyond `u32::MAX` saturate to `NONE`.
            #[inline]
            pub fn at(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(NONE))
            }

            /// Whether this is a real id: neither [`Self::NONE`] nor another sentinel.
            #[inline]
            pub fn is_some(self) -> bool {
                self.0 < NONE - 1
            }
        }
    )*};
}

ids! {
    /// One stitched person.
    CustomerId,
    /// One named place of the journey.
    StageId,
    /// One channel that touches carry.
    ChannelId,
    /// One value of a kept property (variant, device, country …).
    ValueId,
}

impl ChannelId {
    /// The row's source knows channels, but names none here: direct, unless a
    /// later event of the session names one.
    pub const UNNAMED: Self = Self(NONE - 1);
}
