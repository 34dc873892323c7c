//! Which queues want which events: taken from `functions/plan.json` when this crate is built.

/// Event types with the queues of the functions that list them, both sorted.
pub const ROUTES: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// The queues that want events of a type; none for a type that nobody consumes.
pub fn queues_for(event_type: &str) -> &'static [&'static str] {
    let found = ROUTES.binary_search_by(|(known, _)| (*known).cmp(event_type));
    found.ok().and_then(|at| ROUTES.get(at)).map_or(&[], |(_, queues)| queues)
}

/// Every queue that wants anything.
pub fn all_queues() -> impl Iterator<Item = &'static str> {
    let queues: std::collections::BTreeSet<_> = ROUTES.iter().flat_map(|(_, queues)| queues.iter().copied()).collect();
    queues.into_iter()
}
