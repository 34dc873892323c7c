//! What other services hear of captions: derived from one change of their item, the same for every copy of the change.

use events::Event;
use kernel::{EventId, Id, World};
use proto::{media, types};

use super::title::TitleCaptions;

/// The event of a change, if viewers are offered something else by it.
pub fn of(world: &World, old: Option<&TitleCaptions>, new: &TitleCaptions) -> Option<Event> {
    let offered = new.offered();
    if old.map(TitleCaptions::offered).unwrap_or_default() == offered {
        return None;
    }
    let track = |track: events::contracts::CaptionTrack| media::CaptionTrack {
        language: track.language,
        kind: track.kind.to_string(),
        name: track.name,
        path: track.path,
    };
    let message =
        media::CaptionsChanged { title_id: new.title_id.to_string(), tracks: offered.into_iter().map(track).collect() };
    let event = Event::new(world, types::CAPTIONS_CHANGED, new.title_id, new.version, &message);
    // A change that is delivered twice must not become two events.
    let id = EventId::derived(&format!("{} {} {}", event.kind, new.title_id, new.version));
    Some(Event { id, time: new.changed_at, ..event })
}
