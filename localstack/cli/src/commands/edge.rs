//! The edge's own process: started by the platform, not by people.

use std::path::{Path, PathBuf};

use anyhow::Result;
use deploy::{Settings, Target};
use engines::{Endpoints, Home};
use manifest::Plan;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[arg(long)]
    port: u16,
    #[arg(long)]
    run: PathBuf,
    #[arg(long)]
    aws: String,
    #[arg(long)]
    settings: PathBuf,
    #[arg(long)]
    throw_away: bool,
}

pub(super) async fn run(root: &Path, home: &Home, arguments: Arguments) -> Result<()> {
    let home = home.throw_away(&arguments.run);
    let endpoints = Endpoints { aws: arguments.aws.clone(), ..Endpoints::default() };
    let settings = Settings::load(&arguments.settings)?;
    let target = Target::new(root.to_owned(), arguments.run, endpoints, settings);
    let setting = |name: &str| target.settings.get(name).unwrap_or_default().to_owned();
    let plan = Plan::read(root)?;
    let media = plan.buckets.get("media");
    let options = edge::Options {
        port: arguments.port,
        aws_url: arguments.aws,
        api_url: target.api_url(),
        public_url: setting("PUBLIC_URL"),
        origin_verify: setting("ORIGIN_VERIFY"),
        territory: setting("DEFAULT_TERRITORY"),
        web: root.join("web/dist"),
        public: media.map(|media| media.public.clone()).unwrap_or_default(),
        methods: plan.gateway.paths.into_iter().map(|(path, methods)| (path, methods.into_keys().collect())).collect(),
        kept: (!arguments.throw_away).then_some(home),
    };
    edge::serve(options).await
}
