//! Titles that nobody made, as a large catalogue has them.

use crate::Chance;

const ADJECTIVES: &str = "silent distant broken golden hidden last first lost burning frozen dark secret wild quiet lonely endless crimson \
    hollow bright forgotten restless electric paper iron velvet bitter gentle crooked northern southern midnight second stolen falling empty \
    perfect ordinary invisible savage tender";
const NOUNS: &str = "river harbour winter summer house garden road letter promise shadow mirror stranger sister brother daughter \
    soldier captain teacher doctor painter dancer king queen prince thief witness island mountain forest desert ocean city station train \
    bridge tower window door song dream memory storm fire heart star moon horse wolf bird lion tiger knight empire kingdom machine planet";
const PLACES: &str = "Paris London Berlin Vienna Prague Lisbon Havana Tokyo Shanghai Istanbul Cairo Oslo Dublin Boston Chicago Texas \
    Alaska Siberia Crimea Odessa Riga Minsk Kazan Baku";
const FIRST_NAMES: &str = "Anna Maria Elena Olga Irina Sofia Laura Julia Emma Clara Ivan Pavel Sergei Dmitri Nikolai Viktor Oleg Peter \
    Paul Thomas Martin Robert Edward George Henri Marcel Luis Carlos Kenji Hiro";
const LAST_NAMES: &str = "Volkova Petrov Smirnov Kuznetsov Orlov Sokolov Morozov Lebedev Novak Horvath Kowalski Schmidt Weber Keller \
    Bauer Dubois Lefevre Moreau Rossi Bianchi Ferrari Garcia Fernandez Silva Costa Tanaka Suzuki Walker Harris Clark Lewis Young Allen \
    Wright Hughes Fisher";
const RUSSIAN_ADJECTIVES: &str = "тихий далёкий золотой тайный последний первый забытый холодный тёмный дикий одинокий бесконечный \
    красный пустой светлый северный южный полночный второй украденный железный бумажный горький обычный невидимый чужой весенний старый \
    новый белый";
const RUSSIAN_NOUNS: &str = "берег дом сад город остров лес поезд мост дождь снег ветер свет день вечер август странник солдат капитан \
    учитель доктор художник король принц вор свидетель брат сын зверь волк лев конь сон голос путь след огонь рассвет закат океан вокзал";
const GENITIVES: &str = "надежды любви дождя моря зимы весны осени памяти сердца города войны мира королевы учителя капитана звезды луны \
    тишины свободы судьбы";
const FIRST_YEAR: i16 = 1930;
const YEARS: u64 = 95;

/// A title that nobody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeUpTitle {
    /// The name in English; others may have the same.
    pub english: String,
    /// The name in Russian.
    pub russian: String,
    /// The one of the two in whose language it was made.
    pub original: String,
    /// From 1930 to 2024.
    pub year: i16,
    /// Names of those who made it; one may be there twice.
    pub people: [String; 3],
}

/// Titles without end, the same for the same seed.
#[derive(Debug, Clone)]
pub struct MadeUpTitles(Chance);

impl MadeUpTitles {
    /// The titles of a seed, from the first on.
    pub fn new(seed: u64) -> Self {
        Self(Chance::new(seed))
    }

    fn pick(&mut self, words: &'static str) -> &'static str {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.0.pick(&words).copied().unwrap_or_default()
    }

    fn capital(&mut self, words: &'static str) -> String {
        let word = self.pick(words);
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
    }

    fn english(&mut self) -> String {
        let (adjective, noun, other) = (self.capital(ADJECTIVES), self.capital(NOUNS), self.capital(NOUNS));
        match self.0.below(8) {
            0 | 1 => format!("The {adjective} {noun}"),
            2 => format!("{noun} of {}", self.pick(PLACES)),
            3 => format!("{}'s {noun}", self.pick(FIRST_NAMES)),
            4 => format!("A {noun} in {}", self.pick(PLACES)),
            5 => format!("{noun} and {other}"),
            6 => format!("The {adjective} {noun}: {other}'s {}", self.capital(NOUNS)),
            _ => format!("{adjective} {noun} of the {other}"),
        }
    }

    fn russian(&mut self) -> String {
        match self.0.below(4) {
            0 => format!("{} {}", self.capital(RUSSIAN_ADJECTIVES), self.pick(RUSSIAN_NOUNS)),
            1 => format!("{} {}", self.capital(RUSSIAN_NOUNS), self.pick(GENITIVES)),
            2 => {
                let adjective = self.capital(RUSSIAN_ADJECTIVES);
                format!("{adjective} {} {}", self.pick(RUSSIAN_NOUNS), self.pick(GENITIVES))
            }
            _ => format!("{} и {}", self.capital(RUSSIAN_NOUNS), self.pick(RUSSIAN_NOUNS)),
        }
    }

    fn person(&mut self) -> String {
        format!("{} {}", self.pick(FIRST_NAMES), self.pick(LAST_NAMES))
    }
}

impl Iterator for MadeUpTitles {
    type Item = MadeUpTitle;

    fn next(&mut self) -> Option<MadeUpTitle> {
        let (english, russian) = (self.english(), self.russian());
        let original = if self.0.percent(50) { &english } else { &russian }.clone();
        let people = [self.person(), self.person(), self.person()];
        let year = FIRST_YEAR + i16::try_from(self.0.below(YEARS)).unwrap_or_default();
        Some(MadeUpTitle { english, russian, original, year, people })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_seed_is_one_catalogue_of_many_names() {
        let some = |seed| MadeUpTitles::new(seed).take(1_000).collect::<Vec<_>>();
        let titles = some(7);
        assert_eq!(titles, some(7));
        assert_ne!(titles, some(8));
        assert_eq!(MadeUpTitles::new(7).nth(999).as_ref(), titles.last());
        let names: BTreeSet<&str> = titles.iter().map(|title| title.english.as_str()).collect();
        assert!(names.len() > 900, "{} of 1,000 English names differ", names.len());
        for title in &titles {
            assert!([&title.english, &title.russian].contains(&&title.original), "{title:?}");
            assert!((1930..2025).contains(&title.year), "{title:?}");
            assert!(title.russian.chars().all(|letter| letter == ' ' || !letter.is_ascii()), "{title:?}");
            assert!(title.english.chars().next().is_some_and(char::is_uppercase), "{title:?}");
        }
    }
}
