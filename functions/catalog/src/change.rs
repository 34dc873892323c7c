//! A change of a title: its references are checked; state, audit entry and event are written together.

use events::{Event, Transaction};
use kernel::{TitleId, TitleKind, World};
use proto::{catalog::TitleChanged, types::TITLE_CHANGED};
use sqlx::PgConnection;
use stores::postgres::violated_constraint;

use crate::{
    draft::Draft,
    pictures::KEPT,
    slug,
    store::{
        artwork_uploads, asset_reports,
        audit::{self, Entry},
        caption_reports, deleted_titles, genres, persons, titles,
    },
    title::Title,
};

/// Who changes a title.
pub(crate) struct Author<'a> {
    pub world: &'a World,
    /// The account, or the function that does it.
    pub actor: &'a str,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// Another title has the slug.
    #[error("slug taken")]
    SlugTaken,
    /// Another season or episode has the number.
    #[error("number taken")]
    NumberTaken,
    /// At a place in the list of genres.
    #[error("unknown genre {1}")]
    UnknownGenre(usize, String),
    /// The parent does not exist or is of another kind.
    #[error("unknown parent")]
    UnknownParent(TitleKind),
    /// It has seasons or episodes.
    #[error("not empty")]
    NotEmpty,
    /// The database did not do it.
    #[error(transparent)]
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        match violated_constraint(&error) {
            Some("titles_slug_key") => Self::SlugTaken,
            Some("titles_number_key") => Self::NumberTaken,
            Some("titles_parent_id_fkey") => Self::NotEmpty,
            _ => Self::Sql(error),
        }
    }
}

/// Creates a title of an editor's draft.
pub(crate) async fn create(
    tx: &mut Transaction<'_>,
    author: &Author<'_>,
    id: TitleId,
    about: Draft,
) -> Result<Title, ChangeError> {
    create_as_is(tx, author, "created", Title::new(id, about, vec![])).await
}

/// Creates a title in its first version, to which everything but its slug and its people may have been given.
pub(crate) async fn create_as_is(
    tx: &mut Transaction<'_>,
    author: &Author<'_>,
    action: &str,
    mut title: Title,
) -> Result<Title, ChangeError> {
    check_references(tx, &title.about).await?;
    title.people = persons::resolve(tx, author.world, &title.about.credits).await?;
    let wanted = title.about.slug.clone();
    title.about.slug = Some(wanted.clone().unwrap_or_else(|| slug::from_name(&title.about.original_title, title.id)));
    let now = author.world.now();
    if !titles::insert(tx, &title, now).await? {
        if wanted.is_some() {
            return Err(ChangeError::SlugTaken);
        }
        title.about.slug = Some(slug::distinct(&title.about.original_title, title.id));
        if !titles::insert(tx, &title, now).await? {
            return Err(ChangeError::SlugTaken);
        }
    }
    record(tx, author, action, None, &title).await?;
    Ok(title)
}

/// Writes the next version of a title; without a difference nothing is written. What is written differently is an editor's from now on.
pub(crate) async fn save(
    tx: &mut Transaction<'_>,
    author: &Author<'_>,
    action: &str,
    before: &Title,
    after: Title,
) -> Result<Title, ChangeError> {
    let after = after.edited_since(&before.about, author.world.now());
    save_as_is(tx, author, action, before, after).await
}

/// The same for whoever says in the title where its fields come from.
pub(crate) async fn save_as_is(
    tx: &mut Transaction<'_>,
    author: &Author<'_>,
    action: &str,
    before: &Title,
    mut after: Title,
) -> Result<Title, ChangeError> {
    if *before == after {
        return Ok(after);
    }
    if before.about != after.about {
        check_references(tx, &after.about).await?;
        after.people = persons::resolve(tx, author.world, &after.about.credits).await?;
    }
    after.version = before.version + 1;
    titles::update(tx, &after).await?;
    record(tx, author, action, Some(before), &after).await?;
    if before.rules() != after.rules() {
        retell_parts(tx, author, after.id).await?;
    }
    Ok(after)
}

/// What others know of the public seasons and episodes of a series or season contains its rules.
async fn retell_parts(tx: &mut Transaction<'_>, author: &Author<'_>, whole: TitleId) -> Result<(), ChangeError> {
    for before in titles::lock_public_parts(tx, whole).await? {
        let after = Title { version: before.version + 1, ..before.clone() };
        titles::update(tx, &after).await?;
        record(tx, author, "whole_changed", Some(&before), &after).await?;
    }
    Ok(())
}

/// Deletes a title with its pictures and what the pipeline reported about its films, which go when the others hear of it.
pub(crate) async fn delete(tx: &mut Transaction<'_>, author: &Author<'_>, title: &Title) -> Result<(), ChangeError> {
    let now = author.world.now();
    let uploads: Vec<_> = artwork_uploads::of_title(tx, title.id).await?.iter().map(|upload| upload.id).collect();
    artwork_uploads::leave(tx, &uploads, now + KEPT).await?;
    titles::delete(tx, title.id).await?;
    asset_reports::delete(tx, title.id).await?;
    caption_reports::delete(tx, title.id).await?;
    deleted_titles::insert(tx, title.id, now).await?;
    let gone = Title { version: title.version + 1, ..title.clone() };
    let entry = Entry { actor: author.actor, action: "deleted", before: Some(title), after: &gone, at: now };
    audit::record(tx, entry).await?;
    let told = TitleChanged { deleted: true, ..gone.event(&[]) };
    tx.emit(&Event::new(author.world, TITLE_CHANGED, gone.id, gone.version, &told)).await?;
    Ok(())
}

async fn check_references(connection: &mut PgConnection, about: &Draft) -> Result<(), ChangeError> {
    if !about.genres.is_empty() {
        let wanted: Vec<&str> = about.genres.iter().map(|genre| genre.as_str()).collect();
        let known = genres::known(connection, &wanted).await?;
        if let Some(at) = wanted.iter().position(|genre| !known.iter().any(|slug| slug == genre)) {
            return Err(ChangeError::UnknownGenre(at, wanted[at].to_owned()));
        }
    }
    let (Some(kind), Some(parent)) = (about.kind.parent(), about.parent_id) else { return Ok(()) };
    if titles::exists(connection, parent, kind).await? { Ok(()) } else { Err(ChangeError::UnknownParent(kind)) }
}

async fn record(
    tx: &mut Transaction<'_>,
    author: &Author<'_>,
    action: &str,
    before: Option<&Title>,
    after: &Title,
) -> Result<(), sqlx::Error> {
    let Author { world, actor } = author;
    audit::record(tx, Entry { actor, action, before, after, at: world.now() }).await?;
    let wholes = titles::lock_wholes(tx, after.about.parent_id).await?;
    tx.emit(&Event::new(world, TITLE_CHANGED, after.id, after.version, &after.event(&wholes))).await
}
