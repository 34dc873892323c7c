output "change_streams" {
  description = "Table → ARN of its change stream."
  value       = { for name, table in aws_dynamodb_table.this : name => table.stream_arn if table.stream_enabled }
}
