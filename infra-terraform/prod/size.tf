# Loses a zone without losing data. interface_endpoints stays empty until a service moves 420 GB a month: see docs/architecture/0038-aws-network.md.
locals {
  size = {
    cidr                = "10.10.0.0/16"
    zones               = 3
    nat_per_zone        = true
    interface_endpoints = []
    is_protected        = true
    log_days            = 90
    canary              = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    requests_per_second = 2000
    price_class         = "PriceClass_All"
    database            = { class = "db.r7g.large", storage_gib = 100, most_gib = 1000, multi_az = true, backup_days = 14 }
    redis               = { class = "cache.t4g.medium", nodes = 2 }
    search              = { class = "r7g.medium.search", nodes = 3, storage_gib = 50 }
  }
}
