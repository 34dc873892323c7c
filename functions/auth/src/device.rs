//! Devices that have signed in before, known by a cookie ("device cookies", OWASP, Slow Down Online Guessing Attacks with Device Cookies).
//!
//! Whoever guesses at an account uses up the tries of everybody who is a stranger to it. A known device has tries of its own, so that nobody
//! elsewhere can shut its owner out; nothing else is given to it. The cookie is a list of marks of 36 bytes, one for each account that signed
//! in there. A mark names its account by a keyed digest only: who finds it does not learn whose device it is, and nobody can make one up.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderMap;
use kernel::World;
use password::Pepper;
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

use crate::{email::Email, host_cookie::HostCookie};

/// Browsers keep no cookie longer.
const LIFETIME: Duration = Duration::days(400);
/// A family's computer. The account that signed in longest ago is forgotten first.
const MOST_MARKS: usize = 4;

const NUMBER_BYTES: usize = 12;
const TIME_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
const MARK_BYTES: usize = NUMBER_BYTES + TIME_BYTES + TAG_BYTES;

/// Lax: a browser that comes back from a provider brings it along, and the accounts in it stay known.
pub(crate) const DEVICE: HostCookie = HostCookie::lax("__Host-device", LIFETIME);

/// A device that has signed in to the account of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    number: [u8; NUMBER_BYTES],
    /// When it did so last.
    pub since: OffsetDateTime,
}

impl Device {
    #[cfg(test)]
    pub(crate) fn of_test(number: [u8; NUMBER_BYTES]) -> Self {
        Self { number, since: OffsetDateTime::UNIX_EPOCH }
    }

    /// Tells devices apart.
    pub fn id(&self) -> String {
        hex::encode(self.number)
    }
}

/// The device of a request, as far as its cookie is genuine and of this address.
pub(crate) fn known(headers: &HeaderMap, email: &Email, pepper: &Pepper, now: OffsetDateTime) -> Option<Device> {
    let device = marks(headers).iter().find_map(|mark| read(mark, email, pepper))?;
    (now - device.since < LIFETIME).then_some(device)
}

/// The value of the cookie once this address has signed in on the device: a device that is known keeps its number.
pub(crate) fn remembered(headers: &HeaderMap, email: &Email, pepper: &Pepper, world: &World) -> String {
    let known = known(headers, email, pepper, world.now());
    let number = known.map_or_else(|| world.bytes(), |device| device.number);
    let since = micros(world.now()).to_be_bytes();
    let mut value = [&number[..], &since, &tag(&number, &since, email, pepper)].concat();
    let others = marks(headers).into_iter().filter(|mark| read(mark, email, pepper).is_none());
    value.extend(others.take(MOST_MARKS - 1).flatten());
    BASE64_URL_SAFE_NO_PAD.encode(value)
}

fn marks(headers: &HeaderMap) -> Vec<[u8; MARK_BYTES]> {
    let value = DEVICE.read(headers).unwrap_or_default();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(value).unwrap_or_default();
    bytes.chunks_exact(MARK_BYTES).take(MOST_MARKS).filter_map(|mark| mark.try_into().ok()).collect()
}

fn read(mark: &[u8; MARK_BYTES], email: &Email, pepper: &Pepper) -> Option<Device> {
    let (number, rest) = mark.split_first_chunk::<NUMBER_BYTES>()?;
    let (since, claimed) = rest.split_first_chunk::<TIME_BYTES>()?;
    if !bool::from(tag(number, since, email, pepper).ct_eq(claimed)) {
        return None;
    }
    let nanos = i128::from(i64::from_be_bytes(*since)) * 1_000;
    Some(Device { number: *number, since: OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()? })
}

fn tag(number: &[u8], since: &[u8], email: &Email, pepper: &Pepper) -> Vec<u8> {
    let mut tag = pepper.tag("known device", &[number, since, email.as_str().as_bytes()]);
    tag.truncate(TAG_BYTES);
    tag
}

/// As precise as what Postgres keeps.
fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn email(name: &str) -> Email {
        format!("{name}@example.com").parse().unwrap()
    }

    fn sent(value: &str) -> HeaderMap {
        let line = HeaderValue::from_str(&format!("__Host-device={value}")).unwrap();
        HeaderMap::from_iter([(header::COOKIE, line)])
    }

    fn world() -> World {
        World::replay(OffsetDateTime::UNIX_EPOCH + Duration::days(20_000), 7).0
    }

    #[test]
    fn a_device_is_known_to_the_accounts_that_signed_in_on_it_and_keeps_its_number() {
        let (world, pepper, now) = (world(), Pepper::new(&[1; 32]), world().now());
        let alice = remembered(&HeaderMap::new(), &email("alice"), &pepper, &world);
        let device = known(&sent(&alice), &email("alice"), &pepper, now).unwrap();
        assert_eq!(device.since, now);
        assert_eq!(known(&sent(&alice), &email("bob"), &pepper, now), None);
        let both = remembered(&sent(&alice), &email("bob"), &pepper, &world);
        assert_eq!(known(&sent(&both), &email("alice"), &pepper, now).as_ref(), Some(&device));
        let bobs = known(&sent(&both), &email("bob"), &pepper, now).unwrap();
        assert_ne!(bobs.id(), device.id());
        let again = remembered(&sent(&both), &email("alice"), &pepper, &world);
        assert_eq!((again.len(), known(&sent(&again), &email("alice"), &pepper, now)), (both.len(), Some(device)));
    }

    #[test]
    fn the_account_that_signed_in_longest_ago_is_forgotten_first() {
        let (world, pepper, now) = (world(), Pepper::new(&[1; 32]), world().now());
        let mut cookie = String::new();
        for number in 0..6 {
            cookie = remembered(&sent(&cookie), &email(&format!("viewer{number}")), &pepper, &world);
        }
        let is_known =
            |number: usize| known(&sent(&cookie), &email(&format!("viewer{number}")), &pepper, now).is_some();
        assert_eq!((0..6).map(is_known).collect::<Vec<_>>(), [false, false, true, true, true, true]);
    }

    #[test]
    fn nobody_makes_a_mark_up_and_none_lives_for_ever() {
        let (world, pepper, now) = (world(), Pepper::new(&[1; 32]), world().now());
        let alice = remembered(&HeaderMap::new(), &email("alice"), &pepper, &world);
        let is_known = |value: &str, at| known(&sent(value), &email("alice"), &pepper, at).is_some();
        assert!(is_known(&alice, now + LIFETIME - Duration::SECOND));
        assert!(!is_known(&alice, now + LIFETIME));
        assert!(known(&sent(&alice), &email("alice"), &Pepper::new(&[2; 32]), now).is_none());
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&alice).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(!is_known(&BASE64_URL_SAFE_NO_PAD.encode(changed), now), "{at}");
        }
        for junk in ["", "x", "!", &alice[1..], &alice[..40], &"A".repeat(4_000)] {
            assert!(!is_known(junk, now), "{junk}");
        }
        assert!(!alice.contains("alice"));
    }
}
