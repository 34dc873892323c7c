//! One file per Lambda.

cinema_http::operations! {
    http: [
        create_upload: CreateUpload, get_upload: GetUpload, complete_upload: CompleteUpload, get_asset: GetAsset,
        list_assets: ListAssets,
    ],
    consumers: [
        start_ingest: StartIngest, probe: Probe, encode_chunk: EncodeChunk, encode_audio: EncodeAudio,
        make_sprites: MakeSprites, package: Package, verify: Verify, relay_assets: RelayAssets, reconcile: Reconcile,
        erase_account: EraseAccount,
    ],
}
