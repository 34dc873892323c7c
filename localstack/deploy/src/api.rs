//! One REST API with a method per route, imported as one document; replaced only when the route table changed.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::{GatewayResponseType, PutMode};
use engines::aws::REGION;
use manifest::plan::Gateway;
use manifest::{Plan, WrongMethod};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::clients::Clients;
use crate::target::STAGE;

pub(crate) async fn deploy(clients: &Clients, id: &str, plan: &Plan) -> Result<usize> {
    let document = document(clients, id, plan);
    let wanted = hex::encode(&Sha256::digest(format!("{document} {:?}", plan.gateway.errors))[..16]);
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
    import(clients, id, document, &wanted, &plan.gateway).await?;
    Ok(1)
}

/// The tag is LocalStack's way to choose the id, so that the address stays the same.
async fn create(clients: &Clients, id: &str) -> Result<()> {
    let create = clients.api.create_rest_api().name(id).tags("_custom_id_", id);
    let given = create.send().await.context("creating the API")?.id;
    ensure!(given.as_deref() == Some(id), "the API got the id {given:?} instead of {id}");
    Ok(())
}

async fn import(clients: &Clients, id: &str, mut document: Value, version: &str, gateway: &Gateway) -> Result<()> {
    document["info"]["version"] = json!(version);
    let body = Blob::new(document.to_string());
    let put = clients.api.put_rest_api().rest_api_id(id).mode(PutMode::Overwrite).body(body);
    put.send().await.context("importing the routes")?;
    for (error, problem) in &gateway.errors {
        let put = clients
            .api
            .put_gateway_response()
            .rest_api_id(id)
            .response_type(GatewayResponseType::from(error.as_str()))
            .status_code(problem.status.to_string())
            .response_parameters("gatewayresponse.header.Content-Type", "'application/problem+json'")
            .response_templates("application/json", serde_json::to_string(problem)?);
        put.send().await.with_context(|| format!("setting the answer to {error}"))?;
    }
    let deployment = clients.api.create_deployment().rest_api_id(id).stage_name(STAGE);
    deployment.send().await.context("deploying the routes")?;
    Ok(())
}

/// The routes as an OpenAPI document with API Gateway's extensions.
fn document(clients: &Clients, id: &str, plan: &Plan) -> Value {
    let mut paths = Map::new();
    for (path, methods) in &plan.gateway.paths {
        let mut operations = Map::new();
        for (method, function) in methods {
            operations.insert(method.to_ascii_lowercase(), operation(path, proxy(&clients.function_arn(function))));
        }
        if let Some(wrong) = &plan.gateway.wrong_method {
            let allowed: Vec<&str> = methods.keys().map(String::as_str).collect();
            let mut refusal = operation(path, refusal(wrong, &allowed.join(", ")));
            refusal["responses"] = json!({wrong.document.status.to_string(): {"description": "wrong method", "headers": {
                "Allow": {"schema": {"type": "string"}}, "Content-Type": {"schema": {"type": "string"}},
            }}});
            operations.insert("x-amazon-apigateway-any-method".to_owned(), refusal);
        }
        paths.insert(path.clone(), Value::Object(operations));
    }
    json!({
        "openapi": "3.0.1",
        "info": {"title": id},
        "x-amazon-apigateway-binary-media-types": plan.gateway.binary_media_types,
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
fn refusal(wrong: &WrongMethod, allowed: &str) -> Value {
    let status = wrong.document.status;
    let request = |media: &String| (media.clone(), json!(format!("{{\"statusCode\": {status}}}")));
    let requests: Map<String, Value> = wrong.media_types.iter().map(request).collect();
    let mut problem = json!(wrong.document);
    problem["detail"] = json!(format!("This address does not know this method. It knows {allowed}."));
    json!({
        "type": "mock",
        "passthroughBehavior": "when_no_templates",
        "contentHandling": "CONVERT_TO_TEXT",
        "requestTemplates": requests,
        "responses": {"default": {
            "statusCode": status.to_string(),
            "responseParameters": {
                "method.response.header.Allow": format!("'{allowed}'"),
                "method.response.header.Content-Type": "'application/problem+json'",
            },
            "responseTemplates": {"application/json": problem.to_string()},
        }},
    })
}
