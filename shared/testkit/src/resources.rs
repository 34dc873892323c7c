//! Buckets, queues, streams, tables and secrets of a service, made as the plan says, under names that no other test run has.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    fmt::Debug,
    time::Duration,
};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, StreamSpecification, StreamViewType,
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use manifest::{
    Generate, Index, Plan, Secret, Table,
    plan::{Reference, Value},
};
use stores::Aws;
use tokio::sync::{Mutex, OnceCell};

use crate::token;

/// Variable → the resource it leads to.
pub(crate) type Wanted = BTreeMap<String, Reference>;

/// The resources of all functions of a service.
pub(crate) fn of(plan: &Plan, service: &str) -> Wanted {
    let variables = plan.service(service).flat_map(|(_, function)| &function.environment);
    let resource = |(variable, value): (&String, &Value)| match value {
        Value::Reference(
            reference @ (Reference::Bucket(_)
            | Reference::Queue(_)
            | Reference::Stream(_)
            | Reference::Table(_)
            | Reference::Secret(_)),
        ) => Some((variable.clone(), reference.clone())),
        _ => None,
    };
    variables.filter_map(resource).collect()
}

/// Creates what is not there yet in this process, and returns the variables that lead to it.
pub(crate) async fn shared(aws: &Aws, plan: &Plan, wanted: &Wanted) -> BTreeMap<String, String> {
    static MADE: Mutex<BTreeMap<String, String>> = Mutex::const_new(BTreeMap::new());
    static SUFFIX: OnceCell<String> = OnceCell::const_new();
    let suffix = SUFFIX.get_or_init(|| async { uuid::Uuid::now_v7().simple().to_string()[..16].to_owned() }).await;
    let mut made = MADE.lock().await;
    create_missing(aws, plan, wanted, suffix, &mut made).await;
    made.clone()
}

/// The same, with buckets, queues and tables for one test. The emulator has 50 shards in all: streams are always shared, and read by subject.
pub(crate) async fn own(aws: &Aws, plan: &Plan, wanted: Wanted) -> BTreeMap<String, String> {
    let is_shared = |reference: &Reference| matches!(reference, Reference::Stream(_) | Reference::Secret(_));
    let (common, own): (Wanted, Wanted) = wanted.into_iter().partition(|(_, reference)| is_shared(reference));
    let mut made = shared(aws, plan, &common).await;
    made.retain(|variable, _| !own.contains_key(variable));
    create_missing(aws, plan, &own, &uuid::Uuid::now_v7().simple().to_string(), &mut made).await;
    made
}

async fn create_missing(aws: &Aws, plan: &Plan, wanted: &Wanted, suffix: &str, made: &mut BTreeMap<String, String>) {
    for (variable, reference) in wanted {
        if made.contains_key(variable) {
            continue;
        }
        let value = match reference {
            Reference::Bucket(name) => {
                create_bucket(aws, &format!("{name}-{suffix}"), plan.buckets[name].versioned).await
            }
            Reference::Queue(name) => create_queue(aws, &format!("{name}-{suffix}")).await,
            Reference::Stream(name) => create_stream(aws, &format!("{name}-{suffix}")).await,
            Reference::Table(name) => create_table(aws, &format!("{name}-{suffix}"), &plan.tables[name]).await,
            Reference::Secret(name) => create_secret(aws, &format!("{name}-{suffix}"), &plan.secrets[name]).await,
            Reference::Setting(_) | Reference::Endpoint(_) | Reference::Object(_) => continue,
        };
        made.insert(variable.clone(), value);
    }
}

/// Names are new: what is there already was made by an attempt whose answer was lost.
fn made<T, E: ProvideErrorMetadata + Debug, R: Debug>(outcome: Result<T, SdkError<E, R>>, is_there: &str) {
    if let Err(error) = outcome {
        assert_eq!(error.code(), Some(is_there), "{error:?}");
    }
}

async fn create_bucket(aws: &Aws, name: &str, versioned: bool) -> String {
    use aws_sdk_s3::types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
    };
    let client = stores::Bucket::new(aws, name.to_owned()).client;
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuCentral1).build();
    let bucket = client.create_bucket().bucket(name).create_bucket_configuration(place).send().await;
    made(bucket, "BucketAlreadyOwnedByYou");
    if versioned {
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        client.put_bucket_versioning().bucket(name).versioning_configuration(versions).send().await.expect("versions");
    }
    name.to_owned()
}

async fn create_queue(aws: &Aws, name: &str) -> String {
    let client = aws_sdk_sqs::Client::new(aws.config());
    client.create_queue().queue_name(name).send().await.expect("a queue").queue_url.expect("its URL")
}

async fn create_stream(aws: &Aws, name: &str) -> String {
    let client = aws_sdk_kinesis::Client::new(aws.config());
    made(client.create_stream().stream_name(name).shard_count(1).send().await, "ResourceInUseException");
    for _ in 0..100 {
        let summary = client.describe_stream_summary().stream_name(name).send().await.expect("a summary");
        let status = summary.stream_description_summary().map(|summary| summary.stream_status().clone());
        if status == Some(aws_sdk_kinesis::types::StreamStatus::Active) {
            return name.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{name} does not become active");
}

async fn create_table(aws: &Aws, name: &str, table: &Table) -> String {
    let schema = |hash: &str, range: Option<&String>| {
        let element =
            |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
        let mut schema = vec![element(hash, KeyType::Hash)];
        schema.extend(range.map(|range| element(range, KeyType::Range)));
        schema
    };
    let mut attributes: BTreeSet<&String> = BTreeSet::from([&table.hash]);
    attributes.extend(table.range.as_ref());
    for Index { hash, range } in table.indexes.values() {
        attributes.insert(hash);
        attributes.extend(range.as_ref());
    }
    let attribute = |name: &&String| {
        AttributeDefinition::builder()
            .attribute_name(*name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .expect("an attribute")
    };
    let index = |(name, index): (&String, &Index)| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(schema(&index.hash, index.range.as_ref())))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .expect("an index")
    };
    let indexes: Vec<_> = table.indexes.iter().map(index).collect();
    let stream = table.stream.then(|| {
        let view = StreamViewType::NewAndOldImages;
        StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build().expect("a stream")
    });
    let client = aws_sdk_dynamodb::Client::new(aws.config());
    let table = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(schema(&table.hash, table.range.as_ref())))
        .set_attribute_definitions(Some(attributes.iter().map(attribute).collect()))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .set_stream_specification(stream)
        .send()
        .await;
    made(table, "ResourceInUseException");
    name.to_owned()
}

async fn create_secret(aws: &Aws, name: &str, secret: &Secret) -> String {
    let client = aws_sdk_secretsmanager::Client::new(aws.config());
    let value = secret.first_value(|kind| match kind {
        Generate::Random32 => Ok::<_, Infallible>(BASE64_STANDARD.encode(kernel::World::system().bytes::<32>())),
        Generate::EcP256 => Ok(BASE64_STANDARD.encode(token::new_key())),
    });
    let Ok(value) = value;
    made(client.create_secret().name(name).set_secret_string(value).send().await, "ResourceExistsException");
    name.to_owned()
}
