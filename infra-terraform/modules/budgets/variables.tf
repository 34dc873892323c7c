variable "monthly_usd" { type = number }

variable "email" { type = string }
