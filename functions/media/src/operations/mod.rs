//! One file per Lambda.

cinema_http::operations! {
    http: [create_upload, get_upload, complete_upload, get_asset],
    consumers: [
        start_ingest, probe, encode_chunk, encode_audio, make_sprites, package, verify, relay_assets, reconcile, erase_account,
    ],
}
