//! The token matrix: every route of the manifests with every kind of caller, over HTTP.

use manifest::{Access, Manifest};
use reqwest::Method;
use serde_json::json;

use crate::{signed_in, visitor};

/// A path with ids that nobody has.
fn filled(path: &str) -> String {
    path.split('/')
        .map(|segment| if segment.starts_with('{') { "ttl_01jd3k5m7n9pqrstvwxyz01234" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test]
async fn every_route_refuses_who_may_not_call_it() {
    let manifest = Manifest::load(&cli::root().unwrap()).unwrap();
    let nobody = visitor();
    let viewer = signed_in("viewer").await;
    let foreign = testkit::Token::role("admin").sign();
    let bearer = format!("Bearer {foreign}");
    let mut wrong = Vec::new();
    for function in &manifest.functions {
        let Some(access) = function.access else { continue };
        for route in &function.routes {
            let method: Method = route.method.parse().unwrap();
            let path = filled(&route.path);
            let body = (!matches!(method, Method::GET | Method::DELETE)).then(|| json!({}));
            let mut expect = |who: &str, status: u16, wanted: &[u16], problem: &serde_json::Value| {
                if !wanted.contains(&status) {
                    wrong.push(format!("{}: {who} got {status}, not {wanted:?}: {problem}", function.name));
                }
            };
            let (anonymous, problem) = nobody.raw(method.clone(), &path, body.as_ref(), &[]).await.unwrap();
            let headers = [("authorization", bearer.as_str())];
            match access {
                Access::Public => {}
                Access::UrlToken => expect("nobody", anonymous, &[401, 403, 404, 422], &problem),
                Access::Account | Access::Profile => {
                    expect("nobody", anonymous, &[401], &problem);
                    let (status, problem) = nobody.raw(method, &path, body.as_ref(), &headers).await.unwrap();
                    expect("a forged token", status, &[401], &problem);
                }
                Access::Role(_) => {
                    expect("nobody", anonymous, &[401], &problem);
                    let (status, problem) = nobody.raw(method.clone(), &path, body.as_ref(), &headers).await.unwrap();
                    expect("a forged token", status, &[401], &problem);
                    let (status, problem) = viewer.raw(method, &path, body.as_ref(), &[]).await.unwrap();
                    expect("a viewer", status, &[403], &problem);
                }
                Access::Internal => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
