"""What LocalStack loads: the executor (LAMBDA_RUNTIME_EXECUTOR=process) and start-up hooks."""

import functools
import os
import tempfile
import threading

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        # Imported here: the plugin is looked up before LocalStack is fully initialized.
        from localstack_process_executor.executor import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor


@hooks.on_infra_start()
def use_installed_dynamodb_local():
    from localstack_process_executor.dynamodb import use_installed_dynamodb_local

    use_installed_dynamodb_local()


@hooks.on_infra_start()
def keep_kinesis_small_and_to_itself():
    from localstack_process_executor.kinesis import keep_kinesis_small_and_to_itself

    keep_kinesis_small_and_to_itself()


@hooks.on_infra_start()
def stay_young():
    from localstack_process_executor.ageing import stay_young

    stay_young()


@hooks.on_infra_start()
def look_before_asking():
    from localstack_process_executor.pollers import look_before_asking

    look_before_asking()


@hooks.on_infra_start()
def refuse_strangers():
    from localstack_process_executor.strangers import refuse_strangers

    refuse_strangers()


@hooks.on_infra_start()
def listen_on_given_address_only():
    """The gateway takes the port from GATEWAY_LISTEN and opens it on every IPv4 address."""
    from localstack import config
    from twisted.internet import endpoints

    endpoints.TCP4ServerEndpoint = functools.partial(
        endpoints.TCP4ServerEndpoint, interface=config.GATEWAY_LISTEN[0].host
    )


@hooks.on_infra_start()
def keep_objects_apart():
    """S3 objects go to one fixed folder below /tmp, whoever runs LocalStack and however many run."""
    from localstack.services.s3 import provider

    provider.DEFAULT_S3_TMP_DIR = os.path.join(tempfile.gettempdir(), "s3")


@hooks.on_infra_start()
def join_parts_one_at_a_time():
    """Two CompleteMultipartUpload at once write one object: its bytes then belong to neither. S3 gives the later one NoSuchUpload."""
    from localstack.services.s3.provider import S3Provider

    lock = threading.Lock()
    complete = S3Provider.complete_multipart_upload

    @functools.wraps(complete)
    def complete_alone(*args, **kwargs):
        with lock:
            return complete(*args, **kwargs)

    S3Provider.complete_multipart_upload = complete_alone
