//! Layers: folders that functions find beside their code.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{LayerVersionContentInput, Runtime};
use engines::progress::Progress;
use manifest::Plan;

use crate::clients::Clients;
use crate::pack::{self, Digests};
use crate::target::Target;

pub(crate) struct Layers {
    /// Layer → ARN of the version to use.
    pub arns: BTreeMap<String, String>,
    pub changed: usize,
}

pub(crate) async fn deploy(
    clients: &Clients,
    target: &Target,
    plan: &Plan,
    digests: &mut Digests,
    progress: &Progress,
) -> Result<Layers> {
    let names: BTreeSet<&String> = plan.functions.values().flat_map(|function| &function.layers).collect();
    let mut layers = Layers { arns: BTreeMap::new(), changed: 0 };
    for name in names {
        let folder = target.layers.get(name).with_context(|| format!("the platform has no folder for layer {name}"))?;
        let mark = mark(&digests.of_folder(folder)?);
        if let Some(arn) = find(clients, name, &mark).await? {
            layers.arns.insert(name.to_owned(), arn);
            continue;
        }
        let task = progress.task(format!("layer {name}"));
        let zip = pack::folder(folder, pack::FAST)?;
        let size = zip.len();
        let publish = clients
            .lambda
            .publish_layer_version()
            .layer_name(name)
            .description(&mark)
            .compatible_runtimes(Runtime::Providedal2023)
            .content(LayerVersionContentInput::builder().zip_file(Blob::new(zip)).build());
        let failed = || format!("publishing layer {name}");
        let arn = publish.send().await.with_context(failed)?.layer_version_arn.with_context(failed)?;
        layers.arns.insert(name.to_owned(), arn);
        layers.changed += 1;
        task.done(format!("{} MB", size >> 20));
    }
    Ok(layers)
}

fn mark(digest: &str) -> String {
    format!("cinema {digest}")
}

async fn find(clients: &Clients, name: &str, mark: &str) -> Result<Option<String>> {
    let list = clients.lambda.list_layer_versions().layer_name(name);
    let versions = list.send().await.with_context(|| format!("listing versions of layer {name}"))?;
    let same = versions.layer_versions().iter().find(|version| version.description() == Some(mark));
    Ok(same.and_then(|version| version.layer_version_arn.clone()))
}
