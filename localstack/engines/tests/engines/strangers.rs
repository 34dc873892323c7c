//! Only whoever started the engines reaches them: not the network, no other account of this machine, no web page.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use engines::progress::Progress;
use engines::{Daemons, Engine, Engines, Home, Options, sockets};
use sqlx::{Connection, PgConnection};

use crate::{Started, create_table, home};

#[tokio::test]
async fn no_engine_listens_beyond_this_machine() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = start(&home, &Engine::ALL).await?;
    // DynamoDB and Kinesis start with their first request.
    create_table(engines.endpoints()).await?;
    for (name, daemon) in Daemons::load(&home)?.by_name {
        let addresses = sockets::listening(&daemon.process);
        // LocalStack itself, DynamoDB, and Kinesis with and without TLS.
        let least = if name == Engine::LocalStack.name() { 4 } else { 1 };
        ensure!(addresses.len() >= least, "{name} listens on {addresses:?} only");
        for address in addresses {
            ensure!(sockets::is_of_this_machine(&address), "{name} listens on {address}");
        }
    }
    Engines::wipe(&home, &Progress::quiet()).await
}

#[tokio::test]
async fn clickhouse_serves_neither_web_pages_nor_strangers_and_reaches_nothing_but_tables() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = start(&home, &[Engine::ClickHouse]).await?;
    let (server, query) = engines.endpoints().clickhouse.split_once("/?").context("a query")?;
    let server = server.strip_prefix("http://").context("an address")?;
    let port = server.rsplit_once(':').context("a port")?.1;
    let ask = |query: &str, headers: &str| ask(server, &format!("/?{query}"), headers);
    let host = format!("Host: {server}\r\n");

    ensure!(ask(&format!("{query}&query=SELECT+41%2B1"), &host)? == (200, "42\n".to_owned()));
    for foreign in [
        format!("{host}Origin: http://evil.example\r\n"),
        format!("{host}Origin: null\r\n"),
        format!("{host}Sec-Fetch-Site: cross-site\r\n"),
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: {server}.evil.example:{port}\r\n"),
        String::new(),
    ] {
        for path in [format!("{query}&query=SELECT+1"), "query=".to_owned()] {
            let (status, body) = ask(&path, &foreign)?;
            ensure!(status == 403 && body.contains("Code: 195"), "{foreign:?}: {status} {body}");
        }
    }
    for (stranger, header) in
        [("", ""), ("user=default&password=", ""), ("password=x", ""), ("", "X-ClickHouse-Key: x\r\n")]
    {
        let (status, body) = ask(&format!("{stranger}&query=SELECT+1"), &format!("{host}{header}"))?;
        ensure!(status == 403 && body.contains("Code: 516"), "{stranger} {header}: {status} {body}");
    }

    let secret = folder.path().join("secret.csv");
    std::fs::write(&secret, "42\n")?;
    let (secret, copy) = (secret.display(), folder.path().join("copy"));
    for statement in [
        format!("SELECT * FROM file('{secret}', 'CSV', 'a Int32')"),
        format!("SELECT * FROM `f\\x69le`('{secret}', 'CSV', 'a Int32')"),
        format!("SELECT * FROM '{secret}'"),
        format!("SELECT file('{secret}')"),
        format!("SELECT FILE/**/('{secret}')"),
        format!("SELECT 1 INTO OUTFILE '{}'", copy.display()),
        format!("INSERT INTO a FROM INFILE '{secret}' FORMAT CSV"),
        format!("CREATE TABLE f (a Int32) ENGINE = File(CSV, '{secret}')"),
        format!(
            "CREATE DICTIONARY d (a Int32) PRIMARY KEY a SOURCE(FILE(path '{secret}' format 'CSV')) LAYOUT(FLAT())"
        ),
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a Int32')".to_owned(),
        "CREATE TABLE u (a Int32) ENGINE = URL('http://127.0.0.1:1/', CSV)".to_owned(),
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV', 'a Int32')".to_owned(),
        "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')".to_owned(),
        "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')".to_owned(),
        "SELECT * FROM executable('id', 'CSV', 'a String')".to_owned(),
        "BACKUP DATABASE default TO Disk('default', 'b')".to_owned(),
        "CREATE USER somebody".to_owned(),
    ] {
        let encoded: String = statement.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let (status, body) = ask(&format!("{query}&query={encoded}"), &host)?;
        ensure!(status == 403 && body.contains("Code: 497"), "{statement}: {status} {body}");
    }
    ensure!(!copy.exists(), "a file was written");
    Ok(())
}

#[tokio::test]
async fn no_page_of_another_site_reaches_aws() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = start(&home, &[Engine::LocalStack]).await?;
    let server = engines.endpoints().aws.strip_prefix("http://").context("an address")?;
    let port = server.rsplit_once(':').context("a port")?.1;
    let host = format!("Host: {server}\r\n");
    for target in ["/_aws/ses", "/_localstack/health", "/?Action=ListQueues&Version=2012-11-05", "/a-bucket/a-key"] {
        for own in [host.clone(), format!("Host: localhost:{port}\r\n"), format!("{host}Sec-Fetch-Site: none\r\n")] {
            let (status, body) = ask(server, target, &own)?;
            ensure!(status != 403, "{target} {own:?}: {body}");
        }
        for foreign in [
            format!("{host}Sec-Fetch-Site: cross-site\r\n"),
            format!("{host}Sec-Fetch-Site: same-site\r\n"),
            format!("Host: evil.example:{port}\r\n"),
            format!("Host: {server}.evil.example\r\n"),
            format!("Host: localhost.evil.example:{port}\r\n"),
            String::new(),
        ] {
            let (status, body) = ask(server, target, &foreign)?;
            ensure!(matches!(status, 400 | 403) && body.len() < 200, "{target} {foreign:?}: {status} {body}");
        }
    }
    for origin in ["http://evil.example", "null", "file://", "https://app.localstack.cloud", "https://localhost"] {
        let (status, body) = ask(server, "/_aws/ses", &format!("{host}Origin: {origin}\r\n"))?;
        ensure!(status == 403, "{origin}: {status} {body}");
    }
    Engines::wipe(&home, &Progress::quiet()).await
}

#[tokio::test]
async fn no_page_of_another_site_reaches_search_tables_or_streams() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = start(&home, &[Engine::LocalStack, Engine::OpenSearch]).await?;
    // DynamoDB and Kinesis start with their first request.
    create_table(engines.endpoints()).await?;
    let mut servers = Vec::new();
    for engine in [Engine::LocalStack, Engine::OpenSearch] {
        let daemons = Daemons::load(&home)?;
        let daemon = daemons.by_name.get(engine.name()).context("not started")?;
        let addresses = sockets::listening(&daemon.process).into_iter();
        servers.extend(addresses.map(|it| SocketAddr::new(it.ip().to_canonical(), it.port()).to_string()));
    }
    let mut answering = 0;
    for server in &servers {
        let port = server.rsplit_once(':').context("a port")?.1;
        let host = format!("Host: {server}\r\n");
        // What speaks TLS, and OpenSearch between its nodes, answers nothing that is HTTP.
        let Ok((status, body)) = ask(server, "/", &host) else { continue };
        ensure!(status != 403, "{server}: {body}");
        answering += 1;
        for foreign in [
            format!("{host}Origin: http://evil.example\r\n"),
            format!("{host}Sec-Fetch-Site: cross-site\r\n"),
            format!("Host: evil.example:{port}\r\n"),
            format!("Host: {server}.evil.example:{port}\r\n"),
            format!("Host: localhost.evil.example:{port}\r\n"),
        ] {
            let (status, body) = ask(server, "/", &foreign).with_context(|| format!("{server} {foreign:?}"))?;
            ensure!(matches!(status, 400 | 403) && body.len() < 600, "{server} {foreign:?}: {status} {body}");
        }
    }
    // LocalStack, DynamoDB, Kinesis, OpenSearch.
    ensure!(answering >= 4, "{servers:?}");
    Engines::wipe(&home, &Progress::quiet()).await
}

#[tokio::test]
async fn postgres_asks_everybody_for_a_password_also_in_a_folder_that_knew_none() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = start(&home, &[Engine::Postgres]).await?;
    let url = engines.endpoints().postgres.clone();
    check_passwords(&url).await?;

    // As an earlier version left it: everybody is let in, and the superuser has another password.
    let data = data_folder(&home)?;
    Engines::stop(&home, &Progress::quiet()).await?;
    std::fs::write(data.join("pg_hba.conf"), "host all all 127.0.0.1/32 trust\n")?;
    std::fs::remove_file(data.with_file_name("superuser"))?;
    std::fs::remove_file(home.run().join("passwords.json"))?;
    let engines = start(&home, &[Engine::Postgres]).await?;
    ensure!(engines.endpoints().postgres.rsplit('@').nth(1) != url.rsplit('@').nth(1), "the same password");
    check_passwords(&engines.endpoints().postgres).await?;

    Engines::stop(&home, &Progress::quiet()).await?;
    std::fs::write(data.join("PG_VERSION"), "12\n")?;
    let refused = start(&home, &[Engine::Postgres]).await.err().context("another version's files were taken")?;
    ensure!(format!("{refused:#}").contains("was made by Postgres 12"), "{refused:#}");
    Engines::wipe(&home, &Progress::quiet()).await
}

/// As root the database lies outside the platform's folder: it must not outlive it, or a new platform in the same place knows accounts whose keys are gone.
#[tokio::test]
async fn a_deleted_folder_takes_its_database_along() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let home = home(folder.path())?;
    let _started = Started { home: home.clone() };
    let engines = start(&home, &[Engine::Postgres]).await?;
    let mut superuser = PgConnection::connect(&engines.endpoints().postgres).await?;
    sqlx::query("CREATE ROLE viewer").execute(&mut superuser).await?;
    Engines::stop(&home, &Progress::quiet()).await?;

    let engines = start(&home, &[Engine::Postgres]).await?;
    ensure!(knows_viewer(&engines).await?, "a stopped platform lost its database");
    Engines::stop(&home, &Progress::quiet()).await?;

    std::fs::remove_dir_all(home.run())?;
    let engines = start(&home, &[Engine::Postgres]).await?;
    ensure!(!knows_viewer(&engines).await?, "a new platform has the database of a deleted one");
    Engines::wipe(&home, &Progress::quiet()).await
}

#[tokio::test]
async fn what_a_platform_keeps_is_its_owners() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let run = folder.path().join("run");
    std::fs::create_dir(&run)?;
    std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o755))?;
    let home = home(&run)?;
    let _started = Started { home: home.clone() };
    start(&home, &[Engine::Redis]).await?;
    let mode = |path: &Path| anyhow::Ok(std::fs::metadata(path)?.permissions().mode() & 0o777);
    ensure!(mode(home.run())? == 0o700, "others may look into the platform's folder");
    for file in ["passwords.json", "stack.json"] {
        ensure!(mode(&home.run().join(file))? == 0o600, "others may read {file}");
    }
    Engines::stop(&home, &Progress::quiet()).await
}

async fn start(home: &Home, engines: &[Engine]) -> Result<Engines> {
    let options = Options { engines: engines.to_vec(), throw_away: true, ..Options::default() };
    Engines::start(home, &options, &Progress::quiet()).await
}

async fn knows_viewer(engines: &Engines) -> Result<bool> {
    let mut superuser = PgConnection::connect(&engines.endpoints().postgres).await?;
    let role = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'viewer')";
    Ok(sqlx::query_scalar(role).fetch_one(&mut superuser).await?)
}

async fn check_passwords(url: &str) -> Result<()> {
    let mut superuser = PgConnection::connect(url).await.context("the right password")?;
    let role = "CREATE ROLE viewer LOGIN PASSWORD 'popcorn'";
    sqlx::query(role).execute(&mut superuser).await?;
    let place = url.rsplit_once('@').context("a place")?.1;
    PgConnection::connect(&format!("postgres://viewer:popcorn@{place}")).await.context("a role's password")?;
    for stranger in ["postgres", "postgres:postgres", "viewer", "viewer:", "viewer:popcorn1"] {
        let attempt = PgConnection::connect(&format!("postgres://{stranger}@{place}")).await;
        ensure!(attempt.is_err(), "{stranger} was let in");
    }
    sqlx::query("DROP ROLE viewer").execute(&mut superuser).await?;
    Ok(())
}

/// Where the running server keeps its files: `postgres -D <folder>`.
fn data_folder(home: &Home) -> Result<PathBuf> {
    let daemons = Daemons::load(home)?;
    let started = daemons.by_name.get(Engine::Postgres.name()).context("not started")?;
    let command = std::fs::read_to_string(format!("/proc/{}/cmdline", started.process.pid))?;
    Ok(command.split('\0').skip_while(|argument| *argument != "-D").nth(1).context("a folder")?.into())
}

/// The smallest client: the headers are those that are given, and no others.
fn ask(server: &str, target: &str, headers: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(server)?;
    write!(stream, "GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("a head")?;
    Ok((head.split(' ').nth(1).context("a status")?.parse()?, body.to_owned()))
}
