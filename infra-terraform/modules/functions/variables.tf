variable "functions" {
  description = "Of the plan."
  type        = any
}

variable "release" {
  description = "Function → SHA-256 of its zip, as `cargo cinema pack` wrote them down."
  type        = map(string)
}

variable "code_bucket" {
  description = "Zips lie in it under functions/<name>/<digest>.zip: what did not change is not deployed."
  type        = string
}

variable "layers" {
  description = "Layer → SHA-256 of its zip, under layers/<name>/<digest>.zip."
  type        = map(string)
}

variable "architecture" { type = string }

variable "environments" {
  description = "Function → its variables."
  type        = map(map(string))
}

variable "configuration_secrets" {
  description = "Function → ARNs of secrets that its variables refer to by `{{resolve:secretsmanager:…}}`."
  type        = map(list(string))
}

variable "arns" {
  description = "Kind of resource → name in the plan → ARN. Made from names, so that a plan shows every policy whole."
  type        = map(map(string))
}

variable "existing" {
  description = "What has to exist before it is named by its ARN: queues and streams."
  type        = list(string)
}

variable "change_stream_arns" { type = map(string) }

variable "buckets" {
  description = "Name in the plan → id in AWS."
  type        = map(string)
}

variable "api_execution_arn" { type = string }

variable "subnets" { type = list(string) }

variable "outbound_group" { type = string }

variable "client_groups" { type = map(string) }

variable "log_days" { type = number }

variable "canary" {
  description = "A CodeDeploy configuration, such as CodeDeployDefault.LambdaCanary10Percent5Minutes."
  type        = string
}

variable "restarted" {
  description = "Any text; another one gives every function new environments, which read secrets anew."
  type        = string
}

variable "alarm_topic" { type = string }
