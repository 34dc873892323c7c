//! Sign-ins with a provider that came to nothing. A browser shows the answer itself to a person: it goes on to the page, which has a sentence for
//! each reason. Programs get the problem document.

use cinema_http::{HeaderMap, HeaderValue, IntoResponse, Problem, Response, StatusCode, header};
use runtime::PublicUrl;

/// The codes that the page has sentences for; nothing else of a problem gets into an address.
const REASONS: [&str; 14] = [
    "address_unverified",
    "already_linked",
    "another_account",
    "code_refused",
    "email_unverified",
    "linked_elsewhere",
    "not_found",
    "proof_too_old",
    "provider_unavailable",
    "rate_limited",
    "session_revoked",
    "sign_in_cancelled",
    "state_mismatch",
    "step_up_required",
];
/// Whatever a person can do nothing about.
const OTHERWISE: &str = "failed";

/// The problem document, or the way to the page for whoever looks with a browser.
pub(crate) fn answer(problem: Problem, headers: &HeaderMap, page: &PublicUrl) -> Response {
    let reason = reason(problem.code());
    // Also writes to the log why it failed.
    let refusal = problem.into_response();
    if !is_navigation(headers) {
        return refusal;
    }
    let place = page.join(&format!("/#/sign-in-failed?reason={reason}"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in refusal.headers().get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

fn reason(code: &str) -> &'static str {
    REASONS.into_iter().find(|reason| *reason == code).unwrap_or(OTHERWISE)
}

/// A script asks for JSON or for anything; only a browser that shows the answer asks for a page.
fn is_navigation(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kinds = accept.split(',').filter_map(|range| range.split(';').next());
    kinds.map(str::trim).any(|kind| kind.eq_ignore_ascii_case("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_sentence_for_every_reason() {
        let page = include_str!("../../../../../web/src/sign_in_failed.js");
        for reason in REASONS.into_iter().chain([OTHERWISE]) {
            assert!(page.contains(&format!("\n  {reason}: ")), "{reason}");
        }
    }

    #[test]
    fn only_codes_of_the_list_get_into_an_address() {
        assert_eq!(reason("linked_elsewhere"), "linked_elsewhere");
        for other in ["", "internal_error", "//evil.example", "linked_elsewhere&x=1"] {
            assert_eq!(reason(other), OTHERWISE);
        }
    }

    #[test]
    fn programs_do_not_ask_for_pages() {
        let asks = |accept| {
            let accept = HeaderValue::from_static(accept);
            is_navigation(&HeaderMap::from_iter([(header::ACCEPT, accept)]))
        };
        assert!(asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(asks("application/json, Text/HTML;q=0.1"));
        assert!(!asks("*/*") && !asks("application/json") && !asks("text/*") && !asks("text/htmlx"));
        assert!(!is_navigation(&HeaderMap::new()));
    }
}
