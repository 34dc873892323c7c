//! A copy of LocalStack's secrets, in a file that only its owner may read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretError;
use aws_smithy_types::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{aws, private};

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Value {
    Text(String),
    Base64(String),
}

type Secrets = BTreeMap<String, Value>;

/// Writes all secrets to `file`; returns how many there are.
pub(super) async fn mirror(endpoint: &str, file: &Path) -> Result<usize> {
    let client = Client::new(&aws::config(endpoint));
    let mut secrets = Secrets::new();
    let mut pages = client.list_secrets().into_paginator().send();
    while let Some(page) = pages.next().await {
        for entry in page.map_err(|error| anyhow::anyhow!("secrets: {}", DisplayErrorContext(error)))?.secret_list() {
            let Some(name) = entry.name() else { continue };
            // One without a value yet is not worth keeping.
            let Ok(secret) = client.get_secret_value().secret_id(name).send().await else { continue };
            let text = secret.secret_string().map(|text| Value::Text(text.to_owned()));
            let bytes = secret.secret_binary().map(|bytes| Value::Base64(STANDARD.encode(bytes)));
            if let Some(value) = text.or(bytes) {
                secrets.insert(name.to_owned(), value);
            }
        }
    }
    if load(file)? != secrets {
        private::write_json(file, &secrets)?;
    }
    Ok(secrets.len())
}

/// Creates the secrets of `file` that LocalStack lacks; returns how many.
pub(super) async fn restore(endpoint: &str, file: &Path) -> Result<usize> {
    let client = Client::new(&aws::config(endpoint));
    let mut created = 0;
    for (name, value) in load(file)? {
        let request = client.create_secret().name(&name);
        let request = match value {
            Value::Text(text) => request.secret_string(text),
            Value::Base64(text) => request.secret_binary(Blob::new(STANDARD.decode(text)?)),
        };
        match request.send().await.map_err(|error| error.into_service_error()) {
            Ok(_) => created += 1,
            Err(CreateSecretError::ResourceExistsException(_)) => {}
            Err(error) => anyhow::bail!("secret {name} cannot be put back: {}", DisplayErrorContext(error)),
        }
    }
    Ok(created)
}

fn load(file: &Path) -> Result<Secrets> {
    Ok(private::read_json(file)?.unwrap_or_default())
}
