//! Persons by their names.

use std::collections::{BTreeMap, HashMap};

use kernel::{Locale, PersonId, World};
use sqlx::{PgConnection, PgPool, types::Json};

use crate::{
    draft::Credit,
    person::{EditedPerson, PersonDraft, PersonText},
    slug::person_key,
    text::Name,
};

/// id, version, name, other names, texts
type PersonRow = (PersonId, i64, String, Vec<String>, Json<BTreeMap<Locale, PersonText>>);

/// Names that were written before they were checked as they are today are kept as far as they can be shown.
fn person((id, version, name, also_known_as, Json(localisations)): PersonRow) -> Option<EditedPerson> {
    let also_known_as = also_known_as.iter().filter_map(|name| Name::lossy(name)).collect();
    Some(EditedPerson { id, version, about: PersonDraft { name: Name::lossy(&name)?, also_known_as, localisations } })
}

/// A person with the texts about them.
pub(crate) async fn find(pool: &PgPool, id: PersonId) -> Result<Option<EditedPerson>, sqlx::Error> {
    let found: Option<PersonRow> =
        sqlx::query_as("select id, version, name, also_known_as, localisations from persons where id = $1")
            .bind(id)
            .fetch_optional(pool)
            .await?;
    Ok(found.and_then(person))
}

/// The person, whom nobody else can change until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: PersonId) -> Result<Option<EditedPerson>, sqlx::Error> {
    let found: Option<PersonRow> =
        sqlx::query_as("select id, version, name, also_known_as, localisations from persons where id = $1 for update")
            .bind(id)
            .fetch_optional(connection)
            .await?;
    Ok(found.and_then(person))
}

/// Whether a title names the person.
pub(crate) async fn is_used(connection: &mut PgConnection, id: PersonId) -> Result<bool, sqlx::Error> {
    let used = sqlx::query_scalar("select exists (select from titles where document->'people' ? $1)");
    used.bind(id).fetch_one(connection).await
}

/// Deletes a person.
pub(crate) async fn delete(connection: &mut PgConnection, id: PersonId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from persons where id = $1").bind(id).execute(connection).await.map(drop)
}

/// Writes the next version of a person. The key stays: the credits of the titles there are go on finding the person.
pub(crate) async fn update(connection: &mut PgConnection, person: &EditedPerson) -> Result<(), sqlx::Error> {
    let EditedPerson { id, version, about } = person;
    let other_names: Vec<&str> = about.also_known_as.iter().map(Name::as_str).collect();
    sqlx::query("update persons set name = $2, also_known_as = $3, localisations = $4, version = $5 where id = $1")
        .bind(id)
        .bind(about.name.as_str())
        .bind(other_names)
        .bind(Json(&about.localisations))
        .bind(version)
        .execute(connection)
        .await
        .map(drop)
}

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
    // Nothing is updated, but whoever is known is locked: nobody deletes them before the title names them.
    sqlx::query(
        "insert into persons (id, key, name) select * from unnest($1::text[], $2::text[], $3::text[]) \
         on conflict on constraint persons_key_key do update set key = excluded.key where false",
    )
    .bind(ids)
    .bind(&keys)
    .bind(names)
    .execute(&mut *connection)
    .await?;
    for (key, (_, spellings)) in named.iter().filter(|(_, (_, spellings))| !spellings.is_empty()) {
        sqlx::query(
            "update persons set also_known_as = array(select distinct unnest(also_known_as || $2) order by 1), version = version + 1 \
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
