//! HTTP on this machine.

use std::time::Duration;

use anyhow::Result;

/// Plain HTTP; redirects are not followed and no proxy is asked.
pub fn http_client() -> Result<reqwest::Client> {
    transport::install_ring();
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    Ok(builder.connect_timeout(Duration::from_secs(5)).timeout(Duration::from_secs(120)).build()?)
}
