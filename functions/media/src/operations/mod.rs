//! One file per Lambda.

cinema_http::operations! {
    http: [
        create_upload: CreateUpload, get_upload: GetUpload, complete_upload: CompleteUpload, abort_upload: AbortUpload,
        get_asset: GetAsset, list_assets: ListAssets, retry_asset: RetryAsset,
        add_captions: AddCaptions, list_captions: ListCaptions, delete_captions: DeleteCaptions,
    ],
    consumers: [
        start_ingest: StartIngest, probe: Probe, encode_chunk: EncodeChunk, encode_audio: EncodeAudio,
        make_sprites: MakeSprites, package: Package, verify: Verify, relay_assets: RelayAssets, reconcile: Reconcile,
        convert_captions: ConvertCaptions, project_titles: ProjectTitles, erase_account: EraseAccount,
    ],
}
