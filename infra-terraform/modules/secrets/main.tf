resource "aws_secretsmanager_secret" "this" {
  for_each                = var.names
  name                    = each.key
  recovery_window_in_days = var.recovery_days
}

# CloudFront takes the origin's secret as plain text, so this one value is in the state, whoever makes it.
data "aws_secretsmanager_random_password" "origin_verify" {
  password_length     = 43
  exclude_punctuation = true
}

resource "terraform_data" "origin_verify" {
  input            = data.aws_secretsmanager_random_password.origin_verify.random_password
  triggers_replace = var.origin_verify_version

  lifecycle {
    # Each reading of the data source is another password.
    ignore_changes = [input]
  }
}

resource "aws_secretsmanager_secret_version" "origin_verify" {
  secret_id                = aws_secretsmanager_secret.this["setting/ORIGIN_VERIFY"].id
  secret_string_wo         = terraform_data.origin_verify.output
  secret_string_wo_version = var.origin_verify_version
}
