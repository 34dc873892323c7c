//! Push messages: what arrives at a push service is sealed for one browser, once, and signed; what is gone is forgotten.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use cinema_http::axum::http::Method;
use events::{Consumer, Deadline, Outcome};
use kernel::{PushDeviceId, World};
use notification::operations::consumers;
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    hmac,
    rand::SystemRandom,
    signature,
};
use serde_json::{Value, json};
use testkit::{Answer, Token};
use time::{Duration, macros::datetime};

use crate::{
    house::{House, Person, message},
    provider::Provider,
};

const PATH: &str = "/v1/notifications/devices";

/// What a push service was asked.
#[derive(Clone)]
struct Asked {
    path: String,
    head: String,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> String {
        let found = self.head.lines().filter_map(|line| line.split_once(": ")).find(|(found, _)| *found == name);
        found.unwrap_or_else(|| panic!("{name} is not in {}", self.head)).1.trim().to_owned()
    }
}

/// A push service (RFC 8030). The path says how it answers: `/201/…`, `/410/…`.
#[derive(Clone)]
struct PushService {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_down: Arc<Mutex<bool>>,
}

impl PushService {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Self { url, asked: Arc::default(), is_down: Arc::default() };
        let serving = service.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let service = serving.clone();
                std::thread::spawn(move || service.answer(connection));
            }
        });
        service
    }

    /// A house that trusts it.
    async fn house(&self) -> House {
        let house = House::start_alone().await;
        let service = house.service.with("PUSH_TRUSTED_ORIGINS", &self.url);
        let app = service.app(notification::operations::routes);
        House { service, app }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, mut connection: TcpStream) {
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).is_err() || line.len() <= 2 {
                break;
            }
            if let Some(("content-length", value)) = line.split_once(':') {
                length = value.trim().parse().unwrap();
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        if head.is_empty() || reader.read_exact(&mut body).is_err() {
            return;
        }
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let status = path.split('/').nth(1).unwrap().to_owned();
        let is_down = *self.is_down.lock().unwrap();
        let status = if is_down && status == "201" { "503".to_owned() } else { status };
        self.asked.lock().unwrap().push(Asked { path, head, body });
        let _ = write!(connection, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
}

/// A browser with the keys of its subscription.
struct Browser {
    endpoint: String,
    private: EphemeralPrivateKey,
    public: Vec<u8>,
    secret: [u8; 16],
}

impl Browser {
    fn new(service: &PushService, status: u16) -> Self {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = private.compute_public_key().unwrap().as_ref().to_vec();
        let world = World::system();
        let endpoint = format!("{}/{status}/{}", service.url, world.id::<PushDeviceId>());
        Self { endpoint, private, public, secret: world.bytes() }
    }

    fn subscription(&self) -> Value {
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let keys = json!({ "p256dh": text(&self.public), "auth": text(&self.secret) });
        json!({ "endpoint": self.endpoint, "expirationTime": null, "keys": keys })
    }

    async fn register(&self, house: &House, person: &Person) -> String {
        let answer = house.app.post(PATH, &self.subscription()).token(&person.token()).send().await.expect(200);
        answer["id"].as_str().unwrap().to_owned()
    }

    fn path(&self) -> String {
        format!("/{}", self.endpoint.splitn(4, '/').nth(3).unwrap())
    }

    /// Opens a message as RFC 8291 says, by HMAC alone: written apart from what seals.
    fn open(self, sealed: &[u8]) -> Value {
        let hmac = |key: &[u8], parts: &[&[u8]]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
        };
        let (salt, rest) = sealed.split_at(16);
        assert_eq!((u32::from_be_bytes(rest[..4].try_into().unwrap()), rest[4]), (4096, 65));
        let (server, record) = rest[5..].split_at(65);
        let theirs = UnparsedPublicKey::new(&ECDH_P256, server);
        let shared = agree_ephemeral(self.private, &theirs, <[u8]>::to_vec).unwrap();
        let first = hmac(&self.secret, &[&shared]);
        let keying = hmac(&first, &[b"WebPush: info\0", &self.public, server, &[1]]);
        let second = hmac(salt, &[&keying]);
        let key = hmac(&second, &[b"Content-Encoding: aes128gcm\0", &[1]]);
        let nonce = hmac(&second, &[b"Content-Encoding: nonce\0", &[1]]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16]).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce[..12]).unwrap();
        let mut record = record.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        assert_eq!(plain.last(), Some(&2));
        serde_json::from_slice(&plain[..plain.len() - 1]).unwrap()
    }
}

impl House {
    /// The push deliveries of an account: job and status.
    async fn pushes(&self, person: &Person) -> Vec<(Value, String)> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "select message_id, status from deliveries where account_id = $1 and channel = 'push' order by created_at, message_id",
        )
        .bind(person.account)
        .fetch_all(&self.service.pool())
        .await
        .unwrap();
        rows.into_iter().map(|(id, status)| (json!({ "message_id": id }), status)).collect()
    }

    async fn push(&self, job: &Value) -> Outcome {
        let world = World::system();
        let consumer = consumers::send_push(&self.boot(&world)).unwrap();
        consumer.consume(message(job), &Deadline::unlimited(world)).await
    }

    async fn devices(&self, person: &Person) -> i64 {
        let count = sqlx::query_scalar("select count(*) from devices where account_id = $1").bind(person.account);
        count.fetch_one(&self.service.pool()).await.unwrap()
    }
}

#[tokio::test]
async fn a_message_arrives_once_sealed_for_the_browser_and_signed_with_the_key_it_knows() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    assert_eq!(house.pushes(&person).await, [], "nobody has a device yet");
    let browser = Browser::new(&service, 201);
    browser.register(&house, &person).await;
    assert_eq!(house.route(person.speaks(1, "ru")).await, Outcome::Done);
    assert_eq!(house.route(person.reused()).await, Outcome::Done);
    let jobs = house.service.take_messages("push").await;
    assert_eq!(jobs, [house.pushes(&person).await[0].0.clone()]);
    for _ in 0..3 {
        assert_eq!(house.push(&jobs[0]).await, Outcome::Done);
    }
    assert_eq!(house.pushes(&person).await[0].1, "sent");
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    let asked = &asked[0];
    assert_eq!(asked.path, browser.path());
    for (name, value) in [("content-encoding", "aes128gcm"), ("ttl", "86400"), ("urgency", "high")] {
        assert_eq!(asked.header(name), value);
    }
    let list = house.app.get("/v1/notifications").token(&person.token()).send().await.expect(200);
    let id = list["items"][0]["id"].as_str().unwrap();
    assert_eq!(asked.header("topic"), id);
    assert!(!String::from_utf8_lossy(&asked.body).contains("Online Cinema"));
    assert_eq!(browser.open(&asked.body), json!({ "id": id, "title": "Сеанс в Online Cinema завершён" }));

    let answer = house.app.get("/v1/notifications/push-key").token(&person.token()).send().await.expect(200);
    let authorization = asked.header("authorization");
    let (token, key) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(answer["key"], key);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let public = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, decode(key));
    public.verify(signed.as_bytes(), &decode(signature)).unwrap();
    let claims: Value = serde_json::from_slice(&decode(signed.split_once('.').unwrap().1)).unwrap();
    assert_eq!(claims["aud"], service.url);
    let left = claims["exp"].as_i64().unwrap() - World::system().now().unix_timestamp();
    assert!((1..=86_400).contains(&left), "{left}");
}

#[tokio::test]
async fn a_device_that_is_gone_is_forgotten_and_the_others_get_their_message() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    let browsers = [404, 410, 400, 201].map(|status| Browser::new(&service, status));
    for browser in &browsers {
        browser.register(&house, &person).await;
    }
    assert_eq!(house.route(person.reused()).await, Outcome::Done);
    let (job, _) = house.pushes(&person).await.pop().unwrap();
    for _ in 0..2 {
        assert_eq!(house.push(&job).await, Outcome::Done);
    }
    assert_eq!((service.asked().len(), house.devices(&person).await), (4, 2), "one refuses, one takes");
    assert_eq!(house.pushes(&person).await[0].1, "sent");

    let nobody = house.person().await;
    Browser::new(&service, 410).register(&house, &nobody).await;
    assert_eq!(house.route(nobody.reused()).await, Outcome::Done);
    let (job, _) = house.pushes(&nobody).await.pop().unwrap();
    assert_eq!(house.push(&job).await, Outcome::Done);
    assert_eq!((&*house.pushes(&nobody).await[0].1, house.devices(&nobody).await), ("failed", 0));
}

#[tokio::test]
async fn a_service_that_is_down_is_asked_again_without_those_that_took_it() {
    let (down, up) = (PushService::start(), PushService::start());
    *down.is_down.lock().unwrap() = true;
    let house = House::start().await;
    let service = house.service.with("PUSH_TRUSTED_ORIGINS", &format!("{},{}", down.url, up.url));
    let app = service.app(notification::operations::routes);
    let house = House { service, app };
    let person = house.person().await;
    for (service, status) in [(&down, 201), (&up, 201), (&up, 429)] {
        Browser::new(service, status).register(&house, &person).await;
    }
    assert_eq!(house.route(person.reused()).await, Outcome::Done);
    let (job, _) = house.pushes(&person).await.pop().unwrap();
    for _ in 0..2 {
        assert!(matches!(house.push(&job).await, Outcome::Retry(_)));
    }
    *down.is_down.lock().unwrap() = false;
    assert!(matches!(house.push(&job).await, Outcome::Retry(_)), "one says 429 for ever");
    let paths: Vec<String> =
        up.asked().into_iter().map(|asked| asked.path).filter(|path| path.starts_with("/201")).collect();
    assert_eq!((paths.len(), down.asked().len(), up.asked().len()), (1, 3, 4));
    assert_eq!(house.pushes(&person).await[0].1, "sending");
    // Nobody listens any more where it was.
    sqlx::query("update devices set endpoint = 'http://127.0.0.1:1/x' where endpoint like '%/429/%'")
        .execute(&house.service.pool())
        .await
        .unwrap();
    assert_eq!(house.push(&job).await, Outcome::Done, "what may not be called is as good as gone");
    assert_eq!((&*house.pushes(&person).await[0].1, house.devices(&person).await), ("sent", 2));
}

#[tokio::test]
async fn copies_at_the_same_time_reach_a_browser_once() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    Browser::new(&service, 201).register(&house, &person).await;
    assert_eq!(house.route(person.reused()).await, Outcome::Done);
    let (job, _) = house.pushes(&person).await.pop().unwrap();
    let outcomes = futures::future::join_all((0..8).map(|_| house.push(&job))).await;
    assert!(outcomes.contains(&Outcome::Done), "{outcomes:?}");
    assert_eq!(house.push(&job).await, Outcome::Done);
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn wishes_and_quiet_hours_are_kept() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    Browser::new(&service, 201).register(&house, &person).await;
    let path = "/v1/notifications/preferences";
    let mut wishes = house.app.get(path).token(&person.token()).send().await.expect(200);
    wishes["quiet_hours"] = json!({ "from": "22:00", "until": "07:00" });
    house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    let (night, clock) = World::replay(datetime!(2026-06-01 23:00 UTC), 7);
    assert_eq!(house.route_in(&night, person.subscribed(1, "active", "2030-01-01T00:00:00Z")).await, Outcome::Done);
    let (job, status) = house.pushes(&person).await.pop().unwrap();
    assert_eq!((&*status, house.service.take_messages("push").await.len()), ("held", 0));
    clock.advance(Duration::hours(9));
    assert_eq!(house.release(&night).await, Outcome::Done);
    assert_eq!(house.service.take_messages("push").await, std::slice::from_ref(&job));
    // Switched off between the job and its end.
    wishes["workflows"]["billing"]["push"] = json!(false);
    house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    assert_eq!(house.push(&job).await, Outcome::Done);
    assert_eq!((&*house.pushes(&person).await[0].1, service.asked().len()), ("unwanted", 0));
    assert_eq!(house.route(person.subscribed(2, "cancelled", "2030-01-01T00:00:00Z")).await, Outcome::Done);
    assert_eq!(house.pushes(&person).await.len(), 1);
}

#[tokio::test]
async fn one_click_ends_marketing_by_push_too_also_what_waits() {
    let service = PushService::start();
    let (provider, house) = Provider::serve(service.house().await);
    let person = house.person().await;
    Browser::new(&service, 201).register(&house, &person).await;
    let path = "/v1/notifications/preferences";
    let mut wishes = house.app.get(path).token(&person.token()).send().await.expect(200);
    wishes["workflows"]["marketing"] = json!({ "in_app": true, "email": true, "push": true });
    house.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    let text = json!({ "subject": "New films", "paragraphs": ["Tom & Jerry"] });
    let campaign = json!({ "name": "New films", "words": { "en": text } });
    house.app.post("/v1/admin/campaigns", &campaign).token(&Token::role("editor")).send().await.expect(201);
    assert_eq!(house.run_campaigns(&World::system()).await, Outcome::Done);
    let announced =
        house.service.take_messages("email").await.into_iter().find(|job| !job["announcement"].is_null()).unwrap();
    let (waiting, _) = house.pushes(&person).await.pop().unwrap();
    assert_eq!(house.send(&World::system(), &announced).await, Outcome::Done);
    let link = provider.way_out();
    assert_eq!(house.app.call(Method::POST, &link).send().await.status.as_u16(), 200);

    assert_eq!(house.push(&waiting).await, Outcome::Done);
    assert_eq!((&*house.pushes(&person).await[0].1, service.asked().len()), ("unwanted", 0));
    let after = house.app.get(path).token(&person.token()).send().await.expect(200);
    wishes["workflows"]["marketing"] = json!({ "in_app": true, "email": false, "push": false });
    assert_eq!(after, wishes, "nothing else changes");
    assert_eq!(house.kinds(&person).await[0], "announcement", "what was told stays in the list");
}

#[tokio::test]
async fn a_browser_is_one_accounts_and_can_be_taken_back() {
    let service = PushService::start();
    let house = service.house().await;
    let (anna, boris) = (house.person().await, house.person().await);
    let browser = Browser::new(&service, 201);
    let id = browser.register(&house, &anna).await;
    assert_eq!(browser.register(&house, &anna).await, id, "a repetition keeps its id");
    let other = browser.register(&house, &boris).await;
    assert_ne!(other, id);
    assert_eq!((house.devices(&anna).await, house.devices(&boris).await), (0, 1));
    let remove = async |person: &Person, id: &str| {
        house.app.delete(&format!("{PATH}/{id}")).token(&person.token()).send().await.expect(204)
    };
    remove(&anna, &other).await;
    assert_eq!(house.devices(&boris).await, 1, "nobody removes another account's");
    for _ in 0..2 {
        remove(&boris, &other).await;
        assert_eq!(house.devices(&boris).await, 0);
    }
    let answer = house.app.delete(&format!("{PATH}/nothing")).token(&anna.token()).send().await;
    answer.expect_problem(404, "not_found");
    for _ in 0..23 {
        Browser::new(&service, 201).register(&house, &anna).await;
    }
    assert_eq!(house.devices(&anna).await, 20);
}

#[tokio::test]
async fn what_no_browser_registers_is_refused_where_it_is_wrong() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    let good = Browser::new(&service, 201).subscription();
    let post = async |body: &Value| -> Answer { house.app.post(PATH, body).token(&person.token()).send().await };
    for (pointer, value) in [
        ("/endpoint", json!("http://push.example/x")),
        ("/endpoint", json!("https://127.0.0.1/x")),
        ("/endpoint", json!("https://169.254.169.254/latest/meta-data")),
        ("/endpoint", json!("https://localhost/x")),
        ("/endpoint", json!("x".repeat(100_000))),
        ("/endpoint", json!("")),
        ("/keys/p256dh", json!("AAAA")),
        ("/keys/auth", json!("AAAA")),
    ] {
        let mut wrong = good.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let answer = post(&wrong).await;
        let problem = answer.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let mut more = good.clone();
    more["expires"] = Value::Null;
    for body in [json!({}), json!({ "endpoint": 1 }), more] {
        post(&body).await.expect_problem(422, "invalid_request");
    }
    house.app.post(PATH, &good).send().await.expect_problem(401, "token_required");
    house.app.get("/v1/notifications/push-key").send().await.expect_problem(401, "token_required");
    assert_eq!(house.devices(&person).await, 0);
}

#[tokio::test]
async fn what_is_no_job_is_poison_and_engines_that_are_down_make_it_come_again() {
    let service = PushService::start();
    let house = service.house().await;
    for wrong in ["", "{}", r#"{"message_id":"msg_"}"#, "[]"] {
        let world = World::system();
        let consumer = consumers::send_push(&house.boot(&world)).unwrap();
        let job = runtime::SqsMessage { id: "1".into(), body: wrong.into(), receive_count: 1, trace: None };
        assert!(matches!(consumer.consume(job, &Deadline::unlimited(world)).await, Outcome::Poison(_)), "{wrong:?}");
    }
    let unknown = json!({ "message_id": "msg_01jd3k5m7n9pqrstvwxyz01234" });
    assert_eq!(house.push(&unknown).await, Outcome::Done, "erased meanwhile");
    let down = house.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let app = down.app(notification::operations::routes);
    app.delete(&format!("{PATH}/dev_01jd3k5m7n9pqrstvwxyz01234"))
        .token(&Token::fresh())
        .send()
        .await
        .expect_problem(503, "temporarily_unavailable");
    let house = House { app, service: down };
    assert!(matches!(house.push(&unknown).await, Outcome::Retry(_)));
}

#[tokio::test]
async fn devices_go_with_their_account_and_are_in_its_copy() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    let browser = Browser::new(&service, 201);
    browser.register(&house, &person).await;
    assert_eq!(house.route(person.reused()).await, Outcome::Done);
    let (job, _) = house.pushes(&person).await.pop().unwrap();
    assert_eq!(house.push(&job).await, Outcome::Done);
    let request = person.export();
    let consumer = consumers::export_account(&house.service.boot()).unwrap();
    assert_eq!(consumer.consume(request.clone(), &Deadline::unlimited(World::system())).await, Outcome::Done);
    let bucket = stores::Bucket::new(house.service.aws(), house.service.var("BUCKET_EXPORTS"));
    let part = bucket.get(&format!("{}/notification.json", request.subject)).await.unwrap().unwrap();
    let part: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(part["devices"][0]["endpoint"], browser.endpoint);
    assert_eq!(house.erase(person.erased()).await, Outcome::Done);
    let left: i64 = sqlx::query_scalar("select (select count(*) from pushes) + (select count(*) from devices)")
        .fetch_one(&house.service.pool())
        .await
        .unwrap();
    assert_eq!((left, house.push(&job).await), (0, Outcome::Done));
    let answer = house.app.post(PATH, &browser.subscription()).token(&person.token()).send().await;
    answer.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_session_that_has_ended_registers_no_browser() {
    let service = PushService::start();
    let house = service.house().await;
    let person = house.person().await;
    let (ended, now) = (person.token(), World::system().now());
    let consumer = consumers::project_logins(&house.boot(&World::system())).unwrap();
    let deadline = Deadline::unlimited(World::system());
    assert_eq!(consumer.consume(ended.session_ended(now), &deadline).await, Outcome::Done);
    let subscription = Browser::new(&service, 201).subscription();
    let register = async |token: &Token| house.app.post(PATH, &subscription).token(token).send().await;
    register(&ended).await.expect_problem(401, "session_revoked");
    register(&person.token()).await.expect(200);
}
