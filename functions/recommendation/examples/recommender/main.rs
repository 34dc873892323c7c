//! Trains on `user_id,item_id[,timestamp]` rows and writes `user_id,item_id,rank` for everybody in the second file, through the code that serves:
//! `cargo cinema bench recommender --train train.csv --fold-in foldin.csv --out recs.csv`. A first line without a number in it is a heading. Parameters are
//! chosen on a held-out fifth of the training rows: the last by time, or, without times, a random one.
//!
//! Without files it compares both models on people with planted tastes: `cargo cinema bench recommender [--titles N] [--people N] [--each N]`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool fails by panicking")]

mod files;
mod generated;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["generated", titles, people, each] => {
            let [titles, people, each] = [titles, people, each].map(|text| text.parse().expect("a number"));
            generated::run(titles, people, each);
        }
        [train, fold_in, out] => files::run([train, fold_in, out]),
        _ => panic!("TRAIN FOLD_IN OUT, or: generated TITLES PEOPLE EACH"),
    }
}
