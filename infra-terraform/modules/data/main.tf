data "aws_caller_identity" "this" {}
data "aws_region" "this" {}

resource "aws_kms_key" "this" {
  description             = "What the engines of the cinema keep"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "this" {
  name          = "alias/cinema-data"
  target_key_id = aws_kms_key.this.key_id
}

# ---- Postgres behind its proxy: functions come and go by the hundred, the database has few connections.

resource "aws_db_subnet_group" "this" {
  name       = "cinema"
  subnet_ids = var.subnets
}

resource "aws_db_parameter_group" "this" {
  name   = "cinema-postgres16"
  family = "postgres16"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # Milliseconds.
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }

  parameter {
    name  = "log_lock_waits"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "database" {
  name        = "database"
  description = "Postgres itself: the proxy and the migrations"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "proxy" {
  name        = "proxy"
  description = "RDS Proxy: functions that use Postgres"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  for_each                     = { proxy = aws_security_group.proxy.id, migrations = var.migrations_group }
  security_group_id            = aws_security_group.database.id
  description                  = each.key
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = var.engines.postgres
  to_port                      = var.engines.postgres
}

resource "aws_vpc_security_group_ingress_rule" "proxy" {
  security_group_id            = aws_security_group.proxy.id
  description                  = "functions"
  referenced_security_group_id = var.client_groups.postgres
  ip_protocol                  = "tcp"
  from_port                    = var.engines.postgres
  to_port                      = var.engines.postgres
}

resource "aws_vpc_security_group_egress_rule" "proxy" {
  security_group_id            = aws_security_group.proxy.id
  description                  = "Postgres"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = var.engines.postgres
  to_port                      = var.engines.postgres
}

resource "aws_db_instance" "this" {
  identifier                      = "cinema"
  engine                          = "postgres"
  engine_version                  = "16"
  instance_class                  = var.database.class
  storage_type                    = "gp3"
  allocated_storage               = var.database.storage_gib
  max_allocated_storage           = var.database.most_gib
  storage_encrypted               = true
  kms_key_id                      = aws_kms_key.this.arn
  username                        = "cinema_master"
  manage_master_user_password     = true
  port                            = var.engines.postgres
  multi_az                        = var.database.multi_az
  publicly_accessible             = false
  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [aws_security_group.database.id]
  parameter_group_name            = aws_db_parameter_group.this.name
  ca_cert_identifier              = "rds-ca-rsa2048-g1"
  auto_minor_version_upgrade      = true
  backup_retention_period         = var.database.backup_days
  backup_window                   = "02:00-03:00"
  maintenance_window              = "mon:03:30-mon:04:30"
  copy_tags_to_snapshot           = true
  deletion_protection             = var.database.is_protected
  skip_final_snapshot             = !var.database.is_protected
  final_snapshot_identifier       = "cinema-last"
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.this.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}

# RDS makes the master's password and a new one every 30 days; only the migrations read it.
resource "aws_secretsmanager_secret_rotation" "master" {
  secret_id          = aws_db_instance.this.master_user_secret[0].secret_arn
  rotate_immediately = false

  rotation_rules {
    automatically_after_days = 30
  }
}

resource "aws_iam_role" "proxy" {
  name = "cinema-proxy"
  path = "/cinema/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "rds.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "proxy" {
  name = "passwords"
  role = aws_iam_role.proxy.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = "secretsmanager:GetSecretValue"
      Resource = [for service in keys(var.services) :
        "arn:aws:secretsmanager:${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}:secret:postgres/${service}-??????"
      ]
    }]
  })
}

resource "aws_db_proxy" "this" {
  name                   = "cinema"
  engine_family          = "POSTGRESQL"
  role_arn               = aws_iam_role.proxy.arn
  require_tls            = true
  idle_client_timeout    = 900
  vpc_subnet_ids         = var.subnets
  vpc_security_group_ids = [aws_security_group.proxy.id]

  # One role per service: what one of them may see is up to Postgres.
  dynamic "auth" {
    for_each = var.services
    content {
      auth_scheme               = "SECRETS"
      client_password_auth_type = "POSTGRES_SCRAM_SHA_256"
      iam_auth                  = "DISABLED"
      secret_arn                = auth.value
    }
  }

  depends_on = [aws_iam_role_policy.proxy]
}

resource "aws_db_proxy_default_target_group" "this" {
  db_proxy_name = aws_db_proxy.this.name

  connection_pool_config {
    # The rest is for the migrations and for people.
    max_connections_percent      = 90
    max_idle_connections_percent = 30
    # A request waits two seconds for a connection before it answers 503.
    connection_borrow_timeout = 2
  }
}

resource "aws_db_proxy_target" "this" {
  db_proxy_name          = aws_db_proxy.this.name
  target_group_name      = aws_db_proxy_default_target_group.this.name
  db_instance_identifier = aws_db_instance.this.identifier
}

# ---- Redis holds what may be lost: counts of attempts and cached reads. Whoever is in its group may use it.

resource "aws_elasticache_subnet_group" "this" {
  name       = "cinema"
  subnet_ids = var.subnets
}

resource "aws_security_group" "redis" {
  name        = "redis"
  description = "Redis: functions that use it"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "redis" {
  security_group_id            = aws_security_group.redis.id
  description                  = "functions"
  referenced_security_group_id = var.client_groups.redis
  ip_protocol                  = "tcp"
  from_port                    = var.engines.redis
  to_port                      = var.engines.redis
}

resource "aws_elasticache_parameter_group" "this" {
  name   = "cinema-valkey8"
  family = "valkey8"

  # Counts of attempts are never evicted: a full Redis refuses, and the limits go on per environment.
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "cinema"
  description                = "Counts of attempts and cached reads"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = var.redis.class
  num_cache_clusters         = var.redis.nodes
  automatic_failover_enabled = var.redis.nodes > 1
  multi_az_enabled           = var.redis.nodes > 1
  port                       = var.engines.redis
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.redis.id]
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.this.arn
  transit_encryption_enabled = true
  apply_immediately          = true
  maintenance_window         = "mon:03:30-mon:04:30"
}

# ---- OpenSearch: the public part of titles, rebuilt from events at any time.

resource "aws_security_group" "search" {
  name        = "search"
  description = "OpenSearch: functions that use it"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "search" {
  security_group_id            = aws_security_group.search.id
  description                  = "functions"
  referenced_security_group_id = var.client_groups.opensearch
  ip_protocol                  = "tcp"
  from_port                    = var.engines.opensearch
  to_port                      = var.engines.opensearch
}

resource "aws_opensearch_domain" "this" {
  domain_name    = "cinema"
  engine_version = "OpenSearch_2.19"

  cluster_config {
    instance_type          = var.search.class
    instance_count         = var.search.nodes
    zone_awareness_enabled = var.search.nodes > 1

    dynamic "zone_awareness_config" {
      for_each = var.search.nodes > 1 ? [min(var.search.nodes, length(var.subnets))] : []
      content {
        availability_zone_count = zone_awareness_config.value
      }
    }
  }

  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = var.search.storage_gib
  }

  vpc_options {
    subnet_ids         = slice(var.subnets, 0, var.search.nodes > 1 ? min(var.search.nodes, length(var.subnets)) : 1)
    security_group_ids = [aws_security_group.search.id]
  }

  encrypt_at_rest {
    enabled    = true
    kms_key_id = aws_kms_key.this.arn
  }

  node_to_node_encryption {
    enabled = true
  }

  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }

  # Requests are not signed: the network is the lock. OpenSearch is asked for nothing but these.
  access_policies = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = [for method in ["Delete", "Get", "Head", "Post", "Put"] : "es:ESHttp${method}"]
      Resource  = "arn:aws:es:${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}:domain/cinema/*"
    }]
  })
}
