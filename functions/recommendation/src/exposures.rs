//! Tells that profiles were served by variants. No page fails by it, and while the stream is slow or down no page waits for it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration as Patience,
};

use events::Event;
use kernel::{EventId, Id, ProfileId, World};
use proto::{recommendation::ProfileExposed, types};
use runtime::{Boot, BootError, Wire};
use stores::Stream;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::Semaphore;

use crate::experiment::{Experiment, Variant};

/// A page waits no longer: an environment of Lambda stands still after its answer, and what was not sent by then goes with the next one.
const PATIENCE: Patience = Patience::from_millis(100);
/// After a failure, and after one that took longer, pages do not wait for so long.
const PAUSE: Duration = Duration::minutes(1);
/// What is not sent yet; more is left out.
const MOST_AT_ONCE: usize = 8;
/// What an environment remembers, so that reloading a page sends nothing: 16 bytes each.
const MOST_TOLD: usize = 10_000;

/// What was told, and whether the stream answers.
#[derive(Default)]
struct Told {
    ids: HashSet<EventId>,
    slow_until: Option<OffsetDateTime>,
}

/// Tells of exposures, of each profile, experiment and day about once.
#[derive(Clone)]
pub struct Exposures {
    stream: Stream,
    world: World,
    told: Arc<Mutex<Told>>,
    places: Arc<Semaphore>,
}

impl Wire for Exposures {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let (stream, world) = (boot.stream("domain-events")?, boot.world());
        Ok(Self { stream, world, told: Arc::default(), places: Arc::new(Semaphore::new(MOST_AT_ONCE)) })
    }
}

impl Exposures {
    /// Tells that a profile was served by a variant now. What cannot be told is lost: it says nothing about which variant it was.
    pub async fn tell(&self, profile: ProfileId, experiment: &Experiment, variant: &Variant) {
        let event = exposed(&self.world, profile, experiment, variant);
        let now = self.world.now();
        let (is_told, is_slow) = {
            let told = self.told();
            (told.ids.contains(&event.id), told.slow_until.is_some_and(|until| now < until))
        };
        if is_told {
            return;
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else { return };
        let this = self.clone();
        let sent = tokio::spawn(async move {
            let _place = place;
            this.send(event, now).await;
        });
        if !is_slow && tokio::time::timeout(PATIENCE, sent).await.is_err() {
            self.told().slow_until = Some(now + PAUSE);
        }
    }

    async fn send(&self, event: Event, now: OffsetDateTime) {
        let sent = self.stream.put_all(&[(event.subject.clone(), event.json().into_bytes())]).await;
        let mut told = self.told();
        match sent {
            Ok(()) => {
                if told.ids.len() == MOST_TOLD {
                    told.ids.clear();
                }
                told.ids.insert(event.id);
            }
            Err(error) => {
                tracing::warn!(%error, "an exposure is not told");
                told.slow_until = Some(now + PAUSE);
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event. Its id follows from the profile, the experiment and the day (UTC): however often it is told, it counts once.
fn exposed(world: &World, profile: ProfileId, experiment: &Experiment, variant: &Variant) -> Event {
    let now = world.now();
    let data = ProfileExposed {
        profile_id: profile.to_string(),
        experiment: experiment.key.clone(),
        variant: variant.name.clone(),
        is_control: experiment.variants.first() == Some(variant),
        exposed_at: now.format(&Rfc3339).unwrap_or_default(),
    };
    let event = Event::new(world, types::PROFILE_EXPOSED, profile, 1, &data);
    let id = EventId::derived(&format!("{} {} {profile} {}", event.kind, experiment.key, now.date()));
    Event { id, ..event }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use events::Exposure;
    use stores::aws::{Aws, Keys};
    use time::macros::datetime;

    use super::*;
    use crate::{experiment::ExperimentRequest, serving::Serving};

    fn experiment(key: &str, now: OffsetDateTime) -> Experiment {
        let variant = |name: &str| Variant { name: name.to_owned(), share: 50, serving: Serving::default() };
        let variants = Some(vec![variant("as-usual"), variant("darker")]);
        Experiment::changed(None, key, &ExperimentRequest { variants, status: None }, now).unwrap()
    }

    /// It takes connections and never answers: one page waits a little, and for a minute no other does.
    #[tokio::test]
    async fn a_stream_that_hangs_is_waited_for_once() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = Keys { id: "a".to_owned(), secret: "b".to_owned(), session: None };
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let aws = Aws::new("eu-central-1".to_owned(), keys, Some(endpoint));
        let (world, clock) = World::replay(datetime!(2026-11-01 12:00 UTC), 1);
        let exposures = Exposures {
            stream: Stream::new(&aws, "a".to_owned()),
            world: world.clone(),
            told: Arc::default(),
            places: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        };
        let one = experiment("one", world.now());
        let tell = async || {
            let began = Instant::now();
            exposures.tell(world.id(), &one, &one.variants[0]).await;
            began.elapsed()
        };
        assert!((PATIENCE..PATIENCE * 50).contains(&tell().await));
        for _ in 0..2 * MOST_AT_ONCE {
            assert!(tell().await < PATIENCE);
        }
        assert_eq!(exposures.places.available_permits(), 0, "what waits is bounded");
        clock.advance(PAUSE);
        assert!(tell().await < PATIENCE, "and what is too much is left out");
    }

    #[test]
    fn an_exposure_has_one_id_a_day() {
        let (world, clock) = World::replay(datetime!(2026-11-01 23:00 UTC), 1);
        let one = experiment("one", world.now());
        let other = Experiment { key: "other".to_owned(), ..one.clone() };
        let (profile, stranger): (ProfileId, ProfileId) = (world.id(), world.id());
        let first = exposed(&world, profile, &one, &one.variants[1]);
        let read = Exposure::read(&first).unwrap();
        assert_eq!((read.profile, read.experiment.as_str(), read.variant.as_str()), (profile, "one", "darker"));
        assert_eq!((read.is_control, read.at), (false, world.now()));
        assert!(Exposure::read(&exposed(&world, profile, &one, &one.variants[0])).unwrap().is_control);
        clock.advance(Duration::minutes(59));
        assert_eq!(exposed(&world, profile, &one, &one.variants[1]).id, first.id);
        for different in [
            exposed(&world, stranger, &one, &one.variants[1]).id,
            exposed(&world, profile, &other, &other.variants[1]).id,
        ] {
            assert_ne!(different, first.id);
        }
        clock.advance(Duration::minutes(1));
        assert_ne!(exposed(&world, profile, &one, &one.variants[1]).id, first.id, "another day");
    }
}
