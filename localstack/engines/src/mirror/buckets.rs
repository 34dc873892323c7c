//! A copy of LocalStack's buckets: one file per object, and per bucket an index that is written last.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::aws;
use crate::progress::Progress;

/// LocalStack answers on few threads.
const AT_ONCE: usize = 8;

/// One object as it was copied.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Copy {
    etag: String,
    bytes: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_encoding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_disposition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_control: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

/// What one run of [`mirror`] did.
#[derive(Default)]
pub(super) struct Copies {
    pub copied: usize,
    pub removed: usize,
    pub kept: usize,
}

/// By key.
type Index = BTreeMap<String, Copy>;

/// Brings the copies in `folder` up to date: what is new or changed is fetched, what is gone is removed.
pub(super) async fn mirror(endpoint: &str, folder: &Path) -> Result<Copies> {
    let client = aws::s3_for_copies(endpoint);
    let mut done = Copies::default();
    let buckets = client.list_buckets().send().await.map_err(|error| failed("buckets cannot be listed", error))?;
    for bucket in buckets.buckets().iter().filter_map(|bucket| bucket.name()) {
        let here = Bucket { folder: folder.join(bucket) };
        let known = here.index()?;
        let present = list(&client, bucket).await?;
        let changed: Vec<&String> = present
            .iter()
            .filter(|(key, (etag, bytes))| {
                known.get(*key).is_none_or(|copy| copy.etag != *etag || copy.bytes != *bytes)
            })
            .map(|(key, _)| key)
            .collect();
        let copies = stream::iter(&changed)
            .map(|key| here.fetch(&client, bucket, key))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let mut index = known.clone();
        index.retain(|key, _| present.contains_key(key));
        let gone: Vec<&String> = known.keys().filter(|key| !index.contains_key(*key)).collect();
        done.copied += copies.iter().flatten().count();
        index.extend(copies.into_iter().flatten());
        if !changed.is_empty() || !gone.is_empty() || !here.folder.exists() {
            here.save(&index)?;
        }
        for key in &gone {
            remove(&here.object(key))?;
        }
        done.removed += gone.len();
        done.kept += index.len();
    }
    Ok(done)
}

/// Puts the copies in `folder` back where they are missing; returns how many were.
pub(super) async fn restore(endpoint: &str, folder: &Path, progress: &Progress) -> Result<usize> {
    let client = aws::s3_for_copies(endpoint);
    let mut restored = 0;
    for name in bucket_names(folder)? {
        let here = Bucket { folder: folder.join(&name) };
        let mut index = here.index()?;
        // Creating one's own bucket again succeeds.
        let created = client.create_bucket().bucket(&name).send().await;
        created.map_err(|error| failed(&format!("bucket {name} cannot be created"), error))?;
        let present = list(&client, &name).await?;
        let missing: Vec<&String> = index.keys().filter(|key| !present.contains_key(*key)).collect();
        if missing.is_empty() {
            continue;
        }
        let task = progress.task(format!("restore {name}"));
        task.steps(missing.len() as u64);
        let etags = stream::iter(missing)
            .map(|key| {
                let (client, name, here, copy, task) = (&client, &name, &here, &index[key], &task);
                async move {
                    let etag = here.put(client, name, key, copy).await?;
                    task.step();
                    anyhow::Ok((key.clone(), etag))
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        restored += etags.len();
        task.done(format!("{} objects", etags.len()));
        // What was uploaded in parts has another tag now; the mirror must not think that it changed.
        for (key, etag) in etags {
            if let Some(copy) = index.get_mut(&key) {
                copy.etag = etag;
            }
        }
        here.save(&index)?;
    }
    Ok(restored)
}

/// The copies of one bucket.
struct Bucket {
    folder: PathBuf,
}

impl Bucket {
    fn index(&self) -> Result<Index> {
        let path = self.folder.join("index.json");
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Index::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn save(&self, index: &Index) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        let new = self.folder.join("index.json.new");
        fs::write(&new, serde_json::to_vec(index)?)?;
        Ok(fs::rename(new, self.folder.join("index.json"))?)
    }

    /// Keys may hold anything; file names may not.
    fn object(&self, key: &str) -> PathBuf {
        let name = hex::encode(Sha256::digest(key));
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// Copies one object; nothing when it vanished meanwhile.
    async fn fetch(&self, client: &Client, bucket: &str, key: &str) -> Result<Option<(String, Copy)>> {
        let object = match client.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(failed(&format!("{bucket}/{key} cannot be read"), error)),
        };
        let copy = Copy {
            etag: object.e_tag().unwrap_or_default().to_owned(),
            bytes: object.content_length().unwrap_or_default(),
            content_type: object.content_type().map(str::to_owned),
            content_encoding: object.content_encoding().map(str::to_owned),
            content_disposition: object.content_disposition().map(str::to_owned),
            cache_control: object.cache_control().map(str::to_owned),
            metadata: object.metadata().cloned().unwrap_or_default().into_iter().collect(),
        };
        let path = self.object(key);
        fs::create_dir_all(path.parent().context("a folder per object")?)?;
        let new = path.with_extension("new");
        let mut file = tokio::fs::File::create(&new).await?;
        tokio::io::copy(&mut object.body.into_async_read(), &mut file).await?;
        file.sync_all().await?;
        fs::rename(new, path)?;
        Ok(Some((key.to_owned(), copy)))
    }

    async fn put(&self, client: &Client, bucket: &str, key: &str, copy: &Copy) -> Result<String> {
        let body = ByteStream::from_path(self.object(key)).await?;
        let put = client
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(body)
            .set_content_type(copy.content_type.clone())
            .set_content_encoding(copy.content_encoding.clone())
            .set_content_disposition(copy.content_disposition.clone())
            .set_cache_control(copy.cache_control.clone())
            .set_metadata(Some(copy.metadata.clone().into_iter().collect()))
            .send()
            .await
            .map_err(|error| failed(&format!("{bucket}/{key} cannot be put back"), error))?;
        Ok(put.e_tag().unwrap_or_default().to_owned())
    }
}

async fn list(client: &Client, bucket: &str) -> Result<BTreeMap<String, (String, i64)>> {
    let mut found = BTreeMap::new();
    let mut pages = client.list_objects_v2().bucket(bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed(&format!("bucket {bucket} cannot be listed"), error))?;
        for object in page.contents() {
            if let (Some(key), Some(etag)) = (object.key(), object.e_tag()) {
                found.insert(key.to_owned(), (etag.to_owned(), object.size().unwrap_or_default()));
            }
        }
    }
    Ok(found)
}

fn bucket_names(folder: &Path) -> Result<Vec<String>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.retain(|name| folder.join(name).join("index.json").exists());
    names.sort();
    Ok(names)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(what: &str, error: impl std::error::Error) -> anyhow::Error {
    anyhow!("{what}: {}", DisplayErrorContext(error))
}
