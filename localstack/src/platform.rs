//! A whole cinema on one machine: engines, schemas, functions, edge.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{
    api,
    cargo::cargo,
    deploy::{Deployed, deploy},
    engines::{Daemon, Engines, Home, Options, State},
    migrate::migrate,
    process::Launch,
    progress::Progress,
    settings::Settings,
    stack::Stack,
};

/// Where the edge listens unless the port is taken.
const EDGE_PORT: u16 = 8080;
/// The edge's name among the daemons.
const EDGE: &str = "edge";

/// A platform whose engines run.
pub struct Platform {
    /// The repository.
    pub root: PathBuf,
    /// Its state.
    pub home: Home,
    /// What is deployed and where.
    pub stack: Stack,
    /// Where the edge listens.
    pub edge_port: u16,
    options: Options,
}

impl Platform {
    /// Starts the engines.
    pub async fn start(root: &Path, home: Home, options: Options, progress: &Progress) -> Result<Self> {
        progress.say("Engines");
        let engines = Engines::start(&home, &options, progress).await?;
        let mut settings =
            if options.throw_away { Settings::fresh()? } else { Settings::load(&home.run().join("settings.json"))? };
        let edge_port = edge_port(&home, options.throw_away)?;
        settings.place(&format!("http://localhost:{edge_port}"), &engines.endpoints_of_functions().issuer)?;
        let mut stack = Stack::new(root.to_owned(), home.run().to_owned(), engines.endpoints().clone(), settings);
        stack.seen_by_functions = engines.endpoints_of_functions().clone();
        // The functions lie beside this program, wherever cargo was told to build.
        if let Some(folder) = own_program()?.parent() {
            stack.bin_dir = folder.to_owned();
        }
        stack.layers =
            BTreeMap::from([("ffmpeg".to_owned(), home.ffmpeg_dir().parent().map(Path::to_owned).unwrap_or_default())]);
        Ok(Self { root: root.to_owned(), home, stack, edge_port, options })
    }

    /// Brings schemas, functions and routes up to date.
    pub async fn deploy(&self, progress: &Progress) -> Result<Deployed> {
        progress.say("Schemas");
        migrate(&self.stack, progress).await?;
        progress.say("Functions");
        let deployed = deploy(&self.stack, progress).await?;
        self.ensure_keys().await?;
        Ok(deployed)
    }

    /// Runs the key rotation: without keys nobody can sign in. When it is not yet time for new ones it only publishes those there are.
    async fn ensure_keys(&self) -> Result<()> {
        let aws = api::aws(&self.stack.endpoints.aws);
        let lambda = aws_sdk_lambda::Client::new(&aws);
        let payload = aws_sdk_lambda::primitives::Blob::new("{}");
        let answer = lambda.invoke().function_name("auth-rotate-keys").payload(payload).send().await;
        let answer = answer.context("auth-rotate-keys cannot be invoked")?;
        if let Some(error) = answer.function_error() {
            let reason = answer.payload().map(|payload| String::from_utf8_lossy(payload.as_ref()).into_owned());
            bail!("auth-rotate-keys failed: {error}: {}", reason.unwrap_or_default());
        }
        Ok(())
    }

    /// The origin that browsers use.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.edge_port)
    }

    /// Starts the edge, or replaces one that runs another build.
    pub async fn start_edge(&self) -> Result<()> {
        let program = own_program()?;
        let stamp = std::fs::metadata(&program)?.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let build = format!("{stamp} {} {}", self.stack.endpoints.aws, self.edge_port);
        let state = State::load(&self.home)?;
        if let Some(edge) = state.daemons.get(EDGE) {
            if edge.process.is_alive() && edge.build == build {
                return Ok(());
            }
            edge.process.stop(Duration::from_secs(2)).await?;
        }
        let mut command = vec![
            program.into(),
            "edge".into(),
            "--port".into(),
            self.edge_port.to_string().into(),
            "--run".into(),
            self.home.run().into(),
            "--aws".into(),
            self.stack.endpoints.aws.clone().into(),
            "--settings".into(),
            self.edge_settings()?.into(),
        ];
        if self.options.throw_away {
            command.push("--throw-away".into());
        }
        let process = Launch {
            command,
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .filter(|(name, _)| matches!(name.as_str(), "PATH" | "HOME" | "SSL_CERT_FILE" | "CINEMA_CACHE"))
                .collect(),
            folder: self.root.clone(),
            log: self.home.log(EDGE),
            dies_with_parent: self.options.throw_away.then_some("KILL"),
        }
        .start()?;
        State::record(&self.home, EDGE, Daemon { process, port: self.edge_port, build })?;
        self.wait_for_edge().await
    }

    /// The edge reads the settings from a file of its own, because a throw-away platform keeps none.
    fn edge_settings(&self) -> Result<PathBuf> {
        let file = self.home.run().join("edge.json");
        self.stack.settings.save(&file)?;
        Ok(file)
    }

    async fn wait_for_edge(&self) -> Result<()> {
        let client = api::http_client()?;
        let url = format!("{}/v1/health", self.url());
        for _ in 0..150 {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        bail!("the edge does not answer on {url}; see {}", self.home.log(EDGE).display())
    }

    /// Ends the edge.
    pub async fn stop_edge(home: &Home) -> Result<()> {
        if let Some(edge) = State::load(home)?.daemons.get(EDGE) {
            edge.process.stop(Duration::from_secs(2)).await?;
            State::forget(home, EDGE)?;
        }
        Ok(())
    }
}

/// This program's file, also when the build has replaced it meanwhile: then Linux marks the old one.
fn own_program() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map(PathBuf::from).unwrap_or(program))
}

/// The port of the running edge, else the usual one, else any free one.
fn edge_port(home: &Home, throw_away: bool) -> Result<u16> {
    if let Some(edge) = State::load(home)?.daemons.get(EDGE).filter(|edge| edge.process.is_alive()) {
        return Ok(edge.port);
    }
    if !throw_away && std::net::TcpListener::bind(("127.0.0.1", EDGE_PORT)).is_ok() {
        return Ok(EDGE_PORT);
    }
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Builds every function with the profile that tests use too.
pub async fn build(root: &Path, progress: &Progress) -> Result<()> {
    progress.say("Build");
    let task = progress.task("cargo build");
    let mut child = cargo(root)
        .args(["build", "--release", "--workspace", "--bins", "--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cargo cannot be started")?;
    let errors = child.stderr.take().context("cargo's messages")?;
    let errors = tokio::spawn(async move {
        let mut lines = BufReader::new(errors).lines();
        let mut kept = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            kept.push(line);
        }
        kept.join("\n")
    });
    let mut lines = BufReader::new(child.stdout.take().context("cargo's messages")?).lines();
    let mut built = 0;
    let mut said = std::time::Instant::now();
    while let Some(line) = lines.next_line().await? {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        if message["reason"] == "compiler-artifact" {
            built += 1;
            let name = message["target"]["name"].as_str().unwrap_or_default();
            task.note(format!("{built} · {name}"));
            if said.elapsed() > Duration::from_secs(30) {
                said = std::time::Instant::now();
                task.heartbeat(&format!("{built} crates and programs so far, now {name}"));
            }
        }
    }
    if !child.wait().await?.success() {
        bail!("the build failed:\n{}", errors.await.unwrap_or_default());
    }
    task.done(format!("{built} crates and programs"));
    Ok(())
}
