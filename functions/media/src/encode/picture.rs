//! Pictures of a source as the encoders get them: the same frames wherever decoding begins.

use std::ffi::OsString;
use std::fmt::Write as _;

use crate::recipe::plan::Plan;
use crate::tools::ffmpeg::Tools;
use crate::tools::input::Input;

/// Decoding starts so long before the picture before a pause, in seconds: deinterlacing needs what came before.
const BEFORE_A_PAUSE_SECONDS: f64 = 1.0;

/// Opens the source so that decoding is right from frame `first` on.
///
/// Of all seek modes only this one gives the frames of a continuous decode, on constant and variable rates alike.
pub(crate) fn decoding(tools: &Tools, input: &Input, plan: &Plan, first: u64) -> Vec<OsString> {
    let mut arguments = tools.guard(input, plan.container);
    arguments.extend(["-copyts", "-start_at_zero"].map(OsString::from));
    arguments.extend(STEADY.map(OsString::from));
    let shown = plan.origin() + plan.rate.seconds(first);
    let shown_ms = (shown * 1000.0).round() as u64;
    let pause = plan.picture.pauses.iter().find(|pause| pause.from_ms < shown_ms && shown_ms <= pause.to_ms);
    let seek = match pause {
        Some(pause) => pause.from_ms as f64 / 1000.0 - BEFORE_A_PAUSE_SECONDS,
        None => shown - plan.rate.seconds(1) / 2.0 - plan.picture.preroll_ms as f64 / 1000.0,
    };
    if seek > 0.0 {
        arguments.extend(["-ss".into(), format!("{seek:.6}").into()]);
    }
    arguments.extend(["-i".into(), input.address().to_owned()]);
    arguments
}

/// One filter graph from the first picture to the last, whatever changes inside the file: one that is built anew begins to
/// count again. Pictures are turned by [`fitted`], after they have one size.
pub(crate) const STEADY: [&str; 3] = ["-noautorotate", "-reinit_filter:v", "0"];

/// Prepares frames on the exact grid: of one size, upright, at the film's rate, cut to the chunk, in standard light.
pub(crate) fn prepared(plan: &Plan, first: u64, frames: Option<u64>) -> String {
    let mut graph = fitted(plan, true);
    if plan.picture.origin_us > 0 {
        let _ = write!(graph, "setpts=PTS-{:.6}/TB,", plan.origin());
    }
    // The grid is absolute: the frame shown at `start_time` comes first, even if it began long before.
    match plan.held(first, frames) {
        Some((start, count)) => {
            let _ = write!(
                graph,
                "fps={}:start_time={:.6},tpad=stop_mode=clone:stop={count},trim=start_frame={}:end_frame={count}",
                plan.rate,
                plan.rate.seconds(start),
                first - start
            );
        }
        None => {
            let _ = write!(graph, "fps={}:start_time={:.6}", plan.rate, plan.rate.seconds(first));
            if let Some(frames) = frames {
                let _ = write!(graph, ",trim=end_frame={frames}");
            }
        }
    }
    graph.push(',');
    graph.push_str(&light(plan));
    graph
}

/// Pictures of one size, upright, with a comma at the end; fields are woven where `woven` says so.
pub(crate) fn fitted(plan: &Plan, woven: bool) -> String {
    let picture = &plan.picture;
    let mut graph = format!("[0:{}]", picture.stream);
    if let Some(canvas) = &picture.canvas {
        let matrix = if picture.colour.is_rgb { ":out_color_matrix=bt709:out_range=tv" } else { "" };
        graph.push_str(&canvas.filters(matrix));
        graph.push(',');
        if picture.colour.is_rgb {
            graph.push_str("format=yuv420p,");
        }
    }
    if picture.deinterlace && woven {
        let which = if picture.only_marked_fields { "interlaced" } else { "all" };
        let _ = write!(graph, "bwdif=mode=send_frame:deint={which},");
    }
    if let Some(turn) = picture.turn.filter() {
        let _ = write!(graph, "{turn},");
    }
    graph
}

/// Standard light, eight bits, and tags that say what they mean.
pub(crate) fn light(plan: &Plan) -> String {
    let mapped = if plan.picture.map_light {
        "scale=out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709:out_range=tv:intent=perceptual,"
    } else {
        ""
    };
    format!("{mapped}format=yuv420p,{}", plan.picture.colour.filter())
}
