//! A model as an object: a magic word, a header in JSON, what was learnt as `f16`, and the SHA-256 of all that. Its name is that digest, so a version
//! never changes, and what is damaged is noticed.

use kernel::{TitleId, sha256};
use serde::{Deserialize, Serialize};

use crate::{learnt::Learnt, parameters::Parameters};

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

/// Everything but what was learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// When the last thing happened that it is made of: milliseconds since 1970.
    pub data_until: i64,
    /// They say what learnt it.
    #[serde(flatten)]
    pub parameters: Parameters,
    /// In the order of their ids.
    pub items: Vec<Item>,
}

/// A model.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    pub header: Header,
    pub learnt: Learnt,
}

impl Artefact {
    /// The bytes: the same for the same model.
    ///
    /// # Errors
    /// Never in practice: the header is plain data.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let header = serde_json::to_vec(&self.header)?;
        let mut bytes = Vec::new();
        bytes.extend(self.header.parameters.magic());
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        self.learnt.write(&mut bytes);
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
        let (magic, rest) = content.split_first_chunk::<8>().ok_or(Damaged("of another form"))?;
        let (length, rest) = rest.split_first_chunk().ok_or(Damaged("cut off"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (header, body) = rest.split_at_checked(length).ok_or(Damaged("cut off"))?;
        let header: Header = serde_json::from_slice(header).map_err(|_| Damaged("its header cannot be read"))?;
        if magic != header.parameters.magic() {
            return Err(Damaged("of another form"));
        }
        let is_sorted = header.items.is_sorted_by(|one, other| one.id < other.id);
        let is_finite = header.items.iter().all(|item| item.popularity.is_finite() && item.trend.is_finite());
        if !is_sorted || !is_finite {
            return Err(Damaged("its titles are not in order"));
        }
        let learnt = Learnt::read(&header.parameters, header.items.len(), body).map_err(Damaged)?;
        Ok(Self { header, learnt })
    }
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
    use crate::{ease, factors::Factors, ials, weights::Weights};

    fn header(parameters: Parameters) -> Header {
        let item = |n: u128| Item {
            id: TitleId::from_uuid(Uuid::from_u128(n)),
            genres: vec!["drama".to_owned()],
            published_at: Some(1),
            popularity: 7.0,
            trend: 0.5,
        };
        Header { data_until: 9, parameters, items: (1..4).map(item).collect() }
    }

    fn of_weights(rows: &[&[(u16, f32)]]) -> Artefact {
        let rows = rows.iter().map(|row| row.to_vec()).collect();
        let parameters = ease::Parameters { lambda: 100.0 };
        Artefact { header: header(parameters.into()), learnt: Learnt::Ease(Weights::new(rows)) }
    }

    fn of_factors(values: &[f32]) -> Artefact {
        let parameters = ials::Parameters { lambda: 0.003, unobserved_weight: 0.1, exponent: 1.0, dimensions: 2 };
        let learnt = Learnt::Ials(Factors::new(parameters, values.to_vec()));
        Artefact { header: header(parameters.into()), learnt }
    }

    /// One of each kind.
    fn artefacts() -> [Artefact; 2] {
        [of_weights(&[&[(1, 0.5), (2, -0.25)], &[], &[(0, 0.125)]]), of_factors(&[0.5, -0.25, 0.0, 1.0, 0.125, 2.0])]
    }

    fn signed(mut content: Vec<u8>) -> Vec<u8> {
        let digest = sha256(&content);
        content.extend(digest);
        content
    }

    fn is_refused(artefact: &Artefact) -> bool {
        Artefact::decode(&artefact.encode().unwrap()).is_err()
    }

    #[test]
    fn a_model_is_read_as_it_was_written() {
        for artefact in artefacts() {
            let bytes = artefact.encode().unwrap();
            assert_eq!(Artefact::decode(&bytes), Ok(artefact.clone()));
            assert_eq!(bytes, artefact.encode().unwrap());
            assert!(is_version(&version(&bytes)));
        }
    }

    /// Versions that were made before there was another kind are read, and the same data still make the same version.
    #[test]
    fn a_header_of_weights_is_as_it_always_was() {
        let text = serde_json::to_string(&artefacts()[0].header).unwrap();
        assert!(text.starts_with(r#"{"data_until":9,"lambda":100.0,"items":[{"id":""#), "{text}");
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        for artefact in artefacts() {
            let bytes = artefact.encode().unwrap();
            for place in 0..bytes.len() {
                for bit in 0..8 {
                    let mut changed = bytes.clone();
                    changed[place] ^= 1 << bit;
                    assert!(Artefact::decode(&changed).is_err(), "byte {place}");
                }
                assert!(Artefact::decode(&bytes[..place]).is_err(), "cut at {place}");
            }
        }
    }

    #[test]
    fn what_carries_the_right_digest_is_not_trusted_either() {
        for rows in [
            [[(1, f32::NAN)].as_slice(), &[], &[]].as_slice(),
            &[&[(1, f32::INFINITY)], &[], &[]],
            &[&[(3, 0.5)], &[], &[]],
            &[&[(2, 0.5), (1, 0.5)], &[], &[]],
            &[&[], &[], &[], &[(0, 1.0)]],
            &[&[], &[]],
        ] {
            assert!(is_refused(&of_weights(rows)), "{rows:?}");
        }
        let fine = [0.5; 6];
        assert!(!is_refused(&of_factors(&fine)));
        for values in [&fine[..4], &[0.5; 8], &[f32::NAN; 6], &[1e6; 6]] {
            assert!(is_refused(&of_factors(values)), "{values:?}");
        }
        for artefact in artefacts() {
            let refused = |change: &dyn Fn(&mut Header)| {
                let mut artefact = artefact.clone();
                change(&mut artefact.header);
                is_refused(&artefact)
            };
            assert!(refused(&|header| header.items.reverse()));
            assert!(refused(&|header| drop(header.items.pop())));
            assert!(refused(&|header| header.items[0].trend = f32::NAN));
        }
        let sound = ials::Parameters { lambda: 0.003, unobserved_weight: 0.1, exponent: 1.0, dimensions: 2 };
        for parameters in [
            ials::Parameters { lambda: 0.0, ..sound },
            ials::Parameters { unobserved_weight: -1.0, ..sound },
            ials::Parameters { exponent: 3.0, ..sound },
            ials::Parameters { dimensions: 0, ..sound },
            ials::Parameters { dimensions: 3, ..sound },
            ials::Parameters { dimensions: u16::MAX, ..sound },
        ] {
            let artefact = Artefact { header: header(parameters.into()), ..of_factors(&fine) };
            assert!(is_refused(&artefact), "{parameters:?}");
        }
    }

    /// The word at its beginning and the parameters say the same, or nothing is believed.
    #[test]
    fn one_kind_is_not_read_as_the_other() {
        let [weights, factors] = artefacts();
        let crossed = Artefact { header: factors.header.clone(), learnt: weights.learnt.clone() };
        assert!(is_refused(&crossed));
        for artefact in [weights, factors] {
            let bytes = artefact.encode().unwrap();
            let content = &bytes[8..bytes.len() - DIGEST_BYTES];
            for magic in [b"CINEASE1", b"CINEIALS", b"CINEASE2"] {
                let bytes = signed([magic.as_slice(), content].concat());
                let is_own = magic == artefact.header.parameters.magic();
                assert_eq!(Artefact::decode(&bytes).is_ok(), is_own);
            }
        }
        for content in [vec![], b"CINEASE1".to_vec(), [b"CINEIALS".as_slice(), &[255; 4], b"{}"].concat()] {
            assert!(Artefact::decode(&signed(content)).is_err());
        }
    }
}
