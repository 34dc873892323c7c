//! The words of imports: in JSON, in the database and in documents the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The meaning of a word, if it has one.
            pub fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// Where a file comes from.
    Source {
        /// Viewing activity as CSV: `Title,Date`, or the longer table of all data.
        Netflix = "netflix",
        /// Arrays of history, watched, ratings or watchlist as JSON.
        Trakt = "trakt",
        /// `watched.csv`, `diary.csv`, `ratings.csv` or `watchlist.csv`.
        Letterboxd = "letterboxd",
    }

    /// Which of Letterboxd's files it is, where two have the same columns.
    List {
        /// What was watched.
        Watched = "watched",
        /// What is to be watched.
        Watchlist = "watchlist",
    }

    /// In which order dates such as `3/4/25` are written.
    DateOrder {
        DayFirst = "day_first",
        MonthFirst = "month_first",
    }

    /// How far an import is.
    Status {
        /// The file has not arrived, or is being read.
        Waiting = "waiting",
        /// Can be looked at and confirmed.
        Ready = "ready",
        /// The file cannot be read; begin another import.
        Refused = "refused",
        /// Its rows are in the profile's lists.
        Confirmed = "confirmed",
    }

    /// What a line says of a title.
    What {
        Watched = "watched",
        Rated = "rated",
        Listed = "listed",
    }

    /// Why a line means no title.
    Reason {
        /// Nothing that the profile may see has this name.
        UnknownTitle = "unknown_title",
        /// Several titles have it.
        Ambiguous = "ambiguous",
        /// The date is none, or has not come yet.
        InvalidDate = "invalid_date",
        /// The day may be the month: say `date_order`.
        UnclearDate = "unclear_date",
        /// The rating is none of the other service's.
        InvalidRating = "invalid_rating",
        /// The line is too long, not closed, or of another shape.
        Unreadable = "unreadable",
    }

    /// Why a file cannot be read.
    #[derive(thiserror::Error)]
    #[error("{}", self.as_str())]
    Refusal {
        /// There is nothing in it.
        EmptyFile = "empty_file",
        /// It is larger than 20 MiB.
        FileTooLarge = "file_too_large",
        /// It has more than 50,000 lines.
        TooManyLines = "too_many_lines",
        /// It is no text in UTF-8, UTF-16 or Windows-1251.
        UnknownEncoding = "unknown_encoding",
        /// The table has not the columns of this service.
        WrongColumns = "wrong_columns",
        /// It is not JSON.
        NotJson = "not_json",
        /// It is JSON without lists of titles.
        WrongShape = "wrong_shape",
        /// It tells of several profiles: say `source_profile`.
        SeveralProfiles = "several_profiles",
        /// It tells nothing of `source_profile`.
        NoSuchSourceProfile = "no_such_source_profile",
    }
}

impl Refusal {
    /// For whoever sent the file.
    pub fn detail(self) -> &'static str {
        match self {
            Self::EmptyFile => "The file is empty. Export it again and send that.",
            Self::FileTooLarge => {
                "The file is larger than 20 MiB. Send the list of titles alone, not the whole archive."
            }
            Self::TooManyLines => "The file has more than 50,000 lines. Split it and import the parts.",
            Self::UnknownEncoding => "The file is not text that can be read here. Save it as UTF-8 and send it again.",
            Self::WrongColumns => "The file has not the columns of this service. Send the file as it was exported.",
            Self::NotJson => "The file is not JSON. Send the file as it was exported.",
            Self::WrongShape => "The file holds no list of history, ratings or watchlist. Send one of these files.",
            Self::SeveralProfiles => {
                "The file tells of several profiles. Begin again and name the one you want as source_profile."
            }
            Self::NoSuchSourceProfile => {
                "The file tells nothing of this profile. Begin again with its name as the file writes it."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! agree {
        ($($name:ident),+) => {$(
            for word in $name::ALL {
                assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
                assert_eq!($name::of(word.as_str()), Some(*word));
            }
        )+};
    }

    #[test]
    fn one_word_everywhere() {
        agree!(Source, List, DateOrder, Status, What, Reason, Refusal);
        assert_eq!(Status::of("done"), None);
    }
}
