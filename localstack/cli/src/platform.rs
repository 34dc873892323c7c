//! A whole cinema on one machine: engines, schemas, functions, edge.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use deploy::{Deployed, Settings, Target, deploy, migrate};
use engines::{
    Daemon, Daemons, Endpoints, Engines, Finding, Home, Options, Severity, aws, process::Launch, progress::Progress,
};
use manifest::Plan;

/// Where the edge listens unless the port is taken.
const EDGE_PORT: u16 = 8080;
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// The edge's name among the daemons.
const EDGE: &str = "edge";
/// The payment sandbox's name among the providers.
const SANDBOX: &str = "sandbox";

/// A platform whose engines run.
pub struct Platform {
    /// Its state.
    pub home: Home,
    /// What is deployed, and where to.
    pub target: Target,
    edge_port: u16,
    throw_away: bool,
}

impl Platform {
    /// Starts the engines.
    pub async fn start(root: &Path, home: Home, options: Options, progress: &Progress) -> Result<Self> {
        progress.say("Engines");
        let engines = Engines::start(&home, &options, progress).await?;
        let mut settings =
            if options.throw_away { Settings::fresh()? } else { Settings::load(&home.run().join("settings.json"))? };
        let edge_port = edge_port(&home, options.throw_away)?;
        let Endpoints { issuer, sandbox, .. } = engines.endpoints_of_functions();
        settings.place(&url(edge_port), issuer, sandbox)?;
        let mut target = Target::new(root.to_owned(), home.run().to_owned(), engines.endpoints().clone(), settings);
        target.seen_by_functions = engines.endpoints_of_functions().clone();
        // The functions lie beside this program, wherever cargo was told to build.
        if let Some(folder) = own_program()?.parent() {
            target.bin_dir = folder.to_owned();
        }
        target.layers =
            BTreeMap::from([("ffmpeg".to_owned(), home.ffmpeg_dir().parent().map(Path::to_owned).unwrap_or_default())]);
        Ok(Self { home, target, edge_port, throw_away: options.throw_away })
    }

    /// Brings schemas, functions and routes up to date.
    pub async fn deploy(&self, progress: &Progress) -> Result<Deployed> {
        progress.say("Schemas");
        migrate(&self.target, progress).await?;
        progress.say("Functions");
        let deployed = deploy(&self.target, progress).await?;
        self.ensure_keys().await?;
        self.open_shop().await?;
        Ok(deployed)
    }

    /// Tells the sandbox what the functions call it with, and where its notices go and by which secret they are signed. It remembers both.
    async fn open_shop(&self) -> Result<()> {
        if self.target.endpoints.sandbox.is_empty() {
            return Ok(());
        }
        let secret = |name: &str| {
            let members = deploy::generated_secret(&self.target, name)?.with_context(|| format!("no secret {name}"))?;
            let members: BTreeMap<String, String> = serde_json::from_str(&members)?;
            members.get(SANDBOX).cloned().with_context(|| format!("the secret {name} knows no {SANDBOX}"))
        };
        let shop = serde_json::json!({
            "key": secret("payment-keys")?, "webhook_secret": secret("webhook-secrets")?,
            "webhook_url": format!("{}/v1/webhooks/{SANDBOX}", self.url()),
        });
        let call = edge::http_client()?.put(format!("{}/admin/shop", self.target.endpoints.sandbox)).json(&shop).send();
        call.await.and_then(|answer| answer.error_for_status()).context("the sandbox does not take the shop")?;
        Ok(())
    }

    /// Runs the key rotation: without keys nobody can sign in. When it is not yet time for new ones it only publishes those there are.
    async fn ensure_keys(&self) -> Result<()> {
        let lambda = aws_sdk_lambda::Client::new(&aws::config(&self.target.endpoints.aws));
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
        url(self.edge_port)
    }

    /// Starts the edge, or replaces one that runs another build.
    pub async fn start_edge(&self) -> Result<()> {
        let program = own_program()?;
        let stamp = std::fs::metadata(&program)?.modified()?.duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let public = Plan::read(&self.target.root)?.buckets.remove("media").map(|media| media.public);
        let build = format!("{stamp} {} {} {public:?}", self.target.endpoints.aws, self.edge_port);
        let daemons = Daemons::load(&self.home)?;
        if let Some(edge) = daemons.by_name.get(EDGE) {
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
            self.target.endpoints.aws.clone().into(),
            "--settings".into(),
            self.edge_settings()?.into(),
        ];
        if self.throw_away {
            command.push("--throw-away".into());
        }
        let process = Launch {
            command,
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .filter(|(name, _)| matches!(name.as_str(), "PATH" | "HOME" | "SSL_CERT_FILE" | "CINEMA_CACHE"))
                .collect(),
            folder: self.target.root.clone(),
            log: self.home.log(EDGE),
            dies_with_parent: self.throw_away.then_some("KILL"),
        }
        .start()?;
        Daemons::record(&self.home, EDGE, Daemon { process, port: self.edge_port, build })?;
        self.wait_for_edge().await
    }

    /// The edge reads the settings from a file of its own, because a throw-away platform keeps none.
    fn edge_settings(&self) -> Result<PathBuf> {
        let file = self.home.run().join("edge.json");
        self.target.settings.save(&file)?;
        Ok(file)
    }

    async fn wait_for_edge(&self) -> Result<()> {
        for _ in 0..150 {
            if self.answers().await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        bail!("the edge does not answer on {}; see {}", self.url(), self.home.log(EDGE).display())
    }

    /// Whether a request reaches a function through edge and gateway.
    pub async fn answers(&self) -> Result<bool> {
        let call = edge::http_client()?.get(format!("{}/v1/health", self.url())).timeout(PATIENCE).send();
        Ok(call.await.is_ok_and(|answer| answer.status().is_success()))
    }

    /// Where the running edge listens.
    pub fn edge_url(home: &Home) -> Result<Option<String>> {
        Ok(running_edge_port(home)?.map(url))
    }

    /// Ends the edge.
    pub async fn stop_edge(home: &Home) -> Result<()> {
        if let Some(edge) = Daemons::load(home)?.by_name.get(EDGE) {
            edge.process.stop(Duration::from_secs(2)).await?;
            Daemons::forget(home, EDGE)?;
        }
        Ok(())
    }
}

/// Where the engines of the running platform answer.
pub fn endpoints(home: &Home) -> Result<Endpoints> {
    Engines::endpoints_of(home)?.context("nothing runs here: `cargo cinema up` first")
}

/// This program's file, also when the build has replaced it meanwhile: then Linux marks the old one.
fn own_program() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.to_str().and_then(|path| path.strip_suffix(" (deleted)")).map(PathBuf::from).unwrap_or(program))
}

fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// What the doctor says of the edge's port.
pub fn edge_finding(home: &Home) -> Result<Finding> {
    let (severity, found) = match running_edge_port(home)? {
        Some(port) => (Severity::Fine, format!("{port} (running)")),
        None if is_free(EDGE_PORT) => (Severity::Fine, format!("{EDGE_PORT} is free")),
        None => (Severity::Warning, format!("{EDGE_PORT} is taken: another will be used")),
    };
    Ok(Finding { subject: "port of the edge".to_owned(), severity, found, command: None })
}

fn is_free(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn running_edge_port(home: &Home) -> Result<Option<u16>> {
    let daemons = Daemons::load(home)?;
    Ok(daemons.by_name.get(EDGE).filter(|edge| edge.process.is_alive()).map(|edge| edge.port))
}

/// The port of the running edge, else the usual one, else any free one.
fn edge_port(home: &Home, throw_away: bool) -> Result<u16> {
    if let Some(port) = running_edge_port(home)? {
        return Ok(port);
    }
    if !throw_away && is_free(EDGE_PORT) {
        return Ok(EDGE_PORT);
    }
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
