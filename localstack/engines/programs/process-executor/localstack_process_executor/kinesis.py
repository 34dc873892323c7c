"""The Kinesis that LocalStack starts: on loopback only, for programs only, bounded, ended with LocalStack.

As published it never forgets a record, whatever the retention, and holds each in some 20 KB of heap: `bounded.cjs` mends that.
"""

from pathlib import Path

from localstack.services.kinesis.kinesis_mock_server import KinesisMockNodeServer

from localstack_process_executor.children import DIE_WITH_PARENT

BOUNDED = Path(__file__).with_name("bounded.cjs")
LOOPBACK = Path(__file__).with_name("loopback.cjs")
STRANGERS = Path(__file__).with_name("strangers.cjs")
HEAP_MIB = 1536
"""Room for all that is kept; Node would otherwise let garbage pile up to 4 GiB before it looks for any."""


def keep_kinesis_small_and_to_itself() -> None:
    command_line = KinesisMockNodeServer._create_shell_command

    def guarded_command_line(server):
        (node, *program), variables = command_line(server)
        hooks = [option for hook in (BOUNDED, LOOPBACK, STRANGERS) for option in ("--require", str(hook))]
        options = [*hooks, f"--max-old-space-size={HEAP_MIB}"]
        return [*DIE_WITH_PARENT, node, *options, *program], variables

    KinesisMockNodeServer._create_shell_command = guarded_command_line
