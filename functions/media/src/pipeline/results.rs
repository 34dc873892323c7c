//! The full results behind a ledger: what packager and verifier work from.

use kernel::AssetId;
use stores::Table;

use crate::{
    assets::{
        failure::Failure,
        job::JobKind,
        row::JobRow,
        summary::{FilmSummary, Quality},
    },
    film::{
        Film,
        damage::{self, Damage},
        ledger::{ChunkRow, SoundRow, SpritesRow},
        playlist,
    },
    pipeline::films::Films,
    recipe::plan::Plan,
    store,
};

/// Everything that the workers have written down.
#[derive(Debug)]
pub struct Results {
    /// In the order of the film.
    pub chunks: Vec<ChunkRow>,
    pub sounds: Vec<SoundRow>,
    /// Absent when they could not be made.
    pub sprites: Option<SpritesRow>,
}

impl Results {
    /// Reads the results of an asset's ledger.
    pub async fn read(table: &Table, films: &Films, id: AssetId) -> Result<Self, Failure> {
        let ledger = store::jobs::list(table, id).await?;
        let keys = |kind: JobKind| -> Vec<String> {
            let own = ledger.iter().filter(|row: &&JobRow| row.job.kind() == kind && row.is_over());
            own.filter_map(|row| row.result.clone()).collect()
        };
        let mut chunks: Vec<ChunkRow> = films.results(&keys(JobKind::Chunk)).await?;
        chunks.sort_by_key(|chunk| chunk.index);
        let sounds = films.results(&keys(JobKind::Audio)).await?;
        let sprites = films.results(&keys(JobKind::Sprites)).await?.pop();
        Ok(Self { chunks, sounds, sprites })
    }

    /// What of the source could not be decoded: refused when it is too much, else what an editor is told.
    pub fn damage(&self, plan: &Plan) -> Result<Vec<String>, Failure> {
        let picture: Vec<Damage> = self.chunks.iter().flat_map(|chunk| chunk.damage.iter().copied()).collect();
        let played = plan.audio.iter().find(|sound| sound.is_default && !sound.is_low).map(|sound| &sound.name);
        let sounds = self.sounds.iter().filter(|row| !row.damage.is_empty());
        let mut warnings = Vec::new();
        let heard = sounds.clone().filter(|row| Some(&row.track.rendition) == played).map(|row| row.damage.as_slice());
        for damages in heard.chain([picture.as_slice()]) {
            if damage::is_too_much(damages, plan.seconds()) {
                let refusal = damage::refusal(damages, plan.seconds());
                return Err(Failure::refused(refusal.code(), refusal.to_string()));
            }
        }
        if !picture.is_empty() {
            warnings.push(format!("the picture is damaged in the file: {}", damage::places(&picture)));
        }
        for row in sounds {
            let planned = plan.audio.iter().find(|sound| sound.name == row.track.rendition && !sound.is_low);
            let Some(sound) = planned else { continue };
            let places = damage::places(&row.damage);
            warnings.push(format!("the sound \u{201c}{}\u{201d} is damaged in the file: {places}", sound.label));
        }
        Ok(warnings)
    }

    /// The whole film.
    pub fn film(&self, plan: &Plan, code: &str) -> Result<Film, Failure> {
        Film::assemble(plan, &self.chunks, &self.sounds).map_err(|violations| Failure::violations(code, &violations))
    }
}

/// What others are told about a film.
pub fn summary(plan: &Plan, film: &Film, sprites: Option<&SpritesRow>, warnings: Vec<String>) -> FilmSummary {
    let target = playlist::target_duration(film.tracks());
    let renditions = plan.rungs.iter().zip(&film.video).map(|(rung, track)| {
        let sounds = film.sounds(plan).into_iter().filter(|(sound, _)| sound.is_low == rung.is_lowest);
        let loudest = sounds.map(|(_, track)| playlist::track_bandwidth(track, target).peak).max();
        Quality {
            name: rung.name.clone(),
            width: rung.width,
            height: rung.height,
            bandwidth: playlist::track_bandwidth(track, target).peak + loudest.unwrap_or_default(),
        }
    });
    let mut audio_languages: Vec<String> = Vec::new();
    for sound in &plan.audio {
        if !audio_languages.contains(&sound.language) {
            audio_languages.push(sound.language.clone());
        }
    }
    FilmSummary {
        seconds: plan.rate.seconds(film.frames),
        renditions: renditions.collect(),
        audio_languages,
        warnings,
        poster: sprites.map(|sprites| sprites.poster.clone()),
        trickplay: sprites.map(|sprites| sprites.index.clone()),
    }
}
