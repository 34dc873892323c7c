variable "gateway" {
  description = "Of the plan."
  type        = any
}

variable "function_arns" {
  description = "Function → ARN of its alias `live`, made from its name."
  type        = map(string)
}

variable "domain" {
  description = "The name that browsers use; CloudFront passes it on."
  type        = string
}

variable "certificate_arn" {
  description = "For that name, in this region."
  type        = string
}

variable "requests_per_second" {
  description = "What the API takes from all viewers together; more is 429."
  type        = number
}

variable "log_days" { type = number }
