# CloudFront takes certificates and firewalls from this region only.
locals {
  global = "us-east-1"

  # CloudFront has one wildcard, which crosses slashes; the function checks what the plan says exactly.
  public_behaviours = [for pattern in var.public_media : "/media/${replace(pattern, "**", "*")}"]

  storage = [for name, domain in var.buckets : "https://${domain}" if !contains(["web", "media"], name)]
}

# ---- Certificates: one for CloudFront, one for API Gateway, which sees the same name.

resource "aws_acm_certificate" "edge" {
  region            = local.global
  domain_name       = var.domain
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate" "api" {
  domain_name       = var.domain
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# The same record proves the name to both.
resource "aws_route53_record" "proof" {
  zone_id         = var.zone_id
  name            = one([for option in aws_acm_certificate.edge.domain_validation_options : option.resource_record_name])
  type            = one([for option in aws_acm_certificate.edge.domain_validation_options : option.resource_record_type])
  records         = [for option in aws_acm_certificate.edge.domain_validation_options : option.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "edge" {
  region                  = local.global
  certificate_arn         = aws_acm_certificate.edge.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

resource "aws_acm_certificate_validation" "api" {
  certificate_arn         = aws_acm_certificate.api.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

# ---- The firewall: what is known to be bad, and who asks too often.

resource "aws_wafv2_web_acl" "this" {
  region = local.global
  name   = "cinema"
  scope  = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 0

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = var.requests_per_address
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300

        # Segments are many and signed.
        scope_down_statement {
          byte_match_statement {
            positional_constraint = "STARTS_WITH"
            search_string         = "/v1/"
            field_to_match {
              uri_path {}
            }
            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }

    visibility_config {
      metric_name                = "rate"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = { AWSManagedRulesAmazonIpReputationList = 1, AWSManagedRulesKnownBadInputsRuleSet = 2 }
    content {
      name     = rule.key
      priority = rule.value

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key
        }
      }

      visibility_config {
        metric_name                = rule.key
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    metric_name                = "cinema"
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

# ---- Signed addresses of segments.

resource "aws_cloudfront_public_key" "playback" {
  name_prefix = "playback-"
  encoded_key = var.url_signing_key

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "playback" {
  name  = "cinema-playback"
  items = [aws_cloudfront_public_key.playback.id]
}

# ---- What is kept, and by which key. Nothing is kept longer than the answer says.

resource "aws_cloudfront_cache_policy" "api" {
  name        = "cinema-api"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 86400

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip = true

    # What `Vary` names: who asks, in which language, from which territory.
    headers_config {
      header_behavior = "whitelist"
      headers {
        items = ["Accept-Language", "Authorization", "CloudFront-Viewer-Country"]
      }
    }
    query_strings_config {
      query_string_behavior = "all"
    }
    cookies_config {
      cookie_behavior = "none"
    }
  }
}

# `Host` among them: API Gateway knows the public name.
resource "aws_cloudfront_origin_request_policy" "api" {
  name = "cinema-api"

  headers_config {
    header_behavior = "allViewerAndWhitelistCloudFront"
    headers {
      items = ["CloudFront-Viewer-Address", "CloudFront-Viewer-Country"]
    }
  }
  query_strings_config {
    query_string_behavior = "all"
  }
  cookies_config {
    cookie_behavior = "all"
  }
}

# The query of a signed address belongs to CloudFront: the same object is one object for all viewers.
resource "aws_cloudfront_cache_policy" "files" {
  name        = "cinema-files"
  min_ttl     = 0
  default_ttl = 3600
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
    cookies_config {
      cookie_behavior = "none"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "page" {
  name = "cinema-page"

  security_headers_config {
    content_type_options {
      override = true
    }
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = true
    }
    content_security_policy {
      # As the local edge says it; besides, parts of uploads and exports go to and come from S3 itself.
      content_security_policy = join("; ", [
        "default-src 'self'", "connect-src 'self' ${join(" ", local.storage)}", "img-src 'self' data:", "media-src 'self' blob: data:",
        "worker-src 'self' blob:", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
      ])
      override = true
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "api" {
  name = "cinema-api"

  security_headers_config {
    content_type_options {
      override = true
    }
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      override                   = true
    }
    # An operation may say that nothing is to be told.
    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = false
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "media" {
  name = "cinema-media"

  # A signature is what opens a segment, whoever's page asks.
  cors_config {
    access_control_allow_credentials = false
    access_control_max_age_sec       = 86400
    origin_override                  = true
    access_control_allow_headers {
      items = ["Range"]
    }
    access_control_allow_methods {
      items = ["GET", "HEAD", "OPTIONS"]
    }
    access_control_allow_origins {
      items = ["*"]
    }
  }

  security_headers_config {
    content_type_options {
      override = true
    }
  }
}

resource "aws_cloudfront_function" "viewer" {
  for_each = { page = false, public = true }
  name     = "cinema-${each.key}"
  runtime  = "cloudfront-js-2.0"
  publish  = true
  code     = templatefile("${path.module}/viewer-request.js.tftpl", { patterns = jsonencode(var.public_media), is_public = each.value })
}

resource "aws_cloudfront_origin_access_control" "s3" {
  name                              = "cinema-s3"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "this" {
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = "Online Cinema"
  aliases         = [var.domain]
  price_class     = var.price_class
  web_acl_id      = aws_wafv2_web_acl.this.arn

  origin {
    origin_id   = "api"
    domain_name = var.api_origin

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      # API Gateway gives up after 29 seconds.
      origin_read_timeout = 30
    }

    custom_header {
      name  = "X-Origin-Verify"
      value = var.origin_verify
    }
  }

  dynamic "origin" {
    for_each = toset(["web", "media"])
    content {
      origin_id                = origin.key
      domain_name              = var.buckets[origin.key]
      origin_access_control_id = aws_cloudfront_origin_access_control.s3.id
    }
  }

  default_cache_behavior {
    target_origin_id           = "web"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.files.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.viewer["page"].arn
    }
  }

  ordered_cache_behavior {
    path_pattern             = "/v1/*"
    target_origin_id         = "api"
    viewer_protocol_policy   = "https-only"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    compress                 = true
    cache_policy_id          = aws_cloudfront_cache_policy.api.id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.api.id

    response_headers_policy_id = aws_cloudfront_response_headers_policy.api.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.public_behaviours
    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "media"
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD", "OPTIONS"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = aws_cloudfront_cache_policy.files.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.media.id

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.viewer["public"].arn
      }
    }
  }

  ordered_cache_behavior {
    path_pattern               = "/media/*"
    target_origin_id           = "media"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    trusted_key_groups         = [aws_cloudfront_key_group.playback.id]
    cache_policy_id            = aws_cloudfront_cache_policy.files.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.media.id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.viewer["page"].arn
    }
  }

  restrictions {
    # Who may watch what is decided per title, by the functions.
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.edge.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

resource "aws_route53_record" "site" {
  for_each = toset(["A", "AAAA"])
  zone_id  = var.zone_id
  name     = var.domain
  type     = each.key

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}
