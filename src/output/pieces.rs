//! Many rows as bytes: made side by side in pieces, written in order.
//!
//! Knows no format; a format makes the bytes of a few rows.

use std::io::Write;

use rayon::prelude::*;

use crate::base::Result;
use crate::model::Cell;

/// Rows of one piece.
const PIECE: usize = 2048;
/// Pieces in memory at a time.
const PIECES: usize = 64;

/// Writes rows in order, each piece of them made by `bytes`.
///
/// # Errors
/// The first piece's that has one, or the writer's.
pub(super) fn write(
    rows: &[Vec<Cell>],
    bytes: impl Fn(&[Vec<Cell>]) -> Result<Vec<u8>> + Sync,
    out: &mut dyn Write,
) -> Result<()> {
    if rows.len() <= PIECE {
        return Ok(out.write_all(&bytes(rows)?)?);
    }
    for wave in rows.chunks(PIECE * PIECES) {
        let pieces: Vec<Result<Vec<u8>>> = wave.par_chunks(PIECE).map(&bytes).collect();
        for piece in pieces {
            out.write_all(&piece?)?;
        }
    }
    Ok(())
}
