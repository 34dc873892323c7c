"""Runs an execution environment of LocalStack's Lambda service as one local process.

LocalStack's Docker executor starts a container with its own init program and talks to it over HTTP.
Here LocalStack and the Runtime API share a process, so an invocation is a method call, and only the
function itself speaks HTTP. LocalStack keeps the pool: one executor object is one environment.
"""

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from localstack_process_executor.children import BEHIND_FUNCTIONS, BEHIND_LOCALSTACK, DIE_WITH_PARENT
from localstack_process_executor.runtime_api import (
    Invocation,
    Outcome,
    RuntimeApi,
    deadline_in,
    failure,
)

LOG = logging.getLogger(__name__)

LAYERS_VARIABLE = "LAMBDA_LAYERS_ROOT"
"""Tells a function where its layers lie: there is no /opt of its own for a plain process."""

KEPT_LOG_BYTES = 1 << 20

# LocalStack's worker threads come and go, and functions must not go with them: see DIE_WITH_PARENT.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambda-spawner")


class ProcessRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._home = Path(tempfile.gettempdir(), "lambda", "environments", id)
        self._log_path = self._home / "log"
        self._variables: dict[str, str] = {}
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen | None = None
        self._code_stamp: float | None = None
        self._stopped = False

    # Life of the environment

    def start(self, env_vars: dict[str, str]) -> None:
        (self._home / "tmp").mkdir(parents=True, mode=0o700)
        self._variables = {name: str(value) for name, value in env_vars.items()}
        self._launch()

    def stop(self) -> None:
        self._stopped = True
        self._kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _launch(self) -> None:
        """Starts the process and waits until it asks for work."""
        code = self.function_version.config.code.get_unzipped_code_location()
        layers = self._layers_root()
        candidates = [path / "bootstrap" for path in (code, layers) if path]
        bootstrap = next((path for path in candidates if path.is_file()), None)
        if bootstrap is None:
            raise StatusErrorException(
                "No bootstrap",
                payload=failure(
                    "Runtime.InvalidEntrypoint",
                    "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
                ),
            )
        self._code_stamp = bootstrap.stat().st_mtime

        api = self._api = RuntimeApi(config.LAMBDA_LIMITS_MAX_FUNCTION_PAYLOAD_SIZE_BYTES)
        variables = self._process_variables(code, layers, api)
        # Encoders are what comes in layers.
        place = BEHIND_FUNCTIONS if layers else BEHIND_LOCALSTACK
        with open(self._log_path, "ab") as log:
            try:
                self._process = _SPAWNER.submit(
                    subprocess.Popen,
                    [*DIE_WITH_PARENT, *place, str(bootstrap)],
                    cwd=code,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                ).result()
            except OSError as error:
                api.close()
                raise StatusErrorException(
                    "Bootstrap cannot be executed",
                    payload=failure("Runtime.InvalidEntrypoint", f"{bootstrap.name}: {error}"),
                ) from error
        threading.Thread(
            target=_watch, args=(self._process, api), name=f"lambda-{self.id[:8]}", daemon=True
        ).start()
        if self._stopped:  # the environment timed out while the process was being started
            self._kill()

        # Cancelled when the environment is stopped meanwhile, as when LocalStack's start-up timer fires.
        error = api.started.result()
        if error is not None:
            LOG.warning(
                "%s did not start: %s\n%s",
                self.function_version.qualified_arn,
                error.decode(errors="replace"),
                self.get_logs()[-4096:],
            )
            self._kill()
            raise StatusErrorException("Environment startup failed", payload=error)

    def _kill(self) -> None:
        if self._api:
            self._api.close()
        if self._process:
            try:
                # The group outlives its leader when the function left children behind.
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait()
        self._api = self._process = None

    def _process_variables(
        self, code: Path, layers: Path | None, api: RuntimeApi
    ) -> dict[str, str]:
        path = ["/usr/local/bin", "/usr/bin", "/bin"]
        libraries = [str(code), str(code / "lib")]
        if layers:
            # First, unlike in AWS: a developer's machine may have programs of the same name.
            path.insert(0, str(layers / "bin"))
            libraries.append(str(layers / "lib"))
        variables = {
            "PATH": ":".join(path),
            "LD_LIBRARY_PATH": ":".join(libraries),
            "LANG": "en_US.UTF-8",
            "TMPDIR": str(self._home / "tmp"),
            **self._variables,
            "LAMBDA_TASK_ROOT": str(code),
            "LAMBDA_RUNTIME_DIR": str(code),
            "AWS_LAMBDA_RUNTIME_API": api.address,
        }
        if layers:
            variables[LAYERS_VARIABLE] = str(layers)
        return variables

    def _layers_root(self) -> Path | None:
        """One directory with all layers, a later layer over an earlier one, as /opt has it."""
        sources = [
            layer.code.get_unzipped_code_location() for layer in self.function_version.config.layers
        ]
        if len(sources) < 2:
            return sources[0] if sources else None
        root = self._home / "opt"
        for source in sources:
            shutil.copytree(source, root, dirs_exist_ok=True, symlinks=True)
        return root

    # Invocations

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        self._trim_log()
        offset = self._log_size()
        if self._process and self._code_changed():
            self._kill()
        if self._process is None or self._process.poll() is not None:
            # It timed out or ended during the last invocation: the same environment begins anew.
            self._kill()
            self._launch()

        timeout = self.function_version.config.timeout
        invocation = Invocation(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            payload=payload["payload"].encode(),
            deadline_ms=deadline_in(timeout),
        )
        begin = time.perf_counter()
        try:
            outcome = self._api.offer(invocation).result(timeout)
        except FutureTimeoutError:
            self._kill()
            outcome = Outcome(
                failure(
                    "Sandbox.Timedout",
                    f"RequestId: {invocation.request_id} Error: Task timed out after {timeout:.2f} seconds",
                ),
                is_error=True,
            )
        duration = (time.perf_counter() - begin) * 1000
        return InvocationResult(
            invocation.request_id,
            outcome.payload,
            is_error=outcome.is_error,
            logs=self._logs_of(invocation.request_id, offset, duration),
        )

    def _code_changed(self) -> bool:
        """Hot reloading (S3Bucket=hot-reload, S3Key=<directory>): a rebuilt bootstrap takes effect at once."""
        code = self.function_version.config.code
        if not code.is_hot_reloading():
            return False
        try:
            stamp = (code.get_unzipped_code_location() / "bootstrap").stat().st_mtime
        except FileNotFoundError:  # being replaced
            return False
        return stamp != self._code_stamp

    # Logs: the process appends to a file, so nothing blocks and nothing is late

    def _log_size(self) -> int:
        return self._log_path.stat().st_size if self._log_path.exists() else 0

    def _trim_log(self) -> None:
        if self._log_size() > KEPT_LOG_BYTES:
            os.truncate(self._log_path, 0)

    def _logs_of(self, request_id: str, offset: int, duration: float) -> str:
        with open(self._log_path, "rb") as log:
            log.seek(offset)
            written = log.read().decode(errors="replace")
        if written and not written.endswith("\n"):
            written += "\n"
        function = self.function_version
        memory = function.config.memory_size
        return (
            f"START RequestId: {request_id} Version: {function.id.qualifier}\n"
            f"{written}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\t"
            f"Billed Duration: {int(duration) + 1} ms\tMemory Size: {memory} MB\t"
            f"Max Memory Used: {memory} MB\t\n"
        )

    def get_logs(self) -> str:
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    # Addresses

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        # Only LocalStack's own init program would call back; this executor answers by return value.
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    # Versions

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        function = function_version.config
        if not (function.runtime or "").startswith("provided"):
            raise LambdaRuntimeException(
                f"the process executor runs provided.* functions only, not {function.runtime or 'images'}"
            )
        function.code.prepare_for_execution()
        for layer in function.layers:
            layer.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        pass


def _watch(process: subprocess.Popen, api: RuntimeApi) -> None:
    status = process.wait()
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status < 0:
        reason = f"Runtime exited with error: signal: {signal.Signals(-status).name}"
    else:
        reason = f"Runtime exited with error: exit status {status}"
    api.process_ended(reason)
