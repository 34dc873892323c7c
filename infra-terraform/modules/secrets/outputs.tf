output "arns" {
  description = "Name → ARN, with the six letters that AWS adds."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "origin_verify" {
  value     = terraform_data.origin_verify.output
  sensitive = true
}
