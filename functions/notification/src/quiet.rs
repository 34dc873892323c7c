//! Quiet hours: civil time in the person's own zone, with its clock changes. The zones come with the program (jiff), not with the machine.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, Zoned,
    civil::{Date, Time},
    tz,
};
use kernel::text::visible_part;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{Duration, OffsetDateTime, UtcOffset};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// The longest name in the database has 32 characters.
const LONGEST_NAME: usize = 64;

/// A time zone of the IANA database.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
    zone: tz::TimeZone,
}

/// There is no such zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no time zone of the IANA database, such as Europe/Berlin")]
pub struct UnknownZone;

impl TimeZone {
    /// Where nobody has said otherwise.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: tz::TimeZone::UTC }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The day of a moment there, 2026-12-24.
    pub fn date(&self, moment: OffsetDateTime) -> String {
        self.at(moment).map_or_else(|| moment.date().to_string(), |local| local.date().to_string())
    }

    /// The same moment as the clock shows it there.
    pub fn local(&self, moment: OffsetDateTime) -> OffsetDateTime {
        let offset = self.at(moment).and_then(|local| UtcOffset::from_whole_seconds(local.offset().seconds()).ok());
        offset.and_then(|offset| moment.checked_to_offset(offset)).unwrap_or(moment)
    }

    /// The next moment after `now` at which the clock shows a time there. A time that a clock change skips is the moment after the change; of
    /// one that comes twice the first counts that is still ahead.
    pub fn next(&self, time: ClockTime, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let today = self.at(now)?.date();
        [today, today.tomorrow().ok()?].into_iter().find_map(|day| self.moment(day, time, now))
    }

    /// The first moment of a day at which the clock shows a time, if it is ahead.
    fn moment(&self, day: Date, time: ClockTime, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let there = self.zone.to_ambiguous_zoned(day.to_datetime(time.civil()));
        let moment = |there: Result<Zoned, jiff::Error>| {
            OffsetDateTime::from_unix_timestamp(there.ok()?.timestamp().as_second()).ok()
        };
        let found = [moment(there.clone().compatible())?, moment(there.later())?];
        found.into_iter().find(|moment| *moment > now)
    }

    fn at(&self, moment: OffsetDateTime) -> Option<Zoned> {
        Some(Timestamp::from_second(moment.unix_timestamp()).ok()?.to_zoned(self.zone.clone()))
    }
}

impl FromStr for TimeZone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        if text == "UTC" {
            return Ok(Self::utc());
        }
        if text.len() > LONGEST_NAME || visible_part(text, LONGEST_NAME) != text {
            return Err(UnknownZone);
        }
        let zone = tz::TimeZone::get(text).map_err(|_| UnknownZone)?;
        // A zone that the database only pretends to know has no name.
        let name = zone.iana_name().ok_or(UnknownZone)?.to_owned();
        Ok(Self { name, zone })
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for TimeZone {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST_NAME));
        schema.description(Some("A name of the IANA time zone database.")).examples(["Europe/Berlin"]).into()
    }
}

impl ToSchema for TimeZone {}

/// A time on a clock, to the minute: minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(u16);

const MINUTES_OF_A_DAY: u16 = 24 * 60;

impl ClockTime {
    /// From minutes since midnight, if the day has that many.
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes < MINUTES_OF_A_DAY).then_some(Self(minutes))
    }

    /// Minutes since midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }

    fn civil(self) -> Time {
        // Both are in range: there are fewer minutes than a day has.
        Time::new((self.0 / 60) as i8, (self.0 % 60) as i8, 0, 0).unwrap_or(Time::MIN)
    }
}

/// The text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time from 00:00 to 23:59")]
pub struct NotATime;

impl FromStr for ClockTime {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let two = |digits: &str| -> Result<u16, NotATime> {
            let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| fits).ok_or(NotATime)
        };
        let (hour, minute) = text.split_once(':').ok_or(NotATime)?;
        match (two(hour)?, two(minute)?) {
            (hour @ 0..=23, minute @ 0..=59) => Ok(Self(hour * 60 + minute)),
            _ => Err(NotATime),
        }
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for ClockTime {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"));
        schema.examples(["22:00"]).into()
    }
}

impl ToSchema for ClockTime {}

/// From when until when it is quiet; over midnight where `until` is the smaller one. The two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, try_from = "Hours")]
pub struct QuietHours {
    from: ClockTime,
    until: ClockTime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    from: ClockTime,
    until: ClockTime,
}

impl TryFrom<Hours> for QuietHours {
    type Error = &'static str;

    fn try_from(Hours { from, until }: Hours) -> Result<Self, &'static str> {
        Self::new(from, until).ok_or("from and until must differ")
    }
}

impl QuietHours {
    /// Hours between two times that differ.
    pub fn new(from: ClockTime, until: ClockTime) -> Option<Self> {
        (from != until).then_some(Self { from, until })
    }

    /// When they begin and end.
    pub fn times(&self) -> (ClockTime, ClockTime) {
        (self.from, self.until)
    }

    fn contain(&self, time: ClockTime) -> bool {
        if self.from < self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }

    /// When the quiet around `now` ends, if it is quiet. A time that a clock change skips is the moment after the change; of one that comes
    /// twice the first counts that is still ahead.
    pub fn end(&self, zone: &TimeZone, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let local = zone.at(now)?;
        let clock =
            ClockTime::from_minutes(u16::try_from(local.hour()).ok()? * 60 + u16::try_from(local.minute()).ok()?)?;
        if !self.contain(clock) {
            return None;
        }
        let day = if clock < self.until { local.date() } else { local.date().tomorrow().ok()? };
        Some(zone.moment(day, self.until, now).unwrap_or(now + Duration::MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn hours(from: &str, until: &str) -> QuietHours {
        QuietHours::new(from.parse().unwrap(), until.parse().unwrap()).unwrap()
    }

    fn end(from: &str, until: &str, zone: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
        hours(from, until).end(&zone.parse().unwrap(), now)
    }

    #[test]
    fn quiet_is_quiet_where_the_person_is() {
        for (zone, now, expected) in [
            ("UTC", datetime!(2026-06-01 22:00 UTC), Some(datetime!(2026-06-02 7:00 UTC))),
            ("UTC", datetime!(2026-06-01 21:59:59 UTC), None),
            ("UTC", datetime!(2026-06-02 6:59:59 UTC), Some(datetime!(2026-06-02 7:00 UTC))),
            ("UTC", datetime!(2026-06-02 7:00 UTC), None),
            ("Europe/Berlin", datetime!(2026-06-01 20:00 UTC), Some(datetime!(2026-06-02 5:00 UTC))),
            ("Europe/Berlin", datetime!(2026-12-01 20:30 UTC), None),
            ("Europe/Berlin", datetime!(2026-12-01 21:00 UTC), Some(datetime!(2026-12-02 6:00 UTC))),
            ("Europe/Moscow", datetime!(2026-06-01 19:00 UTC), Some(datetime!(2026-06-02 4:00 UTC))),
            ("Asia/Kathmandu", datetime!(2026-06-01 16:15 UTC), Some(datetime!(2026-06-02 1:15 UTC))),
        ] {
            assert_eq!(end("22:00", "07:00", zone, now), expected, "{zone} {now}");
        }
    }

    #[test]
    fn clock_changes_neither_lose_nor_repeat_the_end() {
        let berlin = |from, until, now| end(from, until, "Europe/Berlin", now);
        // The night of 29 March has no 02:30: the clock goes from 02:00 to 03:00 at 01:00 UTC.
        let spring = datetime!(2026-03-28 22:00 UTC);
        assert_eq!(berlin("22:00", "02:30", spring), Some(datetime!(2026-03-29 1:30 UTC)));
        assert_eq!(berlin("22:00", "07:00", spring), Some(datetime!(2026-03-29 5:00 UTC)), "an hour less");
        // The night of 25 October has 02:30 twice: at 00:30 and at 01:30 UTC.
        let autumn = datetime!(2026-10-24 22:00 UTC);
        assert_eq!(berlin("22:00", "02:30", autumn), Some(datetime!(2026-10-25 0:30 UTC)));
        assert_eq!(berlin("22:00", "02:30", datetime!(2026-10-25 1:10 UTC)), Some(datetime!(2026-10-25 1:30 UTC)));
        assert_eq!(berlin("22:00", "07:00", autumn), Some(datetime!(2026-10-25 6:00 UTC)), "an hour more");
        // A day that a whole island skipped.
        let apia = end("22:00", "07:00", "Pacific/Apia", datetime!(2011-12-30 9:00 UTC));
        assert_eq!(apia, Some(datetime!(2011-12-30 17:00 UTC)), "Thursday evening ends on Saturday morning");
    }

    #[test]
    fn a_daily_time_comes_once_a_day_through_clock_changes() {
        let next = |zone: &str, time: &str, now| zone.parse::<TimeZone>().unwrap().next(time.parse().unwrap(), now);
        for (zone, time, now, expected) in [
            ("UTC", "08:00", datetime!(2026-06-01 7:59:59 UTC), datetime!(2026-06-01 8:00 UTC)),
            ("UTC", "08:00", datetime!(2026-06-01 8:00 UTC), datetime!(2026-06-02 8:00 UTC)),
            ("Europe/Moscow", "08:00", datetime!(2026-06-01 8:00 UTC), datetime!(2026-06-02 5:00 UTC)),
            ("Pacific/Kiritimati", "08:00", datetime!(2026-06-01 8:00 UTC), datetime!(2026-06-01 18:00 UTC)),
            // The night of 29 March has no 02:30, that of 25 October two.
            ("Europe/Berlin", "02:30", datetime!(2026-03-28 12:00 UTC), datetime!(2026-03-29 1:30 UTC)),
            ("Europe/Berlin", "02:30", datetime!(2026-03-29 1:30 UTC), datetime!(2026-03-30 0:30 UTC)),
            ("Europe/Berlin", "02:30", datetime!(2026-10-24 12:00 UTC), datetime!(2026-10-25 0:30 UTC)),
            ("Europe/Berlin", "08:00", datetime!(2026-10-24 12:00 UTC), datetime!(2026-10-25 7:00 UTC)),
        ] {
            assert_eq!(next(zone, time, now), Some(expected), "{zone} {time} {now}");
        }
    }

    #[test]
    fn what_is_no_time_or_zone_is_refused() {
        for wrong in ["", "7:00", "24:00", "12:60", "12", "12:00:00", "1２:00", "+1:00", " 12:00"] {
            assert_eq!(wrong.parse::<ClockTime>(), Err(NotATime), "{wrong:?}");
        }
        for wrong in [
            "",
            "Berlin",
            "Europe/Atlantis",
            "+01:00",
            "Etc/Unknown",
            "../etc/passwd",
            "Europe/Berlin\0",
            &"x".repeat(2_000_000),
        ] {
            assert!(wrong.parse::<TimeZone>().is_err(), "{:?}", &wrong[..wrong.len().min(20)]);
        }
        assert!(serde_json::from_str::<QuietHours>(r#"{"from": "07:00", "until": "07:00"}"#).is_err());
        assert!(serde_json::from_str::<QuietHours>(r#"{"from": "07:00", "until": "08:00", "on": "Monday"}"#).is_err());
    }

    proptest! {
        #[test]
        fn the_end_is_ahead_and_within_a_day(
            from in 0u16..1440, until in 0u16..1440, second in 1_700_000_000i64..1_900_000_000,
            zone in proptest::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]),
        ) {
            prop_assume!(from != until);
            let hours = QuietHours::new(ClockTime(from), ClockTime(until)).unwrap();
            let (zone, now): (TimeZone, _) = (zone.parse().unwrap(), OffsetDateTime::from_unix_timestamp(second).unwrap());
            if let Some(end) = hours.end(&zone, now) {
                prop_assert!(now < end && end - now <= Duration::hours(25), "{now} {end}");
                // No quiet begins anew where the last one ends.
                let skipped = zone.at(end).unwrap().time() != hours.until.civil();
                prop_assert!(skipped || hours.end(&zone, end).is_none());
            }
        }

        #[test]
        fn the_next_time_is_ahead_and_within_a_day(
            minutes in 0u16..1440, second in 1_700_000_000i64..1_900_000_000,
            zone in proptest::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]),
        ) {
            let (zone, now): (TimeZone, _) = (zone.parse().unwrap(), OffsetDateTime::from_unix_timestamp(second).unwrap());
            let next = zone.next(ClockTime(minutes), now).unwrap();
            prop_assert!(now < next && next - now <= Duration::hours(25), "{now} {next}");
        }

        #[test]
        fn times_read_as_they_are_written(minutes in 0u16..1440) {
            let time = ClockTime(minutes);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
