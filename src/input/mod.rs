//! Floor 3, room `input`: files in, rows out.
