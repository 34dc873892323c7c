//! Rules about data of people, held against the real schemas: whoever keeps some has an eraser that reaches it, and secrets have few readers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use laws::{files, root};
use manifest::{Function, Manifest, ObjectAccess, Trigger, Use};

/// A column of one of these names is about a person.
const PERSONAL: &[&str] =
    &["account_id", "profile_id", "profile_ids", "email", "actor", "actor_id", "address", "device_id", "owner_id"];
/// The functions that may read the pepper, beside those of auth, with the reason.
const PEPPERED: &[(&str, &str)] =
    &[("user-create-profile", "digests the PIN of a profile"), ("user-update-profile", "digests the PIN of a profile")];

fn manifest() -> Manifest {
    Manifest::load(root()).expect("the manifests")
}

/// Tables with their columns, from `create table` and `alter table … add column`, in either dialect.
fn tables(sql: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut open: Option<String> = None;
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').to_lowercase();
    for line in sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let lower = line.to_lowercase();
        if lower.starts_with("create table") {
            let name = words
                .iter()
                .map(|word| plain(word))
                .find(|word| !["create", "table", "if", "not", "exists"].contains(&word.as_str()) && !word.is_empty());
            if let Some(name) = &name {
                tables.entry(name.clone()).or_default();
            }
            open = name;
        } else if lower.starts_with("alter table") && lower.contains(" add column ") {
            let place = words.iter().position(|word| word.eq_ignore_ascii_case("column"));
            if let (Some(table), Some(place)) = (words.get(2), place) {
                tables.entry(plain(table)).or_default().extend(words.get(place + 1).map(|word| plain(word)));
            }
        } else if line.starts_with(')') {
            open = None;
        } else if let (Some(table), Some(column)) = (&open, words.first()) {
            tables.entry(table.clone()).or_default().insert(plain(column));
        }
    }
    tables
}

/// Service → its tables about people, out of `functions/<service>/<folder>/*.sql`.
fn personal_tables(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for service in fs::read_dir(root().join("functions")).expect("functions").flatten() {
        let name = service.file_name().into_string().expect("a name");
        let sql: String = files(&service.path().join(folder), "sql")
            .iter()
            .map(|file| fs::read_to_string(file).expect("SQL") + "\n")
            .collect();
        for (table, columns) in tables(&sql) {
            if columns.iter().any(|column| PERSONAL.contains(&column.as_str())) {
                found.entry(name.clone()).or_default().insert(table);
            }
        }
    }
    found
}

/// The Rust source of a service.
fn source(service: &str) -> String {
    let files = files(&root().join("functions").join(service).join("src"), "rs");
    files.iter().map(|file| fs::read_to_string(file).expect("Rust")).collect()
}

/// What a service runs when it forgets somebody: its files `eras….rs`, its eraser, and what these call of its store.
fn erasing(manifest: &Manifest, service: &str) -> String {
    let src = root().join("functions").join(service).join("src");
    let operation = eraser(manifest, service).map(|function| format!("{}.rs", function.operation()));
    let is_eraser = |file: &&PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("eras") || Some(&*name) == operation.as_deref()
    };
    let read = |file: &PathBuf| fs::read_to_string(file).expect("Rust");
    let erasers: String = files(&src, "rs").iter().filter(is_eraser).map(read).collect();
    let mut erasing = erasers.clone();
    for text in files(&src.join("store"), "rs").iter().map(read) {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some((_, name)) = line.split_once("fn ") else { continue };
            let name = name.split(['(', '<']).next().unwrap_or_default();
            if [".", "::"].iter().any(|call| erasers.contains(&format!("{call}{name}("))) {
                let end = format!("{}}}", " ".repeat(line.len() - line.trim_start().len()));
                erasing.extend(lines.by_ref().take_while(|line| *line != end).flat_map(|line| [line, "\n"]));
            }
        }
    }
    erasing
}

fn eraser<'a>(manifest: &'a Manifest, service: &str) -> Option<&'a Function> {
    // Auth begins the saga and goes last: it erases with the last receipt.
    let name = if service == "auth" { "auth-collect-receipts".to_owned() } else { format!("{service}-erase-account") };
    manifest.function(&name)
}

/// Whether a service takes Idempotency-Keys and does more with them than to claim an item by a digest.
fn keeps_answers_to_keys(source: &str) -> bool {
    let only_claims = source.contains(".item_claim(") && !source.contains(".once(");
    source.contains("IdempotencyKey") && !only_claims
}

/// Money moves, and what is paid for ends, by whoever proved who they are, or whose profile may see everything: never by any token of the account.
#[test]
fn whoever_reaches_a_provider_of_payments_states_a_proof() {
    let manifest = manifest();
    let keys = Use::Secret { name: "payment-keys".to_owned(), access: ObjectAccess::Read };
    let reaching: Vec<_> = manifest.functions.iter().filter(|it| it.is_http() && it.uses.contains(&keys)).collect();
    assert!(reaching.len() >= 7, "{}", reaching.len());
    let without: Vec<_> = reaching.iter().filter(|it| it.proof.is_none()).map(|it| &it.name).collect();
    assert!(without.is_empty(), "these reach a provider and ask for no proof: {without:?}");
}

#[test]
fn every_table_about_people_is_reached_by_an_eraser() {
    let manifest = manifest();
    let mut wrong = Vec::new();
    for (service, tables) in personal_tables("migrations") {
        if eraser(&manifest, &service).is_none_or(|eraser| !eraser.uses.contains(&Use::Postgres)) {
            wrong.push(format!("{service} keeps {tables:?} about people and has no {service}-erase-account"));
        }
        let erasing = erasing(&manifest, &service);
        for table in tables {
            let is_reached = ["delete from", "update"].iter().any(|verb| erasing.contains(&format!("{verb} {table} ")));
            if !is_reached {
                wrong.push(format!("no eraser of {service} reaches the table {table}"));
            }
        }
    }
    for service in fs::read_dir(root().join("functions")).expect("functions").flatten() {
        let name = service.file_name().into_string().expect("a name");
        let keeps_answers = service.path().join("migrations").is_dir() && keeps_answers_to_keys(&source(&name));
        if keeps_answers && !erasing(&manifest, &name).contains("delete from idempotency_keys ") {
            wrong.push(format!("no eraser of {name} reaches the answers to Idempotency-Keys"));
        }
    }
    for (service, tables) in personal_tables("clickhouse") {
        if eraser(&manifest, &service).is_none_or(|eraser| !eraser.uses.contains(&Use::Clickhouse)) {
            wrong.push(format!("{service} keeps {tables:?} about people and has no {service}-erase-account"));
        }
        let source = source(&service);
        for table in tables {
            if !source.contains(&format!("ALTER TABLE {table} DELETE")) {
                wrong.push(format!("nothing in functions/{service}/src deletes from the table {table}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schemas_are_read_as_they_are_written() {
    let found = personal_tables("migrations");
    for (service, table) in [
        ("auth", "accounts"),
        ("auth", "sessions"),
        ("auth", "security_events"),
        ("user", "accounts"),
        ("user", "watchlist"),
        ("catalog", "audit"),
        ("notification", "notifications"),
    ] {
        assert!(found[service].contains(table), "{service}.{table}");
    }
    assert!(!found.contains_key("search"), "{found:?}");
    assert!(personal_tables("clickhouse")["analytics"].contains("playback_events"));
    let example =
        "create table a (\n  id text, -- account_id\n  key (account_id)\n);\nALTER TABLE b ADD COLUMN email text;";
    let read = tables(example);
    assert_eq!(read["a"], BTreeSet::from(["id".to_owned(), "key".to_owned()]));
    assert_eq!(read["b"], BTreeSet::from(["email".to_owned()]));
}

/// A row of a table in docs/architecture/personal-data.md, by its heading.
fn declared(heading: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("docs/architecture/personal-data.md")).expect("personal-data.md");
    let rows = text.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with('#'));
    let cells = |row: &str| -> Vec<String> {
        row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let rows = rows.filter(|line| line.starts_with("| `")).map(cells);
    rows.map(|row| (row[0].clone(), row[1..].to_vec())).collect()
}

#[test]
fn what_lies_in_tables_and_buckets_without_a_schema_is_declared() {
    let manifest = manifest();
    let mut wrong = Vec::new();
    type Reached = fn(&Use) -> Option<(&str, ObjectAccess)>;
    let kinds: [(&str, Vec<&String>, Reached); 2] = [
        ("## DynamoDB", manifest.resources.tables.keys().collect(), |word| match word {
            Use::Dynamodb { table, access } => Some((table, *access)),
            _ => None,
        }),
        ("## Buckets", manifest.resources.buckets.keys().collect(), |word| match word {
            Use::S3 { bucket, access } => Some((bucket, *access)),
            _ => None,
        }),
    ];
    for (heading, names, place) in kinds {
        let declared = declared(heading);
        let known: BTreeSet<&String> = declared.keys().collect();
        if known != names.iter().copied().collect() {
            wrong.push(format!("{heading} lists {known:?}, resources.yaml has {names:?}"));
        }
        for (name, cells) in &declared {
            let is_writer = |function: &&Function| {
                function.uses.iter().filter_map(place).any(|found| found == (name.as_str(), ObjectAccess::Write))
            };
            let writers: BTreeSet<&str> =
                manifest.functions.iter().filter(is_writer).map(|function| function.service.as_str()).collect();
            let listed: BTreeSet<&str> = cells[0].split(", ").collect();
            if writers != listed {
                wrong.push(format!("{heading}: {name} is written by {writers:?}, declared are {listed:?}"));
            }
            let reach = cells[1].as_str();
            match reach {
                "nothing" | "expires" => {}
                service => {
                    let reaches = |eraser: &Function| is_writer(&eraser);
                    if !eraser(&manifest, service).is_some_and(reaches) {
                        wrong.push(format!("{heading}: {service}-erase-account does not write {name}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn auth_waits_for_every_eraser_and_each_is_started_by_the_saga() {
    let manifest = manifest();
    let events = |function: &Function| -> BTreeSet<String> {
        let lists = function.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Events(types) => Some(types.clone()),
            _ => None,
        });
        lists.flatten().collect()
    };
    let erasers: Vec<&Function> = manifest
        .functions
        .iter()
        .filter(|function| function.name == format!("{}-erase-account", function.service))
        .collect();
    assert!(erasers.len() >= 5, "{}", erasers.len());
    let receipts: BTreeSet<String> =
        erasers.iter().map(|eraser| format!("cinema.{}.account_erased.v1", eraser.service)).collect();
    assert_eq!(events(manifest.function("auth-collect-receipts").expect("the collector")), receipts);
    for eraser in erasers {
        let request = match eraser.service.as_str() {
            "user" => proto::types::ERASURE_REQUESTED,
            _ => proto::types::USER_ACCOUNT_ERASED,
        };
        assert!(events(eraser).contains(request), "{} does not hear {request}", eraser.name);
        assert!(eraser.uses.contains(&Use::Kinesis("domain-events".to_owned())), "{} sends no receipt", eraser.name);
    }
}

#[test]
fn signing_keys_and_pepper_have_few_readers() {
    let manifest = manifest();
    let holders = |secret: &str, access: ObjectAccess| -> BTreeSet<&str> {
        let word = Use::Secret { name: secret.to_owned(), access };
        manifest
            .functions
            .iter()
            .filter(|function| function.uses.contains(&word))
            .map(|function| &*function.name)
            .collect()
    };
    let readers = holders("signing-keys", ObjectAccess::Read);
    let strangers: Vec<_> = readers.iter().filter(|name| !name.starts_with("auth-")).collect();
    assert!(!readers.is_empty() && strangers.is_empty(), "{strangers:?} can sign tokens");
    assert_eq!(holders("signing-keys", ObjectAccess::Write), BTreeSet::from(["auth-rotate-keys"]));
    let foreign: BTreeSet<&str> =
        holders("pepper", ObjectAccess::Read).into_iter().filter(|name| !name.starts_with("auth-")).collect();
    assert_eq!(foreign, PEPPERED.iter().map(|(name, _)| *name).collect(), "readers of the pepper outside of auth");
    assert!(holders("pepper", ObjectAccess::Write).is_empty());
}
