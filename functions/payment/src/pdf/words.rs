//! The words of an invoice in the languages that it is printed in.

use crate::{
    invoice::Kind,
    language::{Language, sold},
};

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
    let word = sold(word, language);
    match (kind, is_title, language) {
        (_, true, Language::English) => format!("“{name}”, {word}"),
        (_, true, Language::Russian) => format!("«{name}», {word}"),
        (Kind::Change, _, Language::English) => format!("Change to the plan “{name}” ({word})"),
        (Kind::Change, _, Language::Russian) => format!("Переход на тариф «{name}» ({word})"),
        (_, _, Language::English) => format!("Subscription, plan “{name}”, {word}"),
        (_, _, Language::Russian) => format!("Подписка, тариф «{name}», {word}"),
    }
}
