//! What people really do, and what of it is told: the truth that figures are compared with, written down before anything is sent.

use analytics::view::Watched;
use events::{Erasure, Event};
use kernel::{AccountId, AssetId, ErasureId, InvoiceId, PaymentId, PlaybackId, ProfileId, TitleId, World};
use proto::{streaming::Playback, types, user::HistoryErased};
use serde_json::json;
use simulation::Chance;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// Bits per second of renditions.
const RATES: [u32; 3] = [800_000, 2_500_001, 6_000_000];
/// A silent player is told to be gone so long after its last sign of life.
const LEASE: Duration = Duration::seconds(90);

/// Somebody with an account and profiles.
pub struct Person {
    pub account: AccountId,
    pub profiles: Vec<ProfileId>,
    pub is_gone: bool,
}

/// A film, and who is paid for it since when.
pub struct Film {
    pub id: TitleId,
    pub duration_ms: u64,
    pub holders: Vec<(OffsetDateTime, String)>,
}

/// One playback session as it was.
#[derive(Debug, Clone)]
pub struct Watching {
    pub profile: ProfileId,
    pub title: TitleId,
    pub started_at: OffsetDateTime,
    pub duration_ms: u64,
    /// When the player told how much it had played by then, in milliseconds.
    pub told: Vec<(OffsetDateTime, u64)>,
    /// What was played of the film, from and to, in milliseconds.
    pub played: Vec<(u64, u64)>,
    /// Milliseconds until the first picture.
    pub startup_ms: Option<u64>,
    pub has_failed: bool,
    pub has_left: bool,
    pub has_broken: bool,
    /// Milliseconds of each stall.
    pub stalls: Vec<u64>,
    /// Bits per second, and for how many milliseconds.
    pub rates: Vec<(u32, u64)>,
}

impl Watching {
    /// Its figures as they were at a moment.
    pub fn by(&self, moment: OffsetDateTime) -> Watched {
        let told = self.told.iter().rfind(|(at, _)| *at <= moment);
        Watched { watched_ms: told.map_or(0, |told| told.1), duration_ms: self.duration_ms }
    }

    /// All that was played.
    pub fn watched_ms(&self) -> u64 {
        self.played.iter().map(|(from, to)| to - from).sum()
    }
}

/// Money that came in, and how much of it went back when, without the tax.
pub struct Paid {
    pub at: OffsetDateTime,
    pub net: i64,
    pub currency: &'static str,
    pub back: Vec<(OffsetDateTime, i64)>,
}

/// What somebody wanted forgotten.
#[derive(Debug, Clone)]
pub struct Forgotten {
    pub profile: ProfileId,
    /// Every title without one.
    pub title: Option<TitleId>,
    /// Sessions that began until then; all there ever are without it.
    pub until: Option<OffsetDateTime>,
}

impl Forgotten {
    pub fn covers(&self, watching: &Watching) -> bool {
        self.profile == watching.profile
            && self.title.is_none_or(|title| title == watching.title)
            && self.until.is_none_or(|until| watching.started_at <= until)
    }
}

fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn span(ms: u64) -> Duration {
    Duration::milliseconds(i64::try_from(ms).unwrap())
}

/// A session while it is thought up.
struct Player<'a> {
    world: &'a World,
    chance: &'a mut Chance,
    id: PlaybackId,
    asset: AssetId,
    account: AccountId,
    watching: Watching,
    now: OffsetDateTime,
    position_ms: u64,
    sequence: i64,
    events: Vec<Event>,
}

impl Player<'_> {
    /// So many milliseconds pass.
    fn pass(&mut self, least: u64, most: u64) -> u64 {
        let ms = least + self.chance.below(most - least);
        self.now += span(ms);
        ms
    }

    /// Streaming tells how the session stands.
    fn tell(&mut self, kind: &str, state: &str) {
        self.sequence += 1;
        let watched_ms = self.watching.watched_ms();
        let data = Playback {
            session_id: self.id.to_string(),
            account_id: self.account.to_string(),
            profile_id: self.watching.profile.to_string(),
            title_id: self.watching.title.to_string(),
            asset_id: self.asset.to_string(),
            device_id: "device-1".to_owned(),
            position_seconds: seconds(self.position_ms),
            watched_seconds: seconds(watched_ms),
            duration_seconds: seconds(self.watching.duration_ms),
            started_at: text(self.watching.started_at),
            at: text(self.now),
            territory: "DE".to_owned(),
            state: state.to_owned(),
            ..Playback::default()
        };
        let event = Event::new(self.world, kind, self.id, self.sequence, &data);
        self.events.push(Event { time: self.now, ..event });
        self.watching.told.push((self.now, watched_ms));
    }

    /// The player tells what it measured.
    fn sample(&mut self, kind: &str, value: f64) {
        let code = if kind.ends_with("failure") || kind == "error" { "E1" } else { "" };
        let data = json!({"session_id": self.id, "title_id": self.watching.title, "kind": kind, "value": value, "code": code,
            "at": text(self.now), "client_time": text(self.now)});
        let event = Event::new(self.world, types::PLAYER_SAMPLED, self.id, 1, &data);
        self.events.push(Event { time: self.now, ..event });
    }

    /// There is never a first picture.
    fn does_not_start(&mut self) {
        match self.chance.below(3) {
            0 => {
                self.pass(500, 9_000);
                self.sample("start_failure", 0.0);
                self.watching.has_failed = true;
            }
            1 => {
                let waited = self.pass(500, 30_000);
                self.sample("exit_before_start", seconds(waited));
                self.watching.has_left = true;
            }
            _ => {}
        }
        self.pass(1, 5_000);
        self.ends();
    }

    /// Plays, stalls, pauses and seeks, and tells of it, until the film is over or the viewer has enough.
    fn plays(&mut self) {
        let waited = self.pass(200, 8_000);
        self.watching.startup_ms = Some(waited);
        self.sample("startup", seconds(waited));
        let mut rate = self.rate();
        for _ in 0..=self.chance.below(6) {
            let left = self.watching.duration_ms - self.position_ms;
            // Some only look in; others watch for long.
            let longest = if self.chance.percent(30) { 40_000 } else { 1_500_000 };
            let ms = (1 + self.chance.below(longest)).min(left);
            // A stall has something before and behind it.
            let first = ms / 2;
            self.now += span(first);
            if first > 0 && self.chance.percent(25) {
                let stalled = self.pass(100, 20_000);
                self.sample("rebuffer", seconds(stalled));
                self.watching.stalls.push(stalled);
            }
            self.now += span(ms - first);
            self.watching.played.push((self.position_ms, self.position_ms + ms));
            self.watching.rates.push((rate, ms));
            self.position_ms += ms;
            self.tell(types::PLAYBACK_PROGRESSED, "playing");
            if self.position_ms == self.watching.duration_ms {
                self.sample("ended", 0.0);
                break;
            }
            if self.chance.percent(25) {
                self.sample("pause", 0.0);
                self.pass(1_000, 3_000_000);
                self.sample("resume", 0.0);
            }
            if self.chance.percent(20) {
                rate = self.rate();
            }
            if self.chance.percent(25) {
                let position_ms = self.chance.below(self.watching.duration_ms);
                self.sample("seek", seconds(position_ms) - seconds(self.position_ms));
                self.position_ms = position_ms;
            }
        }
        if self.chance.percent(10) {
            self.sample("error", 0.0);
            self.watching.has_broken = true;
        }
        self.ends();
    }

    fn rate(&mut self) -> u32 {
        let rate = *self.chance.pick(&RATES).unwrap();
        self.sample("bitrate", f64::from(rate));
        rate
    }

    /// The viewer leaves, or is never heard of again.
    fn ends(&mut self) {
        if self.chance.percent(75) {
            self.sample("exit", 0.0);
            self.tell(types::PLAYBACK_STOPPED, "stopped");
        } else {
            self.now += LEASE;
            self.tell(types::PLAYBACK_EXPIRED, "expired");
        }
    }
}

/// A session of a profile with a film: how it will have been, and what is told of it.
pub fn watch(
    (world, chance): (&World, &mut Chance),
    account: AccountId,
    profile: ProfileId,
    film: &Film,
    started_at: OffsetDateTime,
) -> (Watching, Vec<Event>) {
    let watching = Watching {
        profile,
        title: film.id,
        started_at,
        duration_ms: film.duration_ms,
        told: vec![],
        played: vec![],
        startup_ms: None,
        has_failed: false,
        has_left: false,
        has_broken: false,
        stalls: vec![],
        rates: vec![],
    };
    let position_ms = if chance.percent(50) { 0 } else { chance.below(film.duration_ms) };
    let (id, asset) = (world.id(), world.id());
    let (now, sequence, events) = (started_at, 0, vec![]);
    let mut player = Player { world, chance, id, asset, account, watching, now, position_ms, sequence, events };
    player.tell(types::PLAYBACK_STARTED, "buffering");
    if player.chance.percent(15) {
        player.does_not_start()
    } else {
        player.plays()
    }
    (player.watching, player.events)
}

/// The user service's receipt that an account is gone.
pub fn account_erased(world: &World, person: &Person) -> Event {
    let erasure = Erasure { id: world.id::<ErasureId>(), account: person.account, profiles: person.profiles.clone() };
    erasure.receipt(world, types::USER_ACCOUNT_ERASED, 1, world.now())
}

/// A profile's history is erased until now.
pub fn history_erased(world: &World, account: AccountId, forgotten: &Forgotten, sequence: i64) -> Event {
    let data = HistoryErased {
        profile_id: forgotten.profile.to_string(),
        account_id: account.to_string(),
        title_id: forgotten.title.map(|title| title.to_string()).unwrap_or_default(),
        erased_at: text(world.now()),
    };
    Event::new(world, types::HISTORY_ERASED, forgotten.profile, sequence, &data)
}

/// Somebody else is paid for a film from now on.
pub fn title_changed(world: &World, film: &Film) -> Event {
    let version = i64::try_from(film.holders.len()).unwrap();
    let holder = &film.holders.last().unwrap().1;
    let data = json!({"title_id": film.id, "kind": "film", "publication": "published", "original_title": "A", "rights_holder": holder});
    Event::new(world, types::TITLE_CHANGED, film.id, version, &data)
}

/// A payment, and some of it that goes back in days to come: what it was, and what is told of it.
pub fn pay((world, chance): (&World, &mut Chance), account: AccountId) -> (Paid, Vec<Event>) {
    let (id, invoice): (PaymentId, InvoiceId) = (world.id(), world.id());
    let currency = if chance.percent(80) { "EUR" } else { "USD" };
    let net = 500 + i64::try_from(chance.below(3_000)).unwrap();
    let tax = net * 19 / 100;
    let mut at = world.now();
    // When, how it stood, and what had gone back by then, without the tax and of the tax.
    let mut versions = Vec::new();
    if chance.percent(20) {
        versions.push((at, "failed", 0, 0));
        at += chance.between(Duration::HOUR, Duration::DAY);
    }
    versions.push((at, "succeeded", 0, 0));
    let mut paid = Paid { at, net, currency, back: vec![] };
    let (mut back, mut back_tax) = (0, 0);
    for _ in 0..chance.below(3) {
        at += chance.between(Duration::HOUR, Duration::DAY);
        let part = i64::try_from(chance.below(u64::try_from(net - back).unwrap() + 1)).unwrap();
        (back, back_tax) = (back + part, back_tax + (part * 19 / 100).min(tax - back_tax));
        versions.push((at, "succeeded", back, back_tax));
        paid.back.push((at, part));
    }
    let event = |(place, (at, status, back, back_tax)): (usize, (OffsetDateTime, &str, i64, i64))| {
        let data = json!({"payment_id": id, "account_id": account, "invoice_id": invoice, "status": status, "amount": net + tax,
            "tax": tax, "refunded": back + back_tax, "refunded_tax": back_tax, "currency": currency});
        let version = i64::try_from(place).unwrap() + 1;
        Event { time: at, ..Event::new(world, types::PAYMENT_CHANGED, id, version, &data) }
    };
    (paid, versions.into_iter().enumerate().map(event).collect())
}
