//! The two pages that a person sees who follows the link at the foot of a mail. They need nothing from outside and run nothing.

use kernel::Locale;

/// A page as HTML.
pub fn question(reader: &Locale) -> String {
    match reader.language() {
        "ru" => page(
            "ru",
            "Отписаться",
            "Больше не присылать вам новости и предложения, ни письмом, ни уведомлением на устройство?",
            Some("Отписаться"),
        ),
        _ => page(
            "en",
            "Unsubscribe",
            "Shall we send you no more news and offers, neither by mail nor as push messages?",
            Some("Unsubscribe"),
        ),
    }
}

/// What follows the click.
pub fn answer(reader: &Locale) -> String {
    match reader.language() {
        "ru" => page(
            "ru",
            "Вы отписаны",
            "Новости и предложения больше не придут ни письмом, ни уведомлением на устройство. Важные письма об учётной записи останутся, и список уведомлений в учётной записи тоже.",
            None,
        ),
        _ => page(
            "en",
            "You are unsubscribed",
            "No more news and offers come, neither by mail nor as push messages. Important mails about your account still come, and your list of notifications stays.",
            None,
        ),
    }
}

/// A form without an address posts to the address of the page.
fn page(language: &str, title: &str, text: &str, button: Option<&str>) -> String {
    let button = button.map(|label| {
        format!(
            "<form method=\"post\"><button name=\"List-Unsubscribe\" value=\"One-Click\" style=\"font:inherit;padding:8px 16px\">{label}</button></form>\n"
        )
    });
    format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
         <body style=\"font:16px/1.5 sans-serif;color:#222;max-width:480px;margin:64px auto;padding:0 16px\">\n\
         <h1 style=\"font-size:24px\">{title}</h1>\n<p>{text}</p>\n{}</body></html>\n",
        button.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_question_has_a_button_and_it_posts() {
        let (english, russian) = (Locale::english(), "ru-RU".parse().unwrap());
        for reader in [&english, &russian] {
            assert!(question(reader).contains("<form method=\"post\">") && !answer(reader).contains("<form"));
            for html in [question(reader), answer(reader)] {
                assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("href="), "{html}");
            }
        }
        assert!(question(&russian).contains("lang=\"ru\"") && question(&english).contains("lang=\"en\""));
    }
}
