//! cinema_http
