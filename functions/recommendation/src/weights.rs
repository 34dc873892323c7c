//! Weights from item to item as they are served: a score is the sum of what each title of a history says.

use half::f16;

use crate::scoring::Scoring;

/// From an item: places of others, ascending, and weights.
pub type Row = Vec<(u16, f32)>;

/// The weights of all items.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(Vec<Row>);

/// A history among the items.
pub struct Folded<'a> {
    rows: &'a [Row],
    history: Vec<(usize, f32)>,
}

impl Weights {
    /// Takes a row for each item.
    pub fn new(rows: Vec<Row>) -> Self {
        Self(rows)
    }

    /// Takes in a history.
    pub fn fold_in(&self, history: Vec<(usize, f32)>) -> Folded<'_> {
        Folded { rows: &self.0, history }
    }

    /// The items that one speaks for, the strongest first.
    pub fn neighbours(&self, item: usize) -> Vec<(usize, f32)> {
        let row = self.0[item].iter().map(|(to, weight)| (usize::from(*to), *weight));
        let mut neighbours: Vec<(usize, f32)> = row.filter(|(_, weight)| *weight > 0.0).collect();
        neighbours.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        neighbours
    }

    /// Each row with its length, little-endian.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let entries: usize = self.0.iter().map(Vec::len).sum();
        bytes.reserve(entries * 4 + self.0.len() * 2);
        for row in &self.0 {
            bytes.extend((row.len() as u16).to_le_bytes());
            for (to, weight) in row {
                bytes.extend(to.to_le_bytes());
                bytes.extend(f16::from_f32(*weight).to_le_bytes());
            }
        }
    }

    /// Reads what [`Self::write`] wrote of so many items.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(items: usize, mut bytes: &[u8]) -> Result<Self, &'static str> {
        let mut rows = Vec::with_capacity(items);
        for _ in 0..items {
            let mut row = Vec::with_capacity(usize::from(u16::from_le_bytes(take(&mut bytes)?)));
            for _ in 0..row.capacity() {
                let to = u16::from_le_bytes(take(&mut bytes)?);
                let weight = f16::from_le_bytes(take(&mut bytes)?).to_f32();
                if usize::from(to) >= items || !weight.is_finite() {
                    return Err("a weight leads nowhere or is no number");
                }
                row.push((to, weight));
            }
            if !row.is_sorted_by(|one, other| one.0 < other.0) {
                return Err("its weights are not in order");
            }
            rows.push(row);
        }
        if bytes.is_empty() { Ok(Self(rows)) } else { Err("too long") }
    }
}

impl Scoring for Folded<'_> {
    fn scores(&self) -> Vec<f32> {
        let mut scores = vec![0.0; self.rows.len()];
        for (from, weight) in &self.history {
            for (to, strength) in &self.rows[*from] {
                scores[usize::from(*to)] += weight * strength;
            }
        }
        scores
    }

    fn parts(&self, item: usize) -> Vec<(usize, f32)> {
        let Ok(wanted) = u16::try_from(item) else { return Vec::new() };
        let part = |(from, weight): &(usize, f32)| {
            let row = &self.rows[*from];
            let at = row.binary_search_by_key(&wanted, |(to, _)| *to).ok()?;
            Some((*from, weight * row[at].1))
        };
        self.history.iter().filter_map(part).collect()
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (taken, left) = bytes.split_first_chunk().ok_or("cut off")?;
    *bytes = left;
    Ok(*taken)
}
