//! The studio's path of a film: upload, follow the pipeline, publish.

use std::{
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use engines::progress::{Progress, Task};
use serde_json::{Value, json};

use crate::client::Cinema;

/// The pipeline is asked this often.
const POLL: Duration = Duration::from_secs(1);
/// The event of a new title comes within seconds, from a cold start within half a minute.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);
/// A film that makes no progress for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Uploads a file for a title and follows it until its asset is ready. What an interrupted call has sent is not sent again.
pub async fn film(cinema: &Cinema, title: &str, file: &Path, progress: &Progress) -> Result<String> {
    let name = file.file_name().and_then(|name| name.to_str()).context("the file's name is not text")?;
    let size = std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    let task = progress.task(name);
    let upload = begin(cinema, title, name, size).await?;
    let id = upload["upload_id"].as_str().context("no upload_id")?;
    let asset = upload["asset_id"].as_str().context("no asset_id")?.to_owned();
    let upload = cinema.get(&format!("/v1/admin/uploads/{id}")).await?;
    send_parts(cinema, &upload, file, size, &task).await?;
    cinema.post(&format!("/v1/admin/uploads/{id}/complete"), &json!({})).await?;
    follow(cinema, &asset, &task).await?;
    task.done("ready");
    Ok(asset)
}

/// The upload that an interrupted call has begun, or a new one.
async fn begin(cinema: &Cinema, title: &str, name: &str, size: u64) -> Result<Value> {
    let order = json!({ "title_id": title, "filename": name, "size": size });
    let upload = open(cinema, &order, &[("idempotency-key", &format!("film-{title}-{size}"))]).await?;
    let asset = upload["asset_id"].as_str().context("no asset_id")?;
    let asset = cinema.get(&format!("/v1/admin/assets/{asset}")).await?;
    // Who tries again what was refused wants it to be looked at again.
    if asset["state"] == "failed" { open(cinema, &order, &[]).await } else { Ok(upload) }
}

/// Opens an upload. A title that was made a moment ago has not arrived at the pipeline yet.
pub async fn open(cinema: &Cinema, order: &Value, headers: &[(&str, &str)]) -> Result<Value> {
    let path = "/v1/admin/uploads";
    let asked = std::time::Instant::now();
    loop {
        let (status, answer) = cinema.raw(reqwest::Method::POST, path, Some(order), headers).await?;
        match (status, answer["code"].as_str()) {
            (200..300, _) => return Ok(answer),
            (409, Some("title_not_here_yet")) if asked.elapsed() < ARRIVES_WITHIN => tokio::time::sleep(POLL).await,
            _ => bail!("{path}: {status} {}", answer["detail"].as_str().unwrap_or("no reason given")),
        }
    }
}

async fn send_parts(cinema: &Cinema, upload: &Value, file: &Path, size: u64, task: &Task) -> Result<()> {
    let part_size = upload["part_size"].as_u64().context("no part_size")?;
    let parts = upload["parts"].as_array().context("no parts")?;
    let mut source = std::fs::File::open(file)?;
    task.steps(parts.len() as u64);
    for part in parts {
        let number = part["number"].as_u64().context("a part has no number")?;
        let begin = (number - 1) * part_size;
        let mut bytes = vec![0; usize::try_from(part_size.min(size - begin))?];
        source.seek(SeekFrom::Start(begin))?;
        source.read_exact(&mut bytes)?;
        let url = part["url"].as_str().context("a part has no url")?;
        let answer = cinema.http().put(url).body(bytes).send().await?;
        answer.error_for_status().with_context(|| format!("part {number} was refused"))?;
        task.step();
    }
    Ok(())
}

async fn follow(cinema: &Cinema, asset: &str, task: &Task) -> Result<()> {
    let mut before = Value::Null;
    let mut moved = std::time::Instant::now();
    loop {
        let state = cinema.get(&format!("/v1/admin/assets/{asset}")).await?;
        match state["state"].as_str().unwrap_or_default() {
            "ready" => return Ok(()),
            "failed" => {
                let reason = &state["error"];
                bail!("the film was refused: {}", reason["detail"].as_str().unwrap_or("no reason given"));
            }
            stage => {
                let (done, total) = (state["chunks"]["done"].as_u64(), state["chunks"]["total"].as_u64());
                if let (Some(done), Some(total)) = (done, total) {
                    task.steps(total);
                    task.at(done);
                }
                task.note(stage);
            }
        }
        if state != before {
            moved = std::time::Instant::now();
            before = state;
        } else if moved.elapsed() > PATIENCE {
            bail!("nothing happens any more: `cargo cinema logs media-encode-chunk`");
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Publishes, waiting for the catalogue to hear of the asset.
pub async fn publish(cinema: &Cinema, title: &str, rating: u8) -> Result<()> {
    let path = format!("/v1/admin/titles/{title}/publish");
    let mut last = Value::Null;
    for _ in 0..60 {
        let (status, answer) =
            cinema.raw(reqwest::Method::POST, &path, Some(&json!({ "rating": rating })), &[]).await?;
        match status {
            200..300 => return Ok(()),
            409 => last = answer,
            _ => bail!("{path}: {status} {answer}"),
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("the title cannot be published: {last}")
}
