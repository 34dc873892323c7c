//! Pictures of a source as the encoders get them: the same frames wherever decoding begins.

use std::ffi::OsString;
use std::fmt::Write as _;

use crate::recipe::plan::Plan;
use crate::tools::ffmpeg::Tools;
use crate::tools::input::Input;

/// Opens the source so that decoding is right from frame `first` on.
///
/// Of all seek modes only this one gives the frames of a continuous decode, on constant and variable rates alike.
pub(crate) fn decoding(tools: &Tools, input: &Input, plan: &Plan, first: u64) -> Vec<OsString> {
    let mut arguments = tools.guard(input, plan.container);
    arguments.extend(["-copyts", "-start_at_zero"].map(OsString::from));
    let half_a_frame = plan.rate.seconds(1) / 2.0;
    let seek = plan.origin() + plan.rate.seconds(first) - half_a_frame - plan.picture.preroll_ms as f64 / 1000.0;
    if seek > 0.0 {
        arguments.extend(["-ss".into(), format!("{seek:.6}").into()]);
    }
    arguments.extend(["-i".into(), input.address().to_owned()]);
    arguments
}

/// Prepares frames on the exact grid: deinterlaced, at the film's rate, cut to the chunk, in standard light.
pub(crate) fn prepared(plan: &Plan, first: u64, frames: Option<u64>) -> String {
    let mut graph = format!("[0:{}]", plan.picture.stream);
    if plan.picture.deinterlace {
        graph.push_str("bwdif=mode=send_frame:deint=all,");
    }
    if plan.picture.origin_us > 0 {
        let _ = write!(graph, "setpts=PTS-{:.6}/TB,", plan.origin());
    }
    // The grid is absolute: the frame shown at `start_time` comes first, even if it began long before.
    let _ = write!(graph, "fps={}:start_time={:.6}", plan.rate, plan.rate.seconds(first));
    if let Some(frames) = frames {
        let _ = write!(graph, ",trim=end_frame={frames}");
    }
    if plan.picture.map_light {
        graph.push_str(
            ",scale=out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709:out_range=tv:intent=perceptual",
        );
    }
    graph.push_str(",format=yuv420p");
    graph
}
