terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.20"
    }
  }

  # The bucket comes from the root `bootstrap`: terraform init -backend-config=bucket=… -backend-config=region=…
  backend "s3" {
    key          = "prod.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]

  default_tags {
    tags = { project = "cinema", environment = "prod" }
  }
}

module "cinema" {
  source                = "../cinema"
  environment           = "prod"
  domain                = var.domain
  zone                  = var.zone
  email                 = var.email
  settings              = var.settings
  url_signing_key       = file(var.url_signing_key)
  release               = file(var.release)
  code_bucket           = var.code_bucket
  architecture          = var.architecture
  origin_verify_version = var.origin_verify_version
  restarted             = var.restarted
  monthly_usd           = var.monthly_usd
  concurrency_limit     = var.concurrency_limit
  size                  = local.size
}

output "public_url" { value = module.cinema.public_url }
output "code_bucket" { value = module.cinema.code_bucket }
output "web_bucket" { value = module.cinema.web_bucket }
output "distribution_id" { value = module.cinema.distribution_id }
output "migrations_project" { value = module.cinema.migrations_project }
output "secrets" { value = module.cinema.secrets }
output "versions" { value = module.cinema.versions }
