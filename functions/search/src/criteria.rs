//! What somebody looks for, and in which order.

use kernel::{Locale, TitleKind, policy::Audience};
use time::OffsetDateTime;

use crate::{
    asked::Asked,
    layout,
    order::{Order, Position},
    synonyms::Synonyms,
};

/// What somebody looks for.
#[derive(Debug, Clone)]
pub struct Criteria {
    pub(crate) asked: Asked,
    pub(crate) kind: Option<TitleKind>,
    pub(crate) genre: Option<String>,
    pub(crate) year: Option<i16>,
    pub(crate) audience: Audience,
    pub(crate) now: OffsetDateTime,
    pub(crate) order: Order,
    /// Only what comes after it; the totals count the rest too.
    pub(crate) after: Option<Position>,
}

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many to leave out.
    pub from: usize,
    /// Most to return.
    pub size: usize,
}

impl Criteria {
    /// Everything that the audience may see and the text fits, best first.
    pub fn new(text: &str, audience: Audience, now: OffsetDateTime) -> Self {
        let order = Order::by_relevance(Locale::english().into());
        Self { asked: Asked::new(text), kind: None, genre: None, year: None, audience, now, order, after: None }
    }

    /// The same from the best on.
    pub(crate) fn by_relevance(&self) -> Self {
        Self { order: Order::by_relevance(self.order.reader.clone()), after: None, ..self.clone() }
    }

    /// The same with what its words may stand for.
    pub(crate) fn with(self, synonyms: &Synonyms) -> Self {
        Self { asked: self.asked.with(synonyms), ..self }
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Whether there is no word to look for, only signs.
    pub(crate) fn has_only_signs(&self) -> bool {
        self.asked.signs.is_some()
    }

    /// The folded words.
    pub(crate) fn words(&self) -> &str {
        &self.asked.whole
    }

    /// The same for what the text says in the other keyboard layout, with that text.
    pub(crate) fn in_other_layout(&self, text: &str) -> Option<(String, Self)> {
        let text = layout::other(text)?;
        let asked = Asked::new(&text);
        (!asked.words.is_empty()).then(|| (text, Self { asked, ..self.clone() }))
    }
}
