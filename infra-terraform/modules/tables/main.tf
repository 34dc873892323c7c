resource "aws_dynamodb_table" "this" {
  for_each                    = var.tables
  name                        = each.key
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash
  range_key                   = try(each.value.range, null)
  stream_enabled              = each.value.stream
  stream_view_type            = each.value.stream ? "NEW_AND_OLD_IMAGES" : null
  deletion_protection_enabled = var.deletion_protection

  # DynamoDB takes definitions of key attributes only; all of them are strings.
  dynamic "attribute" {
    for_each = toset(compact(concat(
      [each.value.hash, try(each.value.range, "")],
      flatten([for index in try(each.value.indexes, {}) : [index.hash, try(index.range, "")]]),
    )))
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = try(each.value.indexes, {})
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash
      range_key       = try(global_secondary_index.value.range, null)
      projection_type = "ALL"
    }
  }

  dynamic "ttl" {
    for_each = try([each.value.ttl], [])
    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = each.value.point_in_time_recovery
  }

  server_side_encryption {
    enabled = true
  }
}
