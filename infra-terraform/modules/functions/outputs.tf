output "names" { value = keys(var.functions) }

output "versions" {
  description = "Function → the version that was published last; `release` moves `live` there."
  value       = { for name, function in aws_lambda_function.this : name => function.version }
}
