variable "streams" {
  description = "Of the plan."
  type        = any
}
