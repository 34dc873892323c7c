variable "vpc_id" { type = string }

variable "subnets" {
  description = "Without a way out."
  type        = list(string)
}

variable "client_groups" {
  description = "Engine → the security group of its users."
  type        = map(string)
}

variable "migrations_group" {
  description = "The security group of the migrations, which alone speak with the database itself."
  type        = string
}

variable "services" {
  description = "Service → ARN of the secret with name and password of its role."
  type        = map(string)
}

variable "engines" {
  description = "Engine → port."
  type        = map(number)
}

variable "database" {
  type = object({
    class        = string
    storage_gib  = number
    most_gib     = number
    multi_az     = bool
    backup_days  = number
    is_protected = bool
  })
}

variable "redis" {
  type = object({
    class = string
    nodes = number
  })
}

variable "search" {
  type = object({
    class       = string
    nodes       = number
    storage_gib = number
  })
}
