//! From what an operation names to what it gets: its state is a struct whose fields say how to wire themselves.

use events::{Batches, EndedSessions, EraseAccount, Eraser, ExportAccount, Holdings, Outbox, ProjectSessions};
use kernel::World;
use stores::{ClickHouse, Fetch, Mailer, PgPool, Redis};

use crate::{Access, Boot, BootError};

/// Can be built from [`Boot`] alone: notes what it needs, does no I/O.
pub trait Wire: Sized {
    /// Runs once, in INIT.
    ///
    /// # Errors
    /// When the configuration cannot work.
    fn wire(boot: &Boot) -> Result<Self, BootError>;
}

impl Wire for () {
    fn wire(_: &Boot) -> Result<Self, BootError> {
        Ok(())
    }
}

impl Wire for PgPool {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        boot.postgres()
    }
}

impl Wire for Redis {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        boot.redis()
    }
}

impl Wire for ClickHouse {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        boot.clickhouse()
    }
}

impl Wire for Mailer {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        boot.ses()
    }
}

impl Wire for World {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(boot.world())
    }
}

impl Wire for Fetch {
    fn wire(_: &Boot) -> Result<Self, BootError> {
        Ok(Self::default())
    }
}

/// The outbox of a service whose messages are all events for everybody. One that also sends to queues is wired by the service's store.
impl Wire for Outbox {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::new(boot.postgres()?).stream("domain-events", boot.stream("domain-events")?))
    }
}

impl Wire for EndedSessions {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::new(boot.postgres()?, boot.world()))
    }
}

impl Wire for ProjectSessions {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        EndedSessions::wire(boot).map(Self::new)
    }
}

impl<C: Wire> Wire for Batches<C> {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        C::wire(boot).map(Self)
    }
}

impl<H: Holdings + Wire> Wire for ExportAccount<H> {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::new(H::wire(boot)?, boot.bucket("exports", Access::Write)?))
    }
}

impl<E: Eraser + Wire> Wire for EraseAccount<E> {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::new(E::wire(boot)?, boot.stream("domain-events")?, boot.world()))
    }
}

/// The address under which the outside reaches the platform, `PUBLIC_URL`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// An address below it; `path` begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The address of a public object of the bucket `media`.
    pub fn media(&self, key: &str) -> String {
        format!("{}/media/{key}", self.0)
    }

    /// The address itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Wire for PublicUrl {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self(boot.required("PUBLIC_URL")?.trim_end_matches('/').to_owned()))
    }
}

/// Declares an operation's state with its wiring. A field is wired by its type, or by the function after `=`:
///
/// ```ignore
/// runtime::wire! {
///     /// Makes profiles.
///     pub struct CreateProfile {
///         outbox: Outbox = store::outbox,
///         world: World,
///         exports: Bucket = |boot| boot.bucket("exports", Access::Write),
///     }
/// }
/// ```
#[macro_export]
macro_rules! wire {
    ($(#[$attribute:meta])* $vis:vis struct $name:ident {
        $($(#[$field_attribute:meta])* $field_vis:vis $field:ident: $type:ty $(= $with:expr)?),* $(,)?
    }) => {
        $(#[$attribute])*
        #[derive(Clone)]
        $vis struct $name {
            $($(#[$field_attribute])* $field_vis $field: $type),*
        }

        impl $crate::Wire for $name {
            fn wire(boot: &$crate::Boot) -> ::std::result::Result<Self, $crate::BootError> {
                let _ = boot;
                ::std::result::Result::Ok(Self { $($field: $crate::wire!(@field boot, $type $(, $with)?)),* })
            }
        }
    };
    (@field $boot:ident, $type:ty) => {
        <$type as $crate::Wire>::wire($boot)?
    };
    (@field $boot:ident, $type:ty, $with:expr) => {{
        let with: fn(&$crate::Boot) -> ::std::result::Result<$type, $crate::BootError> = $with;
        with($boot)?
    }};
}
