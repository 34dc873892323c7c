//! One file per Lambda.

use cinema_http::{HeaderName, Json, header};
use runtime::PublicUrl;
use time::OffsetDateTime;

use crate::{edited::EditedTitle, title::Title};

cinema_http::operations! {
    http: [
        create_title: CreateTitle, delete_title: DeleteTitle, get_cast: GetCast, get_title: GetTitle, list_genres: ListGenres, list_titles: ListTitles,
        list_admin_titles: ListAdminTitles,
        publish_title: PublishTitle, update_title: UpdateTitle,
    ],
    consumers: [attach_asset: AttachAsset, relay_outbox: RelayOutbox, erase_account: EraseAccount],
}

/// A changed title with its version as the ETag.
type Edited = ([(HeaderName, String); 1], Json<EditedTitle>);

fn edited(title: &Title, now: OffsetDateTime, public_url: &PublicUrl) -> Edited {
    ([(header::ETAG, title.etag())], Json(EditedTitle::of(title, now, public_url)))
}
