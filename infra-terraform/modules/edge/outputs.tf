output "distribution_arn" { value = aws_cloudfront_distribution.this.arn }

output "distribution_id" { value = aws_cloudfront_distribution.this.id }

output "certificate_arn" {
  description = "For API Gateway."
  value       = aws_acm_certificate_validation.api.certificate_arn
}

output "key_pair_id" {
  description = "CloudFront's id of the key that signs addresses."
  value       = aws_cloudfront_public_key.playback.id
}

output "firewall" { value = aws_wafv2_web_acl.this.name }
