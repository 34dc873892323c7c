//! Days of watching under one seed: the real consumers on the real ClickHouse, under virtual time, with a transport that repeats, delays and reorders
//! and a line on which requests and answers are lost and consumers die. See docs/architecture/0073-simulated-figures.md.
//!
//! `CINEMA_SEED` begins with another seed, `CINEMA_SEEDS` runs more of them, `CINEMA_MINUTES` begins new ones for so long, `CINEMA_DAYS` makes
//! histories shorter or longer.

mod line;
mod people;
mod rest;
mod triggers;
mod truth;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use events::Event;
use kernel::{TitleId, World, world::ManualClock};
use line::{Fate, Line, Mishap, Tables};
use people::{Film, Forgotten, Person};
use proto::types;
use serde_json::json;
use simulation::{Agenda, Chance, Transport, named, run_histories, setting};
use time::{Duration, OffsetDateTime, macros::datetime};
use triggers::{Consumers, Trigger, Work};
use truth::Truth;

use crate::fixture::Fixture;

/// The end of a month, so that figures of months have something to tell apart.
const START: OffsetDateTime = datetime!(2026-03-28 10:00 UTC);
const DAYS: i64 = 6;
/// Long enough for every late event and every schedule.
const AFTERWARDS: Duration = Duration::days(7);
const PEOPLE: usize = 4;
/// Running times in milliseconds: of a short, where 5 % make a view, of an episode, and of a film.
const FILMS: [u64; 3] = [95_500, 1_500_000, 6_300_000];
const HOLDERS: [&str; 3] = ["North Pictures", "South Pictures", "West Pictures"];
/// Most events come within minutes, others within days; all of them come.
const QUICK: Transport = Transport { lost_percent: 0, repeated_percent: 25, latest: Duration::minutes(10) };
const SLOW: Transport = Transport { lost_percent: 0, repeated_percent: 25, latest: Duration::hours(60) };

#[derive(Debug, Clone)]
enum Happening {
    /// Somebody does something.
    Act(usize),
    /// A service tells something.
    Tell(Trigger, Box<Event>),
    /// One copy of a record arrives.
    Arrive(Trigger, Vec<u8>),
    /// What has arrived is delivered.
    Deliver(Trigger),
    /// A schedule that was due at a time runs.
    Run(Trigger, OffsetDateTime),
    /// Somebody puts onto the stream what does not belong there.
    Poison,
    /// A film gets another holder.
    Sell(usize),
}

struct Run {
    fixture: Fixture,
    line: Line,
    /// Over the line.
    consumers: Arc<Consumers>,
    /// Beside it: whoever gets ahead has no mishaps.
    others: Consumers,
    /// Of people and services; the consumers have another with the same time, so that nothing that they draw changes what people do.
    world: World,
    clocks: [Arc<ManualClock>; 2],
    chance: Chance,
    agenda: Agenda<Happening>,
    people: Vec<Person>,
    films: Vec<Film>,
    truth: Truth,
    /// What has arrived and is not delivered, in the order of its arrival.
    waiting: BTreeMap<Trigger, VecDeque<Vec<u8>>>,
    /// Erasures that were told and that nobody has applied, for whoever is to meet one.
    erasures: Vec<(Trigger, Event)>,
    good: Vec<Vec<u8>>,
    poison: Vec<Vec<u8>>,
    is_calm: bool,
    /// Invocations of consumers.
    invocations: usize,
    /// Those that somebody got ahead of, that failed, and that died.
    mishaps: [usize; 3],
    /// What was invoked, and what came of it.
    log: Vec<String>,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let fixture = Fixture::start().await;
        let line = Line::open(&fixture.service.var(manifest::env::CLICKHOUSE_URL)).await;
        let (world, clock) = World::replay(START, seed);
        let (theirs, their_clock) = World::replay(START, !seed);
        let boot = fixture.service.boot().with_world(theirs.clone());
        let others = Consumers::wire(&boot);
        let over_the_line = fixture.service.vars().clone().set(manifest::env::CLICKHOUSE_URL, &line.url);
        let consumers = Arc::new(Consumers::wire(&runtime::Boot::new(over_the_line).with_world(theirs)));
        let mut chance = Chance::new(seed);
        let person = |_| Person {
            account: world.id(),
            profiles: (0..=chance.below(2)).map(|_| world.id()).collect(),
            is_gone: false,
        };
        let people = (0..PEOPLE).map(person).collect();
        let films = FILMS.map(|duration_ms| Film { id: world.id::<TitleId>(), duration_ms, holders: vec![] }).into();
        let mut run = Self {
            fixture,
            line,
            consumers,
            others,
            world,
            clocks: [clock, their_clock],
            chance,
            agenda: Agenda::default(),
            people,
            films,
            truth: Truth::default(),
            waiting: BTreeMap::new(),
            erasures: vec![],
            good: vec![],
            poison: vec![],
            is_calm: false,
            invocations: 0,
            mishaps: [0; 3],
            log: vec![],
        };
        for person in 0..PEOPLE {
            run.later(Duration::ZERO, Duration::DAY, Happening::Act(person));
        }
        for film in 0..FILMS.len() {
            run.later(Duration::ZERO, Duration::DAY, Happening::Sell(film));
        }
        run.later(Duration::ZERO, Duration::DAY, Happening::Poison);
        run.later(Duration::HOUR, Duration::hours(5), Happening::Run(Trigger::Hourly, START));
        let midnight = START.replace_time(time::Time::MIDNIGHT) + Duration::minutes(24 * 60 + 20);
        run.agenda.add(midnight, Happening::Run(Trigger::Daily, midnight), &mut run.chance);
        run
    }

    fn now(&self) -> OffsetDateTime {
        self.world.now()
    }

    fn advance_to(&self, moment: OffsetDateTime) {
        let by = (moment - self.now()).max(Duration::ZERO);
        self.clocks.iter().for_each(|clock| clock.advance(by));
    }

    fn later(&mut self, least: Duration, most: Duration, what: Happening) {
        let at = self.now() + self.chance.between(least, most);
        self.agenda.add(at, what, &mut self.chance);
    }

    async fn until(&mut self, end: OffsetDateTime) {
        while self.agenda.next_at().is_some_and(|at| at < end) {
            let Some((at, what)) = self.agenda.pop() else { return };
            self.advance_to(at);
            self.happen(what).await;
        }
        self.advance_to(end);
    }

    async fn happen(&mut self, what: Happening) {
        match what {
            // Nobody does anything any more once it is to come to rest.
            Happening::Act(_) | Happening::Poison | Happening::Sell(_) if self.is_calm => {}
            Happening::Act(person) => self.act(person),
            Happening::Tell(trigger, event) => {
                if matches!(trigger, Trigger::EraseAccount | Trigger::EraseHistory) {
                    self.erasures.push((trigger, (*event).clone()));
                }
                self.good.push(event.json().into_bytes());
                self.send(trigger, event.json().into_bytes());
            }
            Happening::Arrive(trigger, record) => {
                let waiting = self.waiting.entry(trigger).or_default();
                waiting.push_back(record);
                if waiting.len() == 1 {
                    let patience = if trigger == Trigger::Stream { Duration::hours(3) } else { Duration::minutes(20) };
                    self.later(Duration::SECOND, patience, Happening::Deliver(trigger));
                }
            }
            Happening::Deliver(trigger) => self.deliver(trigger).await,
            Happening::Run(trigger, due_at) => self.run(trigger, due_at).await,
            Happening::Poison => self.poison(),
            Happening::Sell(film) => {
                let holder = (*self.chance.pick(&HOLDERS).unwrap()).to_owned();
                let now = self.now();
                self.films[film].holders.push((now, holder));
                let event = people::title_changed(&self.world, &self.films[film]);
                self.tell(Trigger::Queue, event);
                self.later(Duration::DAY, Duration::days(8), Happening::Sell(film));
            }
        }
    }

    /// An event is told at its time.
    fn tell(&mut self, trigger: Trigger, event: Event) {
        self.agenda.add(event.time, Happening::Tell(trigger, Box::new(event)), &mut self.chance);
    }

    fn send(&mut self, trigger: Trigger, record: Vec<u8>) {
        // What is erased is still on its way at times.
        let quick = if matches!(trigger, Trigger::EraseAccount | Trigger::EraseHistory) { 40 } else { 80 };
        let (now, transport) = (self.now(), if self.chance.percent(quick) { QUICK } else { SLOW });
        transport.send(&mut self.agenda, now, &Happening::Arrive(trigger, record), &mut self.chance);
    }

    fn act(&mut self, place: usize) {
        let person = &self.people[place];
        if person.is_gone {
            return;
        }
        let (account, profile) = (person.account, *self.chance.pick(&person.profiles).unwrap());
        let now = self.now();
        match self.chance.below(100) {
            0..74 => {
                let film = self.chance.pick(&self.films).unwrap();
                let (watching, events) = people::watch((&self.world, &mut self.chance), account, profile, film, now);
                self.truth.watchings.push(watching);
                events.into_iter().for_each(|event| self.tell(Trigger::Stream, event));
            }
            74..86 => {
                let (paid, events) = people::pay((&self.world, &mut self.chance), account);
                self.truth.payments.push(paid);
                events.into_iter().for_each(|event| self.tell(Trigger::Queue, event));
            }
            86..96 => {
                let film = self.chance.pick(&self.films).unwrap();
                let title = self.chance.percent(60).then_some(film.id);
                let forgotten = Forgotten { profile, title, until: Some(now) };
                let sequence = i64::try_from(self.truth.forgotten.len()).unwrap() + 1;
                let event = people::history_erased(&self.world, account, &forgotten, sequence);
                self.truth.forgotten.push(forgotten);
                self.tell(Trigger::EraseHistory, event);
            }
            _ => {
                let event = people::account_erased(&self.world, person);
                for profile in person.profiles.clone() {
                    self.truth.forgotten.push(Forgotten { profile, title: None, until: None });
                }
                self.people[place].is_gone = true;
                self.tell(Trigger::EraseAccount, event);
            }
        }
        self.later(Duration::minutes(20), Duration::hours(36), Happening::Act(place));
    }

    /// What can never be counted, about people that nobody knows.
    fn poison(&mut self) {
        let film = self.chance.pick(&self.films).unwrap();
        let stranger = (&self.world, &mut self.chance);
        let (_, events) = people::watch(stranger, self.world.id(), self.world.id(), film, self.world.now());
        let mut event = events.into_iter().next().unwrap();
        let bytes = match self.chance.below(5) {
            0 => event.json().into_bytes().split_off(7),
            1 => vec![0xff; 9],
            2 => {
                event.kind = types::PLAYBACK_STARTED.replace(".v1", ".v2");
                event.json().into_bytes()
            }
            3 => {
                event.time += Duration::days(400);
                event.json().into_bytes()
            }
            _ => {
                event.data["watched_seconds"] = json!(-5.0);
                event.json().into_bytes()
            }
        };
        self.poison.push(bytes.clone());
        self.send(Trigger::Stream, bytes);
        self.later(Duration::hours(3), Duration::days(2), Happening::Poison);
    }

    /// As many records as a trigger happens to take.
    fn take(&mut self, trigger: Trigger) -> Vec<Vec<u8>> {
        let most = match trigger {
            Trigger::Stream => 60,
            Trigger::Queue => 10,
            _ => 1,
        };
        let waiting = self.waiting.entry(trigger).or_default();
        let count = usize::try_from(1 + self.chance.below(most)).unwrap().min(waiting.len());
        waiting.drain(..count).collect()
    }

    async fn deliver(&mut self, trigger: Trigger) {
        let work = Work { trigger, records: self.take(trigger), due_at: None };
        let again = self.work(&work).await;
        let waiting = self.waiting.entry(trigger).or_default();
        match trigger {
            // A stream goes on where it has failed, a queue with others.
            Trigger::Stream => again.iter().rev().for_each(|place| waiting.push_front(work.records[*place].clone())),
            _ => waiting.extend(again.iter().map(|place| work.records[*place].clone())),
        }
        if !waiting.is_empty() {
            self.later(Duration::SECOND, Duration::minutes(30), Happening::Deliver(trigger));
        }
    }

    /// A schedule runs, late at times, and not at all for days at others.
    async fn run(&mut self, trigger: Trigger, due_at: OffsetDateTime) {
        // Half of the times as when somebody starts it by hand.
        let told = self.chance.percent(50).then_some(due_at);
        let work = Work { trigger, records: vec![], due_at: told };
        let again = self.work(&work).await;
        let is_outage = !self.is_calm && self.chance.percent(20);
        if self.chance.percent(if again.is_empty() { 15 } else { 70 }) {
            self.later(Duration::SECOND, Duration::minutes(20), Happening::Run(trigger, due_at));
        } else if trigger == Trigger::Hourly {
            // Runs that find nothing new are left out.
            let least = if is_outage || self.is_calm { Duration::hours(14) } else { Duration::HOUR };
            let at = self.now() + self.chance.between(least, least + Duration::hours(14));
            self.agenda.add(at, Happening::Run(trigger, at), &mut self.chance);
        } else {
            let midnight = self.now().replace_time(time::Time::MIDNIGHT);
            let missed = if is_outage { 1 + i64::try_from(self.chance.below(4)).unwrap() } else { 0 };
            let due_at = midnight + Duration::minutes(20) + Duration::days(1 + missed);
            let latest = if !self.is_calm && self.chance.percent(35) { 20 * 60 } else { 10 };
            let at = due_at + self.chance.between(Duration::ZERO, Duration::minutes(latest));
            self.agenda.add(at, Happening::Run(trigger, due_at), &mut self.chance);
        }
    }

    /// What the line does to an invocation, mostly nothing.
    fn fate(&mut self, work: &Work) -> Option<Fate> {
        let is_erased_soon = !self.erasures_meeting(work).is_empty();
        if self.is_calm || !self.chance.percent(50) {
            return None;
        }
        if work.trigger == Trigger::Stream && is_erased_soon && self.chance.percent(50) {
            // Between the look for what is forbidden and the insert.
            let mishap = if self.chance.percent(50) { Mishap::Overtaken } else { Mishap::OvertakenCrash };
            return Some(Fate { tables: Tables::Playback, after: 1, mishap });
        }
        let mishap = *self
            .chance
            .pick(&[
                Mishap::Refused,
                Mishap::AnswerLost,
                Mishap::CrashBefore,
                Mishap::CrashAfter,
                Mishap::Overtaken,
                Mishap::OvertakenCrash,
            ])
            .unwrap();
        let (tables, most) = match work.trigger {
            Trigger::Stream if self.chance.percent(25) => (Tables::Samples, 1),
            Trigger::Stream => (Tables::Playback, 5),
            Trigger::Queue if self.chance.percent(50) => (Tables::Titles, 2),
            Trigger::Queue => (Tables::Payments, 1),
            Trigger::EraseAccount | Trigger::EraseHistory => (Tables::Playback, 18),
            Trigger::Hourly | Trigger::Daily => (Tables::Playback, 14),
        };
        Some(Fate { tables, after: usize::try_from(self.chance.below(most)).unwrap(), mishap })
    }

    /// One invocation: the places of what must come again.
    async fn work(&mut self, work: &Work) -> Vec<usize> {
        let fate = self.fate(work);
        self.line.expect(fate);
        let consumers = self.consumers.clone();
        let mut running = Box::pin(consumers.run(work));
        let done = loop {
            tokio::select! {
                biased;
                () = self.line.crashed.notified() => break None,
                () = self.line.held.notified() => {
                    self.mishaps[0] += 1;
                    Box::pin(self.get_ahead(work)).await;
                    self.line.go_on();
                }
                done = &mut running => break Some(done),
            }
        };
        drop(running);
        let is_disturbed = fate.is_some() && !self.line.is_expecting();
        self.line.expect(None);
        self.line.quiet().await;
        let is_dead = done.is_none();
        let again = done.unwrap_or_else(|| (0..work.records.len().max(1)).collect());
        assert!(
            again.is_empty() || is_disturbed,
            "{:?} failed although nothing went wrong: {again:?} of {}",
            work.trigger,
            work.records.len()
        );
        self.mishaps[if is_dead { 2 } else { 1 }] += usize::from(!again.is_empty());
        if again.is_empty() {
            self.note_erased(work);
        }
        self.log.push(format!("{} {:?} {} {again:?}", self.now(), work.trigger, work.records.len()));
        self.invocations += 1;
        let is_half_erased = is_dead && matches!(work.trigger, Trigger::EraseAccount | Trigger::EraseHistory);
        if is_half_erased || self.invocations.is_multiple_of(15) {
            rest::check_nothing_is_too_much(self).await;
        }
        again
    }

    /// Erasures that nobody has applied, of people in a batch if it is one of the stream.
    fn erasures_meeting(&self, work: &Work) -> Vec<(Trigger, Event)> {
        let is_in = |profile: &str| work.records.iter().any(|record| String::from_utf8_lossy(record).contains(profile));
        let meets = |event: &Event| {
            let profiles =
                event.data["profile_ids"].as_array().into_iter().flatten().chain([&event.data["profile_id"]]);
            work.trigger != Trigger::Stream || profiles.filter_map(serde_json::Value::as_str).any(is_in)
        };
        let meeting = self.erasures.iter().filter(|(trigger, event)| *trigger != work.trigger && meets(event));
        meeting.cloned().collect()
    }

    fn note_erased(&mut self, work: &Work) {
        self.erasures.retain(|(_, event)| !work.records.contains(&event.json().into_bytes()));
    }

    /// While a consumer waits for ClickHouse, another does all of its work.
    async fn get_ahead(&mut self, held: &Work) {
        let erasures = self.erasures_meeting(held);
        let is_stream_free =
            held.trigger != Trigger::Stream && !self.waiting.entry(Trigger::Stream).or_default().is_empty();
        let work = if is_stream_free && self.chance.percent(60) {
            Work { trigger: Trigger::Stream, records: self.take(Trigger::Stream), due_at: None }
        } else if let Some((trigger, event)) = self.chance.pick(&erasures) {
            Work { trigger: *trigger, records: vec![event.json().into_bytes()], due_at: None }
        } else {
            let trigger = if held.trigger == Trigger::Hourly { Trigger::Daily } else { Trigger::Hourly };
            Work { trigger, records: vec![], due_at: None }
        };
        let again = self.others.run(&work).await;
        assert!(again.is_empty(), "{:?} failed although nothing went wrong", work.trigger);
        self.note_erased(&work);
        self.log.push(format!("{:?} got ahead of {:?}", work.trigger, held.trigger));
    }
}

async fn simulate(seed: u64, days: i64) -> Run {
    let mut run = Run::new(seed).await;
    let end = START + Duration::days(days);
    Box::pin(run.until(end)).await;
    run.is_calm = true;
    Box::pin(run.until(end + AFTERWARDS)).await;
    rest::check(&mut run).await;
    run
}

/// One history, and what it was.
async fn tell(seed: u64, days: i64) -> String {
    let begun = Instant::now();
    let run = simulate(seed, days).await;
    let [overtaken, failed, died] = run.mishaps;
    let line = format!(
        "{} sessions, {} events, {} erased; {} invocations, of which {failed} failed, {died} died and {overtaken} were overtaken; {} requests \
         in {:.1} s",
        run.truth.watchings.len(),
        run.good.len(),
        run.truth.forgotten.len(),
        run.invocations,
        run.line.requests(),
        begun.elapsed().as_secs_f64()
    );
    run.fixture.end().await;
    line
}

#[tokio::test]
async fn days_of_figures_stay_true() {
    let days = setting("CINEMA_DAYS").map_or(DAYS, |days| i64::try_from(days).unwrap());
    run_histories(World::system().below(1_000_000).into(), setting("CINEMA_MINUTES"), |seed| tell(seed, days)).await;
}

#[tokio::test]
async fn one_seed_is_one_history() {
    let (one, two) = (named(4_711, simulate(4_711, 5)).await, named(4_711, simulate(4_711, 5)).await);
    assert_eq!(one.log, two.log);
    assert_eq!(one.fixture.bytes().await, two.fixture.bytes().await);
    assert_eq!(one.fixture.bytes_of_days().await, two.fixture.bytes_of_days().await);
    one.fixture.end().await;
    two.fixture.end().await;
}
