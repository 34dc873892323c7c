//! One file per Lambda.

use cinema_http::{IntoResponse, header};
use runtime::{Boot, BootError, PublicUrl, Wire};

cinema_http::operations! {
    http: [
        count_unread: CountUnread, create_campaign: CreateCampaign, get_preferences: GetPreferences,
        get_template: GetTemplate => [get_template, list_versions], list: List,
        list_campaigns: ListCampaigns => [list_campaigns, get_campaign], preview_template: PreviewTemplate,
        put_template: PutTemplate, read_all: ReadAll,
        receive_email_events: ReceiveEmailEvents, register_device: RegisterDevice => [register_device, get_push_key],
        remove_device: RemoveDevice, set_preferences: SetPreferences, show_unsubscribe: ShowUnsubscribe,
        stop_campaign: StopCampaign, unsubscribe: Unsubscribe, update: Update,
    ],
    consumers: [
        announce_episodes: AnnounceEpisodes, announce_leaving: AnnounceLeaving, erase_account: EraseAccount, export_account: ExportAccount,
        project_logins: ProjectLogins, relay_outbox: RelayOutbox, release_quiet: ReleaseQuiet,
        route_events: RouteEvents, run_campaigns: RunCampaigns, send_digest: SendDigest, send_email: SendEmail, send_push: SendPush,
    ],
}

/// The public address, where it is not there by itself: only functions with routes always have it.
fn public_url(boot: &Boot) -> Result<PublicUrl, BootError> {
    let _ = boot.setting("PUBLIC_URL");
    PublicUrl::wire(boot)
}

/// A page of one's own: nothing is loaded, kept, framed or told to others.
fn html(page: String) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, page)
}
