use cinema_http::{Json, OpenApiRouter, Page, Pages, Problem, axum::routing::get};
use serde::Deserialize;
use testkit::{App, Token};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(default)]
    even: bool,
}

/// The numbers from 1 to 10.
async fn numbers(pages: Pages<Filter>) -> Result<Json<Page<u32>>, Problem> {
    let after: u32 = pages.after()?.unwrap_or(0);
    let fits = |number: &u32| *number > after && (!pages.filter.even || number.is_multiple_of(2));
    let rows = (1..=10).filter(fits).take(usize::try_from(pages.rows()).unwrap()).collect();
    Ok(Json(pages.page(rows, |number| *number, |number| number)))
}

fn app() -> App {
    let routes = OpenApiRouter::new().route("/numbers", get(numbers)).route("/others/{id}", get(numbers));
    super::behind_the_edge(routes)
}

#[tokio::test]
async fn the_pages_of_a_list_are_the_list() {
    let app = app();
    for (limit, filter, expected) in [(1, "", 10), (3, "", 10), (10, "", 10), (100, "", 10), (2, "&even=true", 5)] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("/numbers?limit={limit}{filter}{cursor}")).send().await.expect(200);
            found.extend(page["items"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found.len(), expected, "limit {limit}");
        assert!(found.is_sorted());
    }
}

#[tokio::test]
async fn a_cursor_fits_its_list_its_filter_and_its_caller_alone() {
    let app = app();
    let viewer = Token::viewer();
    let page = app.get("/numbers?limit=2").token(&viewer).send().await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    app.get(&format!("/numbers?limit=5&cursor={cursor}")).token(&viewer).send().await.expect(200);
    for (path, token) in [
        (format!("/numbers?even=true&cursor={cursor}"), Some(&viewer)),
        (format!("/others/1?cursor={cursor}"), Some(&viewer)),
        (format!("/numbers?cursor={cursor}"), Some(&Token::viewer())),
        (format!("/numbers?cursor={cursor}"), None),
        ("/numbers?cursor=made-up".to_owned(), Some(&viewer)),
    ] {
        let call = app.get(&path);
        let call = if let Some(token) = token { call.token(token) } else { call };
        call.send().await.expect_problem(400, "invalid_cursor");
    }
    let one = app.get("/others/1?limit=2").send().await.expect(200);
    let cursor = one["next_cursor"].as_str().unwrap();
    app.get(&format!("/others/2?cursor={cursor}")).send().await.expect_problem(400, "invalid_cursor");
}

#[tokio::test]
async fn what_is_no_page_is_refused_by_name() {
    let app = app();
    for path in
        ["/numbers?limit=0", "/numbers?limit=101", "/numbers?limit=ten", "/numbers?even=maybe", "/numbers?odd=true"]
    {
        app.get(path).send().await.expect_problem(422, "invalid_request");
    }
}
