output "public_url" { value = local.public_url }

output "code_bucket" { value = var.code_bucket }

output "web_bucket" { value = local.buckets["web"] }

output "distribution_id" { value = module.edge.distribution_id }

output "migrations_project" { value = module.migrations.project }

output "secrets" {
  description = "Secrets that `infra-terraform/secrets` gives their first values: name → how they are made, or `given` where a person has to say."
  value = merge(
    { for name, secret in local.plan.secrets : name => secret.generate if can(secret.generate) },
    { for name in local.secret_settings : "setting/${name}" => name == "CURSOR_KEY" ? "random-32" : "given" if name != "ORIGIN_VERIFY" },
    { for service in local.services : "postgres/${service}" => "password" },
    { clickhouse = "given" },
  )
}

output "versions" {
  description = "Function → the version that was published last."
  value       = module.functions.versions
}
