//! Lambda functions: created, updated when code or configuration changed, deleted when the plan forgot them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, DeadLetterConfig, Environment, EphemeralStorage, FunctionCode, LastUpdateStatus, Runtime, State,
};
use engines::progress::{Progress, Task};
use futures::{StreamExt, TryStreamExt, stream};
use manifest::Plan;
use manifest::plan::Function;
use sha2::{Digest, Sha256};

use crate::clients::Clients;
use crate::environment::{self, Places};
use crate::layers::Layers;
use crate::pack::{self, Digests};
use crate::target::Target;
use crate::together::CONCURRENCY;
use crate::wait;

/// See [`timeout_seconds`].
const LEAST_TIMEOUT_SECONDS: u32 = 30;
/// The beginning of the description of every function that this deployer made.
const MARK: &str = "cinema ";

/// One function as it should be.
pub(crate) struct Wanted<'a> {
    name: &'a str,
    function: &'a Function,
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    layers: Vec<String>,
    dead_letters: Option<String>,
    /// `cinema code=… config=…`: kept as the description, so that one listing tells what changed.
    mark: String,
    code: String,
}

pub(crate) fn wanted<'a>(
    clients: &Clients,
    target: &Target,
    plan: &'a Plan,
    places: &Places<'_>,
    layers: &Layers,
    digests: &mut Digests,
) -> Result<Vec<Wanted<'a>>> {
    let one = |(name, function): (&'a String, &'a Function)| {
        let binary = target.bin_dir.join(name);
        let code = format!("code={}", &digests.of(&binary)?[..32]);
        let environment = environment::of(name, function, target, places)?;
        let layers: Vec<String> = function.layers.iter().filter_map(|name| layers.arns.get(name).cloned()).collect();
        let dead_letters = function.dead_letters.as_ref().map(|queue| clients.queue_arn(queue));
        // Whatever CreateFunction is told besides the code.
        let config = format!(
            "{environment:?} {layers:?} {dead_letters:?} {} {} {} {:?} {:?}",
            function.memory_mib,
            timeout_seconds(function),
            function.ephemeral_mib,
            function.concurrency,
            function.invoked_by
        );
        let config = hex::encode(&Sha256::digest(config)[..16]);
        let mark = format!("{MARK}{code} config={config}");
        anyhow::Ok(Wanted { name, function, binary, environment, layers, dead_letters, mark, code })
    };
    plan.functions.iter().map(one).collect()
}

pub(crate) async fn deploy(clients: &Clients, wanted: Vec<Wanted<'_>>, progress: &Progress) -> Result<usize> {
    let task = progress.task("functions");
    let known = list(clients).await?;
    let names: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.name).collect();
    let mut changed = 0;
    for (name, description) in &known {
        if description.starts_with(MARK) && !names.contains(name.as_str()) {
            delete(clients, name).await?;
            changed += 1;
        }
    }
    let stale: Vec<&Wanted> = wanted.iter().filter(|wanted| known.get(wanted.name) != Some(&wanted.mark)).collect();
    task.steps(stale.len() as u64);
    let jobs = stale.into_iter().map(|wanted| put(clients, wanted, known.get(wanted.name), &task));
    let put: Vec<()> = stream::iter(jobs).buffer_unordered(CONCURRENCY).try_collect().await?;
    changed += put.len();
    task.done(format!("{} deployed, {changed} changed", wanted.len()));
    Ok(changed)
}

/// Name → description.
async fn list(clients: &Clients) -> Result<HashMap<String, String>> {
    let mut functions = clients.lambda.list_functions().into_paginator().items().send();
    let mut known = HashMap::new();
    while let Some(function) = functions.next().await {
        let function = function.context("listing functions")?;
        known.insert(function.function_name.unwrap_or_default(), function.description.unwrap_or_default());
    }
    Ok(known)
}

async fn put(clients: &Clients, wanted: &Wanted<'_>, known: Option<&String>, task: &Task) -> Result<()> {
    let name = wanted.name;
    task.note(name);
    match known {
        None => wanted.create(clients).await.with_context(|| format!("creating function {name}"))?,
        Some(found) => wanted.update(clients, found).await.with_context(|| format!("updating function {name}"))?,
    }
    wanted.permit(clients).await.with_context(|| format!("permitting the triggers of {name}"))?;
    task.step();
    Ok(())
}

/// On AWS each function has a processor of its own and its start does not count; here all of them share this machine's with every engine. The
/// shortest time is longer: what starts while the machine is busy would be killed, started again and killed again.
fn timeout_seconds(function: &Function) -> u32 {
    function.timeout_seconds.max(LEAST_TIMEOUT_SECONDS)
}

impl Wanted<'_> {
    async fn create(&self, clients: &Clients) -> Result<()> {
        let create = clients
            .lambda
            .create_function()
            .function_name(self.name)
            .description(&self.mark)
            .runtime(Runtime::Providedal2023)
            .handler("bootstrap")
            .architectures(architecture())
            .role(clients.role_arn(self.name))
            .code(FunctionCode::builder().zip_file(self.zip()?).build())
            .memory_size(self.function.memory_mib.try_into()?)
            .timeout(timeout_seconds(self.function).try_into()?)
            .environment(self.variables())
            .ephemeral_storage(self.storage()?)
            .set_layers(Some(self.layers.clone()))
            .set_dead_letter_config(self.dead_letter_config());
        create.send().await?;
        self.settled(clients).await?;
        self.limit(clients, false).await
    }

    async fn update(&self, clients: &Clients, found: &str) -> Result<()> {
        self.settled(clients).await?;
        if !found.contains(&self.code) {
            let code = clients.lambda.update_function_code().function_name(self.name).zip_file(self.zip()?);
            code.send().await?;
            self.settled(clients).await?;
        }
        // The description changes last: what failed before is done again next time.
        let configure = clients
            .lambda
            .update_function_configuration()
            .function_name(self.name)
            .description(&self.mark)
            .role(clients.role_arn(self.name))
            .memory_size(self.function.memory_mib.try_into()?)
            .timeout(timeout_seconds(self.function).try_into()?)
            .environment(self.variables())
            .ephemeral_storage(self.storage()?)
            .set_layers(Some(self.layers.clone()))
            .set_dead_letter_config(self.dead_letter_config());
        configure.send().await?;
        self.settled(clients).await?;
        self.limit(clients, true).await
    }

    async fn limit(&self, clients: &Clients, may_be_limited: bool) -> Result<()> {
        let name = self.name;
        match self.function.concurrency {
            Some(most) => {
                let put = clients.lambda.put_function_concurrency().function_name(name);
                put.reserved_concurrent_executions(most.try_into()?).send().await?;
            }
            None if may_be_limited => {
                clients.lambda.delete_function_concurrency().function_name(name).send().await?;
            }
            None => {}
        }
        Ok(())
    }

    /// Until then AWS refuses both invocations and further changes.
    async fn settled(&self, clients: &Clients) -> Result<()> {
        let name = self.name;
        wait::until(&format!("function {name} is active"), async || {
            let found = clients.lambda.get_function_configuration().function_name(name).send().await?;
            if found.state == Some(State::Failed) || found.last_update_status == Some(LastUpdateStatus::Failed) {
                let reason = found.state_reason.or(found.last_update_status_reason).unwrap_or_default();
                bail!("function {name} failed: {reason}");
            }
            Ok(found.state != Some(State::Pending) && found.last_update_status != Some(LastUpdateStatus::InProgress))
        })
        .await
    }

    async fn permit(&self, clients: &Clients) -> Result<()> {
        for principal in &self.function.invoked_by {
            let statement = principal.split('.').next().unwrap_or(principal);
            let add = clients
                .lambda
                .add_permission()
                .function_name(self.name)
                .statement_id(statement)
                .action("lambda:InvokeFunction")
                .principal(principal);
            match add.send().await {
                Ok(_) => {}
                Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_conflict_exception()) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn zip(&self) -> Result<Blob> {
        Ok(Blob::new(pack::function(&self.binary, pack::FAST)?))
    }

    fn variables(&self) -> Environment {
        Environment::builder().set_variables(Some(self.environment.clone().into_iter().collect())).build()
    }

    fn storage(&self) -> Result<EphemeralStorage> {
        Ok(EphemeralStorage::builder().size(self.function.ephemeral_mib.try_into()?).build()?)
    }

    fn dead_letter_config(&self) -> Option<DeadLetterConfig> {
        self.dead_letters.as_ref().map(|arn| DeadLetterConfig::builder().target_arn(arn).build())
    }
}

async fn delete(clients: &Clients, name: &str) -> Result<()> {
    let failed = || format!("deleting function {name}");
    let mappings = clients.lambda.list_event_source_mappings().function_name(name).send().await.with_context(failed)?;
    for mapping in mappings.event_source_mappings() {
        let delete = clients.lambda.delete_event_source_mapping().set_uuid(mapping.uuid.clone());
        delete.send().await.with_context(failed)?;
    }
    clients.lambda.delete_function().function_name(name).send().await.with_context(failed)?;
    Ok(())
}

fn architecture() -> Architecture {
    if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X8664 }
}
