//! Seek pictures: one small picture every ten seconds on JPEG sheets, a WebVTT index over them, and a poster.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use crate::encode::picture;
use crate::film::ledger::{Output, Sheet, SpritesRow, Stored, stored};
use crate::recipe::plan::Plan;
use crate::recipe::sprites::SPRITE_SECONDS;
use crate::tools::error::MediaError;
use crate::tools::ffmpeg::Tools;
use crate::tools::input::Input;
use crate::tools::limits::Limits;

/// The poster is the most typical of so many frames…
const POSTER_FRAMES: u32 = 48;
/// …after this share of the film: titles and fades are over.
const POSTER_AT_SHARE: f64 = 0.2;
/// Shorter films have their poster taken from the beginning.
const POSTER_AT_START_BELOW_SECONDS: f64 = 4.0;
const JPEG: &str = "image/jpeg";

/// What the sprite worker has made: upload the files, then write the row.
#[derive(Debug)]
pub struct MadeSprites {
    /// For the ledger.
    pub row: SpritesRow,
    /// To be stored under the asset's prefix.
    pub files: Vec<Output>,
}

/// Makes sheets, index and poster inside `folder`, which must be empty.
pub async fn make(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    folder: &Path,
    limits: Limits,
) -> Result<MadeSprites, MediaError> {
    sheets(tools, input, plan, folder, limits).await?;
    let hash = plan.sprites_hash();
    let key = |file: &str| format!("sprites/{hash}/{file}");
    let (mut sheets, mut files) = (Vec::new(), Vec::new());
    let per_sheet = plan.sprites.columns * plan.sprites.rows;
    for number in 0..plan.sprites.count.div_ceil(per_sheet) {
        let file = format!("{number:03}.jpg");
        let path = folder.join(&file);
        let bytes = read(&path)?;
        sheets.push(Sheet {
            file: stored(key(&file), &bytes),
            width: plan.sprites.columns as u32 * plan.sprites.width,
            height: plan.sprites.rows as u32 * plan.sprites.height,
        });
        files.push(Output { path, key: key(&file), content_type: JPEG });
    }
    let index = folder.join("index.vtt");
    let text = vtt(plan);
    std::fs::write(&index, &text).map_err(MediaError::file(&index))?;
    let index_row = stored(key("index.vtt"), text.as_bytes());
    files.push(Output { path: index, key: key("index.vtt"), content_type: "text/vtt" });
    let poster = folder.join("poster.jpg");
    make_poster(tools, input, plan, &poster, limits).await?;
    let poster_row = named_by_content(&read(&poster)?);
    files.push(Output { path: poster, key: poster_row.key.clone(), content_type: JPEG });
    Ok(MadeSprites { row: SpritesRow { hash, sheets, index: index_row, poster: poster_row }, files })
}

/// The poster under a name that only who was told it can know: not the film's other addresses, nor its parameters, lead to it.
fn named_by_content(poster: &[u8]) -> Stored {
    let row = stored(String::new(), poster);
    Stored { key: format!("poster/{}.jpg", row.sha256), ..row }
}

async fn sheets(tools: &Tools, input: &Input, plan: &Plan, folder: &Path, limits: Limits) -> Result<(), MediaError> {
    let sprites = &plan.sprites;
    let mut arguments = Vec::new();
    if sprites.keys_only {
        // A tenth of the decoding, and never more than half a key interval off.
        arguments.extend(["-skip_frame", "nokey"].map(OsString::from));
    }
    arguments.extend(tools.guard(input, plan.container));
    arguments.extend(["-copyts", "-start_at_zero"].map(OsString::from));
    arguments.extend(picture::STEADY.map(OsString::from));
    arguments.extend(["-i".into(), input.address().to_owned()]);
    let count = sprites.count;
    // The film may go on after its last picture, and end just before one is due: the one before stands in.
    let graph = format!(
        "{}fps=1/{SPRITE_SECONDS}:start_time=0:eof_action=pass,tpad=stop={count}:stop_mode=clone,trim=end_frame={count},{},scale={}:{}:flags=bicubic:out_range=pc,setsar=1,format=yuvj420p,tile={}x{}[tiles]",
        picture::fitted(plan, false),
        picture::light(plan),
        sprites.width,
        sprites.height,
        sprites.columns,
        sprites.rows
    );
    arguments.extend(["-filter_complex", &graph, "-map", "[tiles]"].map(OsString::from));
    arguments.extend(
        ["-c:v", "mjpeg", "-q:v", "5", "-fps_mode", "passthrough", "-f", "image2", "-start_number", "0"]
            .map(OsString::from),
    );
    arguments.push(folder.join("%03d.jpg").into());
    tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    Ok(())
}

/// The most typical picture of a stretch; where there is none, the first picture of the film.
async fn make_poster(tools: &Tools, input: &Input, plan: &Plan, path: &Path, limits: Limits) -> Result<(), MediaError> {
    let is_long = plan.seconds() >= POSTER_AT_START_BELOW_SECONDS;
    let at = if is_long { (plan.frames as f64 * POSTER_AT_SHARE) as u64 } else { 0 };
    let typical = format!("thumbnail=n={POSTER_FRAMES},");
    let made = poster_from(tools, input, plan, (at, &typical), path, limits).await;
    if made.is_ok() && path.is_file() {
        return Ok(());
    }
    poster_from(tools, input, plan, (0, ""), path, limits).await
}

async fn poster_from(
    tools: &Tools,
    input: &Input,
    plan: &Plan,
    (frame, choice): (u64, &str),
    path: &Path,
    limits: Limits,
) -> Result<(), MediaError> {
    let mut arguments = picture::decoding(tools, input, plan, frame);
    let graph = format!(
        "{}{choice}trim=end_frame=1,{},scale={}:{}:flags=bicubic:out_range=pc,setsar=1,format=yuvj420p[poster]",
        picture::fitted(plan, false),
        picture::light(plan),
        plan.sprites.poster_width,
        plan.sprites.poster_height
    );
    arguments.extend(["-filter_complex", &graph, "-map", "[poster]"].map(OsString::from));
    arguments.extend(
        ["-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "3", "-f", "image2", "-update", "1"].map(OsString::from),
    );
    arguments.push(path.into());
    tools.run_ffmpeg(&arguments, Some(input), limits).await?;
    Ok(())
}

/// The WebVTT index: which part of which sheet belongs to which ten seconds.
pub fn vtt(plan: &Plan) -> String {
    let sprites = &plan.sprites;
    let per_sheet = sprites.columns * sprites.rows;
    let mut text = "WEBVTT\n".to_owned();
    for number in 0..sprites.count {
        let begin = (number * SPRITE_SECONDS) as f64;
        let end = (begin + SPRITE_SECONDS as f64).min(plan.seconds().max(begin + 0.001));
        let place = number % per_sheet;
        let (x, y) = (
            (place % sprites.columns) * u64::from(sprites.width),
            (place / sprites.columns) * u64::from(sprites.height),
        );
        let _ = write!(
            text,
            "\n{} --> {}\n{:03}.jpg#xywh={x},{y},{},{}\n",
            clock(begin),
            clock(end),
            number / per_sheet,
            sprites.width,
            sprites.height
        );
    }
    text
}

fn clock(seconds: f64) -> String {
    let millis = (seconds * 1000.0).round() as u64;
    let (hours, minutes, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis % 60_000);
    format!("{hours:02}:{minutes:02}:{:02}.{:03}", rest / 1000, rest % 1000)
}

fn read(path: &Path) -> Result<Vec<u8>, MediaError> {
    std::fs::read(path).map_err(MediaError::file(path))
}

#[cfg(test)]
mod tests {
    use super::{clock, named_by_content};

    #[test]
    fn another_picture_is_another_address() {
        let (one, same, other) = (named_by_content(b"1"), named_by_content(b"1"), named_by_content(b"2"));
        assert_eq!(one, same);
        assert_ne!(one.key, other.key);
        let name = one.key.strip_prefix("poster/").and_then(|name| name.strip_suffix(".jpg")).unwrap();
        assert_eq!((name.len(), name), (64, one.sha256.as_str()));
    }

    #[test]
    fn web_vtt_clock() {
        assert_eq!(clock(0.0), "00:00:00.000");
        assert_eq!(clock(3_725.5), "01:02:05.500");
        assert_eq!(clock(59.9996), "00:01:00.000");
    }
}
