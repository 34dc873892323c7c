//! Rows of files: learns from `user_id,item_id[,timestamp]` and writes `user_id,item_id,rank`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    time::Instant,
};

use kernel::{Id, TitleId};
use recommendation::{
    catalogue::Catalogue,
    dataset::{Dataset, Positive},
    training::train,
};

/// Places of a list.
const DEPTH: usize = 100;

/// A line of a file.
struct Row {
    user: String,
    item: String,
    at: Option<i64>,
}

fn rows(path: &str) -> Vec<Row> {
    let file = BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{path}: {error}")));
    let lines = file.lines().map(|line| line.expect("text"));
    let lines = lines
        .enumerate()
        .filter(|(at, line)| !(line.trim().is_empty() || *at == 0 && !line.contains(|c: char| c.is_ascii_digit())));
    lines
        .map(|(at, line)| {
            let mut fields = line.trim().split(',').map(|field| field.trim().to_owned());
            let (Some(user), Some(item)) = (fields.next(), fields.next()) else {
                panic!("{path}:{}: two fields", at + 1)
            };
            Row { user, item, at: fields.next().map(|text| text.parse::<f64>().expect("a time") as i64) }
        })
        .collect()
}

/// Ids of the service, made of those of the file.
fn title(item: &str) -> TitleId {
    TitleId::derived(item)
}

/// A number that follows from the row: rows without times are split at random, the same way in every run.
fn random(row: &Row) -> i64 {
    let digest = kernel::sha256(format!("{},{}", row.user, row.item));
    i64::from(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

fn people(rows: &[Row]) -> BTreeMap<&str, Vec<Positive>> {
    let mut people: BTreeMap<&str, Vec<Positive>> = BTreeMap::new();
    for row in rows {
        let at = row.at.unwrap_or_else(|| random(row));
        people.entry(&row.user).or_default().push(Positive { title: title(&row.item), weight: 1.0, at });
    }
    people
}

/// Learns from one file and writes lists for everybody in the second one.
pub fn run([train_path, fold_in_path, out_path]: [&str; 3]) {
    let begun = Instant::now();
    let (known, asked) = (rows(train_path), rows(fold_in_path));
    let names: BTreeMap<TitleId, &str> = known.iter().map(|row| (title(&row.item), row.item.as_str())).collect();
    let data = Dataset::new(people(&known).into_values());
    let trained = train(&data, &Catalogue::default(), None, |_| (0, 0)).expect("a model");
    let report = &trained.report;
    eprintln!(
        "{} titles, {:?}, nDCG@20 of the held-out fifth {:.4} (popularity {:.4}), {:.1} s",
        report.titles,
        report.parameters,
        report.model.ndcg,
        report.popularity.ndcg,
        begun.elapsed().as_secs_f64()
    );
    let mut out = BufWriter::new(File::create(out_path).expect("a file to write"));
    let model = trained.model;
    let asked = people(&asked);
    for (user, positives) in &asked {
        let history: Vec<(TitleId, f32)> = positives.iter().map(|positive| (positive.title, positive.weight)).collect();
        let is_new = |place: usize| !positives.iter().any(|positive| positive.title == model.items()[place].id);
        for (rank, place) in model.ranked(&model.fold_in(&history).scores(), is_new, DEPTH).into_iter().enumerate() {
            writeln!(out, "{user},{},{}", names[&model.items()[place].id], rank + 1).expect("written");
        }
    }
    out.flush().expect("written");
    eprintln!("lists of {} people, {:.1} s in all", asked.len(), begun.elapsed().as_secs_f64());
}
