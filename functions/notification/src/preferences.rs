//! What somebody wants to be told, on which channels, and when not.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    quiet::{ClockTime, QuietHours, TimeZone},
    workflow::Workflow,
};

/// How a message reaches somebody outside of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Mail.
    Email,
    /// Push messages to browsers.
    Push,
}

impl Channel {
    /// The word that records use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Push => "push",
        }
    }
}

/// On which channels messages of a workflow come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    /// The list of notifications.
    pub in_app: bool,
    /// Mail.
    pub email: bool,
    /// Push messages to registered devices.
    pub push: bool,
}

impl Channels {
    const ALL: Self = Self { in_app: true, email: true, push: true };

    /// Of whoever chose before there was the workflow.
    fn all() -> Self {
        Self::ALL
    }
}

/// The channels of each workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflows {
    /// Sign-ins, passwords, copies of the data. Its mails cannot be switched off.
    pub security: Channels,
    /// Payments and subscriptions. Its mails cannot be switched off.
    pub billing: Channels,
    /// The account itself.
    pub account: Channels,
    /// What is on the account's lists or was left half seen: what leaves soon, and new episodes.
    #[serde(default = "Channels::all")]
    pub titles: Channels,
    /// News and offers.
    pub marketing: Channels,
}

/// What somebody wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// On which channels.
    pub workflows: Workflows,
    /// In which quiet hours count.
    pub time_zone: TimeZone,
    /// When nothing but security may come by mail or push; what is held comes afterwards. Null: any time.
    pub quiet_hours: Option<QuietHours>,
    /// When mails about titles come, each day, also within quiet hours: what leaves soon together in one. Null: each comes by itself.
    #[serde(default)]
    pub digest_at: Option<ClockTime>,
}

/// Marketing needs a consent, so that nobody has it before they say so.
impl Default for Preferences {
    fn default() -> Self {
        let silent = Channels { in_app: true, email: false, push: false };
        Self {
            workflows: Workflows {
                security: Channels::ALL,
                billing: Channels::ALL,
                account: Channels::ALL,
                titles: Channels::ALL,
                marketing: silent,
            },
            time_zone: TimeZone::utc(),
            quiet_hours: None,
            digest_at: None,
        }
    }
}

/// When a message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// At once.
    Now,
    /// When the quiet hours end.
    At(OffsetDateTime),
    /// With what else is to tell that day.
    Together(OffsetDateTime),
}

impl Preferences {
    /// The workflows whose mails somebody tried to switch off although they must come.
    pub fn forbidden(&self) -> impl Iterator<Item = Workflow> {
        [Workflow::Security, Workflow::Billing].into_iter().filter(|workflow| !self.channels(*workflow).email)
    }

    /// Whether messages of the workflow are kept in the inbox.
    pub fn lists(&self, workflow: Workflow) -> bool {
        self.channels(workflow).in_app
    }

    /// Whether a channel may carry messages of the workflow.
    pub fn wants(&self, workflow: Workflow, channel: Channel) -> bool {
        let channels = self.channels(workflow);
        match channel {
            Channel::Email => channels.email || workflow.is_obligatory(),
            Channel::Push => channels.push,
        }
    }

    /// When a message of the workflow leaves on a channel. One that would be stale by the time at which mails come together does not wait.
    pub fn departure(
        &self,
        workflow: Workflow,
        channel: Channel,
        now: OffsetDateTime,
        stale_at: Option<OffsetDateTime>,
    ) -> Departure {
        let digest_at = self.digest_at.filter(|_| workflow == Workflow::Titles && channel == Channel::Email);
        let together = digest_at.and_then(|time| self.time_zone.next(time, now));
        if let Some(moment) = together.filter(|moment| stale_at.is_none_or(|end| *moment < end)) {
            return Departure::Together(moment);
        }
        let hours = self.quiet_hours.filter(|_| !workflow.breaks_quiet());
        hours.and_then(|hours| hours.end(&self.time_zone, now)).map_or(Departure::Now, Departure::At)
    }

    fn channels(&self, workflow: Workflow) -> &Channels {
        match workflow {
            Workflow::Security => &self.workflows.security,
            Workflow::Billing => &self.workflows.billing,
            Workflow::Account => &self.workflows.account,
            Workflow::Titles => &self.workflows.titles,
            Workflow::Marketing => &self.workflows.marketing,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const ALL: [Workflow; 5] =
        [Workflow::Security, Workflow::Billing, Workflow::Account, Workflow::Titles, Workflow::Marketing];

    fn none() -> Preferences {
        let none = Channels { in_app: false, email: false, push: false };
        let workflows = Workflows { security: none, billing: none, account: none, titles: none, marketing: none };
        Preferences { workflows, ..Preferences::default() }
    }

    #[test]
    fn mails_of_security_and_billing_come_whatever_is_stored() {
        let wanted = |workflow: &Workflow| none().wants(*workflow, Channel::Email);
        assert_eq!(ALL.into_iter().filter(wanted).collect::<Vec<_>>(), [Workflow::Security, Workflow::Billing]);
        assert_eq!(none().forbidden().collect::<Vec<_>>(), [Workflow::Security, Workflow::Billing]);
        assert!(ALL.iter().all(|workflow| !none().wants(*workflow, Channel::Push) && !none().lists(*workflow)));
    }

    #[test]
    fn nobody_gets_marketing_who_has_not_asked_for_it() {
        let unasked = Preferences::default();
        assert!(unasked.forbidden().next().is_none());
        for channel in [Channel::Email, Channel::Push] {
            assert!(!unasked.wants(Workflow::Marketing, channel));
        }
    }

    #[test]
    fn only_mails_about_titles_come_together() {
        let now = datetime!(2026-11-28 23:00 UTC);
        let quiet_hours = serde_json::from_str(r#"{"from": "22:00", "until": "07:30"}"#).ok();
        let preferences = Preferences { digest_at: "07:00".parse().ok(), quiet_hours, ..Preferences::default() };
        let departure = |workflow, channel| preferences.departure(workflow, channel, now, None);
        let (at_seven, quiet) =
            (Departure::Together(datetime!(2026-11-29 7:00 UTC)), Departure::At(datetime!(2026-11-29 7:30 UTC)));
        assert_eq!(departure(Workflow::Titles, Channel::Email), at_seven);
        assert_eq!(departure(Workflow::Titles, Channel::Push), quiet);
        for (stale_at, expected) in
            [(datetime!(2026-11-29 7:00 UTC), quiet), (datetime!(2026-11-29 7:01 UTC), at_seven)]
        {
            let departure = preferences.departure(Workflow::Titles, Channel::Email, now, Some(stale_at));
            assert_eq!(departure, expected, "{stale_at}");
        }
        for workflow in ALL.into_iter().filter(|workflow| *workflow != Workflow::Titles) {
            assert!(!matches!(departure(workflow, Channel::Email), Departure::Together(_)), "{workflow}");
        }
    }

    #[test]
    fn whoever_chose_before_there_was_a_workflow_hears_of_it() {
        let mut stored = serde_json::to_value(none().workflows).unwrap();
        stored.as_object_mut().unwrap().remove("titles");
        let workflows: Workflows = serde_json::from_value(stored).unwrap();
        assert_eq!((workflows.titles, workflows.account), (Channels::ALL, none().workflows.account));
    }

    #[test]
    fn only_security_comes_at_night() {
        let night = datetime!(2026-11-28 23:00 UTC);
        let hours = serde_json::from_str(r#"{"from": "22:00", "until": "07:30"}"#).unwrap();
        let preferences = Preferences { quiet_hours: Some(hours), ..Preferences::default() };
        for workflow in ALL {
            let departure = preferences.departure(workflow, Channel::Email, night, None);
            let expected = match workflow {
                Workflow::Security => Departure::Now,
                _ => Departure::At(datetime!(2026-11-29 7:30 UTC)),
            };
            assert_eq!(departure, expected, "{workflow}");
            assert_eq!(
                preferences.departure(workflow, Channel::Email, datetime!(2026-11-29 7:30 UTC), None),
                Departure::Now
            );
        }
    }
}
