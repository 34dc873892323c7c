//! The passwords of the engines that ask for one: made with the platform, kept where only its owner reads them.

use std::fs;
use std::io;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::home::Home;
use crate::private;

/// One per engine, the same over restarts: what was deployed knows them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Passwords {
    /// Of the superuser.
    pub postgres: String,
    /// Of its one user.
    pub clickhouse: String,
}

impl Passwords {
    /// Those of the platform; new ones when it has none yet.
    pub fn of(home: &Home) -> Result<Self> {
        let file = home.run().join("passwords.json");
        let failed = || format!("the passwords in {}", file.display());
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(failed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let new = Self { postgres: private::password()?, clickhouse: private::password()? };
                private::folder(home.run())?;
                private::write(&file, &serde_json::to_vec_pretty(&new)?).with_context(failed)?;
                Ok(new)
            }
            Err(error) => Err(error).with_context(failed),
        }
    }
}
