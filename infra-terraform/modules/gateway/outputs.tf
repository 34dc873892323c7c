output "execution_arn" { value = aws_api_gateway_rest_api.this.execution_arn }

output "origin" {
  description = "Where CloudFront asks, with the public name in `Host`."
  value       = aws_api_gateway_domain_name.this.regional_domain_name
}

output "name" { value = aws_api_gateway_rest_api.this.name }

output "stage" { value = aws_api_gateway_stage.live.stage_name }
