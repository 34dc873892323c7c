//! One file per Lambda.

cinema_http::operations! {
    http: [titles: SearchTitles => [search_titles]],
    consumers: [index_title: IndexTitle],
}
