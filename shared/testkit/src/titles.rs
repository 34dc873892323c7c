//! Random titles and audiences, for the tests that hold every surface against the predicate of `kernel::policy`.

use kernel::{
    Id, PurchaseId, PurchaseKind, TitleId,
    policy::{Audience, Entitlement, Publication, TitleGrant, TitleRules, Window},
};
use proptest::{collection::vec, option, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use proto::{
    catalog,
    user::{self, EntitlementsChanged},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// A plan that some windows ask for.
pub const DEAR_PLAN: &str = "premium";
/// A plan that no window names.
pub const CHEAP_PLAN: &str = "standard";

/// Places as milliseconds from the present: far on either side, on the edge and right beside it.
const EDGES: [i64; 5] = [-60_000, -1, 0, 1, 60_000];

/// A window whose edges lie around a moment, which has whole milliseconds.
pub fn window(now: OffsetDateTime) -> impl Strategy<Value = Window> {
    let edge = move || option::of(select(&EDGES[..]).prop_map(move |ms| now + Duration::milliseconds(ms)));
    let territories = vec(select(vec!["DE", "FR", "US"]), 0..3);
    let plans = vec(Just(DEAR_PLAN.to_owned()), 0..2);
    (territories, plans, edge(), edge()).prop_map(|(territories, plans, from, until)| Window {
        territories: territories.iter().map(|code| code.parse().expect("a territory")).collect(),
        plans,
        from,
        until,
    })
}

/// Rules of a title, of which about half are visible to somebody.
pub fn rules(now: OffsetDateTime) -> impl Strategy<Value = TitleRules> {
    let shown = Publication::Published;
    let publication =
        select(vec![shown, shown, shown, Publication::Draft, Publication::Scheduled, Publication::Withdrawn]);
    let rating = option::weighted(0.9, select(vec![0u8, 6, 12, 16, 18]));
    let has_asset = prop::bool::weighted(0.9);
    (publication, rating, vec(window(now), 0..4), has_asset)
        .prop_map(|(publication, rating, windows, has_asset)| TitleRules { publication, rating, windows, has_asset })
}

/// What an account has paid for, ending around a moment.
pub fn entitlement(now: OffsetDateTime) -> impl Strategy<Value = Option<Entitlement>> {
    let end = move || select(vec![-1, 0, 1, 60_000]).prop_map(move |ms| now + Duration::milliseconds(ms));
    let paid = (select(vec![CHEAP_PLAN, DEAR_PLAN]), end(), end()).prop_map(|(plan, valid_to, grace_to)| Entitlement {
        plan: plan.to_owned(),
        max_streams: 1,
        max_height: 1080,
        valid_to,
        grace_to,
    });
    option::weighted(0.9, paid)
}

/// What an account has paid for a title by itself, ending around a moment, if it does.
pub fn grant(now: OffsetDateTime, title: TitleId) -> impl Strategy<Value = Option<TitleGrant>> {
    let end = select(vec![-1, 0, 1, 60_000]).prop_map(move |ms| now + Duration::milliseconds(ms));
    let purchase = PurchaseId::derived(&title.to_string());
    let rent = end.prop_map(|valid_to| (PurchaseKind::Rent, Some(valid_to)));
    let paid = prop_oneof![3 => rent, 1 => Just((PurchaseKind::Buy, None))];
    option::weighted(0.9, paid.prop_map(move |(kind, valid_to)| TitleGrant { title, purchase, kind, valid_to }))
}

/// `count` values of a strategy, the same in every run.
pub fn drawn<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    vec(strategy, count).new_tree(&mut TestRunner::deterministic()).expect("values").current()
}

/// Audiences that see different things.
pub fn audiences() -> Vec<Audience> {
    let territories = ["DE", "FR", "BR"].map(|code| code.parse().expect("a territory"));
    let of = |territory: &kernel::Territory| {
        let territory = territory.clone();
        [0, 6, 12, 18].map(move |max_rating| Audience { territory: territory.clone(), max_rating })
    };
    territories.iter().flat_map(of).collect()
}

/// A title as the catalogue tells of it under these rules.
pub fn under(rules: &TitleRules, title: catalog::TitleChanged) -> catalog::TitleChanged {
    let window = |window: &Window| catalog::Window {
        territories: window.territories.iter().map(ToString::to_string).collect(),
        plans: window.plans.clone(),
        from: window.from.map(text),
        until: window.until.map(text),
    };
    catalog::TitleChanged {
        publication: rules.publication.as_str().to_owned(),
        rating: rules.rating.map(u32::from),
        windows: rules.windows.iter().map(window).collect(),
        asset: title.asset.filter(|_| rules.has_asset),
        ..title
    }
}

/// What the user service tells of an account that has paid for this, or for nothing.
pub fn paid(
    account: kernel::AccountId,
    entitlement: Option<&Entitlement>,
    titles: &[TitleGrant],
) -> EntitlementsChanged {
    let account_id = account.to_string();
    let grant = |grant: &TitleGrant| user::TitleGrant {
        title_id: grant.title.to_string(),
        purchase_id: grant.purchase.to_string(),
        kind: grant.kind.to_string(),
        valid_to: grant.valid_to.map_or_else(String::new, text),
    };
    let titles = titles.iter().map(grant).collect();
    let Some(paid) = entitlement else {
        return EntitlementsChanged { account_id, titles, ..EntitlementsChanged::default() };
    };
    EntitlementsChanged {
        account_id,
        plan: paid.plan.clone(),
        max_streams: paid.max_streams,
        max_height: paid.max_height,
        valid_to: text(paid.valid_to),
        grace_to: text(paid.grace_to),
        titles,
    }
}

/// The present in whole milliseconds: what every surface decides at.
pub fn present() -> OffsetDateTime {
    let now = kernel::World::system().now();
    now.replace_nanosecond(now.nanosecond() / 1_000_000 * 1_000_000).expect("a millisecond")
}

fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).expect("a moment")
}
