data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

locals {
  account = data.aws_caller_identity.this.account_id
  region  = data.aws_region.this.region

  # Made from names, as every ARN in the policies, so that a plan shows what calls what; `depends_on` keeps the order.
  live = { for name in keys(var.functions) : name => "arn:aws:lambda:${local.region}:${local.account}:function:${name}:live" }
  role = { for name in keys(var.functions) : name => "arn:aws:iam::${local.account}:role/cinema/${name}" }

  networked = { for name, function in var.functions : name => function if length(function.network) > 0 }
}

# ---- Roles: one per function, which may do what the plan says.

resource "aws_iam_role" "this" {
  for_each = var.functions
  name     = each.key
  path     = "/cinema/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "plan" {
  for_each = var.functions
  name     = "plan"
  role     = aws_iam_role.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    # What is allowed on several things is said once: a role's policies have 10,240 characters in all.
    Statement = [for actions, resources in {
      for permission in each.value.permissions : jsonencode(permission.actions) => one([for kind, name in permission.resource : var.arns[kind][name]])...
    } : { Effect = "Allow", Action = jsondecode(actions), Resource = resources }]
  })
}

# In the plan a setting is a text; here some of them are kept as secrets.
resource "aws_iam_role_policy" "configuration" {
  for_each = { for name, secrets in var.configuration_secrets : name => secrets if length(secrets) > 0 }
  name     = "configuration"
  role     = aws_iam_role.this[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = each.value }]
  })
}

# Lambda puts a function into a VPC with the function's role. The function itself has no use for that: what is allowed is denied to its code.
resource "aws_iam_role_policy" "network" {
  for_each = local.networked
  name     = "network"
  role     = aws_iam_role.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # The narrowest that Lambda takes: it asks for all addresses of a region's network interfaces.
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "arn:aws:ec2:${local.region}:${local.account}:*/*"
      },
      {
        # EC2 knows no resources for these two.
        Effect   = "Allow"
        Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
        Resource = "*"
      },
      {
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
        ]
        Resource  = "*"
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:${local.region}:${local.account}:function:${each.key}" } }
      },
    ]
  })
}

# ---- Functions: every change is a new version; `live` is moved by CodeDeploy.

resource "aws_cloudwatch_log_group" "this" {
  for_each          = var.functions
  name              = "/aws/lambda/${each.key}"
  retention_in_days = var.log_days
}

resource "aws_lambda_layer_version" "this" {
  for_each                 = toset(flatten([for function in var.functions : function.layers]))
  layer_name               = each.key
  s3_bucket                = var.code_bucket
  s3_key                   = "layers/${each.key}/${lookup(var.layers, each.key, "missing")}.zip"
  compatible_runtimes      = ["provided.al2023"]
  compatible_architectures = [var.architecture]
  # An older version of a function goes on using an older layer.
  skip_destroy = true
}

resource "aws_lambda_function" "this" {
  for_each                       = var.functions
  function_name                  = each.key
  description                    = "cinema ${each.value.service}${var.restarted == "" ? "" : ", restarted ${var.restarted}"}"
  role                           = local.role[each.key]
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  s3_bucket                      = var.code_bucket
  s3_key                         = "functions/${each.key}/${lookup(var.release, each.key, "missing")}.zip"
  memory_size                    = each.value.memory_mib
  timeout                        = each.value.timeout_seconds
  layers                         = [for layer in each.value.layers : aws_lambda_layer_version.this[layer].arn]
  reserved_concurrent_executions = try(each.value.concurrency, -1)
  publish                        = true

  environment {
    variables = var.environments[each.key]
  }

  ephemeral_storage {
    size = each.value.ephemeral_mib
  }

  logging_config {
    log_format = "Text" # the functions write JSON themselves
    log_group  = aws_cloudwatch_log_group.this[each.key].name
  }

  dynamic "vpc_config" {
    for_each = length(each.value.network) > 0 ? [each.value.network] : []
    content {
      subnet_ids         = var.subnets
      security_group_ids = concat([var.outbound_group], [for engine in vpc_config.value : var.client_groups[engine]])
    }
  }

  dynamic "dead_letter_config" {
    for_each = try([each.value.dead_letters], [])
    content {
      target_arn = var.arns.queue[dead_letter_config.value]
    }
  }

  # Lambda looks whether the role may do what the configuration needs.
  depends_on = [aws_iam_role_policy.plan, aws_iam_role_policy.network, aws_iam_role_policy.configuration, var.existing]
}

resource "aws_lambda_alias" "live" {
  for_each         = var.functions
  name             = "live"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

# ---- Alarms: how many of a hundred fail, not how many a minute; two are no trend.

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = var.functions
  alarm_name          = "function-errors-${each.key}"
  alarm_description   = "More than 5 % of the invocations of ${each.key} failed in two of three spans of five minutes. Runbook: docs/runbooks/function-errors.md"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic]
  ok_actions          = [var.alarm_topic]

  metric_query {
    id          = "share"
    label       = "percent"
    expression  = "IF(errors > 2, 100 * errors / invocations, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "Errors", invocations = "Invocations" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 300
        dimensions  = { FunctionName = aws_lambda_function.this[each.key].function_name }
      }
    }
  }
}

# ---- Canary: a tenth of the calls go to the new version first; an alarm takes them back.

resource "aws_codedeploy_app" "this" {
  name             = "cinema"
  compute_platform = "Lambda"
}

resource "aws_iam_role" "canary" {
  name = "cinema-canary"
  path = "/cinema/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "canary" {
  name = "move-live"
  role = aws_iam_role.canary.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
        # With their versions and aliases; one by one they would be too many for a policy.
        Resource = [for service in distinct([for function in var.functions : function.service]) : "arn:aws:lambda:${local.region}:${local.account}:function:${service}-*"]
      },
      {
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "arn:aws:cloudwatch:${local.region}:${local.account}:alarm:function-errors-*"
      },
    ]
  })
}

resource "aws_codedeploy_deployment_group" "this" {
  for_each               = var.functions
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = each.key
  service_role_arn       = aws_iam_role.canary.arn
  deployment_config_name = var.canary

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  alarm_configuration {
    enabled = true
    alarms  = [aws_cloudwatch_metric_alarm.errors[each.key].alarm_name]
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }
}
