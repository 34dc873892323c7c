//! What the service refuses, as its clients hear it.

use cinema_http::Problem;

use crate::{
    change::ChangeError,
    publication::{NotPublishable, WasPublic},
    violation::InvalidDraft,
};

/// 404.
pub(crate) fn no_such_title() -> Problem {
    Problem::not_found("title")
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
        let problem = Self::conflict("not_publishable", "The title is not complete; see errors.");
        unmet.iter().fold(problem, |problem, rule| problem.at(rule.pointer(), rule.detail()))
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::SlugTaken => {
                Self::conflict("slug_taken", "Another title has this slug.").at("/slug", "is taken")
            }
            ChangeError::NumberTaken => {
                Self::conflict("number_taken", "There is already one with this number.").at("/number", "is taken")
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
