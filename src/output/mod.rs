//! Floor 3, room `output`: reports in, bytes out.
