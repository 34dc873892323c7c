//! LocalStack in host mode, with functions as local processes.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use super::executor;
use crate::packages::Component;
use crate::process::Launch;
use crate::pulse;
use crate::setup::Setup;

/// Versions under which LocalStack looks for what it would otherwise download.
const KINESIS_FOLDER: &str = "kinesis-local/0.5.2";
const DYNAMODB_FOLDER: &str = "dynamodb-local/2";
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let folder = setup.home.run().join("localstack");
    let (root, home, temporary) = (folder.join("root"), folder.join("home"), folder.join("tmp"));
    // Unpacked code and objects of the instance before.
    remove(&temporary)?;
    fs::create_dir_all(&temporary)?;
    fs::create_dir_all(&home)?;
    let libraries = root.join("var/lib/localstack/lib");
    link(&setup.installed.folder(Component::Kinesis), &libraries.join(KINESIS_FOLDER))?;
    link(&setup.installed.folder(Component::DynamoDb), &libraries.join(DYNAMODB_FOLDER))?;

    let plugin = folder.join("plugin");
    executor::write(&plugin)?;
    let python = setup.installed.folder(Component::LocalStack).join("bin/python");
    pulse::write(setup.home, &python)?;

    let address = format!("127.0.0.1:{}", port);
    let mut path = setup.installed.tools().path().into_os_string();
    path.push(":");
    path.push(SYSTEM_PATH);
    let mut environment: Vec<(String, OsString)> = vec![
        ("PATH".into(), path),
        ("PYTHONPATH".into(), plugin.into()),
        ("HOME".into(), home.into()),
        ("TMPDIR".into(), temporary.into()),
        ("FILESYSTEM_ROOT".into(), root.into()),
        ("GATEWAY_LISTEN".into(), address.clone().into()),
        // Goes into the URLs of answers; the default name needs the internet.
        ("LOCALSTACK_HOST".into(), address.into()),
    ];
    let fixed = [
        // A CI job that is itself a container has /.dockerenv.
        ("OVERRIDE_IN_DOCKER", "0"),
        // Else queue URLs begin with sqs.<region>.
        ("SQS_ENDPOINT_STRATEGY", "path"),
        ("DNS_ADDRESS", "0"),
        ("DISABLE_EVENTS", "1"),
        ("SKIP_SSL_CERT_DOWNLOAD", "1"),
        ("LAMBDA_RUNTIME_EXECUTOR", "process"),
        // Mappings look 3 to 10 times a second instead of backing off up to 10 s (60 s after errors): the plugin's pollers sleep
        // while their source is quiet.
        ("LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC", "0.1"),
        ("LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC", "0.3"),
        // Two hundred functions that were called once would be 1.3 GiB of processes for ten minutes.
        ("LAMBDA_KEEPALIVE_MS", "120000"),
        ("LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_ERROR_SEC", "2"),
        // Hundreds of threads behind one interpreter lock: an arena for each would only hold on to memory.
        ("MALLOC_ARENA_MAX", "2"),
        // Large buffers go back to the system when they are freed: 240 MiB less after a deployment and the seed.
        ("MALLOC_MMAP_THRESHOLD_", "262144"),
        ("MALLOC_TRIM_THRESHOLD_", "262144"),
        // A worker that reports the length of every queue to nobody.
        ("SQS_DISABLE_CLOUDWATCH_METRICS", "1"),
        // Every 5 s it would write all its records anew as JSON: a third of a core after some hours of use, for nothing,
        // because they go to a folder that LocalStack empties at its start.
        ("KINESIS_PERSISTENCE", "0"),
        // A stream for each test, and one for each table with changes that a test has deleted: 100 are not enough.
        ("KINESIS_SHARD_LIMIT", "2000"),
        ("LS_LOG", "warning"),
        ("PYTHONUNBUFFERED", "1"),
        ("LANG", "C.UTF-8"),
    ];
    environment.extend(fixed.map(|(name, value)| (name.to_owned(), value.into())));
    if setup.throw_away {
        environment.push(("DYNAMODB_IN_MEMORY".into(), "1".into()));
    } else {
        let tables = folder.join("dynamodb");
        fs::create_dir_all(&tables)?;
        environment.push(("DYNAMODB_IN_MEMORY".into(), "0".into()));
        environment.push(("DYNAMODB_FOLDER".into(), tables.into()));
    }
    Ok(Launch {
        command: vec![python.into(), "-m".into(), "localstack.runtime.main".into()],
        environment,
        folder,
        log: setup.home.log("localstack"),
        dies_with_parent: setup.dies_with_parent("KILL"),
    })
}

fn link(target: &Path, link: &Path) -> Result<()> {
    fs::create_dir_all(link.parent().context("a folder of LocalStack")?)?;
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(symlink(target, link)?)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}
