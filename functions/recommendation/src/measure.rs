//! How good lists are: nDCG and coverage, as they are defined everywhere.

use std::collections::BTreeSet;

use kernel::TitleId;
use serde::{Deserialize, Serialize};

/// Places of a list that count.
pub const DEPTH: usize = 20;

/// How good the lists of a version are on what it could not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// 0–1: what was liked later stands high.
    pub ndcg: f64,
    /// 0–1: the share of the titles that are in some list.
    pub coverage: f64,
    /// Whose lists were judged.
    pub people: usize,
}

/// The mean over lists, each with what should be in it, out of so many titles.
pub fn quality(lists: &[(Vec<TitleId>, &BTreeSet<TitleId>)], titles: usize) -> Quality {
    if lists.is_empty() {
        return Quality::default();
    }
    let sum: f64 = lists.iter().map(|(list, wanted)| ndcg(list, wanted)).sum();
    let shown: BTreeSet<TitleId> = lists.iter().flat_map(|(list, _)| list.iter().take(DEPTH).copied()).collect();
    let coverage = if titles == 0 { 0.0 } else { shown.len() as f64 / titles as f64 };
    Quality { ndcg: sum / lists.len() as f64, coverage, people: lists.len() }
}

/// Normalised discounted cumulative gain with binary relevance (Järvelin and Kekäläinen, 2002).
fn ndcg(list: &[TitleId], wanted: &BTreeSet<TitleId>) -> f64 {
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let hits = list.iter().take(DEPTH).enumerate().filter(|(_, title)| wanted.contains(title));
    let gained: f64 = hits.map(|(place, _)| discount(place)).sum();
    let most: f64 = (0..wanted.len().min(DEPTH)).map(discount).sum();
    if most > 0.0 { gained / most } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use uuid::Uuid;

    use super::*;

    fn title(n: u128) -> TitleId {
        TitleId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn lists_worked_out_by_hand() {
        let wanted = BTreeSet::from([title(1), title(2)]);
        let of = |list: &[u128]| ndcg(&list.iter().map(|n| title(*n)).collect::<Vec<_>>(), &wanted);
        assert_eq!(of(&[1, 2]), 1.0);
        assert_eq!(of(&[3, 4]), 0.0);
        // (1/log2(3)) / (1/log2(2) + 1/log2(3)) = 0.630930 / 1.630930
        assert!((of(&[3, 1]) - 0.386_853).abs() < 1e-6);
        let late: Vec<u128> = (10..30).chain([1]).collect();
        assert_eq!(of(&late), 0.0, "the 21st place does not count");
        let (list, none) = (vec![title(1), title(3)], BTreeSet::new());
        let quality = quality(&[(list.clone(), &wanted), (list, &none)], 8);
        assert!((quality.ndcg - 0.306_574).abs() < 1e-6, "{quality:?}");
        assert_eq!((quality.coverage, quality.people), (0.25, 2));
    }
}
