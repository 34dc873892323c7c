variable "queues" {
  description = "Of the plan."
  type        = any
}

variable "dead_letter_queues" {
  description = "Of the plan."
  type        = any
}

variable "arns" {
  description = "Queue → ARN, made from its name."
  type        = map(string)
}
