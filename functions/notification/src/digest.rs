//! What is told together in one mail.

use std::collections::BTreeMap;

use proto::mail::{Template, TitleLeavingSoon, TitlesDigest};

/// One mail instead of several; nothing for none. A title that was announced more than once since the last one is in it once, with its
/// newest word.
pub fn of(told: Vec<Template>) -> Option<Template> {
    let leaving = told.into_iter().filter_map(|template| match template {
        Template::TitleLeavingSoon(leaving) => Some(leaving),
        _ => None,
    });
    let by_title: BTreeMap<_, _> = leaving.map(|leaving| (leaving.title_id.clone(), leaving)).collect();
    let mut leaving: Vec<TitleLeavingSoon> = by_title.into_values().collect();
    leaving.sort_by(|one, other| one.until.cmp(&other.until));
    match leaving.len() {
        0 => None,
        1 => leaving.pop().map(Template::from),
        _ => Some(TitlesDigest { leaving }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaving(name: &str, until: &str) -> Template {
        let names = [(String::new(), name.to_owned())].into_iter().collect();
        TitleLeavingSoon { names, until: until.to_owned(), title_id: name.to_owned() }.into()
    }

    #[test]
    fn the_first_to_leave_is_first_and_each_is_there_once() {
        let told = vec![leaving("B", "2026-12-24"), leaving("A", "2026-12-30"), leaving("A", "2026-12-01")];
        let Some(Template::TitlesDigest(digest)) = of(told) else { panic!("another template") };
        let lines: Vec<_> = digest.leaving.iter().map(|leaving| (&*leaving.names[""], &*leaving.until)).collect();
        assert_eq!(lines, [("A", "2026-12-01"), ("B", "2026-12-24")]);
    }

    #[test]
    fn one_alone_is_a_mail_as_ever_and_none_is_none() {
        assert!(of(vec![leaving("A", "2026-12-01")]) == Some(leaving("A", "2026-12-01")));
        assert!(of(vec![]).is_none());
    }
}
