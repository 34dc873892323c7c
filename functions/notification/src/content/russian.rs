//! What the mails say in Russian.

use kernel::Locale;
use proto::mail::{
    AccountErased, ConfirmEmail, DataExportReady, DataExportRequested, EmailChangeRequested, NewSignIn, OauthLinked,
    PasswordChanged, PasswordReset, PaymentDeclined, PaymentFailed, PaymentReceived, PaymentRefunded,
    PlanChangeScheduled, PlanChangeWithdrawn, PlanChanged, PurchaseReturned, RentalEnding, SessionRevoked,
    SubscriptionActive, SubscriptionCancelled, SubscriptionEnded, SubscriptionPaused, SubscriptionResumed,
    SubscriptionSuspended, Template, TitleLeavingSoon, TitlePurchased, TrialEnding, TrialStarted, VerifyEmail,
};

use super::{
    ContentError, Parts, Text, announcement, bill, digest, end_of_rental, fact, goods, moment, plan_name, price,
    receipts,
};

const NOT_YOU: &str =
    "Если это были не вы, сразу задайте новый пароль через «Забыли пароль?»: все сеансы при этом завершатся.";
/// A month and a year.
const EVERY: [&str; 3] = ["в месяц", "в год", "потом"];
const TRIES: &str = "Код действует один час, у вас пять попыток.";

/// Subject and paragraphs.
pub(super) fn parts<'a>(template: &'a Template, reader: &Locale) -> Result<Parts<'a>, ContentError> {
    Ok(match template {
        Template::VerifyEmail(VerifyEmail { code }) => (
            "Код для Online Cinema",
            vec![
                Text("Добро пожаловать в Online Cinema. Введите этот код, чтобы подтвердить адрес:"),
                super::code(code)?,
                Text(TRIES),
                Text("Если вы его не запрашивали, никому его не сообщайте: без кода учётная запись не появится."),
            ],
        ),
        Template::AlreadyRegistered(_) => (
            "У вас уже есть учётная запись в Online Cinema",
            vec![
                Text(
                    "Кто-то только что пытался зарегистрировать этот адрес в Online Cinema. У него уже есть учётная запись.",
                ),
                Text(
                    "Если это были вы, войдите с вашим паролем. Если нет, ничего делать не нужно: ничего не изменилось.",
                ),
            ],
        ),
        Template::PasswordReset(PasswordReset { code }) => (
            "Новый пароль для Online Cinema",
            vec![
                Text("Введите этот код, чтобы задать новый пароль:"),
                super::code(code)?,
                Text(TRIES),
                Text("Если вы его не запрашивали, никому его не сообщайте: пароль останется прежним."),
            ],
        ),
        Template::ResetUnknownAccount(_) => (
            "Нет учётной записи в Online Cinema",
            vec![
                Text("Кто-то запросил новый пароль в Online Cinema для этого адреса, но учётной записи с ним нет."),
                Text(
                    "Если это были вы, попробуйте адрес, с которым вы регистрировались. Если нет, ничего делать не нужно.",
                ),
            ],
        ),
        Template::PasswordChanged(PasswordChanged { unlinked_providers }) => {
            let mut parts = vec![Text("Ваш пароль изменён, на других устройствах выполнен выход.")];
            if !unlinked_providers.is_empty() {
                parts.push(Text(
                    "Учётные записи этих сервисов больше не открывают вашу. Их можно привязать снова после входа.",
                ));
                parts.push(fact("Отвязаны", &unlinked_providers.join(", "), ""));
            }
            parts.push(Text(NOT_YOU));
            ("Пароль в Online Cinema изменён", parts)
        }
        Template::ConfirmEmail(ConfirmEmail { code }) => (
            "Подтвердите новый адрес в Online Cinema",
            vec![
                Text("Введите этот код, чтобы использовать этот адрес для вашей учётной записи:"),
                super::code(code)?,
                Text(TRIES),
                Text("Если вы его не запрашивали, никому его не сообщайте: без кода ничего не изменится."),
            ],
        ),
        Template::EmailChangeRequested(EmailChangeRequested { new_email }) => (
            "Новый адрес вашей учётной записи в Online Cinema",
            vec![
                Text("Кто-то, кто знает ваш пароль, хочет использовать для вашей учётной записи другой адрес."),
                fact("Новый адрес", new_email, "неизвестен"),
                Text("Ничего не изменится, пока он не подтверждён кодом, который отправлен туда."),
                Text(NOT_YOU),
            ],
        ),
        Template::EmailChanged(_) => (
            "У вашей учётной записи в Online Cinema новый адрес",
            vec![
                Text("Теперь вы входите с новым адресом, и письма приходят туда."),
                Text("Если это были не вы, напишите в поддержку: с этим адресом войти больше нельзя."),
            ],
        ),
        Template::MfaEnabled(_) => (
            "Двухэтапный вход включён",
            vec![Text("Теперь для входа нужен ещё и код из приложения-аутентификатора."), Text(NOT_YOU)],
        ),
        Template::MfaDisabled(_) => {
            ("Двухэтапный вход выключен", vec![Text("Теперь для входа нужен только пароль."), Text(NOT_YOU)])
        }
        Template::OauthLinked(OauthLinked { provider }) => (
            "Ещё один способ войти в Online Cinema",
            vec![
                Text("Теперь в вашу учётную запись можно войти и через другой сервис."),
                fact("Сервис", provider, "неизвестен"),
                Text(NOT_YOU),
            ],
        ),
        Template::NewSignIn(NewSignIn { device, territory, at }) => (
            "Новый вход в Online Cinema",
            vec![
                Text("В вашу учётную запись вошли с устройства, которого мы раньше не видели."),
                fact("Устройство", device, "неизвестно"),
                fact("Страна", territory, "неизвестна"),
                fact("Время", &moment(at), "неизвестно"),
                Text(NOT_YOU),
            ],
        ),
        Template::AccountErased(AccountErased { receipts: services }) => (
            "Ваша учётная запись в Online Cinema удалена",
            vec![
                Text("Учётная запись и всё, что к ней относилось, удалены. Каждая часть сервиса это подтвердила:"),
                receipts(services, part, "удалено записей:")?,
                Text(
                    "Счета за то, что вы оплатили, остаются без вашего имени и адреса столько, сколько требует закон о бухгалтерском учёте.",
                ),
                Text("Это последнее письмо от нас."),
            ],
        ),
        Template::Welcome(_) => (
            "Добро пожаловать в Online Cinema",
            vec![
                Text("Учётная запись готова. Входите с вашим адресом и паролем на любом экране."),
                Text("В разделе «Уведомления» вы выбираете, о чём и когда мы вам пишем."),
            ],
        ),
        Template::SessionRevoked(SessionRevoked { at }) => (
            "Сеанс в Online Cinema завершён",
            vec![
                Text(
                    "Ключ к вашей учётной записи был использован повторно. Возможно, его скопировали, поэтому мы завершили этот сеанс.",
                ),
                fact("Время", &moment(at), "неизвестно"),
                Text(NOT_YOU),
            ],
        ),
        Template::DataExportRequested(DataExportRequested { at }) => (
            "Копия ваших данных в Online Cinema",
            vec![
                Text("Кто-то, кто вошёл в вашу учётную запись, запросил копию всего, что мы о вас храним."),
                fact("Время", &moment(at), "неизвестно"),
                Text("Когда её можно будет скачать в вашей учётной записи, придёт ещё одно письмо."),
                Text(NOT_YOU),
            ],
        ),
        Template::TrialStarted(TrialStarted { plan, until, plan_names, amount, period, then }) => (
            "Пробный период в Online Cinema начался",
            vec![
                Text("Смотреть можно сразу, а платить не нужно, пока не закончится пробный период."),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Пробный период до", until, "неизвестно"),
                fact("Цена после него", &price(amount, then, period, EVERY), "неизвестна"),
                Text("Кто отменит подписку до этого дня, не заплатит ничего."),
            ],
        ),
        Template::SubscriptionActive(SubscriptionActive { plan, until, plan_names }) => (
            "Подписка на Online Cinema оплачена",
            vec![
                Text("Спасибо: ваша подписка оплачена."),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Оплачено до", until, "неизвестно"),
            ],
        ),
        Template::PaymentFailed(PaymentFailed { plan, until, plan_names, needs_method }) => {
            let (what, help) = match needs_method {
                true => (
                    "Подписка не оплачена: способ оплаты не сохранён, списать её не с чего.",
                    "Оплатите её в учётной записи до этого дня, чтобы смотреть дальше.",
                ),
                false => (
                    "Мы не смогли списать оплату за вашу подписку. Через несколько дней попробуем ещё раз.",
                    "Проверьте способ оплаты в учётной записи: возможно, истёк срок действия карты.",
                ),
            };
            let plan = fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен");
            let until = fact("Работает до", until, "неизвестно");
            ("Платёж за Online Cinema не прошёл", vec![Text(what), plan, until, Text(help)])
        }
        Template::SubscriptionCancelled(SubscriptionCancelled { plan, until, plan_names }) => (
            "Подписка на Online Cinema отменена",
            vec![
                Text("Подписка не будет продлена. До последнего дня ничего не изменится."),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Действует до", until, "неизвестно"),
                Text("Если передумаете до этого дня, её можно возобновить в учётной записи."),
            ],
        ),
        Template::SubscriptionResumed(resumed) => {
            let SubscriptionResumed { plan, until, plan_names, amount, period, then, needs_method } = resumed;
            let mut parts = vec![
                Text("Отмена или пауза снята: подписка продолжается на таких условиях:"),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Следующая оплата", until, "неизвестно"),
                fact("Цена", &price(amount, then, period, EVERY), "неизвестна"),
            ];
            if *needs_method {
                parts.push(Text(
                    "Способ оплаты не сохранён, в этот день списать её не с чего. Мы напишем вам, и вы оплатите подписку в учётной записи.",
                ));
            }
            ("Подписка на Online Cinema продолжается", parts)
        }
        Template::SubscriptionPaused(SubscriptionPaused { plan, until, resumes_on, plan_names }) => (
            "Подписка на Online Cinema приостановлена",
            vec![
                Text(
                    "До последнего оплаченного дня ничего не изменится. Потом смотреть по подписке нельзя и деньги не списываются, пока она не продолжится.",
                ),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Действует до", until, "неизвестно"),
                fact("Продолжение и следующая оплата", resumes_on, "неизвестно"),
                Text("В учётной записи паузу можно закончить раньше, а подписку — отменить."),
            ],
        ),
        Template::PlanChanged(PlanChanged { plan, until, plan_names, amount, period, then }) => {
            let mut parts = vec![
                Text("Тариф изменён. Новый действует с этого момента."),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Действует до", until, "неизвестно"),
            ];
            if !amount.is_empty() {
                parts.push(fact("Цена после этого", &price(amount, then, period, EVERY), "неизвестна"));
            }
            ("У вас другой тариф Online Cinema", parts)
        }
        Template::PaymentReceived(PaymentReceived { amount, description, invoice_number, goods_names }) => {
            let mut parts = vec![Text("Спасибо за оплату.")];
            parts.extend(bill(
                ["Оплачено", "За что", "Счёт"],
                [amount, &goods(description, goods_names, reader), invoice_number],
            ));
            parts.push(Text("Все счета есть в вашей учётной записи."));
            ("Ваш платёж за Online Cinema получен", parts)
        }
        Template::PaymentRefunded(PaymentRefunded { refunded, amount, description, invoice_number, goods_names }) => {
            let mut parts = vec![
                Text("Мы возвращаем вам деньги тем же способом, каким вы платили. Они могут идти несколько дней."),
                fact("Всего возвращено", refunded, "неизвестно"),
            ];
            if invoice_number.is_empty() {
                parts.insert(0, Text("Когда пришёл ваш платёж, он был уже не нужен."));
            }
            parts.extend(bill(
                ["Из платежа", "За что", "Счёт"],
                [amount, &goods(description, goods_names, reader), invoice_number],
            ));
            ("Возврат денег от Online Cinema", parts)
        }
        Template::PaymentDeclined(PaymentDeclined { amount, description, goods_names }) => {
            let mut parts = vec![Text("Платёж отклонён, ничего не списано.")];
            parts.extend(bill(["Сумма", "За что", ""], [amount, &goods(description, goods_names, reader), ""]));
            parts.push(Text("Проверьте способ оплаты в учётной записи или попробуйте другой."));
            ("Платёж Online Cinema отклонён", parts)
        }
        Template::TitlePurchased(TitlePurchased { kind, until, .. }) => match kind.as_str() {
            "rent" => (
                "Взято напрокат в Online Cinema",
                vec![
                    Text("Смотреть можно прямо сейчас."),
                    fact("Можно посмотреть до", until, "неизвестно"),
                    Text(
                        "Когда вы начнёте смотреть, времени останется меньше: до какого часа, видно в учётной записи.",
                    ),
                ],
            ),
            _ => ("Куплено в Online Cinema", vec![Text("Это ваше: смотрите прямо сейчас или когда захотите.")]),
        },
        Template::PurchaseReturned(PurchaseReturned { kind, .. }) => match kind.as_str() {
            "rent" => (
                "Прокат в Online Cinema возвращён",
                vec![Text(
                    "Деньги возвращаются, сумма указана в отдельном письме. Остальное остаётся: подписка или другая покупка того же.",
                )],
            ),
            _ => (
                "Покупка в Online Cinema возвращена",
                vec![Text(
                    "Деньги возвращаются, сумма указана в отдельном письме. Остальное остаётся: подписка или другая покупка того же.",
                )],
            ),
        },
        Template::SubscriptionEnded(SubscriptionEnded { plan, plan_names }) => (
            "Подписка на Online Cinema закончилась",
            vec![
                Text("Подписка закончилась, больше ничего не спишется. Профили, списки и история остаются."),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
            ],
        ),
        Template::TrialEnding(TrialEnding { plan, ends_on, amount, period, plan_names, then, needs_method }) => (
            "Пробный период в Online Cinema скоро закончится",
            vec![
                Text(match needs_method {
                    true => {
                        "Когда пробный период закончится, подписку нужно будет оплатить, а способ оплаты у вас не сохранён. Оплатить её можно в учётной записи: до конца пробного периода ничего не изменится."
                    }
                    false => "Когда пробный период закончится, подписка продолжится и будет оплачена в первый раз.",
                }),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Конец пробного периода и первая оплата", ends_on, "неизвестно"),
                fact("Цена", &price(amount, then, period, EVERY), "неизвестна"),
                Text("Кто отменит подписку до этого дня, не заплатит ничего."),
            ],
        ),
        Template::SubscriptionSuspended(SubscriptionSuspended { plan, plan_names }) => (
            "Подписка на Online Cinema остановлена",
            vec![
                Text(
                    "Мы не смогли списать оплату за вашу подписку. Пока она не оплачена, смотреть по ней ничего нельзя.",
                ),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                Text("Проверьте способ оплаты в учётной записи. После оплаты можно сразу смотреть дальше."),
            ],
        ),
        Template::PlanChangeScheduled(PlanChangeScheduled { plan, begins_on, amount, period, plan_names, then }) => (
            "Тариф Online Cinema изменится",
            vec![
                Text("До конца текущего периода ничего не изменится. Следующий начнётся на таких условиях:"),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Начало и следующая оплата", begins_on, "неизвестно"),
                fact("Цена", &price(amount, then, period, EVERY), "неизвестна"),
                Text("Если передумаете до этого дня, изменение можно отменить в учётной записи."),
            ],
        ),
        Template::PlanChangeWithdrawn(PlanChangeWithdrawn { plan, until, plan_names }) => (
            "Тариф Online Cinema остаётся прежним",
            vec![
                Text(
                    "Изменение, которое ожидалось со следующего периода, отменено: подписка продлевается, как раньше.",
                ),
                fact("Тариф", &plan_name(plan, plan_names, reader), "неизвестен"),
                fact("Следующая оплата", until, "неизвестно"),
            ],
        ),
        Template::RentalEnding(ending @ RentalEnding { has_begun, .. }) => (
            "Прокат в Online Cinema скоро закончится",
            match has_begun {
                true => vec![
                    Text("Вы уже начали смотреть. После этого времени досмотреть будет нельзя."),
                    fact("Можно посмотреть до", &end_of_rental(ending), "неизвестно"),
                ],
                false => vec![
                    Text("Вы ещё не начали смотреть. После этого времени начать будет нельзя."),
                    fact("Начать можно до", &end_of_rental(ending), "неизвестно"),
                    Text("Когда вы начнёте смотреть, в учётной записи будет видно, до какого часа это можно делать."),
                ],
            },
        ),
        Template::DataExportReady(DataExportReady { until }) => (
            "Копия ваших данных в Online Cinema готова",
            vec![
                Text(
                    "Копию всего, что мы о вас храним, можно скачать в вашей учётной записи до указанного дня. Потом она удалится.",
                ),
                fact("Можно скачать до", until, "неизвестно"),
                Text(NOT_YOU),
            ],
        ),
        Template::TitleLeavingSoon(TitleLeavingSoon { until, .. }) => (
            "Скоро уйдёт из Online Cinema",
            vec![
                Text("Это есть в вашем списке или не досмотрено до конца, и скоро посмотреть его будет нельзя."),
                fact("Можно посмотреть до", until, "неизвестно"),
                Text("В разделе «Уведомления» вы выбираете, о чём и когда мы вам пишем."),
            ],
        ),
        Template::TitlesDigest(titles) => (
            "Что скоро уйдёт из Online Cinema",
            vec![
                Text("Это есть в вашем списке или не досмотрено до конца, и скоро посмотреть его будет нельзя."),
                digest(titles, reader, ("до", "Из вашего списка"))?,
                Text("В разделе «Уведомления» вы выбираете, о чём и когда мы вам пишем."),
            ],
        ),
        Template::NewEpisodes(_) => (
            "Новые серии",
            vec![
                Text("Этот сериал есть в вашем списке, или вы его смотрите. В нём появились новые серии."),
                Text("В разделе «Уведомления» вы выбираете, о чём и когда мы вам пишем."),
            ],
        ),
        Template::Announcement(words) => announcement(words)?,
    })
}

/// What a service is called by whoever does not know that there are services.
fn part(service: &str) -> &str {
    match service {
        "analytics" => "Статистика",
        "auth" => "Вход",
        "catalog" => "Каталог",
        "media" => "Загрузки",
        "notification" => "Сообщения",
        "payment" => "Тариф и платежи",
        "recommendation" => "Рекомендации",
        "streaming" => "Просмотр",
        "user" => "Профили, списки и история",
        other => other,
    }
}

/// How long or how something is sold.
pub(super) fn word(word: &str) -> &str {
    match word {
        "month" => "месяц",
        "year" => "год",
        "rent" => "прокат",
        "buy" => "покупка",
        other => other,
    }
}
