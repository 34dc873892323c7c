//! What cannot become a film is refused with a reason, reaches nothing else, and never hangs.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support")]

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use media::{
    assets::failure::Failure,
    encode::{chunk, probe},
    proof::seams,
    recipe::plan::{Plan, PlanOptions},
    tools::{container::HEAD_BYTES, error::MediaError, ffmpeg::Tools, input::Input, limits::Limits, refusal::Refusal},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::recipe::{H264, generate, limits, make, numbered, probe, tools};

async fn refusal(path: &Path) -> Refusal {
    match probe(path).await {
        Err(MediaError::Refused(refusal)) => refusal,
        other => panic!("{}: {other:?}", path.display()),
    }
}

fn written(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[tokio::test]
async fn files_that_are_no_film() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(refusal(&written(folder, "empty.mp4", b"")).await, Refusal::Empty);
    let zip = written(folder, "zip.mp4", &[&b"PK\x03\x04"[..], &[7; 4000]].concat());
    assert_eq!(refusal(&zip).await, Refusal::NotAVideo { found: "a zip archive".into() });
    assert_eq!(refusal(&written(folder, "noise.mp4", &[3; 9000])).await.code(), "not_a_video");
    let fake = written(folder, "fake.mp4", &[&b"\0\0\0\x18ftypisom\0\0\0\0isommp42"[..], &[9; 5000]].concat());
    assert!(matches!(refusal(&fake).await.code(), "truncated" | "damaged"));
    let sound = generate(folder, "sound.m4a", &["-f", "lavfi", "-i", "sine=d=2", "-c:a", "aac"]);
    assert_eq!(refusal(&sound).await, Refusal::NoVideo);
}

#[tokio::test]
async fn films_that_end_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cut = |path: &Path, name: &str| {
        let bytes = std::fs::read(path).unwrap();
        written(folder, name, &bytes[..bytes.len() / 2])
    };
    let late_index = numbered(folder, "late.mp4", "24", 20, H264);
    assert_eq!(refusal(&cut(&late_index, "a.mp4")).await.code(), "truncated");
    let early_index =
        generate(folder, "early.mp4", &["-i", late_index.to_str().unwrap(), "-c", "copy", "-movflags", "+faststart"]);
    assert_eq!(refusal(&cut(&early_index, "b.mp4")).await.code(), "truncated");
    let matroska = numbered(folder, "film.mkv", "24", 20, H264);
    assert_eq!(refusal(&cut(&matroska, "c.mkv")).await.code(), "truncated");
}

#[tokio::test]
async fn films_that_are_locked_or_have_no_decoder_here() {
    let folder = tempfile::tempdir().unwrap();
    let key = "00112233445566778899aabbccddeeff";
    let lock = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x180:r=24:d=3",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-encryption_scheme",
        "cenc-aes-ctr",
        "-encryption_key",
        key,
        "-encryption_kid",
        key,
    ];
    assert_eq!(refusal(&generate(folder.path(), "locked.mp4", &lock)).await, Refusal::Encrypted);
    let av1 = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=24:d=1", "-c:v", "libsvtav1", "-preset", "13"];
    let refused = refusal(&generate(folder.path(), "av1.mp4", &av1)).await;
    assert_eq!(refused, Refusal::Undecodable { kind: "video".into(), codec: "av1".into() });
}

/// Serves files with ranges, as S3 does, and counts what was asked for.
async fn serve(folder: PathBuf) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(answer(stream, folder.clone()));
        }
    });
    (address, asked)
}

async fn answer(mut stream: TcpStream, folder: PathBuf) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let name = request.split([' ', '?']).nth(1).unwrap_or_default().trim_start_matches('/');
    let Ok(bytes) = std::fs::read(folder.join(name)) else {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
        return;
    };
    let start = request
        .to_ascii_lowercase()
        .split("range: bytes=")
        .nth(1)
        .and_then(|rest| rest.split('-').next()?.parse().ok());
    let start: usize = start.unwrap_or(0).min(bytes.len());
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{}\r\nConnection: close\r\n\r\n",
        bytes.len() - start,
        bytes.len() - 1,
        bytes.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&bytes[start..]).await;
}

#[tokio::test]
async fn a_playlist_reaches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (address, asked) = serve(folder.path().to_owned()).await;
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{address}/secret.ts\n#EXT-X-ENDLIST\n");
    assert_eq!(refusal(&written(folder.path(), "list.mp4", playlist.as_bytes())).await, Refusal::Playlist);
    // A disguise that the first bytes do not give away: ffprobe itself must not follow it either.
    let disguised = format!("\0\0\0\x08free{playlist}");
    assert!(matches!(
        refusal(&written(folder.path(), "free.mp4", disguised.as_bytes())).await.code(),
        "truncated" | "damaged"
    ));
    let concat = format!("ffconcat version 1.0\nfile {address}/secret.mp4\n");
    assert_eq!(refusal(&written(folder.path(), "concat.mkv", concat.as_bytes())).await, Refusal::Playlist);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn sources_are_read_by_url_and_the_same_frames_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbered(folder.path(), "film.mp4", "24", 13, H264);
    let (address, asked) = serve(folder.path().to_owned()).await;
    let input = Input::Url(format!("{address}/film.mp4?X-Amz-Signature=secret"));
    let bytes = std::fs::read(&path).unwrap();
    let source = probe::look_at(&tools(), &input, bytes.len() as u64, &bytes[..HEAD_BYTES]).await.unwrap();
    let made = make(&path, 3).await;
    assert_eq!(source, made.source);
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    asked.store(0, Ordering::SeqCst);
    let encoded = chunk::encode(&tools(), &input, &made.plan, 1, &work, limits()).await.unwrap();
    assert_eq!(encoded.row, made.chunks[1]);
    assert!(asked.load(Ordering::SeqCst) <= 8, "{} requests", asked.load(Ordering::SeqCst));
    let gone = Input::Url(format!("{address}/gone.mp4?X-Amz-Signature=secret"));
    let error = probe::look_at(&tools(), &gone, 9000, &bytes[..HEAD_BYTES]).await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(!matches!(Failure::from(error), Failure::Refused(_)), "another attempt may find it");
}

#[tokio::test]
async fn work_ends_at_its_deadline_and_wrong_builds_do_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let path =
        generate(folder.path(), "film.mp4", &[&["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=24:d=20"], H264].concat());
    let source = probe(&path).await.unwrap();
    let encoder = tools().build().await.unwrap();
    let plan = Plan::new(&source, &PlanOptions { source_version: "test".into(), encoder, chunk_gops: 30 });
    let input = Input::File(path);
    let started = Instant::now();
    let hurried = Limits::encode(Duration::from_millis(600));
    let error = chunk::encode(&tools(), &input, &plan, 0, folder.path(), hurried).await.unwrap_err();
    assert!(matches!(error, MediaError::TimeUp { .. }), "{error}");
    assert!(matches!(Failure::from(error), Failure::Transient { .. }));
    assert!(started.elapsed() < Duration::from_secs(5));
    let other = Plan { encoder: "another".into(), ..plan };
    let error = chunk::encode(&tools(), &input, &other, 0, folder.path(), limits()).await.unwrap_err();
    assert!(matches!(error, MediaError::Encoder { .. }), "{error}");
    let missing = Tools::in_folder(Path::new("/nowhere"));
    assert!(matches!(missing.build().await, Err(MediaError::Start { tool: "ffmpeg", .. })));
}

#[tokio::test]
async fn the_proof_notices_a_wrong_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = numbered(folder.path(), "film.mp4", "24", 13, H264);
    let made = make(&path, 3).await;
    let mut chunks = made.chunks.clone();
    // One frame doubled and one lost at the joint: counts stay right, hashes do not.
    let head = &mut chunks[1].head;
    head.insert(0, head[0].clone());
    head.pop();
    let input = Input::File(path);
    let proof = seams::compare_sources(&tools(), &input, &made.plan, &chunks, folder.path(), limits()).await.unwrap();
    assert!(!proof.holds(&made.plan));
    assert!(proof.joints[0].differing.contains(&145) && !proof.joints[0].differing.contains(&143));
}
