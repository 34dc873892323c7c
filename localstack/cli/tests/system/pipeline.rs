use std::path::PathBuf;

use cli::{publish, upload_film};
use engines::aws;
use engines::progress::Progress;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{aws_url, invoke, new_viewer, playback, signed_in, variable};

/// A film of `seconds` that ffmpeg draws.
pub async fn film(name: &str, seconds: u32, size: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cinema-system-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    let status = tokio::process::Command::new(format!("{}/ffmpeg", variable("CINEMA_TEST_FFMPEG_DIR")))
        .args(["-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i", &format!("testsrc2=size={size}:rate=25")])
        .args(["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", &seconds.to_string()])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"])
        .arg(&file)
        .status()
        .await
        .unwrap();
    assert!(status.success());
    file
}

pub async fn draft(editor: &cli::Cinema, name: &str) -> String {
    let body = json!({ "kind": "film", "original_title": name, "localisations": { "en": { "name": name } } });
    editor.post("/v1/admin/titles", &body).await.unwrap()["id"].as_str().unwrap().to_owned()
}

/// The address of a draft's poster, as its editor is told it once the catalogue has heard of the film. Nobody else is, and what else is known of
/// the film leads nowhere.
async fn draft_poster(editor: &cli::Cinema, title: &str, asset: &str) -> String {
    let mut told = None;
    for _ in 0..60 {
        let path = format!("/v1/admin/titles/{title}");
        let (_, edited) = editor.raw(Method::PATCH, &path, Some(&json!({})), &[]).await.unwrap();
        told = edited["artwork"]["poster_url"].as_str().map(str::to_owned);
        if told.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let visitor = crate::visitor();
    assert!(visitor.get(&format!("/v1/titles/{title}")).await.is_err());
    for path in ["poster.jpg", "poster/", "poster", "sprites/poster.jpg"] {
        let (status, _) = visitor.raw(Method::GET, &format!("/media/{asset}/{path}"), None, &[]).await.unwrap();
        assert!(matches!(status, 403 | 404), "{path}: {status}");
    }
    told.expect("the catalogue hears of the film")
}

#[tokio::test]
async fn an_uploaded_film_plays_on_every_rung_and_a_second_notification_changes_nothing() {
    let editor = signed_in("editor").await;
    let id = draft(&editor, "Uploaded by a test").await;
    let source = film("uploaded.mp4", 8, "640x360").await;
    let asset = upload_film(&editor, &id, &source, &Progress::quiet()).await.unwrap();
    let again = upload_film(&editor, &id, &source, &Progress::quiet()).await.unwrap();
    assert_eq!(again, asset, "an upload that was interrupted goes on where it was");
    let poster = draft_poster(&editor, &id, &asset).await;
    publish(&editor, &id, 0).await.unwrap();
    let shown = crate::visitor().get(&format!("/v1/titles/{id}")).await.unwrap();
    assert_eq!(shown["artwork"]["poster_url"], poster.as_str());
    let picture = crate::visitor().http().get(&poster).send().await.unwrap();
    assert_eq!((picture.status().as_u16(), &picture.bytes().await.unwrap()[..2]), (200, &[0xff, 0xd8][..]), "a JPEG");
    let before = editor.get(&format!("/v1/admin/assets/{asset}")).await.unwrap();

    let viewer = new_viewer("uploads").await;
    let mut started = None;
    for _ in 0..60 {
        let body = json!({ "title_id": id, "device_id": "ffprobe" });
        let (status, answer) = viewer.raw(Method::POST, "/v1/playback/sessions", Some(&body), &[]).await.unwrap();
        if status == 201 {
            started = Some(answer);
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    let session = started.expect("the title arrives at streaming");
    let manifest = session["manifest_url"].as_str().unwrap();
    let master = playback::text(manifest).await;
    let output = tokio::process::Command::new(format!("{}/ffprobe", variable("CINEMA_TEST_FFMPEG_DIR")))
        .args(["-v", "error", "-of", "json", "-show_streams", "-show_programs", manifest])
        .output()
        .await
        .unwrap();
    let probed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rungs = playback::addresses(&master).len();
    assert_eq!(probed["programs"].as_array().map(Vec::len), Some(rungs), "{}", String::from_utf8_lossy(&output.stderr));

    let versions = aws::s3(&aws::config(&aws_url()));
    let listed = versions.list_object_versions().bucket("uploads").prefix("sources/").send().await.unwrap();
    let ours = listed.versions().iter().find(|version| version.key().is_some_and(|key| key.ends_with("uploaded.mp4")));
    let ours = ours.expect("the source");
    let notification = json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1", "eventName": "ObjectCreated:CompleteMultipartUpload",
        "eventTime": "2026-01-01T00:00:00.000Z", "userIdentity": { "principalId": "test" },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" }, "responseElements": {},
        "s3": { "s3SchemaVersion": "1.0", "configurationId": "test", "bucket": {
            "name": "uploads", "ownerIdentity": { "principalId": "test" }, "arn": "arn:aws:s3:::uploads" },
            "object": { "key": ours.key(), "size": ours.size(), "versionId": ours.version_id(), "sequencer": "00FF" } }
    }] });
    invoke("media-start-ingest", &notification).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let after = editor.get(&format!("/v1/admin/assets/{asset}")).await.unwrap();
    assert_eq!(before["state"], after["state"]);
    assert_eq!(before["proof"], after["proof"]);
}

#[tokio::test]
async fn a_file_in_the_inbox_becomes_a_draft_with_a_ready_asset() {
    let editor = signed_in("editor").await;
    let source = film("dropped film.mp4", 4, "320x180").await;
    let s3 = aws::s3(&aws::config(&aws_url()));
    let body = aws_sdk_s3::primitives::ByteStream::from(std::fs::read(source).unwrap());
    s3.put_object().bucket("uploads").key("inbox/dropped film.mp4").body(body).send().await.unwrap();
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws::config(&aws_url()));
    for _ in 0..180 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let items = dynamodb.scan().table_name("assets").send().await.unwrap();
        let dropped = items.items().iter().find(|item| format!("{item:?}").contains("dropped film.mp4"));
        let Some(dropped) = dropped else { continue };
        let text = format!("{dropped:?}");
        let Some(asset) = text.split('"').find(|word| word.starts_with("ast_") && word.len() == 30) else { continue };
        let asset = editor.get(&format!("/v1/admin/assets/{asset}")).await.unwrap();
        assert_ne!(asset["state"], "failed", "{asset}");
        if asset["state"] == "ready" {
            let title = asset["title_id"].as_str().expect("a title");
            // A draft: the editor may publish it, the public does not see it.
            assert!(crate::visitor().get(&format!("/v1/titles/{title}")).await.is_err());
            publish(&editor, title, 0).await.unwrap();
            return;
        }
    }
    panic!("the dropped film did not become ready");
}

#[tokio::test]
async fn what_is_no_film_fails_with_a_reason_a_person_can_act_on() {
    let editor = signed_in("editor").await;
    let folder = std::env::temp_dir().join(format!("cinema-system-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("zip.mp4");
    std::fs::write(&file, [b"PK\x03\x04".as_slice(), &[0; 4096]].concat()).unwrap();
    let id = draft(&editor, "No film").await;
    let error = upload_film(&editor, &id, &file, &Progress::quiet()).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error:#}");
    let (status, problem) = editor
        .raw(Method::POST, &format!("/v1/admin/titles/{id}/publish"), Some(&json!({ "rating": 0 })), &[])
        .await
        .unwrap();
    assert_eq!((status, problem["code"].as_str()), (409, Some("not_publishable")), "{problem}");
}

/// The process that works for a function now.
fn working(function: &str) -> Option<String> {
    let folder = PathBuf::from(variable("CINEMA_TEST_STATUS"));
    let folder = folder.parent().expect("the folder of the run").display().to_string();
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let is_it = |number: &String| {
        let command = std::fs::read_to_string(format!("/proc/{number}/cmdline")).unwrap_or_default();
        command.starts_with(&folder) && command.contains(&format!("/{function}-"))
    };
    numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).find(is_it)
}

#[tokio::test]
async fn a_killed_encoder_delays_a_film_and_does_not_harm_it() {
    let editor = signed_in("editor").await;
    let id = draft(&editor, "Survives").await;
    // Long enough that its encoder can be caught at work.
    let source = film("survives.mp4", 40, "1280x720").await;
    let uploading = tokio::spawn({
        let (editor, id) = (editor.clone(), id.clone());
        async move { upload_film(&editor, &id, &source, &Progress::quiet()).await }
    });
    let dynamodb = aws_sdk_dynamodb::Client::new(&aws::config(&aws_url()));
    let mut killed = false;
    for _ in 0..600 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let items = dynamodb.scan().table_name("assets").send().await.unwrap();
        let is_encoding = items.items().iter().any(|item| {
            let text = format!("{item:?}");
            text.contains(&id) && text.contains("\"encoding\"")
        });
        if !is_encoding {
            continue;
        }
        if let Some(number) = working("media-encode-chunk") {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            killed = tokio::process::Command::new("kill").args(["-9", &number]).status().await.unwrap().success();
            break;
        }
    }
    assert!(killed, "no encoder was caught at work");
    // Its lease ends after a minute, and the reconciler comes every minute.
    let asset = uploading.await.unwrap().expect("the film becomes ready all the same");
    let asset = editor.get(&format!("/v1/admin/assets/{asset}")).await.unwrap();
    assert_eq!((&asset["state"], asset["error"].is_null()), (&json!("ready"), true), "{asset}");
}
