output "domain_names" {
  description = "Name in the plan → where CloudFront reads."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket_regional_domain_name }
}

output "ids" { value = { for name, bucket in aws_s3_bucket.this : name => bucket.id } }
