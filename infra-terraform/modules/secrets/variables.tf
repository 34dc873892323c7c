variable "names" {
  description = "Secrets whose values somebody else writes: `infra-terraform/secrets`, a function or a rotation. They never pass through Terraform's state."
  type        = set(string)
}

variable "origin_verify_version" {
  description = "Raised by one, another secret is made by which functions know the edge."
  type        = number
}

variable "recovery_days" {
  description = "How long a deleted secret can be brought back."
  type        = number
}
