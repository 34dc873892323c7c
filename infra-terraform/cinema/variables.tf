variable "environment" {
  description = "What the functions call it: dev, prod. One account of AWS per environment, so names need no prefix."
  type        = string
}

variable "domain" {
  description = "The name that browsers use, such as cinema.example. It, its certificate and its mail identity lie in `zone`."
  type        = string
}

variable "zone" {
  description = "The public hosted zone of Route 53 in which the domain is."
  type        = string
}

variable "email" {
  description = "Who hears of alarms, budgets and reports about mail."
  type        = string
}

variable "settings" {
  description = "Settings that are no secrets. A setting of the plan that is neither here nor known below is kept in Secrets Manager as setting/<NAME>."
  type        = map(string)
}

variable "url_signing_key" {
  description = "The public half of the secret url-signing-key, as PEM: `infra-terraform/secrets` makes both."
  type        = string
}

variable "release" {
  description = "What is deployed: lines of `<sha256>  <name>.zip`, as `cargo cinema pack` writes SHA256SUMS; layers are `layer-<name>.zip`."
  type        = string
}

variable "code_bucket" {
  description = "Where the zips of releases are; the root `bootstrap` makes it."
  type        = string
}

variable "architecture" {
  description = "arm64 costs a fifth less than x86_64."
  type        = string
  default     = "arm64"
}

variable "origin_verify_version" {
  description = "Raised by one, CloudFront and the functions get another secret by which they know each other."
  type        = number
  default     = 1
}

variable "restarted" {
  description = "Any text; another one gives every function new environments, which read secrets anew."
  type        = string
  default     = ""
}

variable "monthly_usd" { type = number }

variable "concurrency_limit" {
  description = "Simultaneous invocations that the account has."
  type        = number
  default     = 1000
}

variable "size" {
  description = "What costs money although nobody watches, and how much is kept."
  type = object({
    cidr                = string
    zones               = number
    nat_per_zone        = bool
    interface_endpoints = set(string)
    is_protected        = bool
    log_days            = number
    canary              = string
    requests_per_second = number
    price_class         = string
    database            = object({ class = string, storage_gib = number, most_gib = number, multi_az = bool, backup_days = number })
    redis               = object({ class = string, nodes = number })
    search              = object({ class = string, nodes = number, storage_gib = number })
  })

  validation {
    condition     = var.size.zones >= 2 && var.size.zones <= 3
    error_message = "Two or three zones: a subnet group of RDS needs two."
  }

  validation {
    condition     = var.size.search.nodes != 2
    error_message = "Two search nodes have no majority when one is lost: take one or three."
  }
}
