//! What other services hear about an asset: derived from one change of its item, the same for every copy of the change.

use events::Event;
use kernel::{EventId, Id, World};
use proto::{media, types};
use sha2::{Digest, Sha256};

use crate::assets::asset::{Asset, State};
use crate::film::ledger::Stored;

/// The event of a change, if it has one.
pub fn of(world: &World, old: Option<&Asset>, new: &Asset) -> Option<Event> {
    let entered = |state: State| new.state == state && old.is_none_or(|old| old.state != state);
    let event = |kind: &str, data: &dyn Fn(&World, &str) -> Event| repeatable(data(world, kind), new);
    if entered(State::Ready) {
        return Some(event(types::ASSET_READY, &|world, kind| {
            Event::new(world, kind, new.asset_id, new.version, &ready(new))
        }));
    }
    if entered(State::Failed) {
        return Some(event(types::ASSET_FAILED, &|world, kind| {
            Event::new(world, kind, new.asset_id, new.version, &failed(new))
        }));
    }
    if old.is_none() && new.is_dropped {
        return Some(event(types::SOURCE_DROPPED, &|world, kind| {
            Event::new(world, kind, new.asset_id, new.version, &dropped(new))
        }));
    }
    None
}

/// A change that is delivered twice must not become two events: id and time come from the item.
fn repeatable(event: Event, asset: &Asset) -> Event {
    let name = format!("{} {} {}", event.kind, asset.asset_id, asset.version);
    let digest = Sha256::digest(name.as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    Event { id: EventId::from_parts(asset.updated_at, random), time: asset.updated_at, ..event }
}

fn ready(asset: &Asset) -> media::AssetReady {
    let mut message = media::AssetReady {
        asset_id: asset.asset_id.to_string(),
        title_id: asset.title_id.to_string(),
        protection: "none".to_owned(),
        filename: asset.filename.clone(),
        ..Default::default()
    };
    let Some(film) = &asset.film else { return message };
    message.duration_seconds = film.seconds;
    message.audio_languages.clone_from(&film.audio_languages);
    message.renditions = film
        .renditions
        .iter()
        .map(|quality| media::Rendition {
            name: quality.name.clone(),
            width: quality.width,
            height: quality.height,
            bandwidth: u32::try_from(quality.bandwidth).unwrap_or(u32::MAX),
        })
        .collect();
    let path = |file: &Option<Stored>| file.as_ref().map(|file| format!("{}/{}", asset.asset_id, file.key));
    message.poster = path(&film.poster).unwrap_or_default();
    message.trickplay = path(&film.trickplay).unwrap_or_default();
    message
}

fn failed(asset: &Asset) -> media::AssetFailed {
    let error = asset.error.clone();
    media::AssetFailed {
        asset_id: asset.asset_id.to_string(),
        title_id: asset.title_id.to_string(),
        code: error.as_ref().map(|error| error.code.clone()).unwrap_or_default(),
        detail: error.map(|error| error.detail).unwrap_or_default(),
        filename: asset.filename.clone(),
    }
}

fn dropped(asset: &Asset) -> media::SourceDropped {
    media::SourceDropped {
        asset_id: asset.asset_id.to_string(),
        title_id: asset.title_id.to_string(),
        filename: asset.filename.clone(),
    }
}

#[cfg(test)]
mod tests {
    use kernel::World;
    use time::macros::datetime;

    use super::*;
    use crate::assets::failure::AssetError;
    use crate::assets::object::Object;

    fn dropped_asset() -> Asset {
        let object = Object {
            bucket: "uploads".into(),
            key: "inbox/a.mp4".into(),
            version: Some("1".into()),
            identity: "1".into(),
        };
        let (asset, _) = Asset::found(&object, None, 10, datetime!(2026-01-01 0:00 UTC));
        Asset { version: 1, ..asset }
    }

    #[test]
    fn each_change_has_one_event_that_every_copy_repeats() {
        let world = World::system();
        let new = dropped_asset();
        let event = of(&world, None, &new).unwrap();
        assert_eq!(event.kind, types::SOURCE_DROPPED);
        assert_eq!(Some(event), of(&world, None, &new));
        let later = Asset { version: 2, ..new.clone() };
        assert_eq!(of(&world, Some(&new), &later), None);
        let error = AssetError { code: "empty".into(), detail: "the file is empty".into() };
        let failed = later.failed(error, datetime!(2026-01-01 0:01 UTC)).unwrap();
        let event = of(&world, Some(&later), &failed).unwrap();
        assert_eq!((event.kind.as_str(), event.data["code"].as_str()), (types::ASSET_FAILED, Some("empty")));
        assert_eq!(of(&world, Some(&failed), &failed), None, "a later change of a failed asset is no news");
    }
}
