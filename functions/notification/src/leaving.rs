//! A title that leaves: which fact that is, and in which words a person hears of it.

use std::collections::HashMap;

use kernel::TitleId;
use proto::mail::TitleLeavingSoon;
use serde_json::Value;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{notice::Notice, quiet::TimeZone};

/// An announced end of a title at one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Which title.
    pub title: TitleId,
    /// First moment without it.
    pub ends_at: OffsetDateTime,
    /// The stage: at most so many days are left.
    pub days: i16,
    names: HashMap<String, String>,
}

impl Leaving {
    /// With the names of the title by locale and, under the empty key, for everybody else.
    pub fn new(title: TitleId, ends_at: OffsetDateTime, days: i16, names: &Value) -> Self {
        let names = names.as_object().into_iter().flatten();
        let names = names.filter_map(|(locale, name)| Some((locale.clone(), name.as_str()?.to_owned()))).collect();
        Self { title, ends_at, days, names }
    }

    /// A person hears of each end once at each stage.
    pub fn fact(&self) -> String {
        format!("{} leaves {} {}", self.title, self.ends_at.format(&Rfc3339).unwrap_or_default(), self.days)
    }

    /// For somebody in a time zone: the last day that is theirs from beginning to end, or the one on which it ends.
    pub fn notice(&self, zone: &TimeZone) -> Notice {
        let until = zone.date(self.ends_at - Duration::SECOND);
        let template = TitleLeavingSoon { names: self.names.clone(), until, title_id: self.title.to_string() };
        Notice { fact: self.fact(), template: template.into(), stale_at: Some(self.ends_at) }
    }
}

#[cfg(test)]
mod tests {
    use proto::mail::Template;
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn leaving(ends_at: OffsetDateTime, days: i16) -> Leaving {
        let title = TitleId::from_parts(ends_at, [0; 10]);
        Leaving::new(title, ends_at, days, &json!({ "en": "Stalker", "ru": "Сталкер", "": "Сталкер", "odd": 1 }))
    }

    use kernel::Id as _;

    #[test]
    fn each_end_and_each_stage_is_a_fact_of_its_own() {
        let end = datetime!(2026-12-25 0:00 UTC);
        let facts = [leaving(end, 30), leaving(end, 7), leaving(end + Duration::HOUR, 7)].map(|leaving| leaving.fact());
        assert!(facts[0] != facts[1] && facts[1] != facts[2], "{facts:?}");
        assert_eq!(leaving(end, 7), leaving(end, 7));
    }

    #[test]
    fn the_last_day_is_that_of_the_person() {
        let midnight = leaving(datetime!(2026-12-25 0:00 UTC), 7);
        for (zone, day) in [
            ("UTC", "2026-12-24"),
            ("Europe/Moscow", "2026-12-25"),
            ("America/New_York", "2026-12-24"),
            ("Pacific/Kiritimati", "2026-12-25"),
        ] {
            let notice = midnight.notice(&zone.parse().unwrap());
            let Template::TitleLeavingSoon(template) = notice.template else { panic!("another template") };
            assert_eq!((template.until.as_str(), template.names.len()), (day, 3), "{zone}");
        }
    }
}
