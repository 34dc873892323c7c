# The cinema in one account of AWS, made from functions/plan.json: which functions, routes, triggers, queues, streams, tables, buckets and secrets there
# are is said there and nowhere here.

data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

data "aws_route53_zone" "this" {
  name = var.zone
}

locals {
  plan    = jsondecode(file("${path.module}/../../functions/plan.json"))
  account = data.aws_caller_identity.this.account_id
  region  = data.aws_region.this.region

  digests = { for line in compact(split("\n", var.release)) : trimsuffix(split("  ", line)[1], ".zip") => split("  ", line)[0] }

  # Port of each engine that functions reach over the private network.
  engines  = { postgres = 5432, redis = 6379, opensearch = 443, clickhouse = 8443 }
  services = toset([for function in local.plan.functions : function.service if contains(function.network, "postgres")])

  # Names of buckets belong to the whole world, all others to the account.
  buckets = { for name in keys(local.plan.buckets) : name => "${replace(var.domain, ".", "-")}-${name}" }

  public_url = "https://${var.domain}"
}

# ---- What ARNs say follows from names, so that a plan shows each policy before anything exists.

locals {
  arn = { for service in ["dynamodb", "kinesis", "lambda", "logs", "secretsmanager", "ses", "sqs"] :
    service => "arn:aws:${service}:${local.region}:${local.account}"
  }
  secret_names = concat(keys(local.plan.secrets), [for name in local.secret_settings : "setting/${name}"], [for service in local.services : "postgres/${service}"], ["clickhouse"])

  arns = {
    bucket    = { for name, bucket in local.buckets : name => "arn:aws:s3:::${bucket}" }
    objects   = { for name, bucket in local.buckets : name => "arn:aws:s3:::${bucket}/*" }
    table     = { for name in keys(local.plan.tables) : name => "${local.arn.dynamodb}:table/${name}" }
    indexes   = { for name in keys(local.plan.tables) : name => "${local.arn.dynamodb}:table/${name}/index/*" }
    changes   = { for name in keys(local.plan.tables) : name => "${local.arn.dynamodb}:table/${name}/stream/*" }
    queue     = { for name in concat(keys(local.plan.queues), keys(local.plan.dead_letter_queues)) : name => "${local.arn.sqs}:${name}" }
    stream    = { for name in keys(local.plan.streams) : name => "${local.arn.kinesis}:stream/${name}" }
    log_group = { for name in keys(local.plan.functions) : name => "${local.arn.logs}:log-group:/aws/lambda/${name}:*" }
    # AWS adds six letters to the name of a secret.
    secret = { for name in local.secret_names : name => "${local.arn.secretsmanager}:secret:${name}-??????" }
    # Senders are below the domain, whatever their names.
    sender = { for name in local.settings : name => "${local.arn.ses}:identity/${var.domain}" }
  }
}

# ---- Settings: those that are said here or by whoever deploys, the rest is secret.

locals {
  settings = toset(concat(
    flatten([for function in local.plan.functions : [for value in function.environment : value.setting if can(value.setting)]]),
    flatten([for bucket in local.plan.buckets : [for origin in try(bucket.cors.origins, []) : origin.setting if can(origin.setting)]]),
  ))
  plain_settings = merge(
    {
      CINEMA_ENVIRONMENT = var.environment
      # Behind an edge an unknown country is nowhere.
      DEFAULT_TERRITORY = "ZZ"
      EMAIL_FROM        = "Online Cinema <cinema@${var.domain}>"
      # Asked once the secret metadata-keys has its key.
      METADATA_PROVIDERS = jsonencode([{ provider = "tmdb" }])
      # Who collects spans; nobody if it is empty. A collector beside each function answers at http://localhost:4318.
      OTEL_EXPORTER_OTLP_ENDPOINT = ""
      PUBLIC_URL                  = local.public_url
      # Push services of one's own, by origins with commas: they may be inside of the network.
      PUSH_TRUSTED_ORIGINS = ""
      RUST_LOG             = "info"
    },
    var.settings,
    { URL_KEY_PAIR_ID = module.edge.key_pair_id },
  )
  secret_settings = setsubtract(local.settings, keys(local.plain_settings))
}

# ---- Environments of the functions.

locals {
  secret_setting_values = { for name in local.secret_settings : name => "{{resolve:secretsmanager:setting/${name}}}" }
  setting_values        = merge(local.plain_settings, local.secret_setting_values)

  endpoints = { for service in toset([for function in local.plan.functions : function.service]) : service => {
    postgres   = "postgres://cinema_${service}:{{resolve:secretsmanager:postgres/${service}:SecretString:password}}@${module.data.proxy_host}:${local.engines.postgres}/cinema?sslmode=verify-full"
    redis      = "rediss://${module.data.redis_host}:${local.engines.redis}"
    opensearch = "https://${module.data.search_host}"
    clickhouse = "{{resolve:secretsmanager:clickhouse}}"
  } }

  # Objects that functions read by URL are what the edge serves.
  origins = { web = local.public_url, media = "${local.public_url}/media" }

  environments = { for name, function in local.plan.functions : name => { for variable, value in function.environment : variable => try(
    tostring(value),
    local.endpoints[function.service][value.endpoint],
    local.setting_values[value.setting],
    local.buckets[value.bucket],
    module.queues.urls[value.queue],
    "${local.origins[value.object.bucket]}/${value.object.key}",
    value.table,
    value.stream,
    value.secret,
    # AWS itself needs no address.
  ) if try(value.endpoint, "") != "aws" } }

  # Secrets that a function's variables refer to, by name.
  configuration = { for name, function in local.plan.functions : name => sort(distinct(compact(flatten([for value in function.environment : [
    try(contains(local.secret_settings, value.setting) ? "setting/${value.setting}" : "", ""),
    try(value.endpoint == "postgres" ? "postgres/${function.service}" : "", ""),
    try(value.endpoint == "clickhouse" ? "clickhouse" : "", ""),
  ]])))) }
}

# ---- The parts.

module "network" {
  source              = "../modules/network"
  cidr                = var.size.cidr
  zones               = var.size.zones
  nat_per_zone        = var.size.nat_per_zone
  interface_endpoints = var.size.interface_endpoints
  engines             = local.engines
}

module "secrets" {
  source                = "../modules/secrets"
  names                 = toset(local.secret_names)
  origin_verify_version = var.origin_verify_version
  recovery_days         = var.size.is_protected ? 30 : 0
}

resource "aws_security_group" "migrations" {
  name        = "migrations"
  description = "Migrations: Postgres itself and ClickHouse"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "migrations" {
  for_each          = { postgres = var.size.cidr, clickhouse = "0.0.0.0/0" }
  security_group_id = aws_security_group.migrations.id
  description       = each.key
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = local.engines[each.key]
  to_port           = local.engines[each.key]
}

module "data" {
  source           = "../modules/data"
  vpc_id           = module.network.vpc_id
  subnets          = module.network.data_subnets
  client_groups    = module.network.client_groups
  migrations_group = aws_security_group.migrations.id
  engines          = local.engines
  services         = { for service in local.services : service => module.secrets.arns["postgres/${service}"] }
  database         = merge(var.size.database, { is_protected = var.size.is_protected })
  redis            = var.size.redis
  search           = var.size.search
}

module "migrations" {
  source            = "../modules/migrations"
  vpc_id            = module.network.vpc_id
  subnets           = module.network.function_subnets
  outbound_group    = module.network.outbound_group
  group             = aws_security_group.migrations.id
  code_bucket       = var.code_bucket
  database          = { host = module.data.database.host, port = local.engines.postgres, master_secret = module.data.database.master_secret }
  services          = { for service in local.services : service => module.secrets.arns["postgres/${service}"] }
  clickhouse_secret = module.secrets.arns["clickhouse"]
  architecture      = var.architecture
  log_days          = var.size.log_days
}

module "buckets" {
  source           = "../modules/buckets"
  buckets          = local.plan.buckets
  names            = local.buckets
  settings         = local.plain_settings
  edge_reads       = ["web", "media"]
  distribution_arn = module.edge.distribution_arn
  force_destroy    = !var.size.is_protected
}

module "queues" {
  source             = "../modules/queues"
  queues             = local.plan.queues
  dead_letter_queues = local.plan.dead_letter_queues
  arns               = local.arns.queue
}

module "streams" {
  source  = "../modules/streams"
  streams = local.plan.streams
}

module "tables" {
  source              = "../modules/tables"
  tables              = local.plan.tables
  deletion_protection = var.size.is_protected
}

module "functions" {
  source                = "../modules/functions"
  functions             = local.plan.functions
  release               = local.digests
  layers                = { for name, digest in local.digests : trimprefix(name, "layer-") => digest if startswith(name, "layer-") }
  code_bucket           = var.code_bucket
  architecture          = var.architecture
  environments          = local.environments
  configuration_secrets = { for name, secrets in local.configuration : name => [for secret in secrets : local.arns.secret[secret]] }
  arns                  = local.arns
  existing              = concat(module.queues.arns, module.streams.arns)
  change_stream_arns    = module.tables.change_streams
  buckets               = module.buckets.ids
  api_execution_arn     = module.gateway.execution_arn
  subnets               = module.network.function_subnets
  outbound_group        = module.network.outbound_group
  client_groups         = module.network.client_groups
  log_days              = var.size.log_days
  canary                = var.size.canary
  restarted             = var.restarted
  alarm_topic           = module.observability.topic_arn
}

module "gateway" {
  source              = "../modules/gateway"
  gateway             = local.plan.gateway
  function_arns       = { for name in keys(local.plan.functions) : name => "${local.arn.lambda}:function:${name}:live" }
  domain              = var.domain
  certificate_arn     = module.edge.certificate_arn
  requests_per_second = var.size.requests_per_second
  log_days            = var.size.log_days
}

module "edge" {
  source               = "../modules/edge"
  domain               = var.domain
  zone_id              = data.aws_route53_zone.this.zone_id
  api_origin           = module.gateway.origin
  origin_verify        = module.secrets.origin_verify
  buckets              = { for name, bucket in local.buckets : name => "${bucket}.s3.${local.region}.amazonaws.com" }
  public_media         = local.plan.buckets.media.public
  url_signing_key      = var.url_signing_key
  requests_per_address = 2000
  price_class          = var.size.price_class
}

module "mail" {
  source     = "../modules/mail"
  domain     = var.domain
  zone_id    = data.aws_route53_zone.this.zone_id
  reports_to = var.email
}

module "observability" {
  source             = "../modules/observability"
  email              = var.email
  functions          = keys(local.plan.functions)
  dead_letter_queues = keys(local.plan.dead_letter_queues)
  mappings           = [for name, function in local.plan.functions : name if anytrue([for mapping in function.mappings : can(mapping.replay.retries)])]
  api                = { name = "cinema", stage = "live" }
  database           = "cinema"
  free_storage_bytes = 5 * 1024 * 1024 * 1024
  concurrency_limit  = var.concurrency_limit
}

module "budgets" {
  source      = "../modules/budgets"
  monthly_usd = var.monthly_usd
  email       = var.email
}

# ---- What a plan must not hide: a function without its zip, a secret whose value nobody would miss.

resource "terraform_data" "release" {
  input = sha256(var.release)

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(local.plan.functions), keys(local.digests))) == 0
      error_message = "The release has no zip of: ${join(", ", setsubtract(keys(local.plan.functions), keys(local.digests)))}. Run `cargo cinema pack` and name its SHA256SUMS."
    }

    precondition {
      condition     = length(setsubtract(flatten([for function in local.plan.functions : function.layers]), [for name in keys(local.digests) : trimprefix(name, "layer-")])) == 0
      error_message = "The release has no zip of a layer that functions use: lines `<sha256>  layer-<name>.zip` are missing."
    }
  }
}
