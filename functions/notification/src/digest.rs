//! What is told at the time of somebody's digest: titles that leave together in one mail, new episodes of each series in one of their own.

use std::collections::BTreeMap;

use proto::mail::{NewEpisodes, Template, TitleLeavingSoon, TitlesDigest};

/// The mails instead of those that waited. A title of which more was told since the last time is in them once for each kind, with its newest word.
pub fn of(told: Vec<Template>) -> Vec<Template> {
    let mut leaving = BTreeMap::<String, TitleLeavingSoon>::new();
    let mut episodes = BTreeMap::<String, NewEpisodes>::new();
    for template in told {
        match template {
            Template::TitleLeavingSoon(title) => drop(leaving.insert(title.title_id.clone(), title)),
            Template::NewEpisodes(series) => drop(episodes.insert(series.title_id.clone(), series)),
            _ => {}
        }
    }
    let mut leaving: Vec<TitleLeavingSoon> = leaving.into_values().collect();
    leaving.sort_by(|one, other| one.until.cmp(&other.until));
    let leaving = match leaving.len() {
        0 | 1 => leaving.pop().map(Template::from),
        _ => Some(TitlesDigest { leaving }.into()),
    };
    leaving.into_iter().chain(episodes.into_values().map(Template::from)).collect()
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
        let Some(Template::TitlesDigest(digest)) = of(told).pop() else { panic!("another template") };
        let lines: Vec<_> = digest.leaving.iter().map(|leaving| (&*leaving.names[""], &*leaving.until)).collect();
        assert_eq!(lines, [("A", "2026-12-01"), ("B", "2026-12-24")]);
    }

    #[test]
    fn one_alone_is_a_mail_as_ever_and_none_is_none() {
        assert!(of(vec![leaving("A", "2026-12-01")]) == [leaving("A", "2026-12-01")]);
        assert!(of(vec![]).is_empty());
    }

    #[test]
    fn new_episodes_are_a_mail_for_each_series_beside_what_leaves() {
        let episodes = |name: &str| {
            let names = [(String::new(), name.to_owned())].into_iter().collect();
            Template::from(NewEpisodes { names, title_id: name.to_owned() })
        };
        let told = vec![episodes("A"), leaving("A", "2026-12-01"), episodes("B"), episodes("A")];
        assert!(of(told) == [leaving("A", "2026-12-01"), episodes("A"), episodes("B")]);
    }
}
