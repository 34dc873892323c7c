//! Made-up viewers, by the way that playback takes: what the streaming service would have told of them goes onto the stream `playback-events`, where
//! analytics, recommendations, histories and notices read it.
//!
//! Their accounts and profiles are ids alone. No reader of the stream asks for more, and to sign up thousands would be a mail and a password hash for
//! each. So there is no way for them to rate or list anything: that takes the token of a profile, and `user` would know nothing of what an event
//! claimed in its name.

mod catalogue;
mod draw;
mod listing;
mod quarter;
mod session;
mod stream;
mod viewer;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_lambda::primitives::Blob;
use engines::{
    aws,
    progress::{Progress, Task},
};
use kernel::World;
use time::OffsetDateTime;

use self::{catalogue::Catalogue, session::Session, stream::PlaybackStream, viewer::Profile};
use crate::{client::Cinema, platform::Platform};

/// A sign of life where there is no terminal.
const SAID_EVERY: Duration = Duration::from_secs(30);
/// What makes figures and lists of the events; all of it runs by itself too, the last once a day.
const FOLLOWING: [&str; 3] = ["analytics-roll-up-hour", "analytics-roll-up-day", "recommendation-train"];

/// Who has watched, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub accounts: u32,
    /// Back from now.
    pub days: u32,
    pub seed: u64,
}

/// From when until when sessions are told: those that lie in it as a whole.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Span {
    /// The last days before a moment.
    fn before(until: OffsetDateTime, days: u32) -> Self {
        Self { from: until - time::Duration::days(days.into()), until }
    }

    /// A session that is still going on would be told by halves.
    fn holds(self, session: &Session<'_>) -> bool {
        session.started_at >= self.from && session.ended_at() <= self.until
    }

    /// What somebody has watched in it, a quarter after the other.
    fn sessions<'a>(self, catalogue: &'a Catalogue, profile: &'a Profile) -> impl Iterator<Item = Session<'a>> {
        let quarters = quarter::between(self.from, self.until);
        let watched = quarters.flat_map(move |quarter| quarter::sessions(catalogue, profile, quarter));
        watched.filter(move |session| self.holds(session))
    }
}

/// Tells what a crowd has watched, then has it counted and learnt from. Repeating it changes nothing: the ids of all that is told follow from the
/// seed, the account's number, the catalogue and the moment, and every reader keeps one of several copies.
pub(crate) async fn simulate(platform: &Platform, crowd: Crowd, progress: &Progress) -> Result<()> {
    let catalogue = catalogue_of(platform, crowd.seed, progress).await?;
    let world = World::system();
    let span = Span::before(world.now(), crowd.days);
    let aws_url = &platform.target.endpoints.aws;
    let mut stream = PlaybackStream::new(aws_url, &platform.home);
    let task = progress.task("made-up viewers");
    task.steps(crowd.accounts.into());
    let mut said = Said { begun: Instant::now(), at: Instant::now() };
    for number in 0..crowd.accounts {
        for profile in &viewer::profiles(crowd.seed, number, &catalogue) {
            for session in span.sessions(&catalogue, profile) {
                for event in session.events(&world) {
                    stream.tell(&event).await?;
                }
            }
        }
        task.step();
        said.say(&task, (number + 1, crowd.accounts), stream.told);
    }
    task.note("others catch up");
    stream.finish().await?;
    task.done(format!("{}, {} events of {} days", crowd.accounts, stream.told, crowd.days));
    follow(aws_url, progress).await
}

async fn catalogue_of(platform: &Platform, seed: u64, progress: &Progress) -> Result<Catalogue> {
    let task = progress.task("what they choose from");
    let works = listing::works(&Cinema::new(&platform.url())?).await?;
    let catalogue = Catalogue::new(works, seed);
    ensure!(!catalogue.is_empty(), "the catalogue has nothing to watch: `cargo cinema seed --titles 500` makes some");
    task.done(format!("{} films and series", catalogue.len()));
    Ok(catalogue)
}

/// When something was last said.
struct Said {
    begun: Instant,
    at: Instant,
}

impl Said {
    fn say(&mut self, task: &Task, (done, all): (u32, u32), told: u64) {
        let pace = format!("{told} events, {:.0} a second", told as f64 / self.begun.elapsed().as_secs_f64());
        if self.at.elapsed() > SAID_EVERY {
            self.at = Instant::now();
            task.heartbeat(&format!("{done} of {all}, {pace}"));
        }
        task.note(pace);
    }
}

/// Runs what is due later anyway, so that figures and lists are there now.
async fn follow(aws_url: &str, progress: &Progress) -> Result<()> {
    let lambda = aws_sdk_lambda::Client::new(&aws::config(aws_url));
    for function in FOLLOWING {
        let task = progress.task(function);
        let answer = lambda.invoke().function_name(function).payload(Blob::new("{}")).send().await;
        let answer = answer.with_context(|| format!("{function} cannot be invoked"))?;
        if let Some(error) = answer.function_error() {
            bail!("{function} failed ({error}), the events are told: `cargo cinema invoke {function}` tries again");
        }
        task.done("");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kernel::EventId;
    use time::macros::datetime;

    use super::*;
    use crate::viewers::catalogue::tests::works;

    const NOW: OffsetDateTime = datetime!(2026-05-20 20:30 UTC);

    /// Every event of some accounts as it is told, by its id.
    fn told(span: Span) -> BTreeMap<EventId, String> {
        let (catalogue, world) = (Catalogue::new(works(400), 1), World::system());
        let mut told = BTreeMap::new();
        for number in 0..40 {
            for profile in &viewer::profiles(1, number, &catalogue) {
                for event in span.sessions(&catalogue, profile).flat_map(|session| session.events(&world)) {
                    assert!(event.time >= span.from && event.time <= span.until, "{event:?}");
                    let again = told.insert(event.id, event.json());
                    assert_eq!(again, None, "an id is used once");
                }
            }
        }
        told
    }

    #[test]
    fn repeating_it_tells_the_same() {
        let span = Span::before(NOW, 30);
        assert!(told(span).len() > 1_000);
        assert_eq!(told(span), told(span));
    }

    #[test]
    fn another_moment_and_more_days_tell_the_same_of_what_both_hold() {
        let (month, later) = (told(Span::before(NOW, 30)), told(Span::before(NOW + time::Duration::hours(5), 30)));
        // Over the end of a quarter, too: 2026-04-23.
        let longer = told(Span::before(NOW, 100));
        assert!(month.iter().all(|(id, event)| longer.get(id) == Some(event)));
        let both = later.iter().filter(|(id, event)| month.get(*id) == Some(*event)).count();
        assert!(both > 0 && both < later.len());
        let strange = later.iter().filter(|(id, event)| month.get(*id).is_some_and(|known| known != *event)).count();
        assert_eq!(strange, 0);
    }
}
