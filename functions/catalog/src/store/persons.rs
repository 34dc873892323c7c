//! Persons by their names.

use std::collections::{BTreeMap, HashMap};

use kernel::{PersonId, World};
use sqlx::PgConnection;

use crate::{draft::Credit, slug::person_key};

/// The persons of the credits, in their order; whoever is unknown is added.
pub(crate) async fn resolve(
    connection: &mut PgConnection,
    world: &World,
    credits: &[Credit],
) -> Result<Vec<PersonId>, sqlx::Error> {
    if credits.is_empty() {
        return Ok(Vec::new());
    }
    // Sorted by key, so that two changes at the same time lock persons in the same order.
    let mut named: BTreeMap<String, (&Credit, Vec<String>)> = BTreeMap::new();
    for credit in credits {
        let spellings = &mut named.entry(person_key(&credit.name)).or_insert_with(|| (credit, Vec::new())).1;
        spellings.extend(credit.also_known_as.iter().map(ToString::to_string));
    }
    let keys: Vec<&str> = named.keys().map(String::as_str).collect();
    let ids: Vec<PersonId> = keys.iter().map(|_| world.id()).collect();
    let names: Vec<&str> = named.values().map(|(credit, _)| credit.name.as_str()).collect();
    sqlx::query(
        "insert into persons (id, key, name) select * from unnest($1::text[], $2::text[], $3::text[]) \
         on conflict on constraint persons_key_key do nothing",
    )
    .bind(ids)
    .bind(&keys)
    .bind(names)
    .execute(&mut *connection)
    .await?;
    for (key, (_, spellings)) in named.iter().filter(|(_, (_, spellings))| !spellings.is_empty()) {
        sqlx::query(
            "update persons set also_known_as = array(select distinct unnest(also_known_as || $2) order by 1) \
             where key = $1 and not also_known_as @> $2",
        )
        .bind(key)
        .bind(spellings)
        .execute(&mut *connection)
        .await?;
    }
    let known: Vec<(String, PersonId)> =
        sqlx::query_as("select key, id from persons where key = any($1)").bind(&keys).fetch_all(connection).await?;
    let known: HashMap<String, PersonId> = known.into_iter().collect();
    let id_of = |credit: &Credit| known.get(&person_key(&credit.name)).copied().ok_or(sqlx::Error::RowNotFound);
    credits.iter().map(id_of).collect()
}
