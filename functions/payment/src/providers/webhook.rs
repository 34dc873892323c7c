//! Where what providers send is read: by whoever it claims to come from.

use std::sync::Arc;

use runtime::{Boot, BootError, Keys, Wire};

use super::{
    Config, configs,
    notice::{Delivery, Notice, WebhookError},
};

/// The secret with the providers' signing secrets.
const SECRET: &str = "webhook-secrets";

/// Reads what providers send. Needs their signing secrets alone, not the keys that move money.
#[derive(Clone)]
pub struct Webhooks {
    configs: Arc<[Config]>,
    secrets: Keys,
}

impl Wire for Webhooks {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self { configs: configs(boot)?.into(), secrets: Keys::wire(boot, SECRET)? })
    }
}

impl Webhooks {
    /// What `provider` says, once it has proven itself.
    ///
    /// # Errors
    /// Each. Without a secret nothing is taken.
    pub async fn read(&self, provider: &str, delivery: &Delivery<'_>) -> Result<Notice, WebhookError> {
        let config = self.configs.iter().find(|config| config.name() == provider).ok_or(WebhookError::NoProvider)?;
        match config {
            Config::Sandbox(_) => super::sandbox::read_notice(&self.secrets.of(provider).await?, delivery),
            Config::Stripe(_) => super::stripe::read_notice(&self.secrets.of(provider).await?, delivery),
            Config::Yookassa(_) => super::yookassa::read_notice(delivery),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::notice::tests::{NAME, NOW, SECRET, signed};

    fn webhooks(secrets: &str) -> Webhooks {
        let configs: Vec<Config> =
            serde_json::from_str(r#"[{"provider": "sandbox", "url": "http://127.0.0.1:1"}, {"provider": "stripe"}]"#)
                .unwrap();
        Webhooks { configs: configs.into(), secrets: Keys::fixed(secrets) }
    }

    #[tokio::test]
    async fn without_a_secret_nothing_is_taken() {
        let body = br#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}"#;
        let full = format!(r#"{{"stripe": "{SECRET}"}}"#);
        let right = signed(NAME, SECRET, body);
        let delivery = Delivery { headers: &right, body, source: None, now: NOW };
        assert_eq!(webhooks(&full).read("stripe", &delivery).await.unwrap().object_id, "pi_1");
        for (secrets, key) in [("{}", ""), (r#"{"stripe": ""}"#, ""), (r#"{"stripe": "short"}"#, "short"), ("", SECRET)]
        {
            let headers = signed(NAME, key, body);
            let refused = webhooks(secrets).read("stripe", &Delivery { headers: &headers, ..delivery }).await;
            assert!(matches!(refused, Err(WebhookError::Unavailable(_))), "{secrets}: {refused:?}");
        }
        for name in ["yookassa", "paypal", "", "Stripe"] {
            let refused = webhooks(&full).read(name, &delivery).await;
            assert!(matches!(refused, Err(WebhookError::NoProvider)), "{name}");
        }
    }
}
