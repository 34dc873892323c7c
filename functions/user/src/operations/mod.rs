//! One file per Lambda.

cinema_http::operations! {
    http: [
        add_to_watchlist, create_profile, delete_profile, erase_history, export_data, get_account, get_entitlements, get_export,
        list_continue_watching, list_history, list_profiles, list_watchlist, rate_title, remove_from_watchlist, unrate_title,
        update_account, update_profile,
    ],
    consumers: [project_accounts, project_subscriptions, project_playback, project_titles, export_account, relay_outbox, erase_account],
}
