//! The partition of a title: what is known of it, and its films.

use kernel::TitleId;
use stores::{
    StoreError, Table,
    table::{Condition, Item, Key, Query, Value, Write, WriteError},
};

use crate::title::{FilmOfTitle, Title};

const SORT_KEY: &str = "title";
const FILM_PREFIX: &str = "film#";

fn key(id: TitleId) -> Key {
    Key::new(id, SORT_KEY)
}

fn film_key(id: TitleId, film: &FilmOfTitle) -> Key {
    Key::new(id, format!("{FILM_PREFIX}{}", film.asset_id))
}

/// As it is now; `None` when nobody has told of it.
pub async fn find(table: &Table, id: TitleId) -> Result<Option<Title>, StoreError> {
    table.get(&key(id)).await
}

/// Keeps the newest state of a title.
pub async fn put(table: &Table, title: &Title) -> Result<(), StoreError> {
    let newer = Condition::Absent.or(Condition::below("sequence", title.sequence));
    match table.write(Write::put(Item::new(&key(title.id), title)?).when(newer)).await {
        Ok(()) | Err(WriteError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Adds a film, unless the title is deleted meanwhile: whoever deletes it then sees the film.
pub(super) fn add_film(id: TitleId, film: &FilmOfTitle) -> Result<[Write; 2], StoreError> {
    Ok([is_there(id)?, Write::put(Item::new(&film_key(id, film), film)?)])
}

/// Holds while the title is there: whoever deletes it afterwards sees what was written with this.
pub(super) fn is_there(id: TitleId) -> Result<Write, StoreError> {
    Ok(Write::check(key(id), Condition::is("is_deleted", Value::of(&false)?)))
}

/// All films of a title.
pub async fn films(table: &Table, id: TitleId) -> Result<Vec<FilmOfTitle>, StoreError> {
    let films = Query::partition(id.to_string()).begins_with("sk", FILM_PREFIX);
    table.query(films).await?.into_iter().map(Item::read).collect()
}

/// Takes a film out of its title.
pub async fn remove_film(table: &Table, id: TitleId, film: &FilmOfTitle) -> Result<(), StoreError> {
    table.delete_all(&[film_key(id, film)]).await
}
