//! Mails rendered per CPU-second, from their variables to the bytes that the provider gets: `cargo cinema bench billing`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

use std::{
    collections::HashMap,
    hint::black_box,
    time::{Duration, Instant},
};

use kernel::{Locale, World};
use notification::content::{Content, Envelope};
use proto::mail::{NewSignIn, PaymentFailed, SubscriptionActive, Template, TitleLeavingSoon, VerifyEmail};
use testkit::{Costs, cpu};

/// Rounds through every mail in both languages; as many again are not counted.
const ROUNDS: usize = 2_000;

fn templates() -> [Template; 5] {
    let (plan, until) = (|| "standard".to_owned(), || "2026-12-24".to_owned());
    let plan_names =
        [("en", "Standard"), ("ru", "Стандарт")].map(|(locale, name)| (locale.to_owned(), name.to_owned()));
    let plan_names: HashMap<String, String> = plan_names.into_iter().collect();
    let names = [("en", "Stalker"), ("ru", "Сталкер")].map(|(locale, name)| (locale.to_owned(), name.to_owned()));
    let sign_in =
        NewSignIn { device: "<TV>".to_owned(), territory: "DE".to_owned(), at: "2026-11-26T10:00:00Z".to_owned() };
    let title_id = "019a0000-0000-7000-8000-000000000001".to_owned();
    let leaving = TitleLeavingSoon { names: names.into_iter().collect(), until: until(), title_id };
    [
        VerifyEmail { code: "042917".to_owned() }.into(),
        sign_in.into(),
        SubscriptionActive { plan: plan(), until: until(), plan_names: plan_names.clone() }.into(),
        PaymentFailed { plan: plan(), until: until(), plan_names, needs_method: false }.into(),
        leaving.into(),
    ]
}

fn main() {
    let (world, templates) = (World::system(), templates());
    let locales: [Locale; 2] = ["en", "ru"].map(|locale| locale.parse().expect("a locale"));
    let pid = std::process::id();
    let (mut costs, mut bytes, mut before) = (Costs::default(), 0, cpu(pid));
    for round in 0..2 * ROUNDS {
        if round == ROUNDS {
            (costs, bytes, before) = (Costs::default(), 0, cpu(pid));
        }
        for (template, locale) in templates.iter().flat_map(|template| locales.iter().map(move |it| (template, it))) {
            let begun = Instant::now();
            let content =
                Content::of(template, locale).expect("a mail").with_way_out("https://cinema.example/v1/unsubscribe/x");
            let mime = content.mime(&Envelope {
                message_id: world.id(),
                to: "viewer@example.com",
                from: "cinema@example.com",
                now: world.now(),
                unsubscribe: Some("https://cinema.example/v1/unsubscribe/x"),
            });
            bytes += black_box(mime).len();
            costs.add(begun.elapsed(), Duration::ZERO);
        }
    }
    costs.spend(cpu(pid) - before);
    println!("{}", costs.row(&format!("mail rendered, {} bytes", bytes / costs.calls()), &[50, 95, 99]));
}
