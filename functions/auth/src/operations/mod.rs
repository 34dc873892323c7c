//! One file per Lambda; in `steps`, what several of them do alike.

mod steps {
    pub(super) mod current_password;
    pub(super) mod happened;
    pub(super) mod known_devices;
    pub(super) mod limits;
    pub(super) mod live_account;
    pub(super) mod oauth_failure;
    pub(super) mod oauth_link;
    pub(super) mod oauth_sign_in;
    pub(super) mod oauth_step_up;
    pub(super) mod refresh_token;
    pub(super) mod second_factor;
    pub(super) mod sign_in;
    pub(super) mod signing;
}

cinema_http::operations! {
    http: [
        change_email: ChangeEmail, change_password: ChangePassword, confirm_email: ConfirmEmail, confirm_totp: ConfirmTotp,
        delete_account: DeleteAccount, enrol_totp: EnrolTotp, find_account: FindAccount, finish_oauth: FinishOauth,
        forgot_password: ForgotPassword, get_erasure: GetErasure, get_jwks: GetJwks, get_mfa: GetMfa,
        grant_role: GrantRole, list_links: ListLinks, list_providers: ListProviders,
        list_security_events: ListSecurityEvents, list_sessions: ListSessions, log_in: LogIn,
        log_out: LogOut, log_out_everywhere: LogOutEverywhere, refresh_session: RefreshSession,
        register_account: RegisterAccount, remove_totp: RemoveTotp, reset_password: ResetPassword,
        revoke_role: RevokeRole, revoke_session: RevokeSession, start_oauth: StartOauth, step_up: StepUp,
        switch_profile: SwitchProfile, unlink_oauth: UnlinkOauth, verify_email: VerifyEmail, verify_mfa: VerifyMfa,
    ],
    consumers: [
        collect_receipts: CollectReceipts, export_account: ExportAccount, project_profiles: ProjectProfiles,
        purge_expired: PurgeExpired, relay_outbox: RelayOutbox, resume_erasures: ResumeErasures, rotate_keys: RotateKeys,
    ],
}
