variable "buckets" {
  description = "Of the plan."
  type        = any
}

variable "names" {
  description = "Name in the plan → name in AWS, where names belong to the whole world."
  type        = map(string)
}

variable "settings" {
  description = "What the plan's references to settings mean."
  type        = map(string)
}

variable "edge_reads" {
  description = "Buckets that CloudFront reads."
  type        = set(string)
}

variable "distribution_arn" {
  description = "The only distribution that may."
  type        = string
}

variable "force_destroy" {
  description = "Whether a bucket with objects may be deleted."
  type        = bool
}
