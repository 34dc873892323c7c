//! The lists of a profile: page by page, the last first, and only what the profile may see now.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::{Limit, Page, Problem, Viewer};
use kernel::{Cursor, CursorKey, World};
use runtime::{Boot, BootError};
use serde::Deserialize;
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::IntoParams;

use crate::store::{Entry, Reader};

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// From the page before.
    cursor: Option<String>,
    /// Most items on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
}

/// Where a page ends: the moment, in microseconds since 1970, and the title of its last item.
pub type Place = (i64, String);

/// What lists are read with.
#[derive(Clone)]
pub struct Shelf {
    /// The schema.
    pub pool: PgPool,
    /// Clock and entropy.
    pub world: World,
    cursors: CursorKey,
    public_url: String,
}

impl Shelf {
    /// The schema, the key of cursors and where pictures are.
    pub fn new(boot: &Boot) -> Result<Self, BootError> {
        let invalid = |error: base64::DecodeError| BootError::Invalid {
            name: "CURSOR_KEY".to_owned(),
            reason: error.to_string(),
        };
        let key = BASE64_STANDARD.decode(boot.required("CURSOR_KEY")?).map_err(invalid)?;
        Ok(Self {
            pool: boot.postgres()?,
            world: boot.world(),
            cursors: CursorKey::new(&key),
            public_url: boot.required("PUBLIC_URL")?,
        })
    }

    /// The part of the list `name` that `read` finds for the viewer.
    ///
    /// # Errors
    /// 400 for a cursor of another list or profile.
    pub async fn page<R, T, F>(
        &self,
        name: &str,
        viewer: &Viewer,
        part: &Part,
        read: impl FnOnce(Reader, Option<Place>, i64) -> F,
    ) -> Result<Page<T>, Problem>
    where
        R: Entry<Item = T>,
        F: Future<Output = Result<Vec<R>, sqlx::Error>>,
    {
        let list = format!("{name} {}", viewer.profile);
        let open = |cursor| Cursor::open(&self.cursors, &list, cursor);
        let invalid =
            |error| Problem::bad_request("invalid_cursor", "The cursor is not valid for this list.").because(error);
        let place = part.cursor.as_deref().map(open).transpose().map_err(invalid)?;
        let reader = Reader::new(self.pool.clone(), viewer, self.world.now());
        let length = usize::from(part.limit.0);
        let mut rows = read(reader, place, i64::from(part.limit.0) + 1).await?;
        let has_more = rows.len() > length;
        rows.truncate(length);
        let seal = |row: &R| Cursor::seal(&self.cursors, &list, &row.place());
        let next_cursor = rows.last().filter(|_| has_more).map(seal);
        let items = rows.into_iter().map(|row| row.item(&self.public_url)).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor })
    }
}

/// A moment as Postgres keeps it.
pub fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
