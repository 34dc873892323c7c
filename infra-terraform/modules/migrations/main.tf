# Schemas are brought up to date inside the VPC, where the database is: `infra-terraform/release` starts this before it moves any function.

data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/codebuild/cinema-migrations"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "this" {
  name = "cinema-migrations"
  path = "/cinema/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codebuild.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "migrate"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
      {
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:aws:s3:::${var.code_bucket}/migrations/*"
      },
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = concat([var.database.master_secret, var.clickhouse_secret], values(var.services))
      },
      {
        Effect = "Allow"
        Action = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]
        # CodeBuild asks for every address of a region's network interfaces, as Lambda does.
        Resource = "arn:aws:ec2:${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}:*/*"
      },
      {
        Effect   = "Allow"
        Action   = "ec2:CreateNetworkInterfacePermission"
        Resource = "arn:aws:ec2:${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}:network-interface/*"
        Condition = { StringEquals = {
          "ec2:AuthorizedService" = "codebuild.amazonaws.com"
        } }
      },
      {
        # EC2 knows no resources for these.
        Effect = "Allow"
        Action = [
          "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_codebuild_project" "this" {
  name                   = "cinema-migrations"
  description            = "Runs the migrations of a release"
  service_role           = aws_iam_role.this.arn
  build_timeout          = 60
  concurrent_build_limit = 1

  # The object is named when a build is started: migrations/<release>.zip.
  source {
    type     = "S3"
    location = "${var.code_bucket}/migrations/none.zip"
    buildspec = jsonencode({
      version = 0.2
      env     = { shell = "bash" }
      phases = { build = { commands = [
        "chmod +x migrate",
        "curl -fsSo rds.pem https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem && export DATABASE_CA=rds.pem",
        "value() { aws secretsmanager get-secret-value --secret-id \"$1\" --query SecretString --output text; }",
        "export MASTER=$(value \"$MASTER_SECRET\") CLICKHOUSE_URL=$(value clickhouse)",
        "export PASSWORDS=$(for service in $SERVICES; do value \"postgres/$service\" | jq -c --arg service \"$service\" '{($service): .password}'; done | jq -cs add)",
        "./migrate .",
      ] } }
    })
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type         = var.architecture == "arm64" ? "ARM_CONTAINER" : "LINUX_CONTAINER"
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = var.architecture == "arm64" ? "aws/codebuild/amazonlinux-aarch64-standard:3.0" : "aws/codebuild/amazonlinux-x86_64-standard:5.0"

    dynamic "environment_variable" {
      for_each = {
        DATABASE_HOST = var.database.host
        DATABASE_PORT = tostring(var.database.port)
        MASTER_SECRET = var.database.master_secret
        SERVICES      = join(" ", keys(var.services))
      }
      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  vpc_config {
    vpc_id             = var.vpc_id
    subnets            = var.subnets
    security_group_ids = [var.outbound_group, var.group]
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this.name
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
