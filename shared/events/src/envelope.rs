//! CloudEvents 1.0 in JSON (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).

use std::fmt::Display;

use kernel::{EventId, World};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::to_raw_value};
use time::OffsetDateTime;

/// The text is not an event of a known type with valid data.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not a CloudEvents document.
    #[error("not a CloudEvents document: {0}")]
    Envelope(serde_json::Error),
    /// The type is not in the contract, or the data does not fit it.
    #[error("{0}")]
    Data(String),
}

/// One event. `sequence` is the version of the aggregate: of two events about one subject the higher is the newer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Always `1.0`.
    pub specversion: String,
    /// The same in every copy of the event.
    pub id: EventId,
    /// `/cinema/<service>`
    pub source: String,
    /// One of [`proto::types`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The aggregate's id.
    pub subject: String,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// The aggregate's version, from 1.
    pub sequence: i64,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The aggregate's state.
    pub data: Value,
}

impl Event {
    /// An event of `kind` about `subject` in its version `sequence`.
    pub fn new(world: &World, kind: &str, subject: impl Display, sequence: i64, data: &impl Serialize) -> Self {
        let service = kind.split('.').nth(1).unwrap_or("unknown");
        Self {
            specversion: "1.0".to_owned(),
            id: world.id(),
            source: format!("/cinema/{service}"),
            kind: kind.to_owned(),
            subject: subject.to_string(),
            time: world.now(),
            sequence,
            traceparent: stores::trace::current().map(|trace| trace.to_string()),
            datacontenttype: "application/json".to_owned(),
            // Messages are maps of plain values: they always serialise.
            data: to_raw_value(data).ok().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default(),
        }
    }

    /// Reads an event and checks its data against the contract of its type.
    pub fn parse(json: &[u8]) -> Result<Self, EventError> {
        let event: Self = serde_json::from_slice(json).map_err(EventError::Envelope)?;
        proto::types::check(&event.kind, &event.data.to_string()).map_err(EventError::Data)?;
        Ok(event)
    }

    /// The data as the message of the event's type.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, EventError> {
        serde_json::from_value(self.data.clone()).map_err(|error| EventError::Data(error.to_string()))
    }

    /// The event as JSON text.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
