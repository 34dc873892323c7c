//! A part of a page that is made from data, between two lines that say so.

use std::{
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};

/// Two parts of one page may be written at once.
static WRITING: Mutex<()> = Mutex::new(());

/// Where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Relative to the repository.
    pub(crate) page: &'static str,
    /// What it is made from, as its two lines say.
    pub(crate) source: &'static str,
}

impl Part {
    fn begin(self) -> String {
        format!("<!-- from {} -->\n", self.source)
    }

    fn end(self) -> String {
        format!("<!-- end of {} -->\n", self.source)
    }

    /// A page with another text between its two lines.
    fn within(self, page: &str, text: &str) -> Result<String> {
        let (begin, end) = (self.begin(), self.end());
        let (before, rest) = page.split_once(&begin).with_context(|| format!("no line {begin} in {}", self.page))?;
        let (_, after) = rest.split_once(&end).with_context(|| format!("no line {end} in {}", self.page))?;
        Ok(format!("{before}{begin}\n{text}\n{end}{after}"))
    }

    /// The page as it is and as it should be.
    fn pages(self, root: &Path, text: &str) -> Result<(String, String)> {
        let page = fs::read_to_string(root.join(self.page)).context(self.page)?;
        let current = self.within(&page, text)?;
        Ok((page, current))
    }

    /// Writes the text into the page; says which file changed.
    pub(crate) fn write(self, root: &Path, text: &str) -> Result<Option<&'static str>> {
        let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let (page, current) = self.pages(root, text)?;
        if page == current {
            return Ok(None);
        }
        fs::write(root.join(self.page), current).context(self.page)?;
        Ok(Some(self.page))
    }

    /// Refuses a page with another text.
    pub(crate) fn check(self, root: &Path, text: &str) -> Result<()> {
        let (page, current) = self.pages(root, text)?;
        ensure!(page == current, "{} is out of date: run `cargo cinema generate`", self.page);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_lines_of_a_page_is_replaced() {
        let part = Part { page: "a.md", source: "b.json" };
        let (begin, end) = (part.begin(), part.end());
        let once = part.within(&format!("before\n{begin}old\n{end}after\n"), "new\n").unwrap();
        assert_eq!(once, format!("before\n{begin}\nnew\n\n{end}after\n"));
        assert_eq!(part.within(&once, "new\n").unwrap(), once);
        for broken in ["no lines", &format!("{begin}no end"), &format!("{end}{begin}the wrong way round")] {
            assert!(part.within(broken, "new").is_err(), "{broken}");
        }
    }
}
