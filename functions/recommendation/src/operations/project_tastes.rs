//! `playback-events`, erased histories and deleted profiles → what profiles saw. No order and no number of events matters.
//!
//! A record that describes no session is set aside in S3 with its reason; it never holds up its shard.

use events::{Consumer, DeadLetters, Deadline, Event, HistoryErased, Outcome, Playback, Profile, project};
use proto::types;
use runtime::Access;
use stores::Table;

use crate::store::{erasure, viewings};

runtime::wire! {
    pub struct ProjectTastes {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
        dead_letters: DeadLetters = |boot| boot.dead_letters("recommendation-project-tastes"),
    }
}

impl Consumer<Event> for ProjectTastes {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let table = &self.table;
        match event.kind.as_str() {
            types::HISTORY_ERASED => {
                project(&event, HistoryErased::read, async |erased| viewings::erase(table, &erased).await).await
            }
            types::PROFILE_CHANGED => {
                let forget = async |profile: Profile| {
                    if profile.is_deleted { erasure::erase_profile(table, profile.id).await } else { Ok(()) }
                };
                project(&event, Profile::read, forget).await
            }
            kind if Playback::TYPES.contains(&kind) => {
                project(&event, Playback::read, async |playback| viewings::note(table, &playback).await).await
            }
            // The stream carries what players measure as well.
            _ => Outcome::Done,
        }
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Some(&self.dead_letters)
    }
}
