//! A film as people see and hear it: what ffmpeg decodes of a file, without anything that the pipeline believes of it.
//!
//! Test films carry the number of each picture in twelve boxes (the lowest bit on the left), and a white square that flashes while a tone beeps.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::engines::ffmpeg;

/// The boxes lie along the lower eighth of the picture.
pub const LOWER_EIGHTH: &str = "crop=iw:ih/8:0:ih*7/8";
/// The boxes take 240 of 320 pixels of the first 20 of 180 lines.
pub const UPPER_LEFT: &str = "crop=iw*240/320:ih*20/180:0:0";

const BOXES: usize = 12;
/// Of each box the middle third is looked at, so that its edges may lie a little elsewhere.
const CELLS: usize = 3 * BOXES;
/// What is darker is a 0, what is lighter a 1, what lies between cannot be read.
const DARK: u8 = 90;
const LIGHT: u8 = 165;
/// A beep is louder, in decibels of full scale.
const BEEP: f64 = -30.0;
/// Samples of a window at 8 kHz: 5 ms.
const WINDOW: u32 = 40;

/// What could not be decoded, in ffmpeg's words.
pub type Unwatchable = String;

/// A stream of a file: `0:v:0`, `0:a:1`.
#[derive(Debug, Clone)]
pub struct Watched {
    pub file: PathBuf,
    pub stream: String,
}

/// Something that begins again and again, in seconds of the file's clock, and when the stream begins and ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Times {
    pub onsets: Vec<f64>,
    pub first: f64,
    pub last: f64,
}

/// A picture in RGB.
#[derive(Debug, Clone)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// The mean of 5 × 5 pixels around a place, both coordinates from 0 to 1.
    pub fn colour(&self, x: f64, y: f64) -> [u8; 3] {
        let place = |share: f64, size: usize| ((share * size as f64) as usize).min(size.saturating_sub(1));
        let (x, y) = (place(x, self.width), place(y, self.height));
        let around = |at: usize, size: usize| at.saturating_sub(2)..(at + 3).min(size);
        let mut sums = [0usize; 3];
        let mut count = 0;
        for line in around(y, self.height) {
            for column in around(x, self.width) {
                let at = 3 * (line * self.width + column);
                (0..3).for_each(|channel| sums[channel] += usize::from(self.rgb[at + channel]));
                count += 1;
            }
        }
        sums.map(|sum| u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX))
    }
}

impl Watched {
    /// The first picture stream of a file.
    pub fn picture(file: &Path) -> Self {
        Self { file: file.to_owned(), stream: "0:v:0".to_owned() }
    }

    /// The first sound stream of a file.
    pub fn sound(file: &Path) -> Self {
        Self { file: file.to_owned(), stream: "0:a:0".to_owned() }
    }

    /// The number that each picture shows, in order; `None` where it cannot be read.
    pub fn numbers(&self, place: &str) -> Result<Vec<Option<u64>>, Unwatchable> {
        let graph = format!("{place},scale={CELLS}:1:flags=area,format=gray");
        let cells = self.decode(&["-vf", &graph, "-fps_mode", "passthrough", "-f", "rawvideo"])?;
        Ok(cells.chunks_exact(CELLS).map(number).collect())
    }

    /// When the white square in the middle of the upper half begins to flash.
    pub fn flashes(&self) -> Result<Times, Unwatchable> {
        let graph = "crop=iw/8:ih/8:iw*7/16:ih*5/16,format=yuv420p,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-";
        let printed = self.decode(&["-vf", graph, "-fps_mode", "passthrough", "-f", "null"])?;
        Ok(times(&String::from_utf8_lossy(&printed), f64::from(LIGHT)))
    }

    /// When the tone begins to beep.
    pub fn beeps(&self) -> Result<Times, Unwatchable> {
        // All channels, and nothing is mixed: a tone may be in one of them, and layouts without a name can be heard as well.
        let graph = format!(
            "aresample=8000,asetnsamples=n={WINDOW}:p=0,astats=metadata=1:reset=1:measure_perchannel=none:\
             measure_overall=RMS_level,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-"
        );
        let printed = self.decode(&["-af", &graph, "-f", "null"])?;
        Ok(times(&String::from_utf8_lossy(&printed), BEEP))
    }

    /// A picture by its place, as it is shown: turned, cropped, with square pixels.
    pub fn shown(&self, place: u64) -> Result<Picture, Unwatchable> {
        let graph = format!("select='eq(n,{place})',scale='max(trunc(iw*sar+0.5),1)':ih");
        portable(&self.decode(&[
            "-vf",
            &graph,
            "-frames:v",
            "1",
            "-f",
            "image2pipe",
            "-c:v",
            "ppm",
            "-pix_fmt",
            "rgb24",
        ])?)
    }

    fn decode(&self, arguments: &[&str]) -> Result<Vec<u8>, Unwatchable> {
        let mut command = Command::new(ffmpeg().join("ffmpeg"));
        command.args(["-nostdin", "-v", "error", "-i"]).arg(&self.file).args(["-map", &self.stream]);
        let output = command.args(arguments).arg("-").output().map_err(|error| error.to_string())?;
        if output.stdout.is_empty() && !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(output.stdout)
    }
}

/// What ffprobe says of every stream: `codec_type`, `nb_read_packets`, `avg_frame_rate`…
pub fn streams(file: &Path) -> Result<Vec<Value>, Unwatchable> {
    let mut command = Command::new(ffmpeg().join("ffprobe"));
    command.args(["-v", "error", "-count_packets", "-show_streams", "-of", "json"]).arg(file);
    let output = command.output().map_err(|error| error.to_string())?;
    let read: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    Ok(read["streams"].as_array().cloned().unwrap_or_default())
}

fn number(cells: &[u8]) -> Option<u64> {
    let mut number = 0;
    for (bit, cells) in cells.chunks_exact(3).enumerate() {
        match cells[1] {
            dark if dark < DARK => {}
            light if light > LIGHT => number |= 1 << bit,
            _ => return None,
        }
    }
    Some(number)
}

/// `frame:0 pts:0 pts_time:0`, then `lavfi….=-24.6`, over and over: when the level first rises above `loud`, each time.
fn times(printed: &str, loud: f64) -> Times {
    let (mut found, mut at, mut was_loud, mut is_first) = (Times::default(), 0.0, false, true);
    for line in printed.lines() {
        if let Some((_, time)) = line.split_once("pts_time:") {
            at = time.trim().parse().unwrap_or(at);
            if is_first {
                (found.first, is_first) = (at, false);
            }
            found.last = found.last.max(at);
        } else if let Some((_, level)) = line.split_once('=') {
            let is_loud = level.trim().parse::<f64>().is_ok_and(|level| level > loud);
            if is_loud && !was_loud {
                found.onsets.push(at);
            }
            was_loud = is_loud;
        }
    }
    found
}

/// `P6\n640 360\n255\n`, then three bytes a pixel.
fn portable(bytes: &[u8]) -> Result<Picture, Unwatchable> {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let text = |part: Option<&[u8]>| part.map(|part| String::from_utf8_lossy(part).into_owned()).unwrap_or_default();
    let (kind, size, depth) = (text(parts.next()), text(parts.next()), text(parts.next()));
    let size: Vec<usize> = size.split(' ').filter_map(|number| number.parse().ok()).collect();
    match (kind.as_str(), size.as_slice(), depth.as_str(), parts.next()) {
        ("P6", [width, height], "255", Some(rgb)) if rgb.len() >= 3 * width * height && width * height > 0 => {
            Ok(Picture { width: *width, height: *height, rgb: rgb[..3 * width * height].to_vec() })
        }
        _ => Err("there is no such picture".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_or_not_at_all() {
        let mut cells = [16; CELLS];
        (cells[1], cells[3 * 4 + 1]) = (235, 220);
        assert_eq!(number(&cells), Some(0b1_0001));
        cells[0] = 235;
        assert_eq!(number(&cells), Some(0b1_0001), "an edge is not looked at");
        cells[7] = 128;
        assert_eq!(number(&cells), None);
    }

    #[test]
    fn a_beep_begins_once() {
        let printed = ["1", "1.005", "1.01", "1.015", "1.02"].iter().zip(["-inf", "-12", "-11", "-60", "-9"]);
        let printed: String =
            printed.map(|(at, level)| format!("frame:0 pts:0 pts_time:{at}\nlavfi.a.RMS_level={level}\n")).collect();
        let found = times(&printed, BEEP);
        assert_eq!(found, Times { onsets: vec![1.005, 1.02], first: 1.0, last: 1.02 });
        assert_eq!(times("", BEEP), Times::default());
    }

    #[test]
    fn colours_are_means_of_a_few_pixels() {
        let picture = portable(&[b"P6\n2 1\n255\n".as_slice(), &[0, 10, 255, 100, 30, 255]].concat()).unwrap();
        assert_eq!((picture.width, picture.height, picture.colour(0.0, 0.0)), (2, 1, [50, 20, 255]));
        assert!(portable(b"P6\n9 9\n255\nx").is_err() && portable(b"").is_err());
    }
}
