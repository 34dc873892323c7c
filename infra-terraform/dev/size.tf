# One of everything; what is lost here is made again.
locals {
  size = {
    cidr                = "10.20.0.0/16"
    zones               = 2
    nat_per_zone        = false
    interface_endpoints = []
    is_protected        = false
    log_days            = 14
    canary              = "CodeDeployDefault.LambdaAllAtOnce"
    requests_per_second = 100
    price_class         = "PriceClass_100"
    database            = { class = "db.t4g.small", storage_gib = 20, most_gib = 50, multi_az = false, backup_days = 1 }
    redis               = { class = "cache.t4g.micro", nodes = 1 }
    search              = { class = "t3.small.search", nodes = 1, storage_gib = 10 }
  }
}
