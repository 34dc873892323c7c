//! One file per Lambda.

cinema_http::operations! {
    http: [get_health],
    consumers: [route_events],
}
