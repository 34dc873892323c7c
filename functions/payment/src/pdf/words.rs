//! The words of an invoice in the languages that it is printed in.

use kernel::Languages;

use crate::invoice::Kind;

/// What an invoice is printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `ru`
    Russian,
}

impl Language {
    /// The first that somebody reads; English without any.
    pub fn of(languages: &Languages) -> Self {
        let known = |tag: &String| match tag.as_str() {
            "en" => Some(Self::English),
            "ru" => Some(Self::Russian),
            _ => None,
        };
        languages.tags().iter().find_map(known).unwrap_or(Self::English)
    }

    /// Somebody who reads it.
    pub fn reader(self) -> Languages {
        Languages::accepted(self.tag())
    }

    /// BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }
}

/// Labels.
pub(super) struct Words {
    pub invoice: &'static str,
    pub credit_note: &'static str,
    pub issued: &'static str,
    pub seller: &'static str,
    pub customer: &'static str,
    pub erased: &'static str,
    pub corrects: &'static str,
    pub covers: &'static str,
    pub description: &'static str,
    pub net: &'static str,
    pub tax: &'static str,
    pub total: &'static str,
    pub paid: &'static str,
    pub given_back: &'static str,
    pub note: &'static str,
}

const ENGLISH: Words = Words {
    invoice: "Invoice",
    credit_note: "Credit note",
    issued: "Issued",
    seller: "Seller",
    customer: "Customer",
    erased: "erased",
    corrects: "Corrects",
    covers: "Covers",
    description: "Description",
    net: "Net",
    tax: "Tax",
    total: "Total",
    paid: "Paid in full.",
    given_back: "The money was given back.",
    note: "Times are in UTC. Made by machine and valid without a signature.",
};

const RUSSIAN: Words = Words {
    invoice: "Счёт",
    credit_note: "Кредит-нота",
    issued: "Дата",
    seller: "Продавец",
    customer: "Покупатель",
    erased: "удалён",
    corrects: "К счёту",
    covers: "Период",
    description: "Наименование",
    net: "Без налога",
    tax: "Налог",
    total: "Итого",
    paid: "Оплачено полностью.",
    given_back: "Деньги возвращены.",
    note: "Время указано по UTC. Документ создан автоматически и действителен без подписи.",
};

impl Words {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Russian => &RUSSIAN,
        }
    }
}

/// What was sold: a plan or a title called `name`, for what `word` says.
pub(super) fn item(kind: Kind, is_title: bool, (name, word): (&str, &str), language: Language) -> String {
    let word = match (word, language) {
        ("month", Language::English) => "one month",
        ("year", Language::English) => "one year",
        ("rent", Language::English) => "rental",
        ("buy", Language::English) => "purchase",
        ("month", Language::Russian) => "1 месяц",
        ("year", Language::Russian) => "1 год",
        ("rent", Language::Russian) => "прокат",
        ("buy", Language::Russian) => "покупка",
        (other, _) => other,
    };
    match (kind, is_title, language) {
        (_, true, Language::English) => format!("“{name}”, {word}"),
        (_, true, Language::Russian) => format!("«{name}», {word}"),
        (Kind::Change, _, Language::English) => format!("Change to the plan “{name}” ({word})"),
        (Kind::Change, _, Language::Russian) => format!("Переход на тариф «{name}» ({word})"),
        (_, _, Language::English) => format!("Subscription, plan “{name}”, {word}"),
        (_, _, Language::Russian) => format!("Подписка, тариф «{name}», {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_known_wins() {
        for (header, expected) in [
            ("", Language::English),
            ("ru", Language::Russian),
            ("ru-RU,en;q=0.5", Language::Russian),
            ("de,ru;q=0.4", Language::Russian),
            ("de,en;q=0.5,ru;q=0.4", Language::English),
            ("ja", Language::English),
        ] {
            assert_eq!(Language::of(&Languages::accepted(header)), expected, "{header}");
        }
    }
}
