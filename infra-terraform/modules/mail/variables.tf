variable "domain" { type = string }

variable "zone_id" { type = string }

variable "reports_to" {
  description = "Address that gets DMARC reports."
  type        = string
}
