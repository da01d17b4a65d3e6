//! Many rows, or nodes, or edges as bytes: made side by side in pieces, written in order.
//!
//! Knows no format; a format makes the bytes of a few of them.

use std::io::Write;

use rayon::prelude::*;

use crate::base::Result;

/// Items of one piece.
const PIECE: usize = 2048;
/// Pieces in memory at a time.
const PIECES: usize = 64;

/// Writes items in order, each piece of them made by `bytes`.
///
/// # Errors
/// The first piece's that has one, or the writer's.
pub(super) fn write<T: Sync>(
    items: &[T],
    bytes: impl Fn(&[T]) -> Result<Vec<u8>> + Sync,
    out: &mut dyn Write,
) -> Result<()> {
    if items.len() <= PIECE {
        return Ok(out.write_all(&bytes(items)?)?);
    }
    for wave in items.chunks(PIECE * PIECES) {
        let pieces: Vec<Result<Vec<u8>>> = wave.par_chunks(PIECE).map(&bytes).collect();
        for piece in pieces {
            out.write_all(&piece?)?;
        }
    }
    Ok(())
}
