//! The same engines as containers: `docker-compose.yml` at the root of the repository.
//!
//! From this machine they answer on the published ports. Functions are containers on the same network
//! (`LAMBDA_DOCKER_NETWORK`) and reach them by their names.

use std::env;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::daemons::Daemons;
use crate::endpoints::Endpoints;
use crate::engine::Engine;
use crate::home::Home;
use crate::mirror;
use crate::passwords::Passwords;
use crate::progress::Progress;
use crate::status::EngineStatus;

/// Starts the containers and waits until they are well: the endpoints as seen from here, and from functions.
pub async fn start(home: &Home, progress: &Progress) -> Result<(Endpoints, Endpoints)> {
    let task = progress.task("docker compose up");
    run(&["up", "--detach", "--wait", "--pull", "missing"]).await?;
    Daemons::change(home, |daemons| daemons.docker = true)?;
    task.done("");
    let endpoints = from_here();
    mirror::restore(home, &endpoints, progress).await?;
    Ok((endpoints, from_functions()))
}

/// Saves what LocalStack forgets and stops the containers; their volumes stay.
pub async fn stop(home: &Home, progress: &Progress) -> Result<()> {
    if let Err(error) = mirror::mirror(home, &from_here()).await {
        progress.say(format!("  the last minute of S3 could not be saved: {error:#}"));
    }
    let task = progress.task("docker compose stop");
    run(&["stop"]).await?;
    Daemons::change(home, |daemons| daemons.docker = false)?;
    task.done("");
    Ok(())
}

/// Removes the containers and their volumes.
pub async fn wipe(progress: &Progress) -> Result<()> {
    let task = progress.task("docker compose down");
    run(&["down", "--volumes"]).await?;
    task.done("");
    Ok(())
}

/// How the containers are.
pub async fn status() -> Vec<EngineStatus> {
    let output = run(&["ps", "--all", "--format", "json"]).await.unwrap_or_default();
    let containers: Vec<Container> = output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Engine::ALL
        .map(|engine| {
            let container = containers.iter().find(|container| container.service == engine.name());
            EngineStatus {
                name: engine.name(),
                version: engine.version(),
                pid: None,
                port: container.map(|_| port(engine)),
                healthy: container.is_some_and(|container| container.health == "healthy"),
                rss_mib: 0,
            }
        })
        .to_vec()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    service: String,
    #[serde(default)]
    health: String,
}

/// The published ports: `CINEMA_PORT_POSTGRES=…` moves one, in the compose file as here.
pub(crate) fn from_here() -> Endpoints {
    // Of the compose file: there ClickHouse has a user without one.
    let passwords = Passwords { postgres: "postgres".into(), clickhouse: String::new() };
    let mut endpoints = Endpoints::default();
    for engine in Engine::ALL {
        engine.write_endpoint(port(engine), &passwords, &mut endpoints);
    }
    endpoints.clickhouse = format!("http://127.0.0.1:{}", port(Engine::ClickHouse));
    endpoints.issuer = issuer();
    endpoints.sandbox = sandbox();
    endpoints
}

fn from_functions() -> Endpoints {
    Endpoints {
        aws: "http://localstack:4566".into(),
        postgres: "postgres://postgres:postgres@postgres:5432/postgres".into(),
        redis: "redis://redis:6379".into(),
        clickhouse: "http://clickhouse:8123".into(),
        opensearch: "http://opensearch:9200".into(),
        issuer: issuer(),
        sandbox: sandbox(),
    }
}

/// An issuer has one address for everybody: browsers find `*.localhost` on this machine, functions find the container by this alias.
fn issuer() -> String {
    format!("http://issuer.localhost:{}", port(Engine::Issuer))
}

/// The same: its pages are for browsers, its calls for functions.
fn sandbox() -> String {
    format!("http://sandbox.localhost:{}", port(Engine::Sandbox))
}

fn port(engine: Engine) -> u16 {
    let variable = format!("CINEMA_PORT_{}", engine.name().to_uppercase());
    env::var(variable).ok().and_then(|port| port.parse().ok()).unwrap_or_else(|| engine.usual_port())
}

/// Runs `docker compose` with this repository's file; returns what it prints.
async fn run(arguments: &[&str]) -> Result<String> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the repository")?.join("docker-compose.yml");
    let output = Command::new("docker")
        .args(["compose", "--file"])
        .arg(&file)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .context("docker could not be started; install it with: curl -fsSL https://get.docker.com | sh")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "docker compose {} failed:\n{said}", arguments.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No daemon runs where the tests do: the file is read, and compared with what the code believes.
    #[test]
    fn the_compose_file_publishes_what_is_expected_here() {
        let text = include_str!("../../../docker-compose.yml");
        let file: serde_norway::Value = serde_norway::from_str(text).unwrap();
        let services = file["services"].as_mapping().unwrap();
        for name in ["localstack", "postgres", "redis", "clickhouse", "opensearch", "issuer", "sandbox", "mailpit"] {
            let service = &services[name];
            assert!(service.get("profiles").is_none(), "{name} must start without a profile");
            assert!(service.get("healthcheck").is_some(), "`up --wait` waits for the health of {name}");
        }
        for engine in Engine::ALL {
            let inside: u16 = match engine {
                Engine::LocalStack => 4566,
                Engine::Postgres => 5432,
                Engine::Redis => 6379,
                Engine::ClickHouse => 8123,
                Engine::OpenSearch => 9200,
                Engine::Issuer => 9410,
                Engine::Sandbox => 9420,
            };
            let variable = format!("CINEMA_PORT_{}", engine.name().to_uppercase());
            let mut published = format!("127.0.0.1:${{{variable}:-{}}}:{inside}", engine.usual_port());
            if matches!(engine, Engine::Issuer | Engine::Sandbox) {
                // The same inside, because its address is the same everywhere.
                published = published.replace(&format!(":{inside}"), &format!(":${{{variable}:-{inside}}}"));
            }
            let ports = services[engine.name()]["ports"].as_sequence().unwrap();
            assert!(ports.iter().any(|port| port.as_str() == Some(&published)), "{}: {published}", engine.name());
        }
        for (name, service) in services {
            let name = name.as_str().unwrap();
            let image = service["image"].as_str().unwrap();
            let (named, digest) = image.split_once("@sha256:").unwrap_or_else(|| panic!("{name}: {image} can change"));
            assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {digest}");
            let tag = named.rsplit_once(':').unwrap_or_else(|| panic!("{name}: {image} has no tag for people")).1;
            assert_ne!(tag, "latest", "{name}");
            for volume in service.get("volumes").and_then(|volumes| volumes.as_sequence()).into_iter().flatten() {
                let source = volume.as_str().unwrap().split(':').next().unwrap();
                let declared = file["volumes"].get(source).is_some() || source.starts_with(['/', '.']);
                assert!(declared, "{name} uses the volume {source}, which is not declared");
            }
            for profile in service.get("profiles").and_then(|names| names.as_sequence()).into_iter().flatten() {
                assert!(["observability", "minio", "tools"].contains(&profile.as_str().unwrap()), "{name}");
            }
            for (other, _) in service.get("depends_on").and_then(|other| other.as_mapping()).into_iter().flatten() {
                assert!(services.contains_key(other), "{name} depends on {other:?}");
            }
        }
        let emulator = services["localstack"]["image"].as_str().unwrap();
        assert!(emulator.starts_with("localstack/localstack:4.14.0@"), "{emulator}");
    }
}
