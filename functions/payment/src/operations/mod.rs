//! One file per Lambda.

cinema_http::operations! {
    http: [],
    consumers: [],
}
