//! Golos Text (SIL OFL 1.1, `fonts/OFL.txt`): Latin and Cyrillic, measured glyph by glyph. Neither script needs shaping; whatever else a title is
//! called in is written in Latin letters.

use krilla::{
    geom::Point,
    surface::Surface,
    text::{Font, GlyphId, KrillaGlyph},
};
use skrifa::{
    FontRef, MetadataProvider,
    charmap::Charmap,
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};

const REGULAR: &[u8] = include_bytes!("../../fonts/GolosText-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/GolosText-Bold.ttf");

/// An embedded font cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the typeface cannot be read")]
pub struct Unreadable;

/// A weight of the typeface.
pub(super) struct Typeface {
    font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
}

impl Typeface {
    pub fn regular() -> Result<Self, Unreadable> {
        Self::read(REGULAR)
    }

    pub fn bold() -> Result<Self, Unreadable> {
        Self::read(BOLD)
    }

    fn read(bytes: &'static [u8]) -> Result<Self, Unreadable> {
        let font = Font::new(bytes.into(), 0).ok_or(Unreadable)?;
        let tables = FontRef::new(bytes).map_err(|_| Unreadable)?;
        let units_per_em = f32::from(tables.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        let metrics = tables.glyph_metrics(Size::unscaled(), LocationRef::default());
        Ok(Self { font, charmap: tables.charmap(), metrics, units_per_em })
    }

    /// The text with what the typeface lacks in Latin letters: 千 is `Qian`.
    fn legible(&self, text: &str) -> String {
        let mut legible = String::with_capacity(text.len());
        for character in text.chars() {
            match (self.charmap.map(character), any_ascii::any_ascii_char(character)) {
                (Some(_), _) => legible.push(character),
                (None, "") => legible.push('?'),
                (None, letters) => legible.push_str(letters),
            }
        }
        legible
    }

    /// What is drawn for a character, and how far it goes in ems.
    fn glyph(&self, character: char) -> (skrifa::GlyphId, f32) {
        let found = self.charmap.map(character).unwrap_or_default();
        (found, self.metrics.advance_width(found).unwrap_or_default() / self.units_per_em)
    }

    /// Of a text in points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.glyph(character).1).sum::<f32>() * size
    }

    /// Draws a text from a point of its base line on.
    pub fn draw(&self, surface: &mut Surface<'_>, (x, y): (f32, f32), text: &str, size: f32) {
        let glyphs: Vec<KrillaGlyph> = text
            .char_indices()
            .map(|(start, character)| {
                let (glyph, advance) = self.glyph(character);
                let range = start..start + character.len_utf8();
                KrillaGlyph::new(GlyphId::new(glyph.to_u32()), advance, 0.0, 0.0, 0.0, range, None)
            })
            .collect();
        surface.draw_glyphs(Point::from_xy(x, y), &glyphs, self.font.clone(), text, size, false);
    }

    /// A text in legible lines of at most `width` points, broken between words, and within one that is too long.
    pub fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in self.legible(text).split(' ') {
            for (place, piece) in self.pieces(word, size, width).into_iter().enumerate() {
                let Some(line) = lines.last_mut() else { continue };
                let joined = if line.is_empty() { piece.clone() } else { format!("{line} {piece}") };
                if place == 0 && (line.is_empty() || self.width(&joined, size) <= width) {
                    *line = joined;
                } else {
                    lines.push(piece);
                }
            }
        }
        lines
    }

    fn pieces(&self, word: &str, size: f32, width: f32) -> Vec<String> {
        let mut pieces = vec![String::new()];
        let mut reached = 0.0;
        for character in word.chars() {
            let advance = self.glyph(character).1 * size;
            if reached + advance > width && reached > 0.0 {
                pieces.push(String::new());
                reached = 0.0;
            }
            reached += advance;
            if let Some(piece) = pieces.last_mut() {
                piece.push(character);
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_that_an_invoice_itself_has_is_in_both_weights() {
        let letters = ('А'..='я').chain('!'..='~').chain("ЁёІіЇїҐґЎў№₽€–—−«»“”…\u{a0}ÄÖÜäöüßÉéÑñŁł".chars());
        for letter in letters {
            for face in [Typeface::regular().unwrap(), Typeface::bold().unwrap()] {
                assert!(face.charmap.map(letter).is_some(), "{letter}");
            }
        }
    }

    #[test]
    fn lines_fit_and_lose_no_letter() {
        let face = Typeface::regular().unwrap();
        for text in [
            "",
            "short",
            "a film with a name of many words that does not fit into one line at all",
            "Ночь на Лысой горе и другие повести о том, чего не бывает",
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
            "映画の名前",
            "Το όνομα του ρόδου",
        ] {
            for width in [20.0, 120.0, 400.0] {
                let lines = face.lines(text, 10.0, width);
                let widest = lines.iter().map(|line| face.width(line, 10.0)).fold(0.0, f32::max);
                assert!(widest <= width, "{widest} > {width}: {lines:?}");
                let letters = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
                assert_eq!(letters(&lines.concat()), letters(&face.legible(text)));
            }
        }
    }

    #[test]
    fn what_the_typeface_lacks_is_written_in_latin_letters() {
        let face = Typeface::regular().unwrap();
        for (text, legible) in
            [("Ёжик “in” ₽?", "Ёжик “in” ₽?"), ("Το όνομα", "To onoma"), ("千", "Qian"), ("a\u{e0001}b", "a?b")]
        {
            assert_eq!(face.legible(text), legible);
        }
    }
}
