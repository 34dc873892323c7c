output "arns" { value = [for stream in aws_kinesis_stream.this : stream.arn] }
