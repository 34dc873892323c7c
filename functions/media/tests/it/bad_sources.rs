//! Sources that cannot become films: each fails with its reason, and nothing of it is published.

use crate::{
    recipe,
    studio::{Studio, film},
};

#[tokio::test]
async fn what_is_no_film_fails_with_its_reason() {
    let studio = Studio::open().await;
    let tail_first = {
        let folder = tempfile::tempdir().unwrap();
        let path = recipe::generate(
            folder.path(),
            "film.mp4",
            &["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-c:v", "libx264"],
        );
        std::fs::read(path).unwrap()
    };
    let sound_only = {
        let folder = tempfile::tempdir().unwrap();
        let path = recipe::generate(folder.path(), "sound.mp4", &["-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac"]);
        std::fs::read(path).unwrap()
    };
    let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n";
    let cases: [(&str, &[u8], &str); 8] = [
        ("empty.mp4", b"", "empty"),
        ("zip.mp4", b"PK\x03\x04\x14\x00\x00\x00\x08\x00film.mp4", "not_a_video"),
        ("playlist.mp4", playlist, "playlist"),
        ("page.mp4", b"<html><body>404</body></html>", "not_a_video"),
        ("no-index.mp4", &tail_first[..tail_first.len() * 2 / 3], "truncated"),
        ("half.mp4", &film()[..film().len() / 2], "truncated"),
        ("sound.mp4", &sound_only, "no_video"),
        ("garbage.mp4", b"\0\0\0\x1cftypisom\0\0\x02\0isomiso2mp41garbage garbage garbage", ""),
    ];
    for (name, bytes, code) in cases {
        let asset = studio.drop_file(name, bytes).await;
        studio.work().await;
        let failed = studio.expect_state(&asset, "failed").await;
        let error = &failed["error"];
        assert!(code.is_empty() || error["code"] == code, "{name}: {error}");
        assert!(error["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{name}: {error}");
        assert!(!error.to_string().contains("http://"), "no address in what a person reads: {error}");
        assert!(studio.objects(&asset).await.is_empty(), "{name}: nothing is half published");
    }
}

#[tokio::test]
async fn a_transport_stream_is_remuxed_first_and_the_copy_goes_when_the_film_is_ready() {
    let studio = Studio::open().await;
    let folder = tempfile::tempdir().unwrap();
    let path = recipe::generate(
        folder.path(),
        "film.ts",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=128x72:r=25:d=3",
            "-f",
            "lavfi",
            "-i",
            "sine=d=3",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-c:a",
            "aac",
            "-f",
            "mpegts",
        ],
    );
    let asset = studio.drop_file("film.ts", &std::fs::read(path).unwrap()).await;
    studio.work().await;
    studio.expect_state(&asset, "ready").await;
    let copy = format!("work/{asset}/source.mp4");
    assert!(studio.uploads.head(&copy).await.unwrap().is_some());
    studio.tick(1).await;
    assert!(studio.uploads.head(&copy).await.unwrap().is_none());
}
