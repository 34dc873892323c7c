//! The policy of a function's role: its log, what starts it, what it uses, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::{DeadLetterQueue, Function, Mapping, Permission, Queue, Resource, Source};
use crate::env;
use crate::resources::Resources;
use crate::uses::{ObjectAccess, Use};

const LOG: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];
const SEND: &[&str] = &["sqs:SendMessage"];
/// What waits in a dead-letter queue, and how its last move went.
const COUNT: &[&str] = &["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListMessageMoveTasks"];
/// SQS moves with the permissions of whoever started it.
const MOVE: &[&str] = &["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:StartMessageMoveTask"];

type Statements = BTreeMap<Resource, BTreeSet<&'static str>>;

/// What words of `uses` lead to.
pub(super) struct Reach<'a> {
    pub resources: &'a Resources,
    pub event_queues: &'a BTreeSet<String>,
    pub queues: &'a BTreeMap<String, Queue>,
    pub dead_letter_queues: &'a BTreeMap<String, DeadLetterQueue>,
}

/// The entry says what is used, the plan of the function what starts it.
pub(super) fn of(name: &str, function: &Function, uses: &BTreeSet<Use>, reach: &Reach<'_>) -> Vec<Permission> {
    let mut statements = Statements::from([(Resource::LogGroup(name.to_owned()), LOG.iter().copied().collect())]);
    let mut may = |resource: Resource, actions: &[&'static str]| {
        statements.entry(resource).or_default().extend(actions);
    };
    for word in uses {
        using(word, reach, &mut may);
    }
    for mapping in &function.mappings {
        polling(mapping, &mut may);
    }
    if let Some(queue) = &function.dead_letters {
        may(Resource::Queue(queue.clone()), SEND);
    }
    statements
        .into_iter()
        .map(|(resource, actions)| Permission { resource, actions: actions.into_iter().map(str::to_owned).collect() })
        .collect()
}

fn using(word: &Use, reach: &Reach<'_>, may: &mut impl FnMut(Resource, &[&'static str])) {
    let Reach { resources, event_queues, queues, dead_letter_queues } = reach;
    match word {
        Use::S3 { bucket, access } => {
            let is_versioned = resources.buckets.get(bucket).is_some_and(|bucket| bucket.versioned);
            match access {
                ObjectAccess::Read => {
                    may(Resource::Bucket(bucket.clone()), &["s3:ListBucket"]);
                    may(Resource::Objects(bucket.clone()), &["s3:GetObject"]);
                    if is_versioned {
                        may(Resource::Objects(bucket.clone()), &["s3:GetObjectVersion"]);
                    }
                }
                ObjectAccess::Write => {
                    let objects = Resource::Objects(bucket.clone());
                    may(
                        objects.clone(),
                        &[
                            "s3:AbortMultipartUpload",
                            "s3:DeleteObject",
                            "s3:ListMultipartUploadParts",
                            "s3:PutObject",
                            "s3:PutObjectTagging",
                        ],
                    );
                    if is_versioned {
                        may(objects, &["s3:DeleteObjectVersion", "s3:PutObjectVersionTagging"]);
                    }
                }
            }
        }
        Use::Dynamodb { table, access: ObjectAccess::Read } => {
            may(Resource::Table(table.clone()), &["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]);
            if resources.tables.get(table).is_some_and(|table| !table.indexes.is_empty()) {
                may(Resource::Indexes(table.clone()), &["dynamodb:Query"]);
            }
        }
        Use::Dynamodb { table, access: ObjectAccess::Write } => may(
            Resource::Table(table.clone()),
            &[
                "dynamodb:BatchWriteItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            ],
        ),
        Use::Sqs(queue) => may(Resource::Queue(queue.clone()), SEND),
        Use::Kinesis(stream) => may(Resource::Stream(stream.clone()), &["kinesis:PutRecords"]),
        Use::Secret { name, access } => may(
            Resource::Secret(name.clone()),
            match access {
                ObjectAccess::Read => &["secretsmanager:GetSecretValue"],
                ObjectAccess::Write => &["secretsmanager:PutSecretValue"],
            },
        ),
        Use::EventQueues => {
            for queue in *event_queues {
                may(Resource::Queue(queue.clone()), &["sqs:GetQueueUrl", "sqs:SendMessage"]);
            }
        }
        Use::DeadLetters => {
            for queue in dead_letter_queues.keys() {
                may(Resource::Queue(queue.clone()), COUNT);
            }
        }
        Use::Redrive => {
            for (queue, Queue { redrive, .. }) in *queues {
                may(Resource::Queue(redrive.queue.clone()), COUNT);
                may(Resource::Queue(redrive.queue.clone()), MOVE);
                may(Resource::Queue(queue.clone()), SEND);
            }
        }
        Use::Ses => may(Resource::Sender(env::EMAIL_FROM.to_owned()), &["ses:SendRawEmail"]),
        // A password of the service's own role, or the network path, is what these ask for.
        Use::Postgres | Use::Redis | Use::Opensearch | Use::Clickhouse | Use::Layer(_) => {}
    }
}

fn polling(mapping: &Mapping, may: &mut impl FnMut(Resource, &[&'static str])) {
    match &mapping.source {
        Source::Queue(queue) => {
            may(Resource::Queue(queue.clone()), &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"])
        }
        Source::Stream(stream) => may(
            Resource::Stream(stream.clone()),
            &[
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
        ),
        Source::Changes(table) => may(
            Resource::Changes(table.clone()),
            &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
        ),
    }
    if let Some(replay) = &mapping.replay {
        may(Resource::Queue(replay.dead_letters.clone()), SEND);
    }
}
