//! The engines alone: `engines install|start|mirror|stop|status|doctor|wipe [FOLDER]`; `start` prints their addresses for a shell.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use engines::packages::{Component, install};
use engines::progress::Progress;
use engines::{Engines, Home, Options, doctor, mirror};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the repository")?;
    let home = Home::new(&arguments.next().map_or_else(|| repository.join(".cinema"), PathBuf::from));
    let progress = Progress::new();
    match command.as_str() {
        "start" => {
            let engines = Engines::start(&home, &Options::default(), &progress).await?;
            let endpoints = engines.endpoints();
            println!("export CINEMA_TEST_AWS_URL='{}'", endpoints.aws);
            println!("export CINEMA_TEST_POSTGRES_URL='{}'", endpoints.postgres);
            println!("export CINEMA_TEST_REDIS_URL='{}'", endpoints.redis);
            println!("export CINEMA_TEST_CLICKHOUSE_URL='{}'", endpoints.clickhouse);
            println!("export CINEMA_TEST_OPENSEARCH_URL='{}'", endpoints.opensearch);
            println!("export CINEMA_TEST_FFMPEG_DIR='{}'", home.ffmpeg_dir().display());
        }
        "install" => drop(install(home.cache(), &Component::PLATFORM, &progress).await?),
        "mirror" => {
            let engines = Engines::start(&home, &Options::default(), &progress).await?;
            println!("{:?}", mirror(&home, engines.endpoints()).await?);
        }
        "stop" => Engines::stop(&home, &progress).await?,
        "wipe" => Engines::wipe(&home, &progress).await?,
        "status" => println!("{}", serde_json::to_string_pretty(&Engines::status(&home).await)?),
        "doctor" => println!("{}", serde_json::to_string_pretty(&doctor(&home).await)?),
        _ => bail!("engines install|start|mirror|stop|status|doctor|wipe [FOLDER]"),
    }
    Ok(())
}
