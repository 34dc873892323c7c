//! One module per Lambda.

cinema_http::operations! {
    http: [create_title, get_title, list_genres, list_titles, publish_title, update_title],
    consumers: [attach_asset, relay_outbox, erase_account],
}
