use kernel::Id;
use time::OffsetDateTime;

use super::*;

fn id(text: &str) -> TitleId {
    TitleId::derived(text)
}

fn work(name: &str, year: Option<i16>, is_series: Option<bool>) -> Wanted {
    Wanted::Work { name: name::key(name), year, is_series }
}

/// Knows every name.
fn catalogue(wanted: &[Wanted]) -> Catalogue {
    let entry = |wanted: &Wanted| Entry {
        line: 1,
        what: What::Watched,
        text: String::new(),
        wanted: wanted.clone(),
        at: OffsetDateTime::UNIX_EPOCH,
        value: None,
    };
    let mut catalogue = Catalogue::of(&wanted.iter().map(entry).collect::<Vec<_>>());
    catalogue.add_work(id("alien"), false, Some(1979), ["Alien", "Чужой"]);
    catalogue.add_work(id("solaris 72"), false, Some(1972), ["Solaris", "Солярис"]);
    catalogue.add_work(id("solaris 02"), false, Some(2002), ["Solaris", "Солярис"]);
    catalogue.add_work(id("undated"), false, None, ["Heat"]);
    catalogue.add_work(id("star wars"), false, Some(1977), ["Star Wars: A New Hope"]);
    catalogue.add_work(id("dark"), true, Some(2017), ["Dark", "Тьма"]);
    catalogue.add_work(id("darkness"), true, Some(2020), ["Dark: Matter"]);
    catalogue.add_work(id("fargo film"), false, Some(1996), ["Fargo"]);
    catalogue.add_work(id("fargo"), true, Some(2014), ["Fargo"]);
    for series in catalogue.series() {
        for season in 1..=2 {
            catalogue.add_season(id(&format!("{series} {season}")), series, season);
            for number in 1..=3 {
                let name = format!("Part {number} of {season}");
                let names = ["Finale", name.as_str()];
                let names = if number == 3 { &names[..] } else { &names[1..] };
                catalogue.add_episode(
                    id(&format!("{series} {season} {number}")),
                    series,
                    (season, number),
                    names.iter().copied(),
                );
            }
        }
    }
    catalogue
}

fn find(what: What, wanted: Wanted) -> Result<TitleId, Reason> {
    catalogue(std::slice::from_ref(&wanted)).find(what, &wanted)
}

#[test]
fn a_year_tells_films_of_one_name_apart() {
    let watched = |name, year| find(What::Watched, work(name, year, None));
    assert_eq!(watched("ALIEN!", None), Ok(id("alien")));
    assert_eq!(watched("Чужой", Some(1980)), Ok(id("alien")));
    assert_eq!(watched("Alien", Some(1990)), Err(Reason::UnknownTitle));
    assert_eq!(watched("Solaris", Some(2002)), Ok(id("solaris 02")));
    assert_eq!(watched("Solaris", Some(1973)), Ok(id("solaris 72")));
    assert_eq!(watched("Solaris", None), Err(Reason::Ambiguous));
    assert_eq!(watched("Heat", Some(1995)), Ok(id("undated")));
    assert_eq!(watched("Heat", Some(i16::MIN)), Ok(id("undated")));
    assert_eq!(watched("Nothing", None), Err(Reason::UnknownTitle));
}

#[test]
fn a_series_is_listed_and_rated_but_not_watched() {
    assert_eq!(find(What::Watched, work("Dark", Some(2017), Some(true))), Err(Reason::UnknownTitle));
    assert_eq!(find(What::Listed, work("Dark", Some(2017), Some(true))), Ok(id("dark")));
    assert_eq!(find(What::Rated, work("Dark", None, None)), Ok(id("dark")));
    assert_eq!(find(What::Rated, work("Dark", None, Some(false))), Err(Reason::UnknownTitle));
    assert_eq!(find(What::Rated, work("Fargo", None, None)), Ok(id("fargo film")));
}

#[test]
fn episodes_by_their_numbers() {
    let dark = id("dark");
    let episode = |season, number| Wanted::Episode { series: name::key("тьма"), year: Some(2017), season, number };
    assert_eq!(find(What::Watched, episode(2, 1)), Ok(id(&format!("{dark} 2 1"))));
    assert_eq!(find(What::Watched, episode(3, 1)), Err(Reason::UnknownTitle));
    let season = Wanted::Season { series: name::key("Dark"), year: None, season: 2 };
    assert_eq!(find(What::Rated, season), Ok(id(&format!("{dark} 2"))));
}

#[test]
fn paths_are_films_or_episodes() {
    let (dark, darkness) = (id("dark"), id("darkness"));
    let path = |path: &str| find(What::Watched, Wanted::Path(path.to_owned()));
    assert_eq!(path("Alien"), Ok(id("alien")));
    assert_eq!(path("Star Wars: A New Hope"), Ok(id("star wars")));
    assert_eq!(path("Dark: Season 1: Part 2 of 1"), Ok(id(&format!("{dark} 1 2"))));
    assert_eq!(path("Тьма: Сезон 2: Серия 2"), Ok(id(&format!("{dark} 2 2"))));
    assert_eq!(path("Dark: Season 2: Finale"), Ok(id(&format!("{dark} 2 3"))));
    assert_eq!(path("Dark: Limited Series: Part 2 of 1"), Ok(id(&format!("{dark} 1 2"))));
    assert_eq!(path("Dark: Part 2 of 1"), Ok(id(&format!("{dark} 1 2"))));
    assert_eq!(path("Dark: Season 1: Something (Episode 2)"), Ok(id(&format!("{dark} 1 2"))));
    assert_eq!(path("Dark: Matter: Season 1: Episode 1"), Ok(id(&format!("{darkness} 1 1"))));
    assert_eq!(path("Dark: Finale"), Err(Reason::Ambiguous));
    for unknown in ["Dark", "Dark: Season 3: Finale", "Dark: Season 1: Trailer", ":::", "", "Solaris: Season 1: Finale"]
    {
        assert_eq!(path(unknown), Err(Reason::UnknownTitle), "{unknown}");
    }
    assert_eq!(path("Solaris"), Err(Reason::Ambiguous));
    assert_eq!(path(&format!("{}x", "a:".repeat(2000))), Err(Reason::UnknownTitle));
}

#[test]
fn what_the_file_does_not_name_is_not_kept() {
    let catalogue = catalogue(&[work("Alien", None, None)]);
    assert_eq!((catalogue.works.len(), catalogue.series().len()), (1, 0));
}
