//! Every minute: goes on with the index that is being built, if there is one. What it has is compared with Postgres, and what it finds with what it
//! should; only then searches read it. A run that is cut off is continued by the next.

use std::collections::BTreeMap;

use events::{Consumer, Deadline, Outcome};
use kernel::{
    Territory, TitleId, World,
    policy::{ADULT, Audience},
};
use runtime::Tick;
use sqlx::PgPool;
use stores::{StoreError, postgres};
use time::Duration;

use crate::{
    asked::Reach,
    criteria::{Criteria, Slice},
    document::{Document, Revision},
    index::{Begun, Index},
    reindex::Reindex,
    store::{documents, reindexes},
};

/// Titles of one bulk call.
const PAGE: i64 = 500;
/// A page, or a comparison, that cannot be finished is not begun.
const ROUND: Duration = Duration::seconds(10);
/// Titles whose names are searched for.
const SAMPLES: i64 = 20;

runtime::wire! {
    /// Builds and compares.
    pub struct VerifyIndex { pool: PgPool, index: Index = |boot| Index::new(boot, super::PATIENCE), world: World }
}

impl Consumer<Tick> for VerifyIndex {
    async fn consume(&self, _: Tick, deadline: &Deadline) -> Outcome {
        self.go_on(deadline).await.map_or_else(Outcome::retry, |()| Outcome::Done)
    }
}

/// Why a run stopped; the next goes on.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    #[error(transparent)]
    Engine(#[from] StoreError),
}

impl VerifyIndex {
    async fn go_on(&self, deadline: &Deadline) -> Result<(), Stopped> {
        let building = postgres::transact(&self.pool, async |connection| reindexes::building(connection).await).await?;
        let Some(mut building) = building else { return self.replace_outdated().await };
        match self.index.begin(&building.name).await? {
            // A run before this one was cut off after the exchange.
            Begun::Live => return self.end(&building, None).await,
            Begun::Created if !building.position.is_empty() => building.position.clear(),
            Begun::Created | Begun::Known => {}
        }
        if !self.fill(&mut building, deadline).await? || !deadline.allows(ROUND) {
            return Ok(());
        }
        let fault = self.fault(&building.name).await?;
        match &fault {
            None => self.index.exchange(&building.name).await?,
            Some(reason) => {
                tracing::error!(index = building.name, reason, "the new index is not right and does not become live");
                self.index.discard(&building.name).await?;
            }
        }
        self.end(&building, fault.as_deref()).await
    }

    /// Begins to replace an index of another mapping, once: whether to try again is a person's decision.
    async fn replace_outdated(&self) -> Result<(), Stopped> {
        if !self.index.is_outdated().await? {
            return Ok(());
        }
        let name = self.index.next_name(&self.world);
        let begun = async |connection: &mut sqlx::PgConnection| {
            if reindexes::is_known(connection, &self.index.first_name()).await? {
                return Ok(false);
            }
            reindexes::begin(connection, &name, self.world.now(), None).await
        };
        if postgres::transact(&self.pool, begun).await? {
            tracing::info!(index = name, "an index of the present mapping is begun");
        }
        Ok(())
    }

    /// Copies titles page by page; whether all are copied.
    async fn fill(&self, building: &mut Reindex, deadline: &Deadline) -> Result<bool, Stopped> {
        while deadline.allows(ROUND) {
            let page = documents::page(&self.pool, &building.position, PAGE).await?;
            let Some(last) = page.last() else { return Ok(true) };
            let last = last.document.title_id.to_string();
            let revisions: Vec<&Revision> = page.iter().collect();
            // What the engine refuses is missed by the comparison.
            self.index.copy(&revisions).await?;
            documents::spell_anew(&self.pool, &revisions).await?;
            building.copied += i64::try_from(page.len()).unwrap_or(0);
            building.position = last;
            let advanced = async |connection: &mut sqlx::PgConnection| {
                reindexes::advance(connection, &building.name, &building.position, building.copied).await
            };
            postgres::transact(&self.pool, advanced).await?;
        }
        Ok(false)
    }

    /// What is wrong with the index, if anything is.
    async fn fault(&self, name: &str) -> Result<Option<String>, Stopped> {
        let expected = documents::versions(&self.pool).await?;
        let mut indexed = self.indexed(name).await?;
        let late = behind(&expected, &indexed);
        if !late.is_empty() {
            // An edit that is in Postgres and on its way to the index, or one that was too much for the engine.
            let late = documents::of(&self.pool, &late).await?;
            self.index.copy(&late.iter().collect::<Vec<_>>()).await?;
            indexed = self.indexed(name).await?;
        }
        // Read last: edits are in Postgres before they are in the index.
        let known = documents::versions(&self.pool).await?;
        if let Some(fault) = difference(&expected, &indexed, &known) {
            return Ok(Some(fault));
        }
        for sample in documents::sample(&self.pool, SAMPLES).await? {
            let id = sample.document.title_id;
            // An edit since then may not be found yet.
            let is_unchanged = |sequence: i64| expected.get(&id) == Some(&sequence);
            if !is_unchanged(sample.sequence) || self.finds(name, &sample.document).await? {
                continue;
            }
            let present = documents::of(&self.pool, &[id]).await?;
            if present.iter().all(|present| is_unchanged(present.sequence)) {
                return Ok(Some(format!("{id} is not found by its name")));
            }
        }
        Ok(None)
    }

    /// Whether a title that anybody may see comes first for its name; another of the same name may.
    async fn finds(&self, name: &str, document: &Document) -> Result<bool, StoreError> {
        let audience = Audience { territory: Territory::unknown(), max_rating: ADULT };
        let title = document.titles().next().unwrap_or_default();
        let criteria = Criteria::new(title, audience, self.world.now());
        if criteria.is_empty() {
            return Ok(true);
        }
        let found = self.index.search_in(name, &criteria, Reach::AsWritten, Slice { from: 0, size: 1 }).await?;
        let wanted = document.exact();
        Ok(found.documents.iter().flat_map(Document::exact).any(|exact| wanted.contains(&exact)))
    }

    async fn indexed(&self, name: &str) -> Result<BTreeMap<TitleId, i64>, StoreError> {
        self.index.refresh(name).await?;
        self.index.versions(name).await
    }

    async fn end(&self, building: &Reindex, reason: Option<&str>) -> Result<(), Stopped> {
        let now = self.world.now();
        let end =
            async |connection: &mut sqlx::PgConnection| reindexes::end(connection, &building.name, now, reason).await;
        Ok(postgres::transact(&self.pool, end).await?)
    }
}

/// Titles that the index does not have in the version that is expected, or a newer one.
fn behind(expected: &BTreeMap<TitleId, i64>, indexed: &BTreeMap<TitleId, i64>) -> Vec<TitleId> {
    let is_behind = |(id, sequence): &(&TitleId, &i64)| indexed.get(id).is_none_or(|indexed| indexed < sequence);
    expected.iter().filter(is_behind).map(|(id, _)| *id).collect()
}

/// What the index lacks of what Postgres had before it was read, or has beyond what Postgres had after.
fn difference(
    expected: &BTreeMap<TitleId, i64>,
    indexed: &BTreeMap<TitleId, i64>,
    known: &BTreeMap<TitleId, i64>,
) -> Option<String> {
    let behind = behind(expected, indexed);
    let is_ahead = |(id, sequence): &(&TitleId, &i64)| known.get(id).is_none_or(|known| known < sequence);
    let ahead: Vec<_> = indexed.iter().filter(is_ahead).map(|(id, _)| id).collect();
    match (behind.first(), ahead.first()) {
        (Some(first), _) => {
            Some(format!("{} of {} titles are missing or old, {first} is one", behind.len(), expected.len()))
        }
        (_, Some(first)) => Some(format!("{} titles are newer than Postgres knows them, {first} is one", ahead.len())),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use time::OffsetDateTime;

    use super::*;

    fn titles(all: &[(u8, i64)]) -> BTreeMap<TitleId, i64> {
        let id = |number: u8| TitleId::from_parts(OffsetDateTime::UNIX_EPOCH, [number; 10]);
        all.iter().map(|(number, sequence)| (id(*number), *sequence)).collect()
    }

    #[test]
    fn an_index_may_be_as_new_as_what_happened_while_it_was_read() {
        let before = titles(&[(1, 3), (2, 1)]);
        let after = titles(&[(1, 4), (2, 1), (3, 1)]);
        for indexed in [&before, &after, &titles(&[(1, 4), (2, 1)])] {
            assert_eq!(difference(&before, indexed, &after), None);
        }
        for wrong in
            [titles(&[(1, 3)]), titles(&[(1, 2), (2, 1)]), titles(&[(1, 5), (2, 1)]), titles(&[(1, 3), (2, 1), (9, 1)])]
        {
            assert!(difference(&before, &wrong, &after).is_some(), "{wrong:?}");
        }
    }
}
