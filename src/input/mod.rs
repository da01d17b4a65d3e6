//! Floor 3, room `input`: files in, rows out.

pub mod decimal;
pub mod time;
