data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

resource "aws_sns_topic" "alarms" {
  name              = "cinema-alarms"
  kms_master_key_id = aws_kms_key.alarms.key_id
}

# CloudWatch cannot use the key that AWS keeps for SNS.
resource "aws_kms_key" "alarms" {
  description             = "Alarms on their way to people"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.email
}

locals {
  topic = [aws_sns_topic.alarms.arn]
  api   = { ApiName = var.api.name, Stage = var.api.stage }

  # 99.9 % of the requests of 30 days. 14.4 times too many failures use up a fiftieth of that budget in an hour, 6 times a twentieth in six hours.
  budget = 0.001
  burns = {
    fast = { rate = 14.4, long_seconds = 3600, short_seconds = 300 }
    slow = { rate = 6, long_seconds = 21600, short_seconds = 1800 }
  }
  windows = merge([for speed, burn in local.burns : {
    "${speed}-long"  = { rate = burn.rate, seconds = burn.long_seconds }
    "${speed}-short" = { rate = burn.rate, seconds = burn.short_seconds }
  }]...)

  # One number over a limit, in each of three spans of five minutes.
  simple = {
    api-slow = {
      text      = "Half of the requests take longer than a second.", runbook = "api-slow"
      namespace = "AWS/ApiGateway", metric = "Latency", stat = "p50", above = 1000, dimensions = local.api
    }
    database-cpu = {
      text      = "Postgres uses more than 80 % of its CPU.", runbook = "database"
      namespace = "AWS/RDS", metric = "CPUUtilization", stat = "Average", above = 80, dimensions = { DBInstanceIdentifier = var.database }
    }
    database-waiting = {
      text      = "Functions wait for a connection of the proxy.", runbook = "database"
      namespace = "AWS/RDS", metric = "DatabaseConnectionsBorrowLatency", stat = "Average", above = 500000, dimensions = { ProxyName = "cinema" }
    }
    redis-memory = {
      text      = "Redis is full to 80 %: at 100 % it refuses to count attempts.", runbook = "redis"
      namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", stat = "Maximum", above = 80, dimensions = { CacheClusterId = "cinema-001" }
    }
    search-red = {
      text       = "A part of the search index has no copy left.", runbook = "search"
      namespace  = "AWS/ES", metric = "ClusterStatus.red", stat = "Maximum", above = 0
      dimensions = { DomainName = "cinema", ClientId = data.aws_caller_identity.this.account_id }
    }
    concurrency = {
      text      = "80 % of the account's simultaneous invocations are in use.", runbook = "throttled"
      namespace = "AWS/Lambda", metric = "ConcurrentExecutions", stat = "Maximum", above = var.concurrency_limit * 0.8, dimensions = {}
    }
    throttled = {
      text      = "Lambda refuses invocations.", runbook = "throttled"
      namespace = "AWS/Lambda", metric = "Throttles", stat = "Sum", above = 10, dimensions = {}
    }
    mail-complaints = {
      text      = "More than one mail in a thousand is reported as unwanted: SES stops sending at five.", runbook = "mail"
      namespace = "AWS/SES", metric = "Reputation.ComplaintRate", stat = "Average", above = 0.001, dimensions = {}
    }
    mail-bounces = {
      text      = "More than 4 % of the mails come back: SES stops sending at ten.", runbook = "mail"
      namespace = "AWS/SES", metric = "Reputation.BounceRate", stat = "Average", above = 0.04, dimensions = {}
    }
  }
}

# ---- The promise: burn rates of the error budget, each over a long and a short window (the short one ends the alarm soon after the trouble).

resource "aws_cloudwatch_metric_alarm" "burn" {
  for_each            = local.windows
  alarm_name          = "api-burn-${each.key}"
  alarm_description   = "Server errors use up the month's budget ${each.value.rate} times too fast, over ${each.value.seconds} s. Part of api-burn."
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.rate * local.budget
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "ratio"
    label       = "failed / all"
    expression  = "IF(requests >= 50, failed / requests, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { failed = "5XXError", requests = "Count" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = each.value.seconds
        dimensions  = local.api
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "burn" {
  for_each          = local.burns
  alarm_name        = "api-burn-${each.key}"
  alarm_description = "Requests fail so often that the month's promise of 99.9 % will not hold. Runbook: docs/runbooks/api-errors.md"
  alarm_rule        = "ALARM(\"${aws_cloudwatch_metric_alarm.burn["${each.key}-long"].alarm_name}\") AND ALARM(\"${aws_cloudwatch_metric_alarm.burn["${each.key}-short"].alarm_name}\")"
  alarm_actions     = local.topic
  ok_actions        = local.topic
}

resource "aws_cloudwatch_metric_alarm" "simple" {
  for_each            = local.simple
  alarm_name          = each.key
  alarm_description   = "${each.value.text} Runbook: docs/runbooks/${each.value.runbook}.md"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = startswith(each.value.stat, "p") ? null : each.value.stat
  extended_statistic  = startswith(each.value.stat, "p") ? each.value.stat : null
  dimensions          = each.value.dimensions
  period              = 300
  evaluation_periods  = 3
  threshold           = each.value.above
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topic
  ok_actions          = local.topic
}

resource "aws_cloudwatch_metric_alarm" "database_storage" {
  alarm_name          = "database-storage"
  alarm_description   = "Postgres has little room left, although it grows by itself. Runbook: docs/runbooks/database.md"
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  statistic           = "Minimum"
  dimensions          = { DBInstanceIdentifier = var.database }
  period              = 300
  evaluation_periods  = 3
  threshold           = var.free_storage_bytes
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = local.topic
  ok_actions          = local.topic
}

# ---- What could not be handed over waits for a person.

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each            = toset(var.dead_letter_queues)
  alarm_name          = "dead-letters-${each.key}"
  alarm_description   = "Messages wait in ${each.key}. Runbook: docs/runbooks/dead-letters.md"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  statistic           = "Maximum"
  dimensions          = { QueueName = each.key }
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topic
  ok_actions          = local.topic
}

# A stream forgets after a day: an hour behind is late, and half a day is almost lost.
resource "aws_cloudwatch_metric_alarm" "behind" {
  for_each            = toset(var.mappings)
  alarm_name          = "behind-${each.key}"
  alarm_description   = "${each.key} is more than ten minutes behind its stream. Runbook: docs/runbooks/behind.md"
  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  statistic           = "Maximum"
  dimensions          = { FunctionName = each.key }
  period              = 300
  evaluation_periods  = 2
  threshold           = 600000
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topic
  ok_actions          = local.topic
}

# ---- One page with what is asked first.

locals {
  region = data.aws_region.this.region
  graphs = [
    { title = "Requests", metrics = [["AWS/ApiGateway", "Count", "ApiName", var.api.name, "Stage", var.api.stage, { stat = "Sum" }]] },
    { title = "Errors", metrics = [for metric in ["4XXError", "5XXError"] : ["AWS/ApiGateway", metric, "ApiName", var.api.name, "Stage", var.api.stage, { stat = "Sum" }]] },
    { title = "Latency, ms", metrics = [for stat in ["p50", "p95", "p99"] : ["AWS/ApiGateway", "Latency", "ApiName", var.api.name, "Stage", var.api.stage, { stat = stat }]] },
    { title = "Functions: the ten slowest, ms", metrics = [[{ expression = "SELECT MAX(Duration) FROM SCHEMA(\"AWS/Lambda\", FunctionName) GROUP BY FunctionName ORDER BY MAX() DESC LIMIT 10", id = "slowest" }]] },
    { title = "Functions: the ten that fail most", metrics = [[{ expression = "SELECT SUM(Errors) FROM SCHEMA(\"AWS/Lambda\", FunctionName) GROUP BY FunctionName ORDER BY SUM() DESC LIMIT 10", id = "failing" }]] },
    { title = "Simultaneous invocations", metrics = [["AWS/Lambda", "ConcurrentExecutions", { stat = "Maximum" }], [".", "Throttles", { stat = "Sum" }]] },
    { title = "Streams: how far behind, ms", metrics = [for name in var.mappings : ["AWS/Lambda", "IteratorAge", "FunctionName", name, { stat = "Maximum" }]] },
    { title = "Dead letters", metrics = [[{ expression = "SELECT MAX(ApproximateNumberOfMessagesVisible) FROM SCHEMA(\"AWS/SQS\", QueueName) GROUP BY QueueName ORDER BY MAX() DESC LIMIT 10", id = "queues" }]] },
    { title = "Postgres", metrics = [["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", var.database], [".", "DatabaseConnections", ".", "."]] },
    { title = "Redis memory, %", metrics = [["AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "CacheClusterId", "cinema-001"]] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "cinema"
  dashboard_body = jsonencode({ widgets = [for at, graph in local.graphs : {
    type       = "metric"
    x          = (at % 2) * 12
    y          = floor(at / 2) * 6
    width      = 12
    height     = 6
    properties = { title = graph.title, region = local.region, metrics = graph.metrics, period = 300 }
  }] })
}
