//! cinema
