variable "cidr" {
  description = "Of the VPC; a /16."
  type        = string
}

variable "zones" {
  description = "How many availability zones: engines with a standby need two, OpenSearch three for a quorum."
  type        = number
}

variable "nat_per_zone" {
  description = "One NAT gateway per zone, or one for all: then that zone's end is everybody's."
  type        = bool
}

variable "interface_endpoints" {
  description = "Services that are reached without NAT. Each costs about 15 USD a month in two zones, which pays from about 420 GB a month on."
  type        = set(string)
}

variable "engines" {
  description = "Engine → port on which functions reach it."
  type        = map(number)
}
