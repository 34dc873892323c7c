//! Engines as they are installed here: what outlives a killed LocalStack, and what must not outlive a test.

mod soak;
mod strangers;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_sdk_dynamodbstreams::types::{ShardIteratorType, StreamStatus};
use aws_sdk_s3::config::Region;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use engines::process::Process;
use engines::progress::Progress;
use engines::{Daemons, Endpoints, Engine, Engines, Home, Options, aws, mirror};
use rustix::process::{Pid, Signal, kill_process};

const LARGE_PART_BYTES: usize = 5 << 20;

/// The installation of this checkout, state in a folder of its own.
fn home(folder: &Path) -> Result<Home> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the repository")?;
    Ok(Home::of_repository(repository).throw_away(folder))
}

fn process(home: &Home, engine: Engine) -> Result<Process> {
    let daemons = Daemons::load(home)?;
    Ok(daemons.by_name.get(engine.name()).context("not started")?.process.clone())
}

/// Stops what it started, also when the test fails.
struct Started {
    home: Home,
}

impl Drop for Started {
    fn drop(&mut self) {
        for daemon in Daemons::load(&self.home).unwrap_or_default().by_name.into_values() {
            if daemon.process.is_alive() {
                kill(&daemon.process);
            }
        }
    }
}

fn kill(process: &Process) {
    signal(process, Signal::KILL);
}

fn signal(process: &Process, signal: Signal) {
    if let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

#[tokio::test]
async fn buckets_secrets_tables_and_their_streams_outlive_a_killed_localstack() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let options = Options { engines: vec![Engine::LocalStack], ..Options::default() };
    let progress = Progress::quiet();
    let engines = Engines::start(&home, &options, &progress).await?;
    let first = engines.endpoints().clone();
    fill(&first).await?;
    let mirrored = mirror(&home, &first).await?;
    ensure!((mirrored.copied, mirrored.objects, mirrored.secrets) == (2, 2, 1), "{mirrored:?}");
    let again = mirror(&home, &first).await?;
    ensure!((again.copied, again.removed) == (0, 0), "nothing changed: {again:?}");

    let killed = process(&home, Engine::LocalStack)?;
    kill(&killed);
    let engines = Engines::start(&home, &options, &progress).await?;
    ensure!(process(&home, Engine::LocalStack)? != killed);
    ensure!(engines.endpoints() == &first, "the port changed");
    check(&first).await?;
    let after = mirror(&home, &first).await?;
    ensure!((after.copied, after.removed, after.objects) == (0, 0, 2), "{after:?}");

    s3(&first).delete_object().bucket("films").key("a b/ü.mp4").send().await?;
    let shrunk = mirror(&home, &first).await?;
    ensure!((shrunk.removed, shrunk.objects) == (1, 1), "{shrunk:?}");
    Engines::stop(&home, &progress).await?;
    ensure!(Daemons::load(&home)?.by_name.values().all(|daemon| !daemon.process.is_alive()));
    Ok(())
}

#[tokio::test]
async fn an_instance_that_was_not_given_its_buckets_back_is_not_mirrored() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let options = Options { engines: vec![Engine::LocalStack], throw_away: true, ..Options::default() };
    let engines = Engines::start(&home, &options, &Progress::quiet()).await?;
    let refused = mirror(&home, engines.endpoints()).await;
    ensure!(refused.is_err_and(|error| error.to_string().contains("cargo cinema up")));
    Ok(())
}

/// As when no thread starts any more: the process is there and answers nobody.
#[tokio::test]
async fn a_localstack_that_hangs_is_told_from_one_that_works_and_replaced() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let options = Options { engines: vec![Engine::LocalStack], throw_away: true, ..Options::default() };
    Engines::start(&home, &options, &Progress::quiet()).await?;
    let works = async || Engines::status(&home).await.iter().any(|engine| engine.healthy);
    ensure!(works().await, "a new one does no work");
    let hanging = process(&home, Engine::LocalStack)?;
    signal(&hanging, Signal::STOP);
    ensure!(!works().await, "one that hangs passes for healthy");
    Engines::start(&home, &options, &Progress::quiet()).await?;
    ensure!(process(&home, Engine::LocalStack)? != hanging && !hanging.is_alive(), "it was not replaced");
    ensure!(works().await, "the new one does no work");
    Ok(())
}

/// The kernel ends them with the thread that started them: with the process, that is, when it is killed.
#[test]
fn a_throw_away_platform_ends_with_its_owner() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = [Engine::Redis, Engine::Postgres];
    let options = Options { engines: engines.to_vec(), throw_away: true, ..Options::default() };
    let owned = home.clone();
    let owner = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(Engines::start(&owned, &options, &Progress::quiet())).map(drop)
    });
    ensure!(owner.join().is_ok_and(|started| started.is_ok()), "the engines did not start");
    let begun = Instant::now();
    for engine in engines {
        let process = process(&home, engine)?;
        while process.is_alive() {
            ensure!(begun.elapsed() < Duration::from_secs(10), "{} outlives its owner", engine.name());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    // What is left on disk of a database whose user may not search this test's folder.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Engines::wipe(&home, &Progress::quiet()))
}

async fn fill(endpoints: &Endpoints) -> Result<()> {
    let s3 = s3(endpoints);
    s3.create_bucket().bucket("films").send().await?;
    let small = ByteStream::from_static(b"picture");
    let put = s3.put_object().bucket("films").key("a b/ü.mp4").body(small);
    put.content_type("video/mp4").cache_control("max-age=5").metadata("title", "one").send().await?;
    let upload = s3.create_multipart_upload().bucket("films").key("large").send().await?;
    let upload = upload.upload_id().context("an upload id")?;
    let mut parts = Vec::new();
    for number in 1..=2 {
        let body = ByteStream::from(vec![number as u8; LARGE_PART_BYTES]);
        let part = s3.upload_part().bucket("films").key("large").upload_id(upload).part_number(number).body(body);
        let etag = part.send().await?.e_tag().context("a tag")?.to_owned();
        parts.push(CompletedPart::builder().part_number(number).e_tag(etag).build());
    }
    let complete = s3.complete_multipart_upload().bucket("films").key("large").upload_id(upload);
    complete.multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build()).send().await?;

    secrets(endpoints).create_secret().name("pepper").secret_string("salt").send().await?;

    create_table(endpoints).await?;
    put_item(endpoints, "before").await
}

/// With a stream, which is Kinesis's.
async fn create_table(endpoints: &Endpoints) -> Result<()> {
    let tables = tables(endpoints);
    let attribute =
        AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S).build()?;
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build()?;
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    let create = tables.create_table().table_name("assets").attribute_definitions(attribute).key_schema(key);
    create.billing_mode(BillingMode::PayPerRequest).stream_specification(stream.build()?).send().await?;
    Ok(())
}

async fn check(endpoints: &Endpoints) -> Result<()> {
    let s3 = s3(endpoints);
    let small = s3.get_object().bucket("films").key("a b/ü.mp4").send().await?;
    ensure!(small.content_type() == Some("video/mp4") && small.cache_control() == Some("max-age=5"));
    ensure!(small.metadata().and_then(|all| all.get("title")).map(String::as_str) == Some("one"));
    ensure!(small.body.collect().await?.to_vec() == b"picture");
    let large = s3.get_object().bucket("films").key("large").send().await?.body.collect().await?.to_vec();
    ensure!(large.len() == 2 * LARGE_PART_BYTES && large[0] == 1 && large[LARGE_PART_BYTES] == 2);

    let secret = secrets(endpoints).get_secret_value().secret_id("pepper").send().await?;
    ensure!(secret.secret_string() == Some("salt"));

    let key = AttributeValue::S("before".into());
    let item = tables(endpoints).get_item().table_name("assets").key("pk", key).send().await?;
    ensure!(item.item().is_some(), "the item is lost");
    let table = tables(endpoints).describe_table().table_name("assets").send().await?;
    let arn = table.table().and_then(|table| table.latest_stream_arn()).context("a stream")?.to_owned();
    let streams = streams(endpoints);
    // What is written while it is still `ENABLING` never reaches it.
    let begun = Instant::now();
    let status = async || {
        let stream = streams.describe_stream().stream_arn(&arn).send().await?;
        anyhow::Ok(stream.stream_description().and_then(|stream| stream.stream_status()).cloned())
    };
    while status().await? != Some(StreamStatus::Enabled) {
        ensure!(begun.elapsed() < Duration::from_secs(20), "the stream is not enabled again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    put_item(endpoints, "after").await?;
    loop {
        let stream = streams.describe_stream().stream_arn(&arn).send().await?;
        let shards = stream.stream_description().map(|stream| stream.shards().to_vec()).unwrap_or_default();
        for shard in shards.iter().filter_map(|shard| shard.shard_id()) {
            let iterator = streams.get_shard_iterator().stream_arn(&arn).shard_id(shard);
            let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await?.shard_iterator;
            let records = streams.get_records().set_shard_iterator(iterator).send().await?;
            if format!("{records:?}").contains("after") {
                return Ok(());
            }
        }
        ensure!(begun.elapsed() < Duration::from_secs(20), "the stream carries nothing");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn put_item(endpoints: &Endpoints, key: &str) -> Result<()> {
    let put = tables(endpoints).put_item().table_name("assets").item("pk", AttributeValue::S(key.into()));
    put.send().await?;
    Ok(())
}

fn secrets(endpoints: &Endpoints) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&aws::config(&endpoints.aws))
}

fn tables(endpoints: &Endpoints) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(&aws::config(&endpoints.aws))
}

fn streams(endpoints: &Endpoints) -> aws_sdk_dynamodbstreams::Client {
    aws_sdk_dynamodbstreams::Client::new(&aws::config(&endpoints.aws))
}

/// In the region where a bucket can be created without naming it.
fn s3(endpoints: &Endpoints) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&aws::config(&endpoints.aws)).region(Region::new("us-east-1"));
    aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
}
