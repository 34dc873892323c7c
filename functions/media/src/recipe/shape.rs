//! The shape of a picture: how it is turned, and the one frame into which pictures of every size are fitted.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Display ratios closer than this are the same.
const SAME_RATIO: f64 = 0.01;

/// How decoded pictures are turned before anybody sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    #[default]
    None,
    /// 90 degrees clockwise.
    Clockwise,
    /// 180 degrees.
    UpsideDown,
    /// 90 degrees counter-clockwise.
    CounterClockwise,
    /// Left and right change places.
    Mirror,
    /// Top and bottom change places.
    Flip,
    ClockwiseFlip,
    CounterClockwiseFlip,
}

impl Turn {
    /// From the upper left of a display matrix (a, b, c, d): as ffmpeg itself turns.
    pub fn of_matrix(a: i64, b: i64, c: i64, d: i64) -> Turn {
        let degrees = (b as f64).atan2(a as f64).to_degrees();
        match ((degrees / 90.0).round() as i64).rem_euclid(4) {
            1 if c > 0 => Turn::CounterClockwiseFlip,
            1 => Turn::Clockwise,
            2 if d < 0 => Turn::UpsideDown,
            2 => Turn::Mirror,
            3 if c < 0 => Turn::ClockwiseFlip,
            3 => Turn::CounterClockwise,
            _ if d < 0 => Turn::Flip,
            _ => Turn::None,
        }
    }

    /// From ffprobe's angle, which is counter-clockwise.
    pub fn of_angle(degrees: f64) -> Turn {
        match ((-degrees / 90.0).round() as i64).rem_euclid(4) {
            1 => Turn::Clockwise,
            2 => Turn::UpsideDown,
            3 => Turn::CounterClockwise,
            _ => Turn::None,
        }
    }

    /// Whether width and height change places.
    pub fn is_quarter(self) -> bool {
        !matches!(self, Turn::None | Turn::UpsideDown | Turn::Mirror | Turn::Flip)
    }

    /// The filter that does it; `None` when there is nothing to do.
    pub fn filter(self) -> Option<&'static str> {
        match self {
            Turn::None => None,
            Turn::Clockwise => Some("transpose=clock"),
            Turn::UpsideDown => Some("hflip,vflip"),
            Turn::CounterClockwise => Some("transpose=cclock"),
            Turn::Mirror => Some("hflip"),
            Turn::Flip => Some("vflip"),
            Turn::ClockwiseFlip => Some("transpose=clock_flip"),
            Turn::CounterClockwiseFlip => Some("transpose=cclock_flip"),
        }
    }
}

/// The width and the height of a pixel.
pub type Pixel = (u32, u32);

/// A decoded picture as it was seen at some place of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// On the file's clock from its start, in seconds.
    pub at: f64,
    pub width: u32,
    pub height: u32,
    pub pixel: Pixel,
}

impl Seen {
    fn ratio(self) -> f64 {
        f64::from(self.width) * ratio(self.pixel) / f64::from(self.height)
    }
}

/// From here on pixels have another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelChange {
    /// On the file's clock from its start, in milliseconds.
    pub from_ms: u64,
    pub pixel: Pixel,
}

/// The frame into which every decoded picture is fitted, before it is turned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canvas {
    pub width: u32,
    pub height: u32,
    pub pixel: Pixel,
    /// Whether pictures of another shape were seen: those get borders.
    pub has_borders: bool,
    /// Changes of the pixels' shape, in order; empty when they keep it.
    pub pixels: Vec<PixelChange>,
}

impl Canvas {
    /// The largest picture of the shape that is shown longest.
    pub fn of(seen: &[Seen]) -> Option<Canvas> {
        let mut seen = seen.to_vec();
        seen.sort_by(|a, b| a.at.total_cmp(&b.at));
        let same = |a: &Seen, b: &Seen| (a.ratio() / b.ratio() - 1.0).abs() < SAME_RATIO;
        // Each until the next that was seen; those of one moment count a little, so that the more frequent wins.
        let shown = |one: &Seen| -> f64 {
            let own = seen.windows(2).filter(|pair| same(one, &pair[0])).map(|pair| pair[1].at - pair[0].at);
            own.sum::<f64>() + seen.iter().filter(|other| same(one, other)).count() as f64 * 1e-6
        };
        let usual = *seen.iter().rev().max_by(|a, b| shown(a).total_cmp(&shown(b)))?;
        let area = |one: &Seen| u64::from(one.width) * u64::from(one.height);
        let largest = *seen.iter().rev().filter(|one| same(one, &usual)).max_by_key(|one| area(one))?;
        let mut pixels: Vec<PixelChange> = Vec::new();
        if seen.iter().any(|one| (ratio(one.pixel) / ratio(largest.pixel) - 1.0).abs() > SAME_RATIO) {
            for one in &seen {
                if pixels.last().is_none_or(|last| last.pixel != one.pixel) {
                    // A picture just before the change must not be taken for one after it.
                    let from_ms = (one.at.max(0.0) * 1000.0).floor() as u64;
                    pixels.push(PixelChange { from_ms, pixel: one.pixel });
                }
            }
        }
        Some(Canvas {
            width: largest.width,
            height: largest.height,
            pixel: largest.pixel,
            has_borders: seen.iter().any(|one| !same(one, &usual)),
            pixels,
        })
    }

    /// Width and height with square pixels, before the picture is turned.
    pub fn shown(&self) -> (u32, u32) {
        ((f64::from(self.width) * ratio(self.pixel)).round() as u32, self.height)
    }

    /// The filters that fit any picture in. `matrix` goes with them where colours must be converted.
    pub fn filters(&self, matrix: &str) -> String {
        let (width, height) = (self.width, self.height);
        if !self.has_borders {
            return format!("scale={width}:{height}:flags=bicubic{matrix},setsar=1");
        }
        let own = f64::from(width) * ratio(self.pixel) / f64::from(height);
        // Of the picture at hand, against the frame's: above 1 it is wider.
        let wider = format!("(iw/ih*{}/{own:.6})", self.pixel_expression());
        let even = |side: u32, share: &str| format!("2*round({side}*{share}/2)");
        let across = even(width, &format!("min(1,{wider})"));
        let down = even(height, &format!("min(1,1/{wider})"));
        let fits = format!("lt(abs({wider}-1),{SAME_RATIO})");
        format!(
            "scale=w='if({fits},{width},{across})':h='if({fits},{height},{down})':eval=frame:flags=bicubic{matrix},\
             setsar=1,pad={width}:{height}:-1:-1:eval=frame"
        )
    }

    /// The shape of a pixel as an expression of the time.
    fn pixel_expression(&self) -> String {
        let Some((first, rest)) = self.pixels.split_first() else { return format!("{:.6}", ratio(self.pixel)) };
        let mut expression = format!("{:.6}", ratio(first.pixel));
        for change in rest {
            let from = change.from_ms as f64 / 1000.0 - 0.001;
            let mut next = String::new();
            let _ = write!(next, "if(gte(t,{from:.3}),{:.6},{expression})", ratio(change.pixel));
            expression = next;
        }
        expression
    }
}

fn ratio((across, down): Pixel) -> f64 {
    f64::from(across) / f64::from(down.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: f64, width: u32, height: u32, pixel: Pixel) -> Seen {
        Seen { at, width, height, pixel }
    }

    #[test]
    fn the_largest_of_one_shape_needs_no_borders() {
        let call = [seen(0.0, 640, 360, (1, 1)), seen(4.0, 320, 180, (1, 1)), seen(8.0, 960, 540, (1, 1))];
        let canvas = Canvas::of(&call).unwrap();
        assert_eq!((canvas.width, canvas.height, canvas.has_borders), (960, 540, false));
        assert_eq!(canvas.filters(""), "scale=960:540:flags=bicubic,setsar=1");
        assert_eq!(Canvas::of(&[]), None);
    }

    #[test]
    fn another_shape_gets_borders() {
        let television = [seen(0.0, 720, 576, (16, 15)), seen(5.0, 720, 576, (64, 45)), seen(11.0, 720, 576, (64, 45))];
        let canvas = Canvas::of(&television).unwrap();
        assert_eq!(canvas.shown(), (1024, 576));
        assert!(canvas.has_borders && canvas.filters("").contains("if(gte(t,4.999),1.422222,1.066667)"));
    }

    #[test]
    fn matrices_turn_as_angles_do() {
        for (matrix, turn) in [
            ((1, 0, 0, 1), Turn::None),
            ((0, 1, -1, 0), Turn::Clockwise),
            ((-1, 0, 0, -1), Turn::UpsideDown),
            ((0, -1, 1, 0), Turn::CounterClockwise),
            ((-1, 0, 0, 1), Turn::Mirror),
            ((1, 0, 0, -1), Turn::Flip),
        ] {
            let (a, b, c, d) = matrix;
            assert_eq!(Turn::of_matrix(a, b, c, d), turn, "{matrix:?}");
        }
        assert_eq!(Turn::of_angle(-90.0), Turn::Clockwise);
        assert_eq!(Turn::of_angle(90.0), Turn::CounterClockwise);
    }
}
