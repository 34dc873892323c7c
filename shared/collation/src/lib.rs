//! The order of names: keys made by the CLDR, once and at one pinned version, which the database compares byte by byte.

use icu_collator::{
    Collator, CollatorBorrowed, CollatorPreferences, options::CollatorOptions, preferences::CollationNumericOrdering,
};
use icu_locale_core::Locale;
use kernel::Languages;
use serde_json::{Map, Value};

/// Of the stored keys. Raise it whenever a name's key may change: another version of `icu_collator`, other options, another entry in
/// [`ORDERS`]. `catalog-refresh-sort-keys` then writes the keys of the titles that exist anew.
pub const VERSION: i16 = 1;

/// Everybody else's order: the CLDR's root.
const ROOT: &str = "";

/// The languages whose readers expect another order than the root's, each by the language that gives it.
const ORDERS: [(&str, &str); 29] = [
    ("be", "be"),
    ("bg", "ru"),
    ("cs", "cs"),
    ("da", "da"),
    ("es", "es"),
    ("et", "et"),
    ("fi", "fi"),
    ("hr", "hr"),
    ("hu", "hu"),
    ("is", "is"),
    ("kk", "kk"),
    ("lt", "lt"),
    ("lv", "lv"),
    ("mk", "mk"),
    ("nb", "nb"),
    ("nn", "nb"),
    ("no", "nb"),
    ("pl", "pl"),
    ("ro", "ro"),
    ("ru", "ru"),
    ("sk", "sk"),
    ("sl", "sl"),
    ("sq", "sq"),
    ("sr", "ru"),
    ("sv", "sv"),
    ("tr", "tr"),
    ("az", "az"),
    ("uk", "uk"),
    ("cy", "cy"),
];

/// The order in which a reader expects names.
pub struct Order(CollatorBorrowed<'static>);

impl Order {
    /// The reader's; `None` only where the library has no data, which its compiled data excludes.
    pub fn of(reader: &Languages) -> Option<Self> {
        Self::new(language(reader))
    }

    fn new(language: &str) -> Option<Self> {
        let mut preferences = match language {
            ROOT => CollatorPreferences::default(),
            language => CollatorPreferences::from(&Locale::try_from_str(language).ok()?),
        };
        // "Part 2" before "Part 10".
        preferences.numeric_ordering = Some(CollationNumericOrdering::True);
        Collator::try_new(preferences, CollatorOptions::default()).ok().map(Self)
    }

    /// Names in this order have keys in the order of their bytes. Hexadecimal digits: JSON holds them, and `collate "C"` keeps their order.
    pub fn key(&self, name: &str) -> String {
        let mut key = Vec::with_capacity(3 * name.len());
        let Ok(()) = self.0.write_sort_key_to(name, &mut key);
        hex::encode(key)
    }
}

/// By which language's order a reader's lists are sorted: the key of the stored [`keys`].
pub fn language(reader: &Languages) -> &'static str {
    let first = reader.first();
    ORDERS.iter().find(|(language, _)| *language == first.language()).map_or(ROOT, |(_, order)| order)
}

/// For the column `sort_keys`: by order, the key of each name of the column `names`. An order that agrees with the root's about every name
/// of the title is left out.
pub fn keys(names: &Value) -> Value {
    let names = names.as_object();
    let keys_by = |language: &str| -> Option<Value> {
        let order = Order::new(language)?;
        let key = |(locale, name): (&String, &Value)| Some((locale.clone(), order.key(name.as_str()?).into()));
        Some(Value::Object(names?.iter().filter_map(key).collect()))
    };
    let root = keys_by(ROOT);
    let mut orders: Vec<&str> = ORDERS.iter().map(|(_, order)| *order).collect();
    orders.sort_unstable();
    orders.dedup();
    let others = orders.into_iter().filter_map(|order| Some((order.to_owned(), keys_by(order)?)));
    let mut keys: Map<String, Value> = others.filter(|(_, keys)| Some(keys) != root.as_ref()).collect();
    keys.extend(root.map(|root| (ROOT.to_owned(), root)));
    Value::Object(keys)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn sorted<'a>(language: &str, mut names: Vec<&'a str>) -> Vec<&'a str> {
        let order = Order::new(language).unwrap();
        names.sort_by_cached_key(|name| order.key(name));
        names
    }

    /// Each list is in order; sorted from its end it must come out the same.
    #[test]
    fn names_are_in_the_order_that_readers_expect() {
        let orders: &[(&str, &[&str])] = &[
            ("ru", &["Ежи", "Ёлки", "Ель", "Жара", "Яблоко"]),
            ("ru", &["Ёлки", "Ёлки 2", "Ёлки 10", "Ёлки 1914"]),
            ("ru", &["8½", "12", "1917", "Анна", "Ёж", "Яма", "Alien", "Zulu"]),
            ("ru", &["ёлка", "Ёлка", "Иван", "Йод", "Кино"]),
            ("ru", &["Сол", "Соль", "Соль земли", "Сольвейг"]),
            ("", &["8½", "Alien", "alien 3", "Alien 10", "Émile", "Zulu", "Анна", "千と千尋"]),
            ("", &["Æon Flux", "Après vous", "Éloge", "Elvis", "Œdipe", "Zoé"]),
            ("sv", &["Zorn", "Åsa", "Ärlig", "Öga"]),
            ("da", &["Zorn", "Ærlig", "Øje", "Åse"]),
            ("pl", &["Lato", "Łąka", "Mama"]),
            ("es", &["Nz", "Ñandú", "Oca"]),
            ("uk", &["Гора", "Ґанок", "Дім", "Ірій", "Їжак", "Alien"]),
        ];
        for (language, expected) in orders {
            assert_eq!(sorted(language, expected.iter().rev().copied().collect()), *expected, "{language}");
        }
    }

    #[test]
    fn languages_that_share_an_order_agree_with_it() {
        let names = ["Ёлки", "Ђорђе", "Ћирилица", "Њујорк", "Щука", "Ъгъл", "Alien", "Øje", "Åse", "Ærlig", "12"];
        for (language, order) in ORDERS.iter().filter(|(language, order)| language != order) {
            let (own, shared) = (Order::new(language).unwrap(), Order::new(order).unwrap());
            for name in names {
                assert_eq!(own.key(name), shared.key(name), "{language} {order} {name}");
            }
        }
    }

    #[test]
    fn a_reader_gets_the_order_of_their_first_language() {
        for (header, order) in
            [("ru-RU, en", "ru"), ("en, ru", ""), ("sr", "ru"), ("zz", ""), ("", ""), ("sv-FI", "sv")]
        {
            assert_eq!(language(&Languages::accepted(header)), order, "{header}");
        }
    }

    #[test]
    fn orders_that_differ_are_stored_with_a_key_for_every_name() {
        let stored = keys(&json!({"en": "Alien", "": "Чужой"}));
        let orders: Vec<&str> = stored.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(orders.contains(&"") && orders.contains(&"ru") && !orders.contains(&"sv"), "{orders:?}");
        for (order, keys) in stored.as_object().unwrap() {
            assert_eq!(keys.as_object().unwrap().len(), 2, "{order}");
        }
        assert_eq!(keys(&json!({}))[""], json!({}));
    }

    /// When this fails, another library may make other keys than those that are stored: raise [`VERSION`] with it.
    #[test]
    fn this_version_was_made_by_this_library() {
        let lock = include_str!("../../../Cargo.lock");
        for name in ["icu_collator", "icu_collator_data", "icu_normalizer_data"] {
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"2.4.0\"\n")), "{name}");
        }
        assert_eq!(VERSION, 1);
    }

    proptest! {
        /// The keys agree with the collator's own comparison, whatever the text.
        #[test]
        fn keys_compare_like_their_names(one in any::<String>(), other in "[а-яёА-ЯЁa-zA-Z0-9 .’-]{0,12}") {
            let order = Order::new("ru").unwrap();
            prop_assert_eq!(order.key(&one).cmp(&order.key(&other)), order.0.compare(&one, &other));
        }
    }
}
