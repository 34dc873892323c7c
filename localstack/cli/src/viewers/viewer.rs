//! Made-up accounts: who lives there, where, what each likes, and how often they watch.

use kernel::{AccountId, Id, ProfileId};

use crate::viewers::{
    catalogue::{Catalogue, Taste},
    draw::{chance_of, weighted},
};

/// How many accounts of a hundred have one profile, two, three, four.
const PROFILES: [u64; 4] = [50, 30, 15, 5];
const DEVICES: [&str; 4] = ["living-room-tv", "phone", "tablet", "laptop"];
/// Evenings of a hundred on which somebody watches something, from the least to below the most.
const EVENINGS: std::ops::Range<u64> = 15..55;

/// Where people live.
#[derive(Debug)]
pub(super) struct Place {
    pub territory: &'static str,
    /// Its clocks, in hours ahead of UTC; nobody puts them back in summer.
    pub ahead_hours: i64,
    /// Of a hundred accounts.
    share: u64,
}

static PLACES: [Place; 5] = [
    Place { territory: "DE", ahead_hours: 1, share: 60 },
    Place { territory: "FR", ahead_hours: 1, share: 14 },
    Place { territory: "GB", ahead_hours: 0, share: 14 },
    Place { territory: "US", ahead_hours: -6, share: 8 },
    Place { territory: "JP", ahead_hours: 9, share: 4 },
];

/// Somebody of an account.
#[derive(Debug)]
pub(super) struct Profile {
    pub account: AccountId,
    pub id: ProfileId,
    pub place: &'static Place,
    pub device: &'static str,
    pub taste: Taste,
    /// Of a hundred evenings so many are spent watching.
    pub evenings: u64,
}

/// The people of an account: the same for the same seed, number and catalogue.
pub(super) fn profiles(seed: u64, number: u32, catalogue: &Catalogue) -> Vec<Profile> {
    let name = format!("viewers {seed} {number}");
    let mut chance = chance_of(&name);
    let shares: Vec<u64> = PLACES.iter().map(|place| place.share).collect();
    let place = &PLACES[weighted(&shares, &mut chance)];
    let profile = |member: usize| Profile {
        account: AccountId::derived(&name),
        id: ProfileId::derived(&format!("{name} {member}")),
        place,
        // Each has a device of their own, the first of them the best.
        device: DEVICES[member % DEVICES.len()],
        taste: catalogue.taste(&mut chance),
        evenings: EVENINGS.start + chance.below(EVENINGS.end - EVENINGS.start),
    };
    let count = 1 + weighted(&PROFILES, &mut chance_of(&format!("{name} profiles")));
    (0..count).map(profile).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::viewers::catalogue::tests::works;

    #[test]
    fn accounts_have_one_to_four_profiles_of_different_tastes() {
        let catalogue = Catalogue::new(works(400), 1);
        let accounts: Vec<Vec<Profile>> = (0..1_000).map(|number| profiles(1, number, &catalogue)).collect();
        let alone = accounts.iter().filter(|profiles| profiles.len() == 1).count();
        assert!((440..560).contains(&alone), "{alone}");
        assert!(accounts.iter().all(|profiles| (1..=4).contains(&profiles.len())));
        let everybody: Vec<&Profile> = accounts.iter().flatten().collect();
        let ids: BTreeSet<ProfileId> = everybody.iter().map(|profile| profile.id).collect();
        assert_eq!(ids.len(), everybody.len());
        for genre in 0..4 {
            let count = everybody.iter().filter(|profile| profile.taste.favourite == genre).count();
            assert!((everybody.len() / 5..everybody.len() / 3).contains(&count), "{count} of {}", everybody.len());
        }
        assert!(everybody.iter().all(|profile| EVENINGS.contains(&profile.evenings)));
    }

    #[test]
    fn the_seed_says_who_they_are() {
        let catalogue = Catalogue::new(works(400), 1);
        let ids = |seed| profiles(seed, 7, &catalogue).iter().map(|profile| profile.id).collect::<Vec<_>>();
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1)[0], ids(2)[0]);
    }
}
