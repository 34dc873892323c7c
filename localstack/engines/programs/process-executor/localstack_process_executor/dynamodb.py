"""Lets LocalStack start a DynamoDB Local that came from Maven, and keep its tables over a restart.

LocalStack downloads a distribution of DynamoDB Local, a JRE, and an agent that lifts the limit of
20 secondary indexes. The Maven artifact is the same server with another layout: its main class is
started from a class path, and the native SQLite libraries lie among the jars.

Tables and their items are found again in DynamoDB Local's own files. Their streams are LocalStack's, which
knows them from CreateTable and UpdateTable alone: without them here, a table that was kept would say that
its stream is enabled, and there would be none.
"""

import os
import shutil
from pathlib import Path

from localstack.aws.connect import connect_externally_to
from localstack.constants import DEFAULT_AWS_ACCOUNT_ID, INTERNAL_AWS_SECRET_ACCESS_KEY
from localstack.packages import PackageException
from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
from localstack.services.dynamodb.server import DynamodbServer
from localstack.utils.aws import resources

from localstack_process_executor.children import DIE_WITH_PARENT

FOLDER_VARIABLE = "DYNAMODB_FOLDER"
"""Where tables lie so that they outlive LocalStack, whose own folder for them is a temporary one."""

MAIN_CLASS = "DynamoDbLoopback"
"""Ours, in `launcher.jar`: the server's own listens on every address."""


def use_installed_dynamodb_local() -> None:
    DynamoDBLocalPackageInstaller._prepare_installation = lambda self, target: None
    DynamoDBLocalPackageInstaller._install = _refuse_download
    DynamoDBLocalPackageInstaller.get_java_env_vars = _machine_java
    DynamodbServer._create_shell_command = _command_line
    DynamodbServer.__init__ = _with_folder(DynamodbServer.__init__)
    DynamodbServer.start_dynamodb = _with_streams(DynamodbServer.start_dynamodb)
    resources.create_kinesis_stream = _unless_there(resources.create_kinesis_stream)


def _with_folder(initialize):
    def initialize_with_folder(server: DynamodbServer, *arguments, **keywords) -> None:
        initialize(server, *arguments, **keywords)
        if not server.in_memory:
            server.db_path = os.environ.get(FOLDER_VARIABLE, server.db_path)

    return initialize_with_folder


def _with_streams(start):
    def start_with_streams(server: DynamodbServer) -> bool:
        was_running = server.is_running()
        started = start(server)
        if not server.in_memory and not was_running:
            _find_streams(server)
        return started

    return start_with_streams


def _unless_there(create):
    """The Kinesis stream behind a table's stream: one is enough, whoever asks for it first."""

    def create_unless_there(client, stream_name: str, *arguments, **keywords) -> None:
        try:
            create(client, stream_name, *arguments, **keywords)
        except client.exceptions.ResourceInUseException:
            pass

    return create_unless_there


def _find_streams(server: DynamodbServer) -> None:
    """Announces the streams of the tables that are there already; before any request is answered."""
    # Imported here: loading these services takes longer than LocalStack's own start.
    from localstack.services.dynamodb.utils import get_ddb_access_key
    from localstack.services.dynamodbstreams import dynamodbstreams_api

    account = DEFAULT_AWS_ACCOUNT_ID
    for region in {file.stem.partition("_")[2] for file in Path(server.db_path).glob("*_*.db")}:
        tables = connect_externally_to(
            endpoint_url=server.url,
            region_name=region,
            aws_access_key_id=get_ddb_access_key(account, region),
            aws_secret_access_key=INTERNAL_AWS_SECRET_ACCESS_KEY,
        ).dynamodb
        for page in tables.get_paginator("list_tables").paginate():
            for name in page["TableNames"]:
                table = tables.describe_table(TableName=name)["Table"]
                stream = table.get("StreamSpecification", {})
                if stream.get("StreamEnabled"):
                    dynamodbstreams_api.add_dynamodb_stream(
                        account, region, name, table["LatestStreamLabel"], stream["StreamViewType"]
                    )


def _refuse_download(installer: DynamoDBLocalPackageInstaller, target) -> None:
    raise PackageException(
        f"DynamoDB Local is not installed: {installer._get_install_dir(target)} must hold "
        "DynamoDBLocal.jar and DynamoDBLocal_lib/"
    )


def _machine_java(installer: DynamoDBLocalPackageInstaller) -> dict[str, str]:
    java = shutil.which("java")
    if java is None:
        raise PackageException("DynamoDB Local needs Java 17 or later on the PATH")
    return {
        "JAVA_HOME": str(Path(java).resolve().parent.parent),
        "PATH": os.environ["PATH"],
    }


def _command_line(server: DynamodbServer) -> list[str]:
    command = [
        *DIE_WITH_PARENT,
        "java",
        f"-Xmx{server.heap_size}",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dsqlite4java.library.path={server.library_path}",
        "-cp",
        os.pathsep.join((str(Path(server.jar_path).with_name("launcher.jar")), f"{server.library_path}/*")),
        MAIN_CLASS,
        "-port",
        str(server.port),
    ]
    # Without it every page may read and write every table.
    command += ["-cors", f"http://127.0.0.1:{server.port}"]
    command += ["-inMemory"] if server.in_memory else ["-dbPath", server.db_path]
    if server.delay_transient_statuses:
        command.append("-delayTransientStatuses")
    if server.share_db:
        command.append("-sharedDb")
    return command
