variable "account" { type = string }

variable "region" { type = string }

variable "prefix" {
  description = "Names of buckets belong to the whole world: theirs begin with this."
  type        = string
}

variable "repository" {
  description = "owner/name on GitHub."
  type        = string
}

variable "environment" {
  description = "dev or prod, as GitHub's environment is called whose jobs may deploy to this account."
  type        = string
}
