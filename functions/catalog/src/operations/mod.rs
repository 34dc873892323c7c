//! One file per Lambda.

use cinema_http::{HeaderName, Json, header};
use runtime::PublicUrl;
use time::OffsetDateTime;

use crate::{edited::EditedTitle, title::Title};

cinema_http::operations! {
    http: [
        create_title: CreateTitle, delete_artwork: DeleteArtwork, delete_collection: DeleteCollection, delete_genre: DeleteGenre,
        delete_person: DeletePerson, delete_title: DeleteTitle, get_admin_title: GetAdminTitle, get_cast: GetCast, get_collection: GetCollection,
        get_import: GetImport, get_person: GetPerson, get_title: GetTitle, import_metadata: ImportMetadata, list_admin_titles: ListAdminTitles, list_audit: ListAudit,
        list_episodes: ListEpisodes, list_genres: ListGenres, list_titles: ListTitles, publish_title: PublishTitle,
        put_collection: PutCollection, put_genre: PutGenre, put_person: PutPerson,
        set_availability: SetAvailability, update_title: UpdateTitle, upload_artwork: UploadArtwork, withdraw_title: WithdrawTitle,
    ],
    consumers: [
        attach_artwork: AttachArtwork, attach_asset: AttachAsset, erase_account: EraseAccount, fetch_metadata: FetchMetadata,
        refresh_sort_keys: RefreshSortKeys, relay_outbox: RelayOutbox, remove_artwork: RemoveArtwork,
        resize_artwork: ResizeArtwork, tick_availability: TickAvailability,
    ],
}

/// A changed title with its version as the ETag.
type Edited = ([(HeaderName, String); 1], Json<EditedTitle>);

fn edited(title: &Title, now: OffsetDateTime, public_url: &PublicUrl) -> Edited {
    ([(header::ETAG, title.etag())], Json(EditedTitle::of(title, now, public_url)))
}
