//! What one entry must be, whatever the others say.

use super::refuse;
use crate::access::Access;
use crate::error::ManifestError;
use crate::function::Function;
use crate::trigger::Trigger;
use crate::uses::is_name;

/// API Gateway gives up after 29 s.
const MAX_HTTP_TIMEOUT: u32 = 29;

pub(super) fn check(function: &Function) -> Result<(), ManifestError> {
    let refuse = |reason: &str| Err(refuse(function, reason.to_owned()));
    let folder = function.file.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    if folder != function.service.as_str() {
        return refuse("`service` is not the name of the folder");
    }
    let verb = function.name.strip_prefix(&function.service).and_then(|rest| rest.strip_prefix('-'));
    if !verb.is_some_and(is_name) {
        return refuse("the name does not begin with the service");
    }
    if function.routes.is_empty() && function.triggers.is_empty() {
        return refuse("nothing starts it: give it `http` or a trigger");
    }
    match function.access {
        None if function.is_http() => return refuse("a route needs `access`"),
        Some(Access::Internal) if function.is_http() => return refuse("a route cannot be internal"),
        Some(access) if !function.is_http() && access != Access::Internal => return refuse("`access` without a route"),
        _ => {}
    }
    let has_identity = matches!(function.access, Some(Access::Account | Access::Profile | Access::Role(_)));
    if function.proof.is_some() && !has_identity {
        return refuse("`proof` needs access account, profile or a role");
    }
    if !(128..=10_240).contains(&function.memory) {
        return refuse("memory is 128 to 10240 MiB");
    }
    if !(1..=900).contains(&function.timeout) {
        return refuse("timeout is 1 to 900 s");
    }
    if function.is_http() && function.timeout > MAX_HTTP_TIMEOUT {
        return refuse("the gateway gives up after 29 s");
    }
    if function.ephemeral_mib.is_some_and(|size| !(512..=10_240).contains(&size)) {
        return refuse("ephemeral_mib is 512 to 10240");
    }
    if function.concurrency == Some(0) {
        return refuse("a concurrency of 0 switches the function off");
    }
    for trigger in &function.triggers {
        let (batch, most) = match trigger {
            Trigger::Sqs { batch, .. } => (*batch, 10),
            Trigger::Kinesis { batch, .. } | Trigger::Dynamodb { batch, .. } => (*batch, 1_000),
            _ => continue,
        };
        if batch == 0 || batch > most {
            return refuse(&format!("batch is 1 to {most}"));
        }
    }
    Ok(())
}
