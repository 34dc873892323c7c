//! The passwords of the engines that ask for one: made with the platform, kept where only its owner reads them.

use anyhow::Result;
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
        if let Some(known) = private::read_json(&file)? {
            return Ok(known);
        }
        let new = Self { postgres: private::password()?, clickhouse: private::password()? };
        private::folder(home.run())?;
        private::write_json(&file, &new)?;
        Ok(new)
    }
}
