//! Which account somebody who signs in at a provider gets.

use kernel::AccountId;

use crate::email::Email;

/// What is known of somebody who wants to sign in.
#[derive(Debug, Clone)]
pub struct Known<'a> {
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
    /// Make an account with this address.
    Create(&'a Email),
    /// Nobody gets anything.
    Refuse(Refusal),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The provider has not proven any address that could be one here.
    NoAddress,
    /// Somebody registered the address here and never proved it: it may have been anybody.
    HolderUnverified,
}

/// Decides.
pub fn decide<'a>(known: &Known<'a>) -> Decision<'a> {
    match (known.linked, known.email, known.holder) {
        (Some(linked), ..) => Decision::SignIn(linked),
        (None, None, _) => Decision::Refuse(Refusal::NoAddress),
        (None, Some(_), Some((holder, true))) => Decision::LinkAndSignIn(holder),
        (None, Some(_), Some((_, false))) => Decision::Refuse(Refusal::HolderUnverified),
        (None, Some(email), None) => Decision::Create(email),
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
        for (linked, email, holder, decision) in [
            (Some(other), None, None, Decision::SignIn(other)),
            // A link counts more than an address.
            (Some(other), proven, Some((me, true)), Decision::SignIn(other)),
            (None, proven, None, Decision::Create(&email)),
            (None, proven, Some((me, true)), Decision::LinkAndSignIn(me)),
            (None, proven, Some((me, false)), Decision::Refuse(Refusal::HolderUnverified)),
            (None, None, None, Decision::Refuse(Refusal::NoAddress)),
        ] {
            let known = Known { linked, email, holder };
            assert_eq!(decide(&known), decision, "{known:?}");
        }
    }
}
