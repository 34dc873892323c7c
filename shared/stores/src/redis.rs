//! Redis behind short limits: it holds only what can be lost.

use std::time::Duration;

use redis::{
    Client, FromRedisValue, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use crate::StoreError;

const CONNECT: Duration = Duration::from_millis(300);
const ANSWER: Duration = Duration::from_millis(300);

/// A lazy connection that reconnects by itself.
#[derive(Clone)]
pub struct Redis(ConnectionManager);

impl Redis {
    /// Without I/O.
    ///
    /// # Errors
    /// When `url` is not a Redis URL.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER))
            .set_number_of_retries(0);
        // `rediss://` asks for the process's provider.
        transport::install_ring();
        let client = Client::open(url).map_err(|error| StoreError::new("redis", error))?;
        ConnectionManager::new_lazy_with_config(client, config)
            .map(Self)
            .map_err(|error| StoreError::new("redis", error))
    }

    /// Runs one command.
    pub async fn run<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, StoreError> {
        let mut connection = self.0.clone();
        let answer = command.query_async(&mut connection);
        within_limit(answer).await
    }

    /// Runs a Lua script: atomic, one round trip once the server knows it. In a cluster all keys must lie in one slot.
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[i64],
    ) -> Result<T, StoreError> {
        let mut connection = self.0.clone();
        let mut call = script.prepare_invoke();
        for key in keys {
            call.key(key);
        }
        for argument in arguments {
            call.arg(*argument);
        }
        within_limit(call.invoke_async(&mut connection)).await
    }

    /// Opens the connection.
    pub async fn warm(&self) {
        let _ = self.run::<String>(&redis::cmd("PING")).await;
    }
}

/// The client's own limits do not cover every state of its reconnection.
async fn within_limit<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> Result<T, StoreError> {
    match tokio::time::timeout(CONNECT + ANSWER, answer).await {
        Ok(answer) => answer.map_err(|error| StoreError::new("redis", error)),
        Err(_) => Err(StoreError { engine: "redis", detail: "no answer in time".to_owned() }),
    }
}

pub use redis::{Cmd, Script as Lua, cmd};
