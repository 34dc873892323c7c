//! A model as an object: a magic word, a header in JSON, the weights as `f16`, and the SHA-256 of all that. Its name is that digest, so a version never
//! changes, and what is damaged is noticed.

use half::f16;
use kernel::{TitleId, sha256};
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"CINEASE1";
const DIGEST_BYTES: usize = 32;
/// Half of the digest, in hexadecimal: enough that no two are the same.
const VERSION_LETTERS: usize = 32;

/// Why an object is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no model: {0}")]
pub struct Damaged(&'static str);

/// What a model knows of a title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub id: TitleId,
    /// Slugs, when the model was made: what diversity is judged by.
    pub genres: Vec<String>,
    /// Milliseconds since 1970.
    pub published_at: Option<i64>,
    /// How many liked it.
    pub popularity: f32,
    /// How many did lately, the latest most.
    pub trend: f32,
}

/// Everything but the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// When the last thing happened that it is made of: milliseconds since 1970.
    pub data_until: i64,
    pub lambda: f64,
    /// In the order of their ids.
    pub items: Vec<Item>,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    pub header: Header,
    /// From each item: places of others, ascending, and weights.
    pub weights: Vec<Vec<(u16, f32)>>,
}

impl Artefact {
    /// The bytes: the same for the same model.
    ///
    /// # Errors
    /// Never in practice: the header is plain data.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let header = serde_json::to_vec(&self.header)?;
        let entries: usize = self.weights.iter().map(Vec::len).sum();
        let mut bytes = Vec::with_capacity(header.len() + entries * 4 + self.weights.len() * 2 + 64);
        bytes.extend(MAGIC);
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        for row in &self.weights {
            bytes.extend((row.len() as u16).to_le_bytes());
            for (to, weight) in row {
                bytes.extend(to.to_le_bytes());
                bytes.extend(f16::from_f32(*weight).to_le_bytes());
            }
        }
        let digest = sha256(&bytes);
        bytes.extend(digest);
        Ok(bytes)
    }

    /// Reads the bytes and trusts none of them.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let length = bytes.len().checked_sub(DIGEST_BYTES).ok_or(Damaged("too short"))?;
        let (content, digest) = bytes.split_at(length);
        if sha256(content) != digest {
            return Err(Damaged("its digest is another"));
        }
        let mut rest = content.strip_prefix(MAGIC).ok_or(Damaged("of another form"))?;
        let header_length = u32::from_le_bytes(take(&mut rest)?) as usize;
        let (header, body) = rest.split_at_checked(header_length).ok_or(Damaged("cut off"))?;
        let header: Header = serde_json::from_slice(header).map_err(|_| Damaged("its header cannot be read"))?;
        let is_sorted = header.items.is_sorted_by(|one, other| one.id < other.id);
        let is_finite = header.items.iter().all(|item| item.popularity.is_finite() && item.trend.is_finite());
        if !is_sorted || !is_finite {
            return Err(Damaged("its titles are not in order"));
        }
        rest = body;
        let mut weights = Vec::with_capacity(header.items.len());
        for _ in &header.items {
            let mut row = Vec::with_capacity(usize::from(u16::from_le_bytes(take(&mut rest)?)));
            for _ in 0..row.capacity() {
                let to = u16::from_le_bytes(take(&mut rest)?);
                let weight = f16::from_le_bytes(take(&mut rest)?).to_f32();
                if usize::from(to) >= header.items.len() || !weight.is_finite() {
                    return Err(Damaged("a weight leads nowhere or is no number"));
                }
                row.push((to, weight));
            }
            if !row.is_sorted_by(|one, other| one.0 < other.0) {
                return Err(Damaged("its weights are not in order"));
            }
            weights.push(row);
        }
        if rest.is_empty() { Ok(Self { header, weights }) } else { Err(Damaged("too long")) }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Damaged> {
    let (taken, left) = rest.split_first_chunk().ok_or(Damaged("cut off"))?;
    *rest = left;
    Ok(*taken)
}

/// The name of a version: what it is, not when it was made.
pub fn version(bytes: &[u8]) -> String {
    hex::encode(sha256(bytes))[..VERSION_LETTERS].to_owned()
}

/// Whether a text can be the name of a version.
pub fn is_version(text: &str) -> bool {
    text.len() == VERSION_LETTERS && text.bytes().all(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use uuid::Uuid;

    use super::*;

    fn artefact() -> Artefact {
        let item = |n: u128| Item {
            id: TitleId::from_uuid(Uuid::from_u128(n)),
            genres: vec!["drama".to_owned()],
            published_at: Some(1),
            popularity: 7.0,
            trend: 0.5,
        };
        let header = Header { data_until: 9, lambda: 100.0, items: (1..4).map(item).collect() };
        Artefact { header, weights: vec![vec![(1, 0.5), (2, -0.25)], vec![], vec![(0, 0.125)]] }
    }

    fn signed(mut content: Vec<u8>) -> Vec<u8> {
        let digest = sha256(&content);
        content.extend(digest);
        content
    }

    #[test]
    fn a_model_is_read_as_it_was_written() {
        let bytes = artefact().encode().unwrap();
        assert_eq!(Artefact::decode(&bytes), Ok(artefact()));
        assert_eq!(bytes, artefact().encode().unwrap());
        assert!(is_version(&version(&bytes)));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let bytes = artefact().encode().unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(Artefact::decode(&changed).is_err(), "byte {place}");
            assert!(Artefact::decode(&bytes[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn what_carries_the_right_digest_is_not_trusted_either() {
        let refused = |change: &dyn Fn(&mut Artefact)| {
            let mut artefact = artefact();
            change(&mut artefact);
            Artefact::decode(&artefact.encode().unwrap()).is_err()
        };
        assert!(refused(&|artefact| artefact.weights[0][0].1 = f32::NAN));
        assert!(refused(&|artefact| artefact.weights[0][0].1 = f32::INFINITY));
        assert!(refused(&|artefact| artefact.weights[0][1].0 = 3));
        assert!(refused(&|artefact| artefact.weights[0].reverse()));
        assert!(refused(&|artefact| artefact.header.items.reverse()));
        assert!(refused(&|artefact| artefact.weights.push(vec![(0, 1.0)])));
        assert!(refused(&|artefact| drop(artefact.weights.pop())));
        assert!(refused(&|artefact| artefact.header.items[0].trend = f32::NAN));
        for content in [vec![], MAGIC.to_vec(), [MAGIC.as_slice(), &[255; 4], b"{}"].concat(), b"CINEASE2".to_vec()] {
            assert!(Artefact::decode(&signed(content)).is_err());
        }
    }
}
