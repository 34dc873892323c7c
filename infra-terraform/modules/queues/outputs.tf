output "urls" { value = { for name, queue in aws_sqs_queue.this : name => queue.url } }

output "arns" { value = [for queue in merge(aws_sqs_queue.this, aws_sqs_queue.dead) : queue.arn] }
