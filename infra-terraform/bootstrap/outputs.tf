output "state_bucket" { value = local.buckets.state }

output "code_bucket" { value = local.buckets.code }

output "plan_role" { value = aws_iam_role.github["plan"].arn }

output "deploy_role" { value = aws_iam_role.github["deploy"].arn }
