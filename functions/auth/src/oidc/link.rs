//! Which account somebody who comes from a provider gets.

use kernel::AccountId;

use crate::email::Email;

/// What is known when somebody arrives.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// Who was signed in when it began.
    pub signed_in: Option<AccountId>,
    /// Whom the person's account at the provider is linked with.
    pub linked: Option<AccountId>,
    /// The address, if the provider has proven it.
    pub email: Option<&'a Email>,
    /// The account that has this address, and whether it has proven it.
    pub holder: Option<(AccountId, bool)>,
}

/// What happens then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Sign in.
    SignIn(AccountId),
    /// Link and sign in: the same mailbox is proven on both sides.
    LinkAndSignIn(AccountId),
    /// Link with the account that is signed in.
    Link(AccountId),
    /// It was linked before.
    Nothing,
    /// Make an account with this address.
    Create(&'a Email),
    /// Nobody gets anything.
    Refuse(Refusal),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another account is linked with it.
    LinkedElsewhere,
    /// The provider has not proven any address that could be one here.
    NoAddress,
    /// Somebody registered the address here and never proved it: it may have been anybody.
    HolderUnverified,
}

/// Decides.
pub fn decide<'a>(known: &Known<'a>) -> Decision<'a> {
    match (known.signed_in, known.linked, known.email, known.holder) {
        (Some(account), Some(linked), ..) if account == linked => Decision::Nothing,
        (Some(_), Some(_), ..) => Decision::Refuse(Refusal::LinkedElsewhere),
        (Some(account), None, ..) => Decision::Link(account),
        (None, Some(linked), ..) => Decision::SignIn(linked),
        (None, None, None, _) => Decision::Refuse(Refusal::NoAddress),
        (None, None, Some(_), Some((holder, true))) => Decision::LinkAndSignIn(holder),
        (None, None, Some(_), Some((_, false))) => Decision::Refuse(Refusal::HolderUnverified),
        (None, None, Some(email), None) => Decision::Create(email),
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn each_case_has_its_answer() {
        let account = |number| AccountId::from_parts(OffsetDateTime::UNIX_EPOCH, [number; 10]);
        let (me, other) = (account(1), account(2));
        let email: Email = "vera@example.com".parse().unwrap();
        let proven = Some(&email);
        for (signed_in, linked, email, holder, decision) in [
            (None, Some(other), None, None, Decision::SignIn(other)),
            // A link counts more than an address.
            (None, Some(other), proven, Some((me, true)), Decision::SignIn(other)),
            (None, None, proven, None, Decision::Create(&email)),
            (None, None, proven, Some((me, true)), Decision::LinkAndSignIn(me)),
            (None, None, proven, Some((me, false)), Decision::Refuse(Refusal::HolderUnverified)),
            (None, None, None, None, Decision::Refuse(Refusal::NoAddress)),
            (Some(me), None, None, None, Decision::Link(me)),
            // Whoever is signed in decides, whatever the address.
            (Some(me), None, proven, Some((other, true)), Decision::Link(me)),
            (Some(me), Some(me), proven, None, Decision::Nothing),
            (Some(me), Some(other), None, None, Decision::Refuse(Refusal::LinkedElsewhere)),
        ] {
            let known = Known { signed_in, linked, email, holder };
            assert_eq!(decide(&known), decision, "{known:?}");
        }
    }
}
