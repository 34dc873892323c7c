//! One file per Lambda.

cinema_http::operations! {
    http: [get_health: GetHealth, list_queues: ListQueues, redrive: Redrive],
    consumers: [route_events: RouteEvents],
}
