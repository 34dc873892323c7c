//! The short form of the soak: LocalStack's part of a platform's age.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType, StreamStatus};
use engines::progress::Progress;
use engines::{Engine, Engines, Footprint, Growth, Options, aws, pulse};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{Started, home, process};

const AT_ONCE: usize = 8;
/// Until every environment is there and every cache is warm.
const WARM_UP: u64 = 1_000;
const CALLS: u64 = 5_000;
/// Some days of use.
const LIFE: u64 = 100_000;
/// What may be added over a life. A thread that is kept costs two mappings a call, 200,000 in all; what is measured
/// hardly differs from zero, but the difference counts twenty times.
const ADDED: Growth = Growth { memory_kib: 400 << 10, threads: 400, mappings: 4_000, files: 400 };

#[tokio::test]
async fn localstack_does_not_age() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let options = Options { engines: vec![Engine::LocalStack], throw_away: true, ..Options::default() };
    let engines = Engines::start(&home, &options, &Progress::quiet()).await?;
    let port = engines.endpoints().aws.rsplit_once(':').context("a port")?.1.parse()?;
    let localstack = process(&home, Engine::LocalStack)?;
    // What a call leaves behind is measured, not how long it waits on a busy machine.
    let beat = async || match pulse::beat(&home, port).await {
        Err(_) => pulse::beat(&home, port).await,
        answered => answered,
    };
    let invoke = async |calls: u64| {
        let beats = stream::iter(0..calls).map(|_| beat());
        beats.buffer_unordered(AT_ONCE).try_collect::<()>().await
    };
    invoke(WARM_UP).await?;
    let before = Footprint::of(&localstack);
    invoke(CALLS).await?;
    let after = Footprint::of(&localstack);
    let growth = Footprint::sum(after.values()).growth(&Footprint::sum(before.values())).extrapolated(CALLS, LIFE);
    ensure!(growth.is_within(&ADDED), "after {LIFE} calls: {growth:?}\nbefore {before:#?}\nafter {after:#?}");
    let kinesis = aws_sdk_kinesis::Client::new(&aws::config(&engines.endpoints().aws));
    a_stream_keeps_its_newest_records(&kinesis).await
}

/// Each once, in order, and not all that there ever were.
async fn a_stream_keeps_its_newest_records(kinesis: &aws_sdk_kinesis::Client) -> Result<()> {
    const PUTS: usize = 24;
    const RECORDS_OF_A_PUT: usize = 500;
    const KEPT: usize = 10_000;
    kinesis.create_stream().stream_name("ageing").shard_count(1).send().await?;
    loop {
        let stream = kinesis.describe_stream_summary().stream_name("ageing").send().await?;
        if stream.stream_description_summary().is_some_and(|it| *it.stream_status() == StreamStatus::Active) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for put in 0..PUTS {
        let entry = |place: usize| {
            let data = Blob::new((put * RECORDS_OF_A_PUT + place).to_string());
            PutRecordsRequestEntry::builder().data(data).partition_key("a").build()
        };
        let entries = (0..RECORDS_OF_A_PUT).map(entry).collect::<Result<Vec<_>, _>>()?;
        kinesis.put_records().stream_name("ageing").set_records(Some(entries)).send().await?;
    }
    let shards = kinesis.list_shards().stream_name("ageing").send().await?;
    let shard = shards.shards().first().context("a shard")?.shard_id();
    let start = kinesis.get_shard_iterator().stream_name("ageing").shard_id(shard);
    let start = start.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await?;
    let (mut place, mut records) = (start.shard_iterator, Vec::new());
    // Twice as often as needed: the end is answered with nothing, again and again.
    for _ in 0..2 * PUTS {
        let read = kinesis.get_records().set_shard_iterator(place).limit(1_000).send().await?;
        place = read.next_shard_iterator;
        records.extend(read.records);
    }
    let texts: Vec<_> =
        records.iter().map(|record| String::from_utf8_lossy(record.data.as_ref()).into_owned()).collect();
    let newest = PUTS * RECORDS_OF_A_PUT;
    let expected: Vec<_> = (newest - KEPT..newest).map(|number| number.to_string()).collect();
    ensure!(texts == expected, "{} records, {:?} to {:?}", texts.len(), texts.first(), texts.last());
    let numbers: BTreeSet<_> = records.iter().map(|record| record.sequence_number()).collect();
    ensure!(numbers.len() == records.len(), "{} records share a number", records.len() - numbers.len());
    Ok(())
}
