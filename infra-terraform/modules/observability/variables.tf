variable "email" {
  description = "Who is told; the address has to confirm once."
  type        = string
}

variable "functions" {
  description = "Names."
  type        = list(string)
}

variable "dead_letter_queues" { type = list(string) }

variable "mappings" {
  description = "Functions that read a stream or a table's changes."
  type        = list(string)
}

variable "api" {
  type = object({ name = string, stage = string })
}

variable "database" { type = string }

variable "free_storage_bytes" {
  description = "Less than this is an alarm."
  type        = number
}

variable "concurrency_limit" {
  description = "Of the account: Lambda gives 1,000 where nobody asked for more."
  type        = number
}
