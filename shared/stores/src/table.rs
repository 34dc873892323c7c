//! A DynamoDB table.

use aws_sdk_dynamodb::Client;

use crate::Aws;

/// A table and the client to reach it with; items are the SDK's own types.
#[derive(Clone)]
pub struct Table {
    /// The SDK's client.
    pub client: Client,
    /// The table's name.
    pub name: String,
}

impl Table {
    /// Without I/O.
    pub fn new(aws: &Aws, name: String) -> Self {
        Self { client: Client::new(aws.config()), name }
    }
}
