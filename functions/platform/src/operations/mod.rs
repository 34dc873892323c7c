//! One file per Lambda.

cinema_http::operations! {
    http: [get_health: GetHealth],
    consumers: [route_events: RouteEvents],
}
