# GitHub's workflows get short-lived credentials by OpenID Connect; there is no key that could leak. `plan` may look, from any branch of this repository;
# `deploy` may change things, only from jobs of the environment, which GitHub lets wait for a person.

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

locals {
  # The only secret that Terraform writes, so it also reads it.
  origin_verify = "arn:aws:secretsmanager:${var.region}:${var.account}:secret:setting/ORIGIN_VERIFY-??????"

  subjects = {
    plan   = "repo:${var.repository}:*"
    deploy = "repo:${var.repository}:environment:${var.environment}"
  }
}

resource "aws_iam_role" "github" {
  for_each             = local.subjects
  name                 = "cinema-github-${each.key}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = aws_iam_openid_connect_provider.github.arn }
      Condition = {
        StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
        StringLike   = { "token.actions.githubusercontent.com:sub" = each.value }
      }
    }]
  })
}

# What Terraform reads to compare.
resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.github["plan"].name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "plan" {
  name = "state"
  role = aws_iam_role.github["plan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.state.arn },
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = local.origin_verify },
      # Each refresh asks for a password that nothing uses; AWS knows no resource for it.
      { Effect = "Allow", Action = "secretsmanager:GetRandomPassword", Resource = "*" },
      # Objects are people's films; a plan has no use for them.
      { Effect = "Deny", Action = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "kinesis:GetRecords"], Resource = "*" },
      { Effect = "Deny", Action = "secretsmanager:GetSecretValue", NotResource = local.origin_verify },
      { Effect = "Deny", Action = "s3:GetObject", NotResource = [for name in values(local.buckets) : "arn:aws:s3:::${name}/*"] },
    ]
  })
}

# Everything but people and money; roles only below /cinema/.
resource "aws_iam_role_policy_attachment" "deploy" {
  role       = aws_iam_role.github["deploy"].name
  policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_role_policy" "deploy" {
  name = "roles"
  role = aws_iam_role.github["deploy"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole",
          "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:PassRole",
          "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
        ]
        Resource = "arn:aws:iam::${var.account}:role/cinema/*"
      },
      {
        Effect   = "Allow"
        Action   = "iam:CreateServiceLinkedRole"
        Resource = "arn:aws:iam::${var.account}:role/aws-service-role/*"
      },
      # Values of secrets are written by people, with `infra-terraform/secrets`.
      { Effect = "Deny", Action = "secretsmanager:GetSecretValue", NotResource = local.origin_verify },
    ]
  })
}
