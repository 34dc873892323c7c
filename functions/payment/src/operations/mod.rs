//! One file per Lambda.

use std::fmt::Display;

use cinema_http::{IdempotencyKey, Problem, StatusCode, axum::body::to_bytes};
use events::{EndedSessions, Outcome, Transaction};
use kernel::PaymentId;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgPool;
use stores::StoreError;
use time::{Duration, OffsetDateTime};

use crate::{
    billing::BillingError,
    payment::Payment,
    problems::too_many_charges,
    store::payments::{self, Charges},
};

cinema_http::operations! {
    sessions: EndedSessions,
    http: [
        cancel: Cancel, change_plan: ChangePlan, create_promo: CreatePromo, get_invoice: GetInvoice, get_payment: GetPayment,
        get_subscription: GetSubscription, list_invoices: ListInvoices, list_methods: ListMethods, list_payments: ListPayments,
        list_plans: ListPlans, list_purchases: ListPurchases, preview_change: PreviewChange, print_invoice: PrintInvoice, purchase_title: PurchaseTitle, put_plan: PutPlan,
        quote_title: QuoteTitle, receive_webhook: ReceiveWebhook, refund: RefundPayment, remove_method: RemoveMethod, resume: Resume,
        set_default_method: SetDefaultMethod, set_title_prices: SetTitlePrices, subscribe: Subscribe,
    ],
    consumers: [
        announce_trial_end: AnnounceTrialEnd, begin_rental: BeginRental, dun: Dun, end_rentals: EndRentals, erase_account: EraseAccount,
        export_account: ExportAccount, process_webhook: ProcessWebhook, project_sessions: ProjectSessions, project_titles: ProjectTitles, reconcile: Reconcile, relay_outbox: RelayOutbox, renew: Renew,
        resolve_unknown: ResolveUnknown,
    ],
}

/// How many are looked for at once by what a schedule starts.
const ROUND: i64 = 100;
/// One of them must be able to end: a provider has so long to answer.
const ROUND_TIME: Duration = Duration::seconds(15);

/// The payment that was just begun, as it is now.
async fn reload(pool: &PgPool, id: Option<PaymentId>) -> Result<Option<Payment>, sqlx::Error> {
    match id {
        Some(id) => payments::find(pool, id).await,
        None => Ok(None),
    }
}

/// Refuses a charge of the saved method after as many within a day as one asks for by mistake.
async fn check_charges(tx: &mut Transaction<'_>, charges: Charges, now: OffsetDateTime) -> Result<(), Problem> {
    let reached = payments::limit_reached_at(tx, charges, now - Duration::DAY).await?;
    reached.map_or(Ok(()), |at| Err(too_many_charges(at + Duration::DAY - now)))
}

/// Commits what is begun for a key together with the key, before the provider is called: a request with the same key that comes while this one
/// is answered, or after a decline, goes on with what was begun and begins nothing. The answer itself is stored by the last transaction.
async fn begin_once<T: Serialize + DeserializeOwned>(
    key: &IdempotencyKey,
    tx: &mut Transaction<'_>,
    principal: impl Display,
    request: &impl Serialize,
    now: OffsetDateTime,
    begin: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    // Erasing an account looks at the first word.
    let principal = format!("{principal} begins");
    let effect = async |tx: &mut Transaction<'_>| Ok((StatusCode::ACCEPTED, begin(tx).await?));
    let begun = key.once(tx, principal, request, now, effect).await?;
    let begun = to_bytes(begun.into_body(), usize::MAX).await.map_err(Problem::internal)?;
    serde_json::from_slice(&begun).map_err(Problem::internal)
}

/// What a run of a schedule ends with: the others were done although one failed, and it comes again.
fn outcome(failed: Option<BillingError>) -> Outcome {
    failed.map_or(Outcome::Done, |error| Outcome::retry(StoreError::from(error)))
}
