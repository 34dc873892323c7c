//! Which dead-letter queues there are: taken from `functions/plan.json` when this crate is built.

/// Dead-letter queues with the queue that their letters come from, sorted; none where a stream or an asynchronous call fills it.
const QUEUES: &[(&str, Option<&str>)] = include!(concat!(env!("OUT_DIR"), "/dead_letters.rs"));
/// Ending of a dead-letter queue's name.
const SUFFIX: &str = "-dlq";

/// A dead-letter queue of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetters {
    /// Of the queue or the function that they are of.
    pub of: &'static str,
    /// Its own name.
    pub name: &'static str,
    /// Where its letters come from and can go back to.
    pub source: Option<&'static str>,
}

impl DeadLetters {
    fn read((name, source): (&'static str, Option<&'static str>)) -> Self {
        Self { of: source.unwrap_or_else(|| name.strip_suffix(SUFFIX).unwrap_or(name)), name, source }
    }
}

/// All of them, by name.
pub fn all() -> impl Iterator<Item = DeadLetters> {
    QUEUES.iter().copied().map(DeadLetters::read)
}

/// Those of a queue, or of a function that a stream or an asynchronous call starts.
pub fn of(name: &str) -> Option<DeadLetters> {
    all().find(|letters| letters.of == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_queues_know_their_way_back_and_those_of_streams_have_none() {
        let mail = of("email").unwrap();
        assert_eq!((mail.name, mail.source), ("email-dlq", Some("email")));
        let routed = of("platform-route-events").unwrap();
        assert_eq!((routed.name, routed.source), ("platform-route-events-dlq", None));
        for absent in ["email-dlq", "", "Email", "no-such-queue"] {
            assert_eq!(of(absent), None, "{absent}");
        }
    }

    #[test]
    fn every_name_is_found_under_what_the_list_calls_it() {
        assert!(all().count() > 40);
        for letters in all() {
            assert_eq!(of(letters.of), Some(letters));
        }
    }
}
