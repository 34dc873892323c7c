//! One file per Lambda.

use events::{EndedSessions, Outcome};
use kernel::PaymentId;
use sqlx::PgPool;
use stores::StoreError;
use time::Duration;

use crate::{billing::BillingError, payment::Payment, store::payments};

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
        announce_rental_end: AnnounceRentalEnd, announce_trial_end: AnnounceTrialEnd, begin_rental: BeginRental, dun: Dun, end_rentals: EndRentals, erase_account: EraseAccount,
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

/// What a run of a schedule ends with: the others were done although one failed, and it comes again.
fn outcome(failed: Option<BillingError>) -> Outcome {
    failed.map_or(Outcome::Done, |error| Outcome::retry(StoreError::from(error)))
}
