//! Whether a version may go live.

use serde::{Deserialize, Serialize};

use crate::{measure::Quality, parameters::Parameters};

/// A model that is not clearly better than what everybody watches is not worth its risk.
const OVER_POPULARITY: f64 = 1.3;
/// A day may be worse than the day before, but not by much.
const OF_LIVE: f64 = 0.9;
const LEAST_COVERAGE: f64 = 0.1;

/// What is against a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// Nobody's list could be judged.
    NothingToJudgeBy,
    /// The popular titles alone would do.
    NotBetterThanPopularity,
    /// The live version was better.
    WorseThanLive,
    /// The same few titles for everybody.
    TooFewTitles,
    /// A list showed something that was not to be shown.
    ShowsWhatItMustNot,
}

/// What a version was judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub version: String,
    /// Milliseconds since 1970.
    pub data_until: i64,
    pub people: usize,
    pub titles: usize,
    #[serde(flatten)]
    pub parameters: Parameters,
    pub model: Quality,
    pub popularity: Quality,
    /// Profiles whose home page was looked at, and how many of them showed something that was not to be shown.
    pub pages: usize,
    pub bad_pages: usize,
    /// None: it may go live.
    pub objections: Vec<Objection>,
}

/// What is against a version whose lists are so good; `live` is what the live one was, on its own data, when it was made.
pub fn objections(model: Quality, popularity: Quality, live: Option<Quality>, bad_pages: usize) -> Vec<Objection> {
    let mut found = Vec::new();
    if model.people == 0 {
        found.push(Objection::NothingToJudgeBy);
    }
    // Written so that what is no number is an objection.
    let reaches = |value: f64, least: f64| value >= least;
    if !reaches(model.ndcg, OVER_POPULARITY * popularity.ndcg) || model.ndcg <= 0.0 {
        found.push(Objection::NotBetterThanPopularity);
    }
    if live.is_some_and(|live| !reaches(model.ndcg, OF_LIVE * live.ndcg)) {
        found.push(Objection::WorseThanLive);
    }
    if !reaches(model.coverage, LEAST_COVERAGE) {
        found.push(Objection::TooFewTitles);
    }
    if bad_pages > 0 {
        found.push(Objection::ShowsWhatItMustNot);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(ndcg: f64, coverage: f64) -> Quality {
        Quality { ndcg, coverage, people: 10 }
    }

    #[test]
    fn each_border_has_its_objection() {
        let judge = |ndcg, coverage, live: Option<f64>, bad| {
            objections(quality(ndcg, coverage), quality(0.1, 0.02), live.map(|ndcg| quality(ndcg, 0.5)), bad)
        };
        assert_eq!(judge(0.13 + 1e-9, 0.1, None, 0), []);
        assert_eq!(judge(0.129, 0.1, None, 0), [Objection::NotBetterThanPopularity]);
        assert_eq!(judge(0.2, 0.099, None, 0), [Objection::TooFewTitles]);
        assert_eq!(judge(0.2, 0.5, Some(0.222), 0), []);
        assert_eq!(judge(0.2, 0.5, Some(0.223), 0), [Objection::WorseThanLive]);
        assert_eq!(judge(0.2, 0.5, None, 1), [Objection::ShowsWhatItMustNot]);
        assert_eq!(judge(f64::NAN, f64::NAN, Some(0.1), 0).len(), 3);
        let nothing = objections(Quality::default(), Quality::default(), None, 0);
        assert!(
            nothing.contains(&Objection::NothingToJudgeBy) && nothing.contains(&Objection::NotBetterThanPopularity)
        );
    }
}
