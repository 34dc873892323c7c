//! A secret in Secrets Manager.

use aws_sdk_secretsmanager::{Client, error::SdkError, operation::get_secret_value::GetSecretValueError};
use secrecy::SecretString;

use crate::{Aws, StoreError};

/// A secret by its id.
#[derive(Clone)]
pub struct SecretHandle {
    client: Client,
    id: String,
}

impl SecretHandle {
    /// Without I/O.
    pub fn new(aws: &Aws, id: String) -> Self {
        Self { client: Client::new(&aws.quick()), id }
    }

    /// The current value; `None` while the secret has none.
    pub async fn get(&self) -> Result<Option<SecretString>, StoreError> {
        match self.client.get_secret_value().secret_id(&self.id).send().await {
            Ok(value) => Ok(value.secret_string().map(SecretString::from)),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), GetSecretValueError::ResourceNotFoundException(_)) =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::new("secretsmanager", error)),
        }
    }

    /// Stores a new current value.
    pub async fn put(&self, value: &str) -> Result<(), StoreError> {
        let request = self.client.put_secret_value().secret_id(&self.id).secret_string(value);
        request.send().await.map(drop).map_err(|error| StoreError::new("secretsmanager", error))
    }
}
