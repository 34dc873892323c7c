//! One file per Lambda.

cinema_http::operations! {
    http: [create_profile, get_account, get_entitlements, list_profiles],
    consumers: [project_accounts, project_subscriptions, relay_outbox],
}
