//! What a deployment works on: the repository, the engines, the settings and the built binaries.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engines::{Endpoints, aws::ACCOUNT};

use crate::settings::Settings;

/// The Postgres database and the ClickHouse database.
pub const DATABASE: &str = "cinema";
/// The id of the REST API and its only stage.
const API: &str = "cinema";
/// See [`Target::api_url`].
pub const STAGE: &str = "live";

/// What is deployed, and where to.
pub struct Target {
    /// The repository.
    pub root: PathBuf,
    /// State of this platform: the cache of digests of what is deployed.
    pub run: PathBuf,
    /// The engines.
    pub endpoints: Endpoints,
    /// The engines as functions reach them: with Docker, functions are containers beside the engines.
    pub seen_by_functions: Endpoints,
    /// What the functions' environment is made from.
    pub settings: Settings,
    /// Where cargo left the functions: `target/release`.
    pub bin_dir: PathBuf,
    /// Layer name → folder that becomes `/opt`; `ffmpeg` holds `bin/ffmpeg` and `bin/ffprobe`.
    pub layers: BTreeMap<String, PathBuf>,
    /// Twelve digits; only tests that share an emulator with a platform have another than [`ACCOUNT`].
    pub account: String,
    /// Id of the REST API, which emulators share between accounts.
    pub api: String,
}

impl Target {
    /// The platform of a repository; binaries come from its `target/release`, layers are added by the caller.
    pub fn new(root: PathBuf, run: PathBuf, endpoints: Endpoints, settings: Settings) -> Target {
        Target {
            bin_dir: root.join("target/release"),
            root,
            run,
            seen_by_functions: endpoints.clone(),
            endpoints,
            settings,
            layers: BTreeMap::new(),
            account: ACCOUNT.to_owned(),
            api: API.to_owned(),
        }
    }

    /// The URL with which a service's functions reach its schema.
    pub fn postgres_url(&self, service: &str) -> String {
        let role = migrations::role_name(service);
        let password = self.settings.postgres_password(service);
        // What follows the `@` of the superuser's URL, without its database.
        let host = self.seen_by_functions.postgres.rsplit_once('@').map_or("127.0.0.1:5432", |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or(host);
        format!("postgres://{role}:{password}@{host}/{DATABASE}")
    }

    /// Where the deployed API answers, without the edge in front.
    pub fn api_url(&self) -> String {
        format!("{}/_aws/execute-api/{}/{STAGE}", self.endpoints.aws, self.api)
    }

    /// The URL with which functions read an object.
    pub fn object_url(&self, bucket: &str, key: &str) -> String {
        format!("{}/{bucket}/{key}", self.seen_by_functions.aws)
    }
}
