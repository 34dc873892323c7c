resource "aws_sqs_queue" "dead" {
  for_each                  = var.dead_letter_queues
  name                      = each.key
  message_retention_seconds = each.value.retention_seconds
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "this" {
  for_each                   = var.queues
  name                       = each.key
  visibility_timeout_seconds = each.value.visibility_seconds
  message_retention_seconds  = each.value.retention_seconds
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = var.arns[each.value.redrive.queue]
    maxReceiveCount     = each.value.redrive.max_receives
  })

  depends_on = [aws_sqs_queue.dead]
}
