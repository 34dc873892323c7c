variable "domain" { type = string }

variable "zone_id" {
  description = "The hosted zone of Route 53 in which the domain is."
  type        = string
}

variable "api_origin" { type = string }

variable "origin_verify" {
  type      = string
  sensitive = true
}

variable "buckets" {
  description = "Name in the plan → regional domain name, of `web`, `media` and where browsers upload to and download from."
  type        = map(string)
}

variable "public_media" {
  description = "Patterns of keys that need no signed URL, of the plan."
  type        = list(string)
}

variable "url_signing_key" {
  description = "The public half of the secret `url-signing-key`, as PEM."
  type        = string
}

variable "requests_per_address" {
  description = "Of one address in five minutes, before it is refused."
  type        = number
}

variable "price_class" { type = string }
