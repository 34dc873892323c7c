//! The devices that have signed in to an account since it got its present password; see [`crate::device`].

use cinema_http::{HeaderMap, Problem, Response, header};
use kernel::World;
use password::Pepper;
use runtime::Key;
use stores::PgPool;

use crate::{
    device::{self, DEVICE, Device},
    email::Email,
    store::credentials,
};

runtime::wire! {
    /// Knows devices by their cookie.
    pub(crate) struct KnownDevices {
        pool: PgPool,
        pepper: Key<Pepper>,
        world: World,
    }
}

impl KnownDevices {
    /// The device of a request. One that signed in before the password was last set is a stranger: whoever knew the old password must not
    /// have made tries for the new one.
    pub async fn find(&self, headers: &HeaderMap, email: &Email) -> Result<Option<Device>, Problem> {
        if DEVICE.read(headers).is_none() {
            return Ok(None);
        }
        let Some(device) = device::known(headers, email, self.pepper.get().await?, self.world.now()) else {
            return Ok(None);
        };
        let changed = credentials::changed_at(&self.pool, email).await?;
        Ok(changed.is_some_and(|at| at <= device.since).then_some(device))
    }

    /// The answer of somebody who has proven who they are, with the cookie.
    pub async fn remember(
        &self,
        headers: &HeaderMap,
        email: &Email,
        mut answer: Response,
    ) -> Result<Response, Problem> {
        let value = device::remembered(headers, email, self.pepper.get().await?, &self.world);
        let cookie = DEVICE.set(&value).map_err(Problem::internal)?;
        answer.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(answer)
    }
}
