//! A shipped binary as a process on a stub of the Lambda Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::{
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use manifest::Plan;
use runtime::Vars;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::{Mutex, mpsc},
};

use crate::cpu::cpu;

/// How long a test waits for a function.
const PATIENCE: Duration = Duration::from_secs(20);

type Ended = Result<Value, Value>;

struct Api {
    work: Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
    answers: mpsc::UnboundedSender<Ended>,
    ready: mpsc::UnboundedSender<()>,
}

/// A running function.
pub struct Function {
    name: String,
    child: Child,
    work: mpsc::UnboundedSender<Vec<u8>>,
    answers: mpsc::UnboundedReceiver<Ended>,
    /// From the start of the process to its first request for work.
    pub init: Duration,
    /// CPU time of the process until then.
    pub init_cpu: Duration,
}

impl Function {
    /// Starts `name` from the folder in which the test itself was built, with nothing but `vars` in its environment.
    pub async fn start(name: &str, vars: &[(String, String)]) -> Self {
        Self::start_from(binaries().join(name), name, vars).await
    }

    /// Starts a binary from anywhere.
    pub async fn start_from(program: PathBuf, name: &str, vars: &[(String, String)]) -> Self {
        let (work, queue) = mpsc::unbounded_channel();
        let (sent, answers) = mpsc::unbounded_channel();
        let (ready, mut waiting) = mpsc::unbounded_channel();
        let api = Arc::new(Api { work: Mutex::new(queue), answers: sent, ready });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(api);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum_serve(listener, router).await });
        let started = Instant::now();
        let child = Command::new(&program)
            .env_clear()
            .envs(vars.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory_mib(name).to_string())
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "test")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
            .env("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")
            .env("FUNCTION", name)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut function =
            Self { name: name.to_owned(), child, work, answers, init: Duration::ZERO, init_cpu: Duration::ZERO };
        if tokio::time::timeout(PATIENCE, waiting.recv()).await.is_err() {
            panic!("{name} does not ask for work: {:?}", function.child.try_wait());
        }
        function.init = started.elapsed();
        function.init_cpu = function.cpu();
        function
    }

    /// Invokes it: `Ok` is its answer, `Err` its error document.
    pub async fn invoke(&mut self, payload: &Value) -> Ended {
        self.work.send(payload.to_string().into_bytes()).expect("the stub listens");
        match tokio::time::timeout(PATIENCE, self.answers.recv()).await {
            Ok(Some(ended)) => ended,
            _ => panic!("{} does not answer: {:?}", self.name, self.child.try_wait()),
        }
    }

    /// CPU time of the process so far.
    pub fn cpu(&self) -> Duration {
        cpu(self.child.id().unwrap_or_default())
    }

    /// The most memory that was ever resident, in KiB.
    pub fn high_water_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap_or_default()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
    }
}

/// The body of an answer, if the request was accepted, or the answer to a batch, if every record was.
///
/// # Errors
/// What the function said instead.
pub fn accepted(answer: Result<Value, Value>) -> Result<Value, String> {
    let answer = answer.map_err(|error| format!("failed: {error}"))?;
    if let Some(status) = answer["statusCode"].as_u64() {
        if !(200..300).contains(&status) {
            return Err(format!("refused: {answer}"));
        }
        return Ok(serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default());
    }
    let has_failed = answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
    if has_failed { Err(format!("records are left: {answer}")) } else { Ok(answer) }
}

/// The memory that the plan gives it.
fn memory_mib(name: &str) -> u32 {
    let plan = Plan::read(&crate::root()).unwrap_or_else(|error| panic!("{error}"));
    plan.functions.get(name).unwrap_or_else(|| panic!("{name} is not in {}", Plan::FILE)).memory_mib
}

/// The folder of built binaries: the test itself lies in its `deps`.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    test.ancestors().nth(2).expect("target/<profile>").to_owned()
}

/// Variables as pairs, for [`Function::start`].
pub fn pairs(vars: &Vars) -> Vec<(String, String)> {
    vars.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn axum_serve(listener: TcpListener, router: Router) {
    axum::serve(listener, router).await.expect("the stub serves");
}

async fn next(State(api): State<Arc<Api>>) -> impl IntoResponse {
    let _ = api.ready.send(());
    let payload = api.work.lock().await.recv().await.unwrap_or_default();
    let mut headers = HeaderMap::new();
    #[expect(clippy::disallowed_methods, reason = "the stub plays Lambda, which has a real clock")]
    let deadline = std::time::SystemTime::now() + Duration::from_secs(30);
    let millis = deadline.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut set = |name: &'static str, value: String| headers.insert(name, value.parse().expect("a header"));
    set("lambda-runtime-aws-request-id", uuid::Uuid::now_v7().to_string());
    set("lambda-runtime-deadline-ms", millis.to_string());
    // Another one for every invocation: the runtime puts it into the process's environment.
    set("lambda-runtime-trace-id", format!("Root=1-{};Sampled=0", uuid::Uuid::now_v7().simple()));
    set("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:000000000000:function:test".to_owned());
    (headers, payload)
}

fn parsed(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}

async fn response(State(api): State<Arc<Api>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let _ = api.answers.send(Ok(parsed(&body)));
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let _ = api.answers.send(Err(parsed(&body)));
    StatusCode::ACCEPTED
}

async fn init_error(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.answers.send(Err(parsed(&body)));
    StatusCode::ACCEPTED
}
