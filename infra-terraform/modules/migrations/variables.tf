variable "vpc_id" { type = string }

variable "subnets" { type = list(string) }

variable "outbound_group" { type = string }

variable "group" {
  description = "The security group that the database lets in."
  type        = string
}

variable "code_bucket" { type = string }

variable "database" {
  type = object({ host = string, port = number, master_secret = string })
}

variable "services" {
  description = "Service → ARN of the secret with name and password of its role."
  type        = map(string)
}

variable "clickhouse_secret" {
  description = "ARN of the secret with ClickHouse's URL."
  type        = string
}

variable "architecture" { type = string }

variable "log_days" { type = number }
