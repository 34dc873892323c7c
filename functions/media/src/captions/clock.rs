//! Times of cues: milliseconds from the beginning of the film.

/// A day: no film is longer.
pub(super) const LATEST_MS: u64 = 24 * 3600 * 1000;

/// `[hours:]minutes:seconds[.fraction]`, with a comma or a full stop before up to three decimals.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once([',', '.']).map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut places = whole.split(':').rev();
    let seconds = number(places.next()?, 2).filter(|seconds| *seconds < 60)?;
    let minutes = number(places.next()?, 2).filter(|minutes| *minutes < 60)?;
    let hours = places.next().map_or(Some(0), |hours| number(hours, 4))?;
    if places.next().is_some() {
        return None;
    }
    let ms = match fraction {
        Some(digits) => number(digits, 3)? * 10u64.pow(3 - u32::try_from(digits.len()).ok()?),
        None => 0,
    };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + ms)
}

fn number(digits: &str, most: usize) -> Option<u64> {
    let is_number = (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

/// As WebVTT writes it.
pub(super) fn write(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_as_they_are_written_in_the_wild() {
        for (text, ms) in [
            ("00:00:01,500", 1500),
            ("00:00:01.500", 1500),
            ("1:02:03,4", 3_723_400),
            ("02:03.04", 123_040),
            ("00:01", 1000),
            ("123:00:00.000", 442_800_000),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
        for text in [
            "",
            "1",
            ":",
            "00:60",
            "60:00",
            "00:00:00:00",
            "00:00:01,",
            "00:00:01,1234",
            "-1:00",
            "aa:bb",
            "00:0１",
            "1e3:00",
            "99999:00:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ms in 0..=LATEST_MS) {
            prop_assert_eq!(parse(&write(ms)), Some(ms));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,20}") {
            let _ = parse(&text);
        }
    }
}
