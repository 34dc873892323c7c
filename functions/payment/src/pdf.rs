//! An invoice or a credit note as a PDF: one page, the same bytes for the same invoice in the same language.

mod figures;
mod typeface;
mod words;

use kernel::Money;
use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Rect},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
};
use time::{OffsetDateTime, UtcOffset};

use crate::{
    invoice::{Invoice, Kind, printed},
    language::Language,
};
use figures::{amount, day, moment, percent};
use typeface::Typeface;
pub use typeface::Unreadable;
use words::Words;

/// A4, in points.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 56.0;
const RIGHT: f32 = WIDTH - MARGIN;
/// Where what a label says begins.
const FACTS: f32 = MARGIN + 110.0;
/// Between columns.
const GAP: f32 = 18.0;

const SMALL: f32 = 8.5;
const TEXT: f32 = 10.0;
const LARGE: f32 = 22.0;
/// From base line to base line, in sizes of the type.
const LEADING: f32 = 1.45;

const INK: [u8; 3] = [24, 24, 27];
const PALE: [u8; 3] = [113, 113, 122];

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The embedded fonts cannot be read.
    #[error(transparent)]
    Typeface(#[from] Unreadable),
    /// The page has no size.
    #[error("the page cannot be begun")]
    Page,
    /// The invoice was never issued.
    #[error("the invoice has no number")]
    NotIssued,
    /// Its amounts cannot be reckoned.
    #[error(transparent)]
    Money(#[from] kernel::MoneyError),
    /// The document cannot be written.
    #[error("the document cannot be written: {0}")]
    Document(String),
}

/// Prints a numbered invoice; `corrects` is the printed number of what a credit note corrects.
///
/// # Errors
/// When it has no number, or for a bug.
pub fn print(invoice: &Invoice, corrects: Option<&str>, language: Language) -> Result<Vec<u8>, PdfError> {
    let (number, issued_at) = invoice.number.zip(invoice.issued_at).ok_or(PdfError::NotIssued)?;
    let number = printed(&invoice.seller, number);
    let words = Words::of(language);
    let heading = if invoice.kind == Kind::CreditNote { words.credit_note } else { words.invoice };
    let heading = format!("{heading} {number}");

    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(heading.clone())
            .language(language.tag().to_owned())
            .creator("Online Cinema".to_owned())
            .creation_date(stamp(issued_at)),
    );
    let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or(PdfError::Page)?;
    let mut page = document.start_page_with(settings);
    let mut sheet = Sheet::begin(page.surface())?;
    sheet.heading(&heading);
    for (label, fact) in facts(invoice, corrects, issued_at, language) {
        sheet.fact(label, &fact);
    }
    sheet.table(invoice, language)?;
    sheet.notes(invoice, words);
    drop(sheet);
    page.finish();
    document.finish().map_err(|error| PdfError::Document(format!("{error:?}")))
}

/// What is said above the table.
fn facts(
    invoice: &Invoice,
    corrects: Option<&str>,
    issued_at: OffsetDateTime,
    language: Language,
) -> Vec<(&'static str, String)> {
    let words = Words::of(language);
    let mut facts = vec![
        (words.issued, day(issued_at, language)),
        (words.seller, invoice.seller.to_uppercase()),
        (words.customer, invoice.account.map_or_else(|| words.erased.to_owned(), |account| account.to_string())),
    ];
    facts.extend(corrects.map(|number| (words.corrects, number.to_owned())));
    if let (Some(from), Some(to)) = (invoice.covers_from, invoice.covers_to) {
        facts.push((words.covers, format!("{} – {}", moment(from, language), moment(to, language))));
    }
    facts
}

fn stamp(at: OffsetDateTime) -> DateTime {
    let at = at.to_offset(UtcOffset::UTC);
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(u8::from(at.month()))
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// The page, and how far down it is filled.
struct Sheet<'p> {
    surface: Surface<'p>,
    regular: Typeface,
    bold: Typeface,
    y: f32,
}

impl<'p> Sheet<'p> {
    fn begin(surface: Surface<'p>) -> Result<Self, PdfError> {
        Ok(Self { surface, regular: Typeface::regular()?, bold: Typeface::bold()?, y: MARGIN + LARGE })
    }

    fn ink(&mut self, [red, green, blue]: [u8; 3]) {
        let fill = Fill {
            paint: rgb::Color::new(red, green, blue).into(),
            opacity: NormalizedF32::ONE,
            rule: FillRule::default(),
        };
        self.surface.set_fill(Some(fill));
    }

    fn heading(&mut self, text: &str) {
        self.ink(INK);
        for line in self.bold.lines(text, LARGE, RIGHT - MARGIN) {
            self.bold.draw(&mut self.surface, (MARGIN, self.y), &line, LARGE);
            self.y += LARGE * LEADING;
        }
        self.y += TEXT;
    }

    fn fact(&mut self, label: &str, fact: &str) {
        self.ink(PALE);
        self.regular.draw(&mut self.surface, (MARGIN, self.y), label, TEXT);
        self.ink(INK);
        for line in self.regular.lines(fact, TEXT, RIGHT - FACTS) {
            self.regular.draw(&mut self.surface, (FACTS, self.y), &line, TEXT);
            self.y += TEXT * LEADING;
        }
    }

    fn rule(&mut self) {
        let place = Rect::from_xywh(MARGIN, self.y, RIGHT - MARGIN, 0.6);
        let mut path = PathBuilder::new();
        if let Some(place) = place {
            path.push_rect(place);
        }
        self.ink(PALE);
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
        self.ink(INK);
        self.y += TEXT * 1.6;
    }

    /// Where the columns of amounts end, and how wide the description may be that stands before them.
    fn columns(&self, labels: [&str; 3], amounts: [&str; 3]) -> ([f32; 3], f32) {
        let (mut ends, mut end) = ([RIGHT; 3], RIGHT);
        for (place, (label, amount)) in labels.into_iter().zip(amounts).enumerate().rev() {
            ends[place] = end;
            end -= self.regular.width(label, TEXT).max(self.bold.width(amount, TEXT)) + GAP;
        }
        (ends, end - MARGIN)
    }

    fn amounts(&mut self, texts: [&str; 3], ends: [f32; 3], is_bold: bool) {
        let face = if is_bold { &self.bold } else { &self.regular };
        for (text, end) in texts.into_iter().zip(ends) {
            let start = end - face.width(text, TEXT);
            face.draw(&mut self.surface, (start, self.y), text, TEXT);
        }
    }

    fn table(&mut self, invoice: &Invoice, language: Language) -> Result<(), PdfError> {
        let words = Words::of(language);
        let tax = Money::new(invoice.tax, invoice.amount.currency);
        let net = amount(invoice.amount.minus(tax)?, language);
        let (tax, total) = (amount(tax, language), amount(invoice.amount, language));
        let tax_label = format!("{} {}", words.tax, percent(invoice.tax_basis_points, language));
        let (labels, amounts) = ([words.net, &tax_label, words.total], [&*net, &*tax, &*total]);
        let (ends, room) = self.columns(labels, amounts);

        self.y += TEXT * 2.0;
        self.ink(PALE);
        self.regular.draw(&mut self.surface, (MARGIN, self.y), words.description, TEXT);
        self.amounts(labels, ends, false);
        self.y += TEXT * 0.8;
        self.rule();

        let item = words::item(invoice.kind, invoice.purchase.is_some(), invoice.item(&language.reader()), language);
        self.amounts(amounts, ends, false);
        for line in self.regular.lines(&item, TEXT, room) {
            self.regular.draw(&mut self.surface, (MARGIN, self.y), &line, TEXT);
            self.y += TEXT * LEADING;
        }
        self.rule();

        self.bold.draw(&mut self.surface, (MARGIN, self.y), words.total, TEXT);
        self.amounts(amounts, ends, true);
        self.y += TEXT * LEADING;
        Ok(())
    }

    fn notes(&mut self, invoice: &Invoice, words: &Words) {
        let done = if invoice.kind == Kind::CreditNote { words.given_back } else { words.paid };
        self.y += TEXT * 2.0;
        self.regular.draw(&mut self.surface, (MARGIN, self.y), done, TEXT);
        self.ink(PALE);
        for (place, text) in [words.note, &invoice.id.to_string()].into_iter().enumerate() {
            let y = HEIGHT - MARGIN + SMALL * LEADING * f32::from(u8::from(place > 0));
            self.regular.draw(&mut self.surface, (MARGIN, y), text, SMALL);
        }
    }
}
