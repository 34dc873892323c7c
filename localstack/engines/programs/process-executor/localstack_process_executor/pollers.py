"""Event source mappings that cost next to nothing while nothing happens.

LocalStack's pollers ask their source over HTTP, 6 ms of processor time each: forty mappings that ask five times
a second keep a core busy for nothing. The sources live in the same process, so here they are looked at first.
"""

import functools
import threading
import time
from collections import Counter

from localstack.services.lambda_.event_source_mapping.pollers.poller import EmptyPollResultsException
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.services.lambda_.event_source_mapping.pollers.stream_poller import StreamPoller
from localstack.services.sqs.models import sqs_stores
from localstack.utils.aws.arns import parse_arn

ATTENTION_SECONDS = 1.5
"""How long a stream is polled after a write: it is counted shortly before it can be read."""

ROUTINE_SECONDS = 30
"""How often a quiet stream is polled all the same: its iterators expire after five minutes."""

_writes: Counter[str] = Counter()
_writes_lock = threading.Lock()


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
        if queue is not None and not queue.approximate_number_of_messages:
            raise EmptyPollResultsException(service="sqs", source_arn=poller.source_arn)
        poll(poller)

    return poll_when_visible


# Streams


def _counted(put):
    @functools.wraps(put)
    def count_and_put(provider, context, *arguments, **keywords):
        request = context.service_request
        name = request.get("StreamName") or request.get("StreamARN", "").rpartition("/")[2]
        with _writes_lock:
            _writes[name] += 1
        return put(provider, context, *arguments, **keywords)

    return count_and_put


def _when_something_was_written(poll):
    @functools.wraps(poll)
    def poll_when_written(poller: StreamPoller) -> None:
        now = time.monotonic()
        writes = _writes[_kinesis_stream(poller.source_arn)]
        if writes != getattr(poller, "known_writes", None):
            poller.known_writes = writes
            _attend(poller)
        quiet = now > poller.attentive_until and now < poller.last_poll + ROUTINE_SECONDS
        if quiet and poller.shards:
            raise EmptyPollResultsException(service=poller.event_source(), source_arn=poller.source_arn)
        poller.last_poll = now
        poll(poller)

    return poll_when_written


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
