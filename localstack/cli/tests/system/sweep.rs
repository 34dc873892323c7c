//! Looks through every engine for what must not be there.

use std::collections::BTreeSet;

use engines::aws;
use redis::AsyncCommands;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{aws_url, variable};

/// Larger objects, and these kinds, are films.
const LARGEST_TEXT_BYTES: i64 = 4 << 20;
const FILMS: [&str; 6] = [".m4s", ".mp4", ".mkv", ".webm", ".jpg", ".png"];

/// The places where one of the texts was found, each with the text.
pub async fn traces(needles: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut look = |place: &str, text: &str| {
        found.extend(needles.iter().filter(|needle| text.contains(*needle)).map(|needle| format!("{place}: {needle}")));
    };
    postgres(&mut look).await;
    dynamodb(&mut look).await;
    redis(&mut look).await;
    opensearch(&mut look).await;
    clickhouse(&mut look).await;
    s3(&mut look).await;
    found
}

async fn postgres(look: &mut impl FnMut(&str, &str)) {
    let url = variable("CINEMA_TEST_POSTGRES_URL");
    let options: sqlx::postgres::PgConnectOptions = url.parse().expect("a URL");
    let mut server = PgConnection::connect_with(&options.database(deploy::DATABASE)).await.expect("Postgres");
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_schema::text, table_name::text from information_schema.tables where table_type = 'BASE TABLE' \
         and table_schema not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut server)
    .await
    .expect("tables");
    assert!(tables.len() > 20, "{tables:?}");
    for (schema, table) in tables {
        let rows = format!("select x::text from \"{schema}\".\"{table}\" x");
        let rows: Vec<Option<String>> =
            sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut server).await.expect("rows");
        for row in rows.into_iter().flatten() {
            look(&format!("Postgres {schema}.{table}"), &row);
        }
    }
}

async fn dynamodb(look: &mut impl FnMut(&str, &str)) {
    let client = aws_sdk_dynamodb::Client::new(&aws::config(&aws_url()));
    let tables = client.list_tables().send().await.expect("tables");
    assert!(tables.table_names().len() >= 2);
    for table in tables.table_names() {
        let mut pages = client.scan().table_name(table).into_paginator().items().send();
        while let Some(item) = pages.next().await {
            look(&format!("DynamoDB {table}"), &format!("{:?}", item.expect("an item")));
        }
    }
}

async fn redis(look: &mut impl FnMut(&str, &str)) {
    let client = redis::Client::open(variable("CINEMA_TEST_REDIS_URL")).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
    let keys: Vec<Vec<u8>> = connection.keys("*").await.expect("keys");
    for key in keys {
        let name = String::from_utf8_lossy(&key).into_owned();
        look("a key of Redis", &name);
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut connection).await.unwrap_or_default();
        let command = match kind.as_str() {
            "string" => redis::cmd("GET").arg(&key).to_owned(),
            "set" => redis::cmd("SMEMBERS").arg(&key).to_owned(),
            "hash" => redis::cmd("HGETALL").arg(&key).to_owned(),
            "zset" => redis::cmd("ZRANGE").arg(&key).arg(0).arg(-1).to_owned(),
            "list" => redis::cmd("LRANGE").arg(&key).arg(0).arg(-1).to_owned(),
            _ => continue,
        };
        let value: redis::Value = command.query_async(&mut connection).await.expect("a value");
        for part in texts(&value) {
            look(&format!("Redis {name}"), &part);
        }
    }
}

/// Every text in a value.
fn texts(value: &redis::Value) -> Vec<String> {
    match value {
        redis::Value::BulkString(bytes) => vec![String::from_utf8_lossy(bytes).into_owned()],
        redis::Value::Array(parts) | redis::Value::Set(parts) => parts.iter().flat_map(texts).collect(),
        redis::Value::Map(pairs) => {
            pairs.iter().flat_map(|(name, value)| [texts(name), texts(value)].concat()).collect()
        }
        other => vec![format!("{other:?}")],
    }
}

async fn opensearch(look: &mut impl FnMut(&str, &str)) {
    let (http, url) = (edge::http_client().expect("a client"), variable("CINEMA_TEST_OPENSEARCH_URL"));
    let url = url.trim_end_matches('/');
    let text = async |path: &str| {
        http.get(format!("{url}{path}")).send().await.expect("OpenSearch").text().await.expect("text")
    };
    let indices: Value = serde_json::from_str(&text("/_cat/indices?format=json").await).expect("JSON");
    for index in indices.as_array().expect("indices").iter().filter_map(|index| index["index"].as_str()) {
        let documents = text(&format!("/{index}/_search?size=10000")).await;
        look(&format!("OpenSearch {index}"), &documents);
    }
}

async fn clickhouse(look: &mut impl FnMut(&str, &str)) {
    let (http, url) = (edge::http_client().expect("a client"), variable("CINEMA_TEST_CLICKHOUSE_URL"));
    let ask = async |query: String| {
        let request = http.post(&url).query(&[("database", deploy::DATABASE)]).body(query);
        let answer = request.send().await.expect("ClickHouse").error_for_status().expect("rows");
        String::from_utf8_lossy(&answer.bytes().await.expect("bytes")).into_owned()
    };
    let tables = ask(format!(
        "SELECT name FROM system.tables WHERE database = '{}' AND engine NOT LIKE '%View' FORMAT TabSeparated",
        deploy::DATABASE
    ))
    .await;
    assert!(tables.lines().count() >= 4, "{tables}");
    for table in tables.lines() {
        look(&format!("ClickHouse {table}"), &ask(format!("SELECT * FROM `{table}` FORMAT TabSeparated")).await);
    }
}

async fn s3(look: &mut impl FnMut(&str, &str)) {
    let client = aws::s3(&aws::config(&aws_url()));
    let buckets = client.list_buckets().send().await.expect("buckets");
    assert!(buckets.buckets().len() >= 5);
    for bucket in buckets.buckets().iter().filter_map(|bucket| bucket.name()) {
        let mut pages = client.list_objects_v2().bucket(bucket).into_paginator().send();
        while let Some(page) = pages.next().await {
            for object in page.expect("objects").contents() {
                let key = object.key().unwrap_or_default();
                look(&format!("a key of the bucket {bucket}"), key);
                let is_film = FILMS.iter().any(|end| key.ends_with(end));
                if is_film || object.size().unwrap_or_default() > LARGEST_TEXT_BYTES {
                    continue;
                }
                // Deleted since it was listed.
                let Ok(found) = client.get_object().bucket(bucket).key(key).send().await else { continue };
                let bytes = found.body.collect().await.expect("a body").into_bytes();
                look(&format!("{bucket}/{key}"), &String::from_utf8_lossy(&bytes));
            }
        }
    }
}
