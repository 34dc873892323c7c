# Functions run in private subnets with a way out by NAT, for what is asked of others (leaked passwords, OpenID providers, ClickHouse). Engines are in
# subnets without any way out. S3 and DynamoDB are reached through gateway endpoints, which cost nothing.

data "aws_availability_zones" "all" {
  state = "available"
}

data "aws_region" "this" {}

locals {
  zones = slice(sort(data.aws_availability_zones.all.names), 0, var.zones)
  # A /19 per zone for functions: each holds an address per subnet and group while it lives.
  private = { for at, zone in local.zones : zone => cidrsubnet(var.cidr, 3, at) }
  data    = { for at, zone in local.zones : zone => cidrsubnet(var.cidr, 8, 128 + at) }
  public  = { for at, zone in local.zones : zone => cidrsubnet(var.cidr, 8, 192 + at) }
  nats    = var.nat_per_zone ? local.zones : slice(local.zones, 0, 1)
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "cinema" }
}

# Nothing uses it; without rules nothing can.
resource "aws_default_security_group" "none" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "private" {
  for_each          = local.private
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "functions-${each.key}" }
}

resource "aws_subnet" "data" {
  for_each          = local.data
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "data-${each.key}" }
}

resource "aws_subnet" "public" {
  for_each          = local.public
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "public-${each.key}" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "cinema" }
}

resource "aws_eip" "nat" {
  for_each   = toset(local.nats)
  domain     = "vpc"
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each      = toset(local.nats)
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = { Name = each.key }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "public" }
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  for_each = toset(local.zones)
  vpc_id   = aws_vpc.this.id
  tags     = { Name = "functions-${each.key}" }
}

resource "aws_route" "private" {
  for_each               = toset(local.zones)
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[var.nat_per_zone ? each.key : local.nats[0]].id
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

# The data subnets keep the VPC's main route table: it knows only the VPC itself.
resource "aws_vpc_endpoint" "gateway" {
  for_each          = toset(["s3", "dynamodb"])
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.this.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  tags              = { Name = each.key }
}

resource "aws_security_group" "endpoints" {
  name        = "endpoints"
  description = "Interface endpoints of AWS services"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "functions"
  referenced_security_group_id = aws_security_group.outbound.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = var.interface_endpoints
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${data.aws_region.this.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  tags                = { Name = each.key }
}

resource "aws_security_group" "outbound" {
  name        = "functions"
  description = "Functions in the VPC: HTTPS to AWS and to others"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "outbound" {
  security_group_id = aws_security_group.outbound.id
  description       = "HTTPS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# One group per engine: a function has those of the engines that its entry names, and an engine lets in only its own.
resource "aws_security_group" "client" {
  for_each    = var.engines
  name        = "uses-${each.key}"
  description = "Functions that use ${each.key}"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "client" {
  for_each          = var.engines
  security_group_id = aws_security_group.client[each.key].id
  description       = each.key
  # ClickHouse is somebody else's: its address is a secret and no network.
  cidr_ipv4   = each.key == "clickhouse" ? "0.0.0.0/0" : var.cidr
  ip_protocol = "tcp"
  from_port   = each.value
  to_port     = each.value
}
