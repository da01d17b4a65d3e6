//! Floor 3, room `store`: what the program keeps between runs, or out of memory.
//!
//! `column` packs flat columns into bytes and back. Knows no input format, no
//! customers and no analysis; bytes that it reads back may be anybody's.

pub mod column;
