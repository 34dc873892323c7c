variable "account" {
  description = "The account of this environment: nothing is done in any other."
  type        = string
}

variable "region" {
  description = "Where everything but CloudFront's own is."
  type        = string
}

variable "domain" { type = string }

variable "zone" { type = string }

variable "email" { type = string }

variable "settings" {
  description = "Settings of the functions that are no secrets."
  type        = map(string)
}

variable "url_signing_key" {
  description = "File with the public half of url-signing-key (PEM)."
  type        = string
}

variable "release" {
  description = "File with the digests of the zips: SHA256SUMS of a release."
  type        = string
}

variable "code_bucket" { type = string }

variable "architecture" {
  type    = string
  default = "arm64"
}

variable "origin_verify_version" {
  type    = number
  default = 1
}

variable "restarted" {
  type    = string
  default = ""
}

variable "monthly_usd" { type = number }

variable "concurrency_limit" {
  type    = number
  default = 1000
}
