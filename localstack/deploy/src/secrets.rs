//! Secrets: made once, never read or replaced by a deployment.
//!
//! An emulator may forget them any time, and a lost pepper would lock every account out: what is generated is kept
//! beside the settings first.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engines::private;
use manifest::{Generate, Plan, Secret};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use crate::clients::Clients;
use crate::target::Target;

/// Name → generated value.
const KEPT: &str = "generated-secrets.json";

pub(crate) async fn deploy(clients: &Clients, target: &Target, plan: &Plan) -> Result<usize> {
    let mut known = Vec::new();
    let mut pages = clients.secrets.list_secrets().into_paginator().send();
    while let Some(page) = pages.next().await {
        known.extend(
            page.context("listing secrets")?.secret_list.unwrap_or_default().into_iter().filter_map(|entry| entry.name),
        );
    }
    let mut changed = 0;
    for (name, secret) in &plan.secrets {
        if known.contains(name) {
            continue;
        }
        let value = keep(&target.run.join(KEPT), name, secret)?;
        let create = clients.secrets.create_secret().name(name).set_secret_string(value);
        create.send().await.with_context(|| format!("creating secret {name}"))?;
        changed += 1;
    }
    Ok(changed)
}

/// What was generated for a secret; `None` before its first deployment.
pub fn generated(target: &Target, name: &str) -> Result<Option<String>> {
    let kept: BTreeMap<String, String> = private::read_json(&target.run.join(KEPT))?.unwrap_or_default();
    Ok(kept.get(name).cloned())
}

/// The value generated before, or a new one that is written down; `None` for a secret that a function writes.
fn keep(file: &Path, name: &str, secret: &Secret) -> Result<Option<String>> {
    let mut kept: BTreeMap<String, String> = private::read_json(file)?.unwrap_or_default();
    if let Some(value) = kept.get(name) {
        return Ok(Some(value.clone()));
    }
    let Some(value) = secret.first_value(generate)? else { return Ok(None) };
    kept.insert(name.to_owned(), value.clone());
    private::write_json(file, &kept)?;
    Ok(Some(value))
}

fn generate(kind: Generate) -> Result<String> {
    match kind {
        Generate::Random32 => Ok(private::key()?),
        Generate::EcP256 => {
            let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
            Ok(STANDARD.encode(key.map_err(|_| anyhow!("no key could be made"))?))
        }
    }
}
