"""Event source mappings that cost next to nothing while nothing happens.

LocalStack's pollers ask their source over HTTP, 6 ms of processor time each: forty mappings that ask five times
a second keep a core busy for nothing, and fifty that only look three times a second were half of what an idle platform
took. The sources live in the same process: here a poller sleeps until its source has something.
"""

import functools
import threading
import time
from collections import Counter

from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.services.lambda_.event_source_mapping.pollers.stream_poller import StreamPoller
from localstack.services.sqs.models import FifoQueue, SqsQueue, sqs_stores
from localstack.utils.aws.arns import parse_arn

NAP_SECONDS = 2
"""How long a poller sleeps before it looks whether its mapping still exists."""

ATTENTION_SECONDS = 1.5
"""How long a stream is polled after a write: it is counted shortly before it can be read."""

ROUTINE_SECONDS = 30
"""How often a quiet stream is polled all the same: its iterators expire after five minutes."""

_writes: Counter[str] = Counter()
_written = threading.Condition()


def look_before_asking() -> None:
    from localstack.services.kinesis.provider import KinesisProvider

    SqsPoller.poll_events = _when_a_message_is_visible(SqsPoller.poll_events)
    StreamPoller.poll_events = _when_something_was_written(StreamPoller.poll_events)
    StreamPoller.get_records = _while_records_come(StreamPoller.get_records)
    for operation in ("put_record", "put_records"):
        setattr(KinesisProvider, operation, _counted(getattr(KinesisProvider, operation)))


# Queues


def _when_a_message_is_visible(poll):
    @functools.wraps(poll)
    def poll_when_visible(poller: SqsPoller) -> None:
        arn = parse_arn(poller.source_arn)
        queue = sqs_stores[arn["account"]][arn["region"]].queues.get(arn["resource"])
        if queue is None or _has_messages(queue):
            poll(poller)

    return poll_when_visible


def _has_messages(queue: SqsQueue) -> bool:
    """Whether a message is visible, or becomes so while this sleeps."""
    visible = queue.message_group_queue if isinstance(queue, FifoQueue) else queue.visible
    with visible.not_empty:
        if not visible.queue:
            visible.not_empty.wait(NAP_SECONDS)
            if visible.queue:
                # One waiter is woken for each message, and this one takes none here: the next may be a client that does.
                visible.not_empty.notify()
        return bool(visible.queue)


# Streams


def _counted(put):
    @functools.wraps(put)
    def count_and_put(provider, context, *arguments, **keywords):
        request = context.service_request
        name = request.get("StreamName") or request.get("StreamARN", "").rpartition("/")[2]
        with _written:
            _writes[name] += 1
            _written.notify_all()
        return put(provider, context, *arguments, **keywords)

    return count_and_put


def _when_something_was_written(poll):
    @functools.wraps(poll)
    def poll_when_written(poller: StreamPoller) -> None:
        stream = _kinesis_stream(poller.source_arn)
        known = getattr(poller, "known_writes", None)
        now = time.monotonic()
        if poller.shards and _is_quiet(poller, now):
            with _written:
                _written.wait_for(lambda: _writes[stream] != known, NAP_SECONDS)
        if _writes[stream] != known:
            poller.known_writes = _writes[stream]
            _attend(poller)
        if poller.shards and _is_quiet(poller, now):
            return
        poller.last_poll = now
        poll(poller)

    return poll_when_written


def _is_quiet(poller: StreamPoller, now: float) -> bool:
    return getattr(poller, "attentive_until", 0) < now < poller.last_poll + ROUTINE_SECONDS


def _while_records_come(get_records):
    @functools.wraps(get_records)
    def get_records_and_attend(poller: StreamPoller, shard_iterator: str) -> dict:
        response = get_records(poller, shard_iterator)
        if response.get("Records"):
            _attend(poller)
        return response

    return get_records_and_attend


def _attend(poller: StreamPoller) -> None:
    # A batch that waits for more records is given away by a later poll.
    window = poller.stream_parameters.get("MaximumBatchingWindowInSeconds", 0)
    poller.attentive_until = time.monotonic() + window + ATTENTION_SECONDS


def _kinesis_stream(arn: str) -> str:
    """The stream itself, or the one behind a table's stream (`…:table/<name>/stream/<label>`)."""
    _, _, resource = arn.rpartition(":table/")
    if resource != arn:
        return "__ddb_stream_" + resource.partition("/")[0]
    return arn.rpartition("/")[2]
