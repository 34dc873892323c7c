//! One REST API with a method per route, imported as one document; replaced only when the route table changed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::{GatewayResponseType, PutMode};
use manifest::Manifest;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::clients::Clients;
use crate::target::STAGE;
use engines::aws::REGION;

/// The gateway's own errors, with the status each should have; emulators keep their bodies, the edge replaces those.
const OWN_ERRORS: [(GatewayResponseType, &str, &str, &str); 4] = [
    (GatewayResponseType::MissingAuthenticationToken, "404", "not_found", "Not found"),
    (GatewayResponseType::RequestTooLarge, "413", "body_too_large", "Body too large"),
    (GatewayResponseType::Throttled, "429", "too_many_requests", "Too many requests"),
    (GatewayResponseType::IntegrationTimeout, "504", "timeout", "The operation took too long"),
];
/// What a client may send with a wrong method; without a template the gateway would answer 500.
const MEDIA_TYPES: [&str; 6] = [
    "application/json",
    "application/merge-patch+json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];

pub(crate) async fn deploy(clients: &Clients, id: &str, manifest: &Manifest) -> Result<usize> {
    let document = document(clients, id, manifest);
    let wanted = hex::encode(&Sha256::digest(document.to_string())[..16]);
    let apis = clients.api.get_rest_apis().limit(500).send().await.context("listing APIs")?;
    let found = apis.items().iter().find(|api| api.id() == Some(id));
    let is_live = match found {
        Some(_) => clients.api.get_stage().rest_api_id(id).stage_name(STAGE).send().await.is_ok(),
        None => false,
    };
    if is_live && found.and_then(|api| api.version()) == Some(&wanted) {
        return Ok(0);
    }
    if found.is_none() {
        create(clients, id).await?;
    }
    import(clients, id, document, &wanted).await?;
    Ok(1)
}

/// The tag is LocalStack's way to choose the id, so that the address stays the same.
async fn create(clients: &Clients, id: &str) -> Result<()> {
    let create = clients.api.create_rest_api().name(id).tags("_custom_id_", id);
    let given = create.send().await.context("creating the API")?.id;
    ensure!(given.as_deref() == Some(id), "the API got the id {given:?} instead of {id}");
    Ok(())
}

async fn import(clients: &Clients, id: &str, mut document: Value, version: &str) -> Result<()> {
    document["info"]["version"] = json!(version);
    let body = Blob::new(document.to_string());
    let put = clients.api.put_rest_api().rest_api_id(id).mode(PutMode::Overwrite).body(body);
    put.send().await.context("importing the routes")?;
    for (kind, status, code, title) in OWN_ERRORS {
        let problem = json!({"type": "about:blank", "title": title, "status": status.parse::<u16>()?, "code": code});
        let put = clients
            .api
            .put_gateway_response()
            .rest_api_id(id)
            .response_type(kind)
            .status_code(status)
            .response_parameters("gatewayresponse.header.Content-Type", "'application/problem+json'")
            .response_templates("application/json", problem.to_string());
        put.send().await.context("setting a gateway response")?;
    }
    let deployment = clients.api.create_deployment().rest_api_id(id).stage_name(STAGE);
    deployment.send().await.context("deploying the routes")?;
    Ok(())
}

/// The routes as an OpenAPI document with API Gateway's extensions.
fn document(clients: &Clients, id: &str, manifest: &Manifest) -> Value {
    let mut functions: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for function in &manifest.functions {
        for route in &function.routes {
            functions.entry(&route.path).or_default().insert(&route.method, &function.name);
        }
    }
    let mut paths = Map::new();
    for (path, methods) in functions {
        let mut operations = Map::new();
        for (method, function) in &methods {
            operations.insert(method.to_ascii_lowercase(), operation(path, proxy(&clients.function_arn(function))));
        }
        let allowed: Vec<&str> = methods.keys().copied().collect();
        let mut refusal = operation(path, refusal(&allowed.join(", ")));
        refusal["responses"] = json!({"405": {"description": "wrong method", "headers": {
            "Allow": {"schema": {"type": "string"}}, "Content-Type": {"schema": {"type": "string"}},
        }}});
        operations.insert("x-amazon-apigateway-any-method".to_owned(), refusal);
        paths.insert(path.to_owned(), Value::Object(operations));
    }
    json!({
        "openapi": "3.0.1",
        "info": {"title": id},
        // LocalStack passes over `*/*` and matches the request's `Accept` with the others; AWS needs only `*/*`.
        "x-amazon-apigateway-binary-media-types": ["*/*", "application/vnd.apple.mpegurl"],
        "paths": paths,
    })
}

fn operation(path: &str, integration: Value) -> Value {
    let variables: BTreeSet<&str> =
        path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect();
    let parameter = |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
    let parameters: Vec<Value> = variables.into_iter().map(parameter).collect();
    json!({"parameters": parameters, "responses": {}, "x-amazon-apigateway-integration": integration})
}

fn proxy(arn: &str) -> Value {
    json!({
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": format!("arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"),
    })
}

/// By itself the gateway answers 403 to a wrong method.
fn refusal(allowed: &str) -> Value {
    let request: Map<String, Value> =
        MEDIA_TYPES.iter().map(|media| (media.to_string(), json!("{\"statusCode\": 405}"))).collect();
    let problem = json!({
        "type": "about:blank",
        "title": "Method not allowed",
        "status": 405,
        "code": "method_not_allowed",
        "detail": format!("allowed: {allowed}"),
    });
    json!({
        "type": "mock",
        "passthroughBehavior": "when_no_templates",
        "contentHandling": "CONVERT_TO_TEXT",
        "requestTemplates": request,
        "responses": {"default": {
            "statusCode": "405",
            "responseParameters": {
                "method.response.header.Allow": format!("'{allowed}'"),
                "method.response.header.Content-Type": "'application/problem+json'",
            },
            "responseTemplates": {"application/json": problem.to_string()},
        }},
    })
}
