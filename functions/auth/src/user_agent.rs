//! What a browser says of itself, short enough to be read in a list of sessions: "Firefox on Linux".

use kernel::text::visible_part;

/// Longest description, in characters.
const LONGEST: usize = 64;

/// By the word that only it has; those that pretend to be others stand before them.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("UCBrowser/", "UC Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("CrKey", "Chromecast"),
    ("AppleTV", "Apple TV"),
    ("Apple TV", "Apple TV"),
    ("AFT", "Fire TV"),
    ("Tizen", "Samsung TV"),
    ("Web0S", "LG TV"),
    ("webOS", "LG TV"),
    ("PlayStation", "PlayStation"),
    ("Xbox", "Xbox"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A short form of a `User-Agent` (RFC 9110, 10.1.5); `None` where it shows nothing. What is no browser is called as its first product is.
pub(crate) fn short(user_agent: &str) -> Option<String> {
    let named = |table: &[(&str, &'static str)]| {
        table.iter().find(|(word, _)| has_word(user_agent, word)).map(|(_, name)| *name)
    };
    let product = || user_agent.split(['/', ' ', '(']).next().filter(|name| *name != "Mozilla");
    let text = match (named(BROWSERS).or_else(product), named(SYSTEMS)) {
        (Some(client), Some(system)) => format!("{client} on {system}"),
        (Some(client), None) => client.to_owned(),
        (None, Some(system)) => system.to_owned(),
        (None, None) => return None,
    };
    Some(visible_part(&text, LONGEST)).filter(|text| !text.is_empty())
}

/// Whether a word begins like this; one in the middle of another is something else.
fn has_word(text: &str, start: &str) -> bool {
    text.match_indices(start).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|letter| !letter.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_although_they_all_pretend_to_be_others() {
        for (user_agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 OPR/116.0",
                "Opera on Linux",
            ),
            (
                "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/8.0 TV Safari/537.36",
                "Safari on Samsung TV",
            ),
            ("curl/8.5.0", "curl"),
            ("okhttp/4.12.0", "okhttp"),
            ("Cinema/3.1 (Linux; Android 14)", "Cinema on Android"),
            ("Mozilla/5.0 (PlayStation; PlayStation 5/9.00)", "PlayStation"),
            ("Смотрелка/1.0", "Смотрелка"),
        ] {
            assert_eq!(short(user_agent).as_deref(), Some(expected), "{user_agent}");
        }
    }

    #[test]
    fn nothing_in_it_moves_or_hides_what_stands_around_it() {
        for nothing in ["", " ", "Mozilla/5.0", "\u{200b}/1", "\u{202e}\u{2800}/1", "/", "()"] {
            assert_eq!(short(nothing), None, "{nothing:?}");
        }
        assert_eq!(short("\u{202e}evil\u{0}\u{200b}app/1").as_deref(), Some("evilapp"));
        assert_eq!(short(&"x".repeat(500)).map(|text| text.chars().count()), Some(LONGEST));
        assert_eq!(short(&format!("{} Linux", "ж".repeat(500))).map(|text| text.chars().count()), Some(LONGEST));
        // Not a browser because a word ends like its name.
        assert_eq!(short("NotFirefox/1").as_deref(), Some("NotFirefox"));
    }
}
