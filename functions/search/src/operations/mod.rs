//! One module per Lambda.

cinema_http::operations! {
    http: [titles],
    consumers: [index_title],
}
