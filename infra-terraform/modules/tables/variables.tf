variable "tables" {
  description = "Of the plan."
  type        = any
}

variable "deletion_protection" {
  description = "Whether a table refuses to be deleted."
  type        = bool
}
