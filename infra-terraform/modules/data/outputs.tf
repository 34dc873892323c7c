output "database" {
  description = "For the migrations alone."
  value = {
    host          = aws_db_instance.this.address
    identifier    = aws_db_instance.this.identifier
    master_secret = aws_db_instance.this.master_user_secret[0].secret_arn
  }
}

output "proxy_host" { value = aws_db_proxy.this.endpoint }

output "redis_host" { value = aws_elasticache_replication_group.this.primary_endpoint_address }

output "search_host" { value = aws_opensearch_domain.this.endpoint }

output "key_arn" { value = aws_kms_key.this.arn }
