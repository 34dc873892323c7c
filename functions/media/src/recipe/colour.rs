//! What the numbers of a picture mean: the tags that every output carries, so that no player has to guess.

use serde::{Deserialize, Serialize};

/// Matrix, primaries and transfer by ffmpeg's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colour {
    pub matrix: String,
    pub primaries: String,
    pub transfer: String,
    /// Whether the source is RGB: the matrix is chosen here, not found.
    pub is_rgb: bool,
}

/// From this many lines on an untagged picture is taken for high definition.
const HIGH_DEFINITION_LINES: u32 = 720;
const HIGH_DEFINITION_COLUMNS: u32 = 1280;

impl Default for Colour {
    fn default() -> Self {
        Self::named("bt709", None, None, false)
    }
}

impl Colour {
    /// From a source's own tags, each `None` where it says nothing, and its size, which decides then.
    pub fn of(
        pix_fmt: &str,
        (matrix, primaries, transfer): (Option<&str>, Option<&str>, Option<&str>),
        (width, height): (u32, u32),
    ) -> Colour {
        if is_rgb(pix_fmt) {
            return Self::named("bt709", None, None, true);
        }
        let is_high = height >= HIGH_DEFINITION_LINES || width >= HIGH_DEFINITION_COLUMNS;
        let guessed = match primaries {
            Some("bt709") => "bt709",
            Some("bt2020") => "bt2020nc",
            Some("bt470bg") => "bt470bg",
            Some("smpte170m") => "smpte170m",
            _ if is_high => "bt709",
            _ => "smpte170m",
        };
        Self::named(matrix.unwrap_or(guessed), primaries, transfer, false)
    }

    fn named(matrix: &str, primaries: Option<&str>, transfer: Option<&str>, is_rgb: bool) -> Colour {
        let (usual_primaries, usual_transfer) = match matrix {
            "smpte170m" | "fcc" => ("smpte170m", "smpte170m"),
            "bt470bg" => ("bt470bg", "smpte170m"),
            "smpte240m" => ("smpte240m", "smpte240m"),
            "bt2020nc" | "bt2020c" => ("bt2020", "bt2020-10"),
            _ => ("bt709", "bt709"),
        };
        Colour {
            matrix: matrix.to_owned(),
            primaries: primaries.unwrap_or(usual_primaries).to_owned(),
            transfer: transfer.unwrap_or(usual_transfer).to_owned(),
            is_rgb,
        }
    }

    /// The filter that writes the tags on every picture.
    pub fn filter(&self) -> String {
        format!("setparams=colorspace={}:color_primaries={}:color_trc={}", self.matrix, self.primaries, self.transfer)
    }
}

/// Whether a picture with this matrix can be brought to another range, size and matrix; RGB has none.
pub fn is_convertible(matrix: &str) -> bool {
    const MATRICES: [&str; 7] = ["bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc", "bt2020c"];
    MATRICES.contains(&matrix)
}

/// A tag that says something.
pub fn known(tag: Option<&str>) -> Option<&str> {
    tag.filter(|tag| !matches!(*tag, "" | "unknown" | "unspecified" | "reserved" | "gbr"))
}

fn is_rgb(pix_fmt: &str) -> bool {
    pix_fmt.contains("rgb") || pix_fmt.contains("bgr") || pix_fmt.starts_with("gbr") || pix_fmt == "pal8"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_tagged_is_told_by_its_size() {
        let of = |pix_fmt: &str, matrix, size| Colour::of(pix_fmt, (matrix, None, None), size).matrix;
        assert_eq!(of("yuv420p", None, (1280, 720)), "bt709");
        assert_eq!(of("yuv420p", None, (720, 576)), "smpte170m");
        assert_eq!(of("yuv420p", Some("bt2020nc"), (720, 576)), "bt2020nc");
        for rgb in ["gbrp", "bgr0", "rgb24", "argb", "pal8", "gbrap10le", "x2rgb10le"] {
            assert_eq!(of(rgb, Some("smpte170m"), (320, 180)), "bt709", "{rgb}");
        }
        let tagged = Colour::of("yuv420p10le", (Some("bt2020nc"), None, None), (3840, 2160));
        assert_eq!((tagged.primaries.as_str(), tagged.transfer.as_str()), ("bt2020", "bt2020-10"));
    }
}
