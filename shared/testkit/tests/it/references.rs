//! Configuration that lies in Secrets Manager.

use runtime::Boot;
use serde_json::{Value, json};
use testkit::{Function, Service, gateway, lambda::pairs};

/// A secret that no service knows, by its name.
async fn secret(service: &Service, value: &Value) -> String {
    let name = format!("test-{}", uuid::Uuid::now_v7());
    let client = aws_sdk_secretsmanager::Client::new(service.aws().config());
    client.create_secret().name(&name).secret_string(value.to_string()).send().await.unwrap();
    name
}

#[tokio::test]
async fn a_variable_takes_its_value_from_a_secret_or_the_function_does_not_start() {
    let service = Service::start("auth").await;
    let name = secret(&service, &json!({"password": "hush"})).await;
    let started = async |vars: runtime::Vars| Boot::new(vars).resolved().await;
    let vars = |value: &str| service.vars().clone().set("X", value);

    let reference = format!("a {{{{resolve:secretsmanager:{name}:SecretString:password}}}} b");
    let boot = started(vars(&reference)).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(boot.var("X").as_deref(), Some("a hush b"));
    assert_eq!(boot.var("SERVICE").as_deref(), Some("auth"));

    let absent = "{{resolve:secretsmanager:nobody-made-this}}";
    let refused = started(vars(absent)).await.err().unwrap().to_string();
    assert_eq!(refused, "X: the secret nobody-made-this has no value");
    let down = vars(&reference).set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    assert!(started(down.clone()).await.is_err());
    // Whoever refers to nothing asks nobody.
    assert!(started(down.set("X", "plain")).await.is_ok());
}

/// As Terraform sets it: the function that is shipped reads the address of its database from a secret before it serves.
#[tokio::test]
async fn a_shipped_function_serves_with_a_database_that_a_secret_names() {
    let catalog = Service::start("catalog").await.with("ORIGIN_VERIFY", "");
    let name = secret(&catalog, &json!({ "url": catalog.var("POSTGRES_URL") })).await;
    let catalog = catalog.with("POSTGRES_URL", &format!("{{{{resolve:secretsmanager:{name}:SecretString:url}}}}"));
    let mut function = Function::start("catalog-list-genres", &pairs(catalog.vars())).await;
    let answer = function.invoke(&gateway::event("GET", "/v1/genres", &[], None)).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
}
