data "aws_region" "this" {}

locals {
  integration = { for function, arn in var.function_arns : function => {
    type       = "aws_proxy"
    httpMethod = "POST"
    uri        = "arn:aws:apigateway:${data.aws_region.this.region}:lambda:path/2015-03-31/functions/${arn}/invocations"
  } }

  parameters = { for path in keys(var.gateway.paths) : path => [for name in flatten(regexall("{([^}]+)}", path)) : {
    name     = name
    in       = "path"
    required = true
    schema   = { type = "string" }
  }] }

  wrong  = var.gateway.wrong_method
  status = tostring(local.wrong.document.status)

  # By itself the gateway answers 403 to a wrong method.
  refusals = { for path, methods in var.gateway.paths : path => {
    parameters = local.parameters[path]
    responses = { (local.status) = {
      description = "wrong method"
      headers     = { Allow = { schema = { type = "string" } }, Content-Type = { schema = { type = "string" } } }
    } }
    x-amazon-apigateway-integration = {
      type                = "mock"
      passthroughBehavior = "when_no_templates"
      contentHandling     = "CONVERT_TO_TEXT"
      requestTemplates    = { for media_type in local.wrong.media_types : media_type => jsonencode({ statusCode = local.wrong.document.status }) }
      responses = { default = {
        statusCode = local.status
        responseParameters = {
          "method.response.header.Allow"        = "'${join(", ", keys(methods))}'"
          "method.response.header.Content-Type" = "'application/problem+json'"
        }
        responseTemplates = { "application/json" = jsonencode(merge(local.wrong.document, { detail = "allowed: ${join(", ", keys(methods))}" })) }
      } }
    }
  } }

  document = {
    openapi                                = "3.0.1"
    info                                   = { title = "cinema", version = "1" }
    x-amazon-apigateway-binary-media-types = var.gateway.binary_media_types
    x-amazon-apigateway-gateway-responses = { for error, problem in var.gateway.errors : error => {
      statusCode         = tostring(problem.status)
      responseParameters = { "gatewayresponse.header.Content-Type" = "'application/problem+json'" }
      responseTemplates  = { "application/json" = jsonencode(problem) }
    } }
    paths = { for path, methods in var.gateway.paths : path => merge(
      { for method, function in methods : lower(method) => {
        parameters                      = local.parameters[path]
        responses                       = {}
        x-amazon-apigateway-integration = local.integration[function]
      } },
      { x-amazon-apigateway-any-method = local.refusals[path] },
    ) }
  }
}

resource "aws_api_gateway_rest_api" "this" {
  name = "cinema"
  body = jsonencode(local.document)
  # Only CloudFront knows the way, by the public name; each function checks that it came that way.
  disable_execute_api_endpoint = true

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  triggers    = { document = sha256(aws_api_gateway_rest_api.this.body) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/cinema"
  retention_in_days = var.log_days
}

# API Gateway writes logs with one role of the account.
resource "aws_iam_role" "log" {
  name = "cinema-gateway-log"
  path = "/cinema/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "log" {
  role       = aws_iam_role.log.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.log.arn
  depends_on          = [aws_iam_role_policy_attachment.log]
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = "live"

  # No address of a viewer: the functions log who, this logs how long.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request_id = "$context.requestId"
      method     = "$context.httpMethod"
      route      = "$context.resourcePath"
      status     = "$context.status"
      bytes      = "$context.responseLength"
      ms         = "$context.responseLatency"
      function   = "$context.integrationLatency"
      error      = "$context.error.message"
    })
  }

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    throttling_rate_limit  = var.requests_per_second
    throttling_burst_limit = var.requests_per_second * 2
  }
}

resource "aws_api_gateway_domain_name" "this" {
  domain_name              = var.domain
  regional_certificate_arn = var.certificate_arn
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_base_path_mapping" "this" {
  api_id      = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  domain_name = aws_api_gateway_domain_name.this.domain_name
}
