output "vpc_id" { value = aws_vpc.this.id }

output "function_subnets" { value = [for zone in local.zones : aws_subnet.private[zone].id] }

output "data_subnets" { value = [for zone in local.zones : aws_subnet.data[zone].id] }

output "outbound_group" { value = aws_security_group.outbound.id }

output "client_groups" {
  description = "Engine → the group of its users."
  value       = { for engine, group in aws_security_group.client : engine => group.id }
}
