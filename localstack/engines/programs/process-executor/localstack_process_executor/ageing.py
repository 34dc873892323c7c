"""What LocalStack would keep of every invocation for ever.

A thread for a CloudWatch metric, and its Thread object: on Python 3.13 the object holds on to the thread's stack,
two mappings each. After 25,000 invocations the kernel's limit of 65,530 mappings is reached, no thread starts any
more, and every call hangs.
"""

import functools

from localstack.services.lambda_.invocation import version_manager
from localstack.utils import threads
from localstack.utils.threads import FuncThread

METRIC = "record-cloudwatch-metric"


def stay_young() -> None:
    version_manager.start_thread = _unless_for_a_metric(version_manager.start_thread)
    FuncThread.start = _after_forgetting(FuncThread.start)


def _unless_for_a_metric(start_thread):
    """Nobody reads these metrics here; they would be kept as well."""

    @functools.wraps(start_thread)
    def start(*arguments, name: str | None = None, **keywords):
        if name and name.startswith(METRIC):
            return None
        return start_thread(*arguments, name=name, **keywords)

    return start


def _after_forgetting(start):
    """LocalStack notes threads in order to stop them with itself: those that ended need no stopping."""

    @functools.wraps(start)
    def start_and_forget(thread: FuncThread) -> None:
        for noted in list(threads.TMP_THREADS):
            # A subclass may own a process that outlives its thread.
            if type(noted) is FuncThread and noted.ident is not None and not noted.is_alive():
                _forget(noted)
        start(thread)

    return start_and_forget


def _forget(thread: FuncThread) -> None:
    try:
        threads.TMP_THREADS.remove(thread)
    except ValueError:  # another thread was faster
        pass
