//! One file per Lambda.

cinema_http::operations! {
    http: [register_account, verify_email, log_in, refresh_session, log_out, switch_profile, get_jwks],
    consumers: [rotate_keys, project_profiles, relay_outbox],
}
