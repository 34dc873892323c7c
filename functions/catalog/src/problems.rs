//! What the service refuses, as its clients hear it.

use cinema_http::Problem;

use crate::{
    change::ChangeError,
    publication::{NotPublic, NotPublishable, WasPublic},
    violation::InvalidDraft,
};

/// 404.
pub(crate) fn no_such_title() -> Problem {
    Problem::not_found("title")
}

/// 404.
pub(crate) fn no_such_person() -> Problem {
    Problem::not_found("person")
}

/// 404.
pub(crate) fn no_such_collection() -> Problem {
    Problem::not_found("collection")
}

/// 404.
pub(crate) fn no_such_import() -> Problem {
    Problem::not_found("import")
}

/// 409: nobody has given the platform a key of this provider.
pub(crate) fn provider_not_configured() -> Problem {
    Problem::conflict(
        "provider_not_configured",
        "This provider cannot be asked: the platform has no key of it. Whoever runs the platform can give it one.",
    )
}

/// 404.
pub(crate) fn no_such_artwork_kind() -> Problem {
    Problem::not_found("kind of artwork")
}

/// 409.
pub(crate) fn too_many_uploads() -> Problem {
    Problem::conflict(
        "too_many_uploads",
        "There were many uploads for this title that did not become a picture. Try again tomorrow.",
    )
}

/// 409 for what cannot be deleted.
pub(crate) fn in_use(what: &str) -> Problem {
    Problem::conflict("in_use", format!("A title has this {what}. Take it from the titles first."))
}

impl From<InvalidDraft> for Problem {
    fn from(InvalidDraft { first, others }: InvalidDraft) -> Self {
        let problem = Self::invalid(&first.pointer, first.reason);
        others.into_iter().fold(problem, |problem, violation| problem.at(&violation.pointer, violation.reason))
    }
}

impl From<WasPublic> for Problem {
    fn from(_: WasPublic) -> Self {
        Self::conflict("title_was_public", "Only a draft can be deleted: people have seen this title, or will.")
    }
}

impl From<NotPublishable> for Problem {
    fn from(NotPublishable(unmet): NotPublishable) -> Self {
        let problem = Self::conflict(
            "not_publishable",
            "The title is not complete. Add what the list of errors names, and publish it again.",
        );
        unmet.iter().fold(problem, |problem, rule| problem.at(rule.pointer(), rule.detail()))
    }
}

impl From<NotPublic> for Problem {
    fn from(_: NotPublic) -> Self {
        Self::conflict("not_published", "The title is a draft: viewers do not see it.")
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::SlugTaken => {
                Self::conflict("slug_taken", "Another title has this slug. Choose another one.").at("/slug", "is taken")
            }
            ChangeError::NumberTaken => {
                Self::conflict("number_taken", "There is one with this number already. Choose another number.")
                    .at("/number", "is taken")
            }
            ChangeError::UnknownGenre(at, genre) => {
                Self::invalid(&format!("/genres/{at}"), format!("there is no genre {genre}"))
            }
            ChangeError::UnknownParent(kind) => Self::invalid("/parent_id", format!("there is no such {kind}")),
            ChangeError::NotEmpty => {
                Self::conflict("title_not_empty", "It has seasons or episodes. Delete those first.")
            }
            ChangeError::Sql(error) => error.into(),
        }
    }
}
