locals {
  mappings = merge([for name, function in var.functions : {
    for mapping in function.mappings : "${name}/${one(values(mapping.source))}" => merge({ function = name, source_kind = one(keys(mapping.source)), source_name = one(values(mapping.source)) }, {
      batch                                                                                         = mapping.batch
      window_seconds                                                                                = mapping.window_seconds
      max_concurrency                                                                               = try(mapping.max_concurrency, null)
      replay                                                                                        = try(mapping.replay, null)
    })
  }]...)

  schedules = merge([for name, function in var.functions : {
    for at, expression in function.schedules : "${name}-${at}" => { function = name, expression = expression }
  }]...)

  # API Gateway and S3 come with one statement, EventBridge with one per rule.
  gateway_callers = { for name, function in var.functions : name => function if contains(function.invoked_by, "apigateway.amazonaws.com") }
  bucket_callers = merge([for name, function in var.functions : {
    for bucket in distinct([for created in function.objects_created : created.bucket]) : "${name}/${bucket}" => { function = name, bucket = bucket }
  }]...)

  created = flatten([for name, function in var.functions : [for created in function.objects_created : merge(created, { function = name })]])
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each      = local.mappings
  function_name = local.live[each.value.function]
  event_source_arn = (
    each.value.source_kind == "changes" ? var.change_stream_arns[each.value.source_name]
    : var.arns[each.value.source_kind][each.value.source_name]
  )
  batch_size                         = each.value.batch
  maximum_batching_window_in_seconds = each.value.window_seconds
  function_response_types            = ["ReportBatchItemFailures"]
  starting_position                  = try(each.value.replay.start, null)
  maximum_retry_attempts             = try(each.value.replay.retries, null)
  bisect_batch_on_function_error     = try(each.value.replay.bisect, null)

  dynamic "scaling_config" {
    for_each = each.value.max_concurrency == null ? [] : [each.value.max_concurrency]
    content {
      maximum_concurrency = scaling_config.value
    }
  }

  dynamic "destination_config" {
    for_each = each.value.replay == null ? [] : [each.value.replay.dead_letters]
    content {
      on_failure {
        destination_arn = var.arns.queue[destination_config.value]
      }
    }
  }

  depends_on = [aws_lambda_alias.live, var.existing]
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each            = local.schedules
  name                = each.key
  schedule_expression = each.value.expression
}

resource "aws_cloudwatch_event_target" "this" {
  for_each  = local.schedules
  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "function"
  arn       = local.live[each.value.function]

  depends_on = [aws_lambda_permission.schedule]
}

resource "aws_lambda_permission" "schedule" {
  for_each      = local.schedules
  statement_id  = each.key
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.value.function].function_name
  qualifier     = aws_lambda_alias.live[each.value.function].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}

resource "aws_lambda_permission" "gateway" {
  for_each      = local.gateway_callers
  statement_id  = "apigateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  qualifier     = aws_lambda_alias.live[each.key].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${var.api_execution_arn}/*/*"
}

resource "aws_lambda_permission" "bucket" {
  for_each       = local.bucket_callers
  statement_id   = "s3-${each.value.bucket}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this[each.value.function].function_name
  qualifier      = aws_lambda_alias.live[each.value.function].name
  principal      = "s3.amazonaws.com"
  source_arn     = var.arns.bucket[each.value.bucket]
  source_account = local.account
}

resource "aws_s3_bucket_notification" "this" {
  for_each = toset([for created in local.created : created.bucket])
  bucket   = var.buckets[each.key]

  dynamic "lambda_function" {
    for_each = [for created in local.created : created if created.bucket == each.key]
    content {
      lambda_function_arn = local.live[lambda_function.value.function]
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = lambda_function.value.prefix
    }
  }

  # S3 tries the functions at once.
  depends_on = [aws_lambda_permission.bucket]
}
