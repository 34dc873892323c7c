//! Traces as pages.

use std::{collections::BTreeSet, fmt::Write as _};

use super::Span;
use crate::mailbox::escape;

const STYLE: &str = "body{font:15px system-ui;max-width:75rem;margin:2rem auto}table{border-collapse:collapse;width:100%}\
    td,th{text-align:left;padding:.2rem .6rem;border-top:1px solid #ddd;vertical-align:top}td.bar{width:40%}\
    .bar div{background:#47a;height:.9rem;min-width:2px}.bar .failed{background:#c33}.dim{color:#666}";

fn page(title: &str, body: &str) -> String {
    format!("<!doctype html><meta charset=utf-8><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}")
}

fn millis(nanos: u64) -> String {
    format!("{:.1} ms", nanos as f64 / 1e6)
}

fn end(spans: &[Span]) -> u64 {
    spans.iter().map(|span| span.to).max().unwrap_or_default()
}

/// The newest traces, by their first hops.
pub(super) fn list(traces: &[Vec<Span>]) -> String {
    let mut rows = String::new();
    for trace in traces {
        let Some(first) = trace.first() else { continue };
        let failed = trace.iter().filter(|span| span.error.is_some()).count();
        let _ = write!(
            rows,
            "<tr><td><a href=\"/_traces/{}\">{}</a><td class=dim>{}<td>{} hops<td>{}<td>{}",
            escape(&first.trace),
            escape(&first.name),
            escape(&first.function),
            trace.len(),
            millis(end(trace).saturating_sub(first.from)),
            if failed == 0 { String::new() } else { format!("{failed} failed") },
        );
    }
    let nothing = "<p>No trace yet: whatever is asked of this platform begins one.";
    page("Traces", if rows.is_empty() { nothing.to_owned() } else { format!("<table>{rows}</table>") }.as_str())
}

/// One trace: each hop below the one that sent it.
pub(super) fn one(spans: &[Span]) -> String {
    let (from, to) = (spans.first().map_or(0, |first| first.from), end(spans));
    let whole = to.saturating_sub(from).max(1) as f64;
    let mut rows = String::new();
    for (depth, span) in tree(spans) {
        let place = |at: u64| at.saturating_sub(from) as f64 / whole * 100.0;
        let (begins, ends) = (place(span.from), place(span.to));
        let is_failed = if span.error.is_some() { " class=failed" } else { "" };
        let _ = write!(
            rows,
            "<tr><td style=\"padding-left:{}rem\">{}<div class=dim>{}</div><td>+{}<td>{}<td class=bar>\
             <div{is_failed} style=\"margin-left:{begins:.2}%;width:{:.2}%\"></div>{}",
            depth as f64 * 1.2 + 0.6,
            escape(&span.name),
            escape(&span.function),
            millis(span.from.saturating_sub(from)),
            millis(span.to.saturating_sub(span.from)),
            ends - begins,
            escape(span.error.as_deref().unwrap_or_default()),
        );
    }
    let trace = spans.first().map(|first| escape(&first.trace)).unwrap_or_default();
    let head = "<tr><th>Hop<th>Begins<th>Takes<th>";
    page(
        "Trace",
        &format!(
            "<p class=dim>{trace}, {} in all. <a href=\"/_traces\">Others</a><table>{head}{rows}</table>",
            millis(whole as u64)
        ),
    )
}

/// Every span once, depth first, with how deep it is. One whose sender is not here begins a tree.
fn tree(spans: &[Span]) -> Vec<(usize, &Span)> {
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let is_root = |span: &&Span| span.parent.as_deref().is_none_or(|parent| !ids.contains(parent));
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    // What hangs in a circle has no root: it comes last.
    let roots = spans.iter().filter(is_root).chain(spans.iter().filter(|span| !is_root(span)));
    for root in roots {
        let mut open = vec![(0, root)];
        while let Some((depth, span)) = open.pop() {
            if !seen.insert(span.id.as_str()) {
                continue;
            }
            found.push((depth, span));
            let children = spans.iter().filter(|child| child.parent.as_deref() == Some(&span.id));
            open.extend(children.rev().map(|child| (depth + 1, child)));
        }
    }
    found
}
