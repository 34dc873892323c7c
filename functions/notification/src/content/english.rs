//! What the mails say in English.

use kernel::Locale;
use proto::mail::{
    AccountErased, ConfirmEmail, DataExportReady, DataExportRequested, EmailChangeRequested, NewSignIn, OauthLinked,
    PasswordChanged, PasswordReset, PaymentDeclined, PaymentFailed, PaymentReceived, PaymentRefunded,
    PlanChangeScheduled, PlanChangeWithdrawn, PlanChanged, PurchaseReturned, RentalEnding, SessionRevoked,
    SubscriptionActive, SubscriptionCancelled, SubscriptionEnded, SubscriptionPaused, SubscriptionResumed,
    SubscriptionSuspended, Template, TitleLeavingSoon, TitlePurchased, TrialEnding, TrialStarted, VerifyEmail,
};

use super::{
    ContentError, Parts, Text, announcement, bill, digest, end_of_rental, fact, goods, moment, plan_name, price,
    receipts,
};

const NOT_YOU: &str =
    "If it was not you, set a new password at once with \"Forgot password\": that ends every session.";
/// A month and a year.
const EVERY: [&str; 3] = ["a month", "a year", "later"];
const TRIES: &str = "It is good for one hour and for five tries.";

/// Subject and paragraphs.
pub(super) fn parts<'a>(template: &'a Template, reader: &Locale) -> Result<Parts<'a>, ContentError> {
    Ok(match template {
        Template::VerifyEmail(VerifyEmail { code }) => (
            "Your code for Online Cinema",
            vec![
                Text("Welcome to Online Cinema. Enter this code to confirm your address:"),
                super::code(code)?,
                Text(TRIES),
                Text("If you did not ask for it, do not give it to anybody: without it no account is made."),
            ],
        ),
        Template::AlreadyRegistered(_) => (
            "You already have an account at Online Cinema",
            vec![
                Text("Somebody has just tried to register this address at Online Cinema. It already has an account."),
                Text(
                    "If it was you, sign in with your password. If not, there is nothing you need to do: nothing has changed.",
                ),
            ],
        ),
        Template::PasswordReset(PasswordReset { code }) => (
            "A new password for Online Cinema",
            vec![
                Text("Enter this code to choose a new password:"),
                super::code(code)?,
                Text(TRIES),
                Text("If you did not ask for it, do not give it to anybody: your password stays as it is."),
            ],
        ),
        Template::ResetUnknownAccount(_) => (
            "No account at Online Cinema",
            vec![
                Text("Somebody asked for a new password at Online Cinema for this address, but it has no account."),
                Text(
                    "If it was you, try the address that you registered with. If not, there is nothing you need to do.",
                ),
            ],
        ),
        Template::PasswordChanged(PasswordChanged { unlinked_providers }) => {
            let mut parts = vec![Text("Your password was changed, and other devices were signed out.")];
            if !unlinked_providers.is_empty() {
                parts.push(Text("The accounts of these services no longer open yours. You can link them again when you have signed in."));
                parts.push(fact("Removed", &unlinked_providers.join(", "), ""));
            }
            parts.push(Text(NOT_YOU));
            ("Your password at Online Cinema was changed", parts)
        }
        Template::ConfirmEmail(ConfirmEmail { code }) => (
            "Confirm your new address at Online Cinema",
            vec![
                Text("Enter this code to use this address for your account:"),
                super::code(code)?,
                Text(TRIES),
                Text("If you did not ask for it, do not give it to anybody: without it nothing changes."),
            ],
        ),
        Template::EmailChangeRequested(EmailChangeRequested { new_email }) => (
            "A new address for your account at Online Cinema",
            vec![
                Text("Somebody who knows your password wants to use another address for your account."),
                fact("New address", new_email, "unknown"),
                Text("Nothing changes until it is confirmed with the code that was sent there."),
                Text(NOT_YOU),
            ],
        ),
        Template::EmailChanged(_) => (
            "Your account at Online Cinema has a new address",
            vec![
                Text("From now on you sign in with your new address, and mails go there."),
                Text("If it was not you, write to our support: this address no longer opens the account."),
            ],
        ),
        Template::MfaEnabled(_) => (
            "Two-step sign-in is on",
            vec![Text("From now on signing in also takes a code from your authenticator app."), Text(NOT_YOU)],
        ),
        Template::MfaDisabled(_) => {
            ("Two-step sign-in is off", vec![Text("From now on signing in takes your password only."), Text(NOT_YOU)])
        }
        Template::OauthLinked(OauthLinked { provider }) => (
            "Another way to sign in to Online Cinema",
            vec![
                Text("From now on an account of another service opens yours as well."),
                fact("Service", provider, "unknown"),
                Text(NOT_YOU),
            ],
        ),
        Template::NewSignIn(NewSignIn { device, territory, at }) => (
            "A new sign-in to Online Cinema",
            vec![
                Text("Your account was used on a device that we have not seen before."),
                fact("Device", device, "unknown"),
                fact("Country", territory, "unknown"),
                fact("Time", &moment(at), "unknown"),
                Text(NOT_YOU),
            ],
        ),
        Template::AccountErased(AccountErased { receipts: services }) => (
            "Your account at Online Cinema was deleted",
            vec![
                Text("Your account and what belonged to it are deleted. Each part of the service confirmed it:"),
                receipts(services, part, "records deleted:")?,
                Text(
                    "Invoices of what you paid stay, without your name and address, for as long as the law on bookkeeping asks for them.",
                ),
                Text("This is the last mail that you get from us."),
            ],
        ),
        Template::Welcome(_) => (
            "Welcome to Online Cinema",
            vec![
                Text("Your account is ready. Sign in with your address and your password on whatever screen you like."),
                Text("Under \"Notifications\" you choose what we write to you about, and when."),
            ],
        ),
        Template::SessionRevoked(SessionRevoked { at }) => (
            "A sign-in to Online Cinema was ended",
            vec![
                Text(
                    "A key to your account was used a second time. Somebody may have copied it, so we ended its sign-in.",
                ),
                fact("Time", &moment(at), "unknown"),
                Text(NOT_YOU),
            ],
        ),
        Template::DataExportRequested(DataExportRequested { at }) => (
            "A copy of your data at Online Cinema",
            vec![
                Text("Somebody who is signed in to your account asked for a copy of everything that we hold on you."),
                fact("Time", &moment(at), "unknown"),
                Text("Another mail comes when it can be fetched in your account."),
                Text(NOT_YOU),
            ],
        ),
        Template::TrialStarted(TrialStarted { plan, until, plan_names, amount, period, then }) => (
            "Your trial at Online Cinema has begun",
            vec![
                Text("You can watch right away, and pay nothing until the trial ends."),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Trial until", until, "unknown"),
                fact("Price after that", &price(amount, then, period, EVERY), "unknown"),
                Text("Whoever cancels before that day pays nothing at all."),
            ],
        ),
        Template::SubscriptionActive(SubscriptionActive { plan, until, plan_names }) => (
            "Your plan at Online Cinema is paid",
            vec![
                Text("Thank you: your plan is paid for."),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Paid until", until, "unknown"),
            ],
        ),
        Template::PaymentFailed(PaymentFailed { plan, until, plan_names, needs_method }) => {
            let (what, help) = match needs_method {
                true => (
                    "Your plan is not paid: no means of payment is saved that we could charge.",
                    "Please pay it in your account by that day to go on watching.",
                ),
                false => (
                    "We could not collect the payment for your plan. We will try again in a few days.",
                    "Please look at your means of payment in your account: the card may have run out.",
                ),
            };
            let plan = fact("Plan", &plan_name(plan, plan_names, reader), "unknown");
            let until = fact("Works until", until, "unknown");
            ("A payment to Online Cinema did not go through", vec![Text(what), plan, until, Text(help)])
        }
        Template::SubscriptionCancelled(SubscriptionCancelled { plan, until, plan_names }) => (
            "Your plan at Online Cinema is cancelled",
            vec![
                Text("Your plan will not be renewed. Until its last day nothing changes."),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Runs until", until, "unknown"),
                Text("If you change your mind before that day, you can take it up again in your account."),
            ],
        ),
        Template::SubscriptionResumed(resumed) => {
            let SubscriptionResumed { plan, until, plan_names, amount, period, then, needs_method } = resumed;
            let mut parts = vec![
                Text("The cancellation or the pause is taken back: your plan goes on with these terms:"),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Next payment", until, "unknown"),
                fact("Price", &price(amount, then, period, EVERY), "unknown"),
            ];
            if *needs_method {
                parts.push(Text(
                    "No means of payment is saved that we could charge on that day. We will write to you then, and you pay in your account.",
                ));
            }
            ("Your plan at Online Cinema goes on", parts)
        }
        Template::SubscriptionPaused(SubscriptionPaused { plan, until, resumes_on, plan_names }) => (
            "Your plan at Online Cinema is paused",
            vec![
                Text(
                    "Until the last day that is paid nothing changes. Then your plan rests, and costs nothing, until it goes on.",
                ),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Runs until", until, "unknown"),
                fact("Goes on, and the next payment", resumes_on, "unknown"),
                Text("In your account you can end the pause earlier, or cancel."),
            ],
        ),
        Template::PlanChanged(PlanChanged { plan, until, plan_names, amount, period, then }) => {
            let mut parts = vec![
                Text("Your plan was changed. The new one works from now on."),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Runs until", until, "unknown"),
            ];
            if !amount.is_empty() {
                parts.push(fact("Price after that", &price(amount, then, period, EVERY), "unknown"));
            }
            ("You have another plan at Online Cinema", parts)
        }
        Template::PaymentReceived(PaymentReceived { amount, description, invoice_number, goods_names }) => {
            let mut parts = vec![Text("Thank you: your payment has arrived.")];
            parts.extend(bill(
                ["Paid", "For", "Invoice"],
                [amount, &goods(description, goods_names, reader), invoice_number],
            ));
            parts.push(Text("You find your invoices in your account."));
            ("Your receipt from Online Cinema", parts)
        }
        Template::PaymentRefunded(PaymentRefunded { refunded, amount, description, invoice_number, goods_names }) => {
            let mut parts = vec![
                Text("We give you money back, the way you paid. It may take some days until it arrives."),
                fact("Given back in all", refunded, "unknown"),
            ];
            if invoice_number.is_empty() {
                parts.insert(0, Text("When your payment arrived, it was not needed any more."));
            }
            parts.extend(bill(
                ["Of the payment of", "For", "Invoice"],
                [amount, &goods(description, goods_names, reader), invoice_number],
            ));
            ("Money back from Online Cinema", parts)
        }
        Template::PaymentDeclined(PaymentDeclined { amount, description, goods_names }) => {
            let mut parts = vec![Text("Your payment was declined, and nothing was taken.")];
            parts.extend(bill(["Amount", "For", ""], [amount, &goods(description, goods_names, reader), ""]));
            parts.push(Text("Please look at your means of payment in your account, or try another one."));
            ("A payment to Online Cinema was declined", parts)
        }
        Template::TitlePurchased(TitlePurchased { kind, until, .. }) => match kind.as_str() {
            "rent" => (
                "Rented at Online Cinema",
                vec![
                    Text("You can watch it right away."),
                    fact("Can be watched until", until, "unknown"),
                    Text("Once you begin to watch it, less time is left: your account shows until when."),
                ],
            ),
            _ => ("Bought at Online Cinema", vec![Text("It is yours: watch it right away, or whenever you like.")]),
        },
        Template::PurchaseReturned(PurchaseReturned { kind, .. }) => match kind.as_str() {
            "rent" => (
                "A rental at Online Cinema was given back",
                vec![Text(
                    "Your money goes back; another mail says how much it is. What you have otherwise stays: a plan, or another purchase of the title.",
                )],
            ),
            _ => (
                "A purchase at Online Cinema was given back",
                vec![Text(
                    "Your money goes back; another mail says how much it is. What you have otherwise stays: a plan, or another purchase of the title.",
                )],
            ),
        },
        Template::SubscriptionEnded(SubscriptionEnded { plan, plan_names }) => (
            "Your plan at Online Cinema has ended",
            vec![
                Text("Your plan is over, and nothing more is charged. Your profiles, lists and history stay."),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
            ],
        ),
        Template::TrialEnding(TrialEnding { plan, ends_on, amount, period, plan_names, then, needs_method }) => (
            "Your trial at Online Cinema ends soon",
            vec![
                Text(match needs_method {
                    true => {
                        "When your trial ends, your plan has to be paid, and no means of payment is saved. You pay it in your account: until the end of the trial nothing changes."
                    }
                    false => "When your trial ends, your plan goes on and is paid for the first time.",
                }),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Trial ends, and the first payment", ends_on, "unknown"),
                fact("Price", &price(amount, then, period, EVERY), "unknown"),
                Text("Whoever cancels before that day pays nothing at all."),
            ],
        ),
        Template::SubscriptionSuspended(SubscriptionSuspended { plan, plan_names }) => (
            "Your plan at Online Cinema is suspended",
            vec![
                Text(
                    "We could not collect the payment for your plan. Until it is paid, nothing can be watched with it.",
                ),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                Text(
                    "Please look at your means of payment in your account. Once it is paid, you can go on watching right away.",
                ),
            ],
        ),
        Template::PlanChangeScheduled(PlanChangeScheduled { plan, begins_on, amount, period, plan_names, then }) => (
            "Your plan at Online Cinema will change",
            vec![
                Text("Until the end of the running period nothing changes. The next one begins with these terms:"),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Begins, and the next payment", begins_on, "unknown"),
                fact("Price", &price(amount, then, period, EVERY), "unknown"),
                Text("If you change your mind before that day, you can take it back in your account."),
            ],
        ),
        Template::PlanChangeWithdrawn(PlanChangeWithdrawn { plan, until, plan_names }) => (
            "Your plan at Online Cinema stays as it is",
            vec![
                Text("The change that was to come with the next period is taken back: your plan is renewed as before."),
                fact("Plan", &plan_name(plan, plan_names, reader), "unknown"),
                fact("Next payment", until, "unknown"),
            ],
        ),
        Template::RentalEnding(ending @ RentalEnding { has_begun, .. }) => (
            "A rental at Online Cinema ends soon",
            match has_begun {
                true => vec![
                    Text("You have begun to watch it. After this time it cannot be watched any more."),
                    fact("Can be watched until", &end_of_rental(ending), "unknown"),
                ],
                false => vec![
                    Text("You have not begun to watch it yet. After this time it cannot be begun any more."),
                    fact("Can be begun until", &end_of_rental(ending), "unknown"),
                    Text("Once you begin to watch it, your account shows until which hour it can be watched."),
                ],
            },
        ),
        Template::DataExportReady(DataExportReady { until }) => (
            "The copy of your data at Online Cinema is ready",
            vec![
                Text(
                    "The copy of everything that we hold on you can be fetched in your account until the day below. Then it is deleted.",
                ),
                fact("Can be fetched until", until, "unknown"),
                Text(NOT_YOU),
            ],
        ),
        Template::TitleLeavingSoon(TitleLeavingSoon { until, .. }) => (
            "Leaving Online Cinema soon",
            vec![
                Text(
                    "You have it on your list or have not watched it to the end, and it can soon not be watched any more.",
                ),
                fact("To be watched until", until, "unknown"),
                Text("Under \"Notifications\" you choose what we write to you about, and when."),
            ],
        ),
        Template::TitlesDigest(titles) => (
            "What leaves Online Cinema soon",
            vec![
                Text(
                    "You have these on your list or have not watched them to the end, and they can soon not be watched any more.",
                ),
                digest(titles, reader, ("until", "A title on your list"))?,
                Text("Under \"Notifications\" you choose what we write to you about, and when."),
            ],
        ),
        Template::NewEpisodes(_) => (
            "New episodes",
            vec![
                Text("You have this series on your list or are watching it, and it has new episodes."),
                Text("Under \"Notifications\" you choose what we write to you about, and when."),
            ],
        ),
        Template::Announcement(words) => announcement(words)?,
    })
}

/// What a service is called by whoever does not know that there are services.
fn part(service: &str) -> &str {
    match service {
        "analytics" => "Statistics",
        "auth" => "Sign-in",
        "catalog" => "Catalogue",
        "media" => "Uploads",
        "notification" => "Messages",
        "payment" => "Plan and payments",
        "recommendation" => "Recommendations",
        "streaming" => "Playback",
        "user" => "Profiles, lists and history",
        other => other,
    }
}

/// How long or how something is sold.
pub(super) fn word(word: &str) -> &str {
    match word {
        "rent" => "rental",
        "buy" => "purchase",
        other => other,
    }
}
