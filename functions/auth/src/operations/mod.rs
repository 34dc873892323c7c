//! One file per Lambda.

cinema_http::operations! {
    http: [register_account, verify_email, log_in, refresh_session, log_out, switch_profile, verify_mfa, enrol_totp, confirm_totp, remove_totp, step_up, log_out_everywhere,
        list_sessions, revoke_session, list_security_events, find_account, grant_role, revoke_role, get_jwks, forgot_password, reset_password, change_password, change_email, confirm_email, start_oauth,
        finish_oauth, unlink_oauth, delete_account, get_erasure],
    consumers: [rotate_keys, project_profiles, relay_outbox, purge_expired, collect_receipts, resume_erasures, export_account],
}
