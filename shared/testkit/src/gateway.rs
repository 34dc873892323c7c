//! API Gateway's REST (payload v1) events, for shipped binaries.

use serde_json::{Value, json};

/// The proxy event of a request.
pub fn event(method: &str, path_and_query: &str, headers: &[(&str, &str)], body: Option<&str>) -> Value {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let parameters: serde_json::Map<String, Value> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let multi_value = |map: &serde_json::Map<String, Value>| -> Value {
        map.iter().map(|(name, value)| (name.clone(), json!([value]))).collect::<serde_json::Map<_, _>>().into()
    };
    let edge = [("x-origin-verify", crate::http::ORIGIN_VERIFY), ("cloudfront-viewer-country", "DE")];
    let headers: serde_json::Map<String, Value> =
        edge.iter().chain(headers).map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({
        "resource": path, "path": path, "httpMethod": method,
        "headers": headers, "multiValueHeaders": multi_value(&headers),
        "queryStringParameters": parameters, "multiValueQueryStringParameters": multi_value(&parameters),
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "cinema", "resourceId": "resource", "resourcePath": path, "stage": "live",
            "requestId": "test-request", "identity": { "sourceIp": "192.0.2.1" }, "httpMethod": method, "path": path,
            "protocol": "HTTP/1.1"
        },
        "body": body, "isBase64Encoded": false
    })
}

/// The same of a route `GET /path`, with a body of JSON, from a reader of English.
pub fn request(route: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let (method, path) = route.split_once(' ').expect("GET /path");
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("accept-language", "en"), ("content-type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
    event(method, path, &headers, body.map(Value::to_string).as_deref())
}
